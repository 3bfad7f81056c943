"""robots.txt as a decision (RFC 9309): what it allows Clew, once its text is known.

Which lines are Clew's is decided here, by the standard's own grammar; whether a line's pattern
matches a URL, by Protego, which gets no other lines, and all paths in one spelling.
"""

import math
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice

from protego import Protego

from crawler.domain.robots_paths import Patterns, spelled_path, spelled_pattern
from crawler.domain.text import one_line

PRODUCT_TOKEN = "Clew"
"""What robots.txt is asked about (RFC 9309, section 2.2.1)."""

MAX_BYTES = 500 * 1024
"""Bytes of robots.txt that count (RFC 9309, section 2.5, asks for at least these)."""

MAX_SITEMAPS = 1_000

MAX_DELAY_SECONDS = 60.0
"""A longer Crawl-delay is taken for this one: a crawl would not end in its user's lifetime."""

MAX_SHOWN = 200
"""Characters of a rule that are shown; it is hostile text, and kept with each URL it blocks."""

_MOST_KEPT = 2 * MAX_SHOWN
"""Characters of a rule that are kept to be shown."""

_BOM = b"\xef\xbb\xbf"

_LINE_END = re.compile(r"\r\n|\r|\n")
"""Those of the standard alone (section 2.2): `str.splitlines` knows ten more."""

_FIELDS = {
    **dict.fromkeys(("user-agent", "useragent", "user agent"), "user-agent"),
    **dict.fromkeys(
        ("disallow", "dissallow", "dissalow", "disalow", "diasllow", "disallaw"), "disallow"
    ),
    "allow": "allow",
    **dict.fromkeys(("crawl-delay", "crawldelay", "crawl delay"), "crawl-delay"),
    **dict.fromkeys(("sitemap", "sitemaps", "site-map"), "sitemap"),
}
"""What counts, in the spellings that site owners are known to use. All else is another record,
which must not interfere (section 2.2.4)."""

_RECORD = re.compile(
    rf"\s*+({'|'.join(sorted(_FIELDS, reverse=True))})(?:\s*+:|\s++|$)(.*+)",
    re.IGNORECASE | re.DOTALL,
)
"""A field and the rest of its line. Nothing is gone back over, however long a line is."""

_TOKEN = re.compile(r"[a-z_-]+", re.IGNORECASE)

_EVERYONE = "*"

_OF_PATHS = frozenset(("allow", "disallow"))

_Rule = tuple[str, str]
"""A field (`allow`, `disallow`, `crawl-delay`) and its value, as written."""


@dataclass(frozen=True, slots=True)
class RobotsRules:
    """What one origin's robots.txt says to Clew."""

    _protego: Protego
    _disallowed: Patterns
    """Protego tells whether a URL may be fetched; these tell by which line it may not."""
    sitemaps: tuple[str, ...]
    """The sitemaps it names, as written, hostile text included."""
    crawl_delay: float | None
    """Seconds asked for between two requests, or None."""
    size: int
    """What it weighs in memory: its rules, and each wildcard in one as much as a rule."""

    @classmethod
    def parse(cls, text: bytes) -> "RobotsRules":
        """The rules in a robots.txt. Whatever is no rule is passed over; it never raises."""
        lines = _LINE_END.split(_whole_lines(text).removeprefix(_BOM).decode("utf-8", "replace"))
        records = list(_records(lines))
        rules = list(dict.fromkeys(_rules_for_clew(records)))
        of_paths = [(*rule, spelled_pattern(rule[1])) for rule in rules if rule[0] in _OF_PATHS]
        spelled = (f"{field}: {path}" for field, _, path in of_paths)
        disallowed = ((path, line) for field, line, path in of_paths if field == "disallow")
        sitemaps = (value for field, value in records if field == "sitemap" and value)
        return cls(
            Protego.parse("\n".join(["User-agent: *", *spelled])),
            Patterns((path, line[:_MOST_KEPT]) for path, line in disallowed),
            tuple(islice(sitemaps, MAX_SITEMAPS)),
            _longest_delay(value for field, value in rules if field == "crawl-delay"),
            len(rules) + sum(value.count("*") for _, value in rules),
        )

    def allows(self, url: str) -> bool:
        """Whether a URL may be fetched: the longest matching rule decides, allow wins a tie."""
        return self._allows(_path_of(url))

    def blocking_rule(self, url: str) -> str | None:
        """The line by which a URL may not be fetched (`Disallow: /private`), or None if it may.

        Of several that match it is the longest, which is the one that decided.
        """
        path = _path_of(url)
        if self._allows(path):
            return None
        return one_line(f"Disallow: {self._disallowed.longest(path)}", MAX_SHOWN)

    def _allows(self, path: str) -> bool:
        # With a host before it, a path that begins with // is not taken for one.
        return self._protego.can_fetch(f"http://site{path}", PRODUCT_TOKEN)


