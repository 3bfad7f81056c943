"""robots.txt as a decision (RFC 9309): what it allows Clew, once its text is known.

Which lines are Clew's is decided here, by the standard's own grammar; whether a line's pattern
matches a URL, by Protego, which gets no other lines.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice

from protego import Protego

from crawler.domain.text import one_line

PRODUCT_TOKEN = "Clew"
"""What robots.txt is asked about (RFC 9309, section 2.2.1)."""

MAX_BYTES = 500 * 1024
"""Bytes of robots.txt that count (RFC 9309, section 2.5, asks for at least these)."""

MAX_SITEMAPS = 1_000

MAX_DELAY_SECONDS = 60.0
"""A longer Crawl-delay is taken for this one: a crawl would not end in its user's lifetime."""

MAX_NAMED = 2_000
"""Rules among which the one that blocks a URL is looked for, and characters of each of them;
blocked it is in any case."""

MAX_SHOWN = 200
"""Characters of a rule that are shown; it is hostile text, and kept with each URL it blocks."""

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

_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f\x85\u2028\u2029]")
"""What Protego would take for the end of a line, or drop, inside a pattern."""

_ENCODED_SLASH = re.compile("%2f", re.IGNORECASE)

_LITERAL_HEAD = re.compile(r"[A-Za-z0-9/._-]*")

_Rule = tuple[str, str]
"""A field (`allow`, `disallow`, `crawl-delay`) and its value, as written."""


@dataclass(frozen=True, slots=True)
class RobotsRules:
    """What one origin's robots.txt says to Clew."""

    _protego: Protego
    _disallowed: tuple[str, ...]
    """Patterns, as written, the one that counts most first."""
    sitemaps: tuple[str, ...]
    """The sitemaps it names, as written, hostile text included."""
    size: int
    """What it weighs in memory: its rules, and each wildcard in one as much as a rule."""

    @classmethod
    def parse(cls, text: bytes) -> "RobotsRules":
        """The rules in a robots.txt. Whatever is no rule is passed over; it never raises."""
        lines = _LINE_END.split(_whole_lines(text).removeprefix(_BOM).decode("utf-8", "replace"))
        records = list(_records(lines))
        rules = list(dict.fromkeys(_rules_for_clew(records)))
        disallowed = [
            value for field, value in rules if field == "disallow" and len(value) <= MAX_NAMED
        ]
        sitemaps = (value for field, value in records if field == "sitemap" and value)
        return cls(
            Protego.parse("\n".join(["User-agent: *", *map(_as_line, rules)])),
            tuple(sorted(disallowed, key=_octets, reverse=True)[:MAX_NAMED]),
            tuple(islice(sitemaps, MAX_SITEMAPS)),
            len(rules) + sum(value.count("*") for _, value in rules),
        )

    def allows(self, url: str) -> bool:
        """Whether a URL may be fetched: the longest matching rule decides, allow wins a tie."""
        return self._protego.can_fetch(_with_plain_query(url), PRODUCT_TOKEN)

    def blocking_rule(self, url: str) -> str | None:
        """The line by which a URL may not be fetched (`Disallow: /private`), or None if it may.

        Of several that match it is the longest, which is the one that decided.
        """
        if self.allows(url):
            return None
        blocking = (each for each in self._disallowed if _matches(each, url))
        return one_line(f"Disallow: {next(blocking, '…')}", MAX_SHOWN)

    @property
    def crawl_delay(self) -> float | None:
        """Seconds asked for between two requests, or None."""
        delay = self._protego.crawl_delay(PRODUCT_TOKEN)
        return None if delay is None else min(delay, MAX_DELAY_SECONDS)


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


def _as_line(rule: _Rule) -> str:
    field, value = rule
    pattern = _with_plain_query(value)
    return f"{field}: {_UNPRINTABLE.sub(lambda char: _percent_encoded(char[0]), pattern)}"


def _with_plain_query(text: str) -> str:
    """A URL or a pattern, with the slashes of its query as they are.

    There they divide nothing, so both spellings are one (the table of section 2.2.2); in a path
    they differ. Protego tells them apart in both.
    """
    path, mark, query = text.partition("?")
    return path + mark + _ENCODED_SLASH.sub("/", query) if mark else text


def _percent_encoded(text: str) -> str:
    return "".join(f"%{byte:02X}" for byte in text.encode("utf-8"))


def _octets(pattern: str) -> int:
    """How long a pattern is once it is percent-encoded: the longest counts (section 2.2.2)."""
    return sum(1 if byte < 0x80 else 3 for byte in pattern.encode("utf-8"))


def _matches(pattern: str, url: str) -> bool:
    path = url[url.index("/", url.index("//") + 2) :]
    head = _LITERAL_HEAD.match(pattern)
    if head is not None and not path.startswith(head[0]) and "%" not in path:
        return False  # as nearly all are told, without Protego
    return not _alone(pattern).can_fetch(_with_plain_query(url), PRODUCT_TOKEN)


@lru_cache(maxsize=1_024)
def _alone(pattern: str) -> Protego:
    """A robots.txt of this one rule."""
    return Protego.parse("User-agent: *\n" + _as_line(("disallow", pattern)))


ALLOW_ALL = RobotsRules.parse(b"")


def rules_for_status(status: int, body: bytes) -> RobotsRules | None:
    """The rules that an answer for robots.txt means (RFC 9309, section 2.3.1).

    2xx: those in the body. 3xx that leads nowhere and 4xx: there are none, all is allowed.
    Anything else: None, the file is unreachable, and nothing may be fetched for now.
    """
    if 200 <= status < 300:
        return RobotsRules.parse(body)
    return ALLOW_ALL if 300 <= status < 500 else None