def _path_of(url: str) -> str:
    return spelled_path(url[url.index("/", url.index("//") + 2) :])


def _longest_delay(values: Iterable[str]) -> float | None:
    """Of several delays the longest, so that none of the lines is broken; RFC 9309 has no say.

    What is no number of seconds is passed over.
    """
    delays = [delay for delay in map(_seconds, values) if delay is not None]
    return min(max(delays), MAX_DELAY_SECONDS) if delays else None


def _seconds(value: str) -> float | None:
    try:
        seconds = float(value)
    except ValueError:
        return None
    return seconds if math.isfinite(seconds) and seconds >= 0 else None


def _records(lines: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Fields by their proper names, with their values; comments and other records left out."""
    for line in lines:
        record = _RECORD.fullmatch(line.partition("#")[0])
        if record is not None:
            yield _FIELDS[" ".join(record[1].lower().split())], record[2].strip()


def _rules_for_clew(records: Iterable[tuple[str, str]]) -> list[_Rule]:
    """The rules of all groups that name Clew; if there is none, of those for everyone (2.2.1).

    A group begins with one or more user agents, and another one with the first user agent
    behind a rule. Sitemaps belong to no group and end none.
    """
    groups: dict[str, list[_Rule]] = {}
    present: set[str] = set()
    in_rules = True
    for field, value in records:
        if field == "user-agent":
            present = {*(() if in_rules else present), _agent(value)}
            in_rules = False
            groups.setdefault(_agent(value), [])
        elif field != "sitemap":
            in_rules = True
            for agent in present:
                groups[agent].append((field, value))
    return groups.get(PRODUCT_TOKEN, groups.get(_EVERYONE, []))


def _whole_lines(text: bytes) -> bytes:
    """What counts of a robots.txt: half a line at its end would be another rule."""
    if len(text) < MAX_BYTES:
        return text
    kept = text[:MAX_BYTES]
    return kept[: max(kept.rfind(b"\n"), kept.rfind(b"\r")) + 1]


def _agent(value: str) -> str:
    """Whom a user-agent line means: Clew, everyone, or (empty) somebody else.

    A line is Clew's if its token is exactly that, in any case, whatever version follows it.
    """
    if value.split()[:1] == [_EVERYONE]:
        return _EVERYONE
    token = _TOKEN.match(value)
    is_clew = token is not None and token[0].lower() == PRODUCT_TOKEN.lower()
    return PRODUCT_TOKEN if is_clew else ""


ALLOW_ALL = RobotsRules.parse(b"")


def rules_for_status(status: int, body: bytes) -> RobotsRules | None:
    """The rules that an answer for robots.txt means (RFC 9309, section 2.3.1).

    2xx: those in the body. 3xx that leads nowhere and 4xx: there are none, all is allowed.
    Anything else: None, the file is unreachable, and nothing may be fetched for now.
    """
    if 200 <= status < 300:
        return RobotsRules.parse(body)
    return ALLOW_ALL if 300 <= status < 500 else None
