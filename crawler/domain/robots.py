"""robots.txt as a decision (RFC 9309), through Protego: what it allows, once its text is known."""

import re
from dataclasses import dataclass
from itertools import islice

from protego import Protego

PRODUCT_TOKEN = "Clew"
"""What robots.txt is asked about (RFC 9309, section 2.2.1)."""

MAX_BYTES = 500 * 1024
"""Bytes of robots.txt that count (RFC 9309, section 2.5, asks for at least these)."""

MAX_SITEMAPS = 1_000

MAX_DELAY_SECONDS = 60.0
"""A longer Crawl-delay is taken for this one: a crawl would not end in its user's lifetime."""

_BOM = b"\xef\xbb\xbf"

_USER_AGENT = re.compile(r"\s*user(?:-|\s*)agent(?=[\s:]|$)\s*:?\s*(.*)", re.IGNORECASE)
"""The spellings of the field that Protego takes."""

_TOKEN = re.compile(r"[a-z_-]+", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class RobotsRules:
    """What one origin's robots.txt says to Clew."""

    _protego: Protego

    @classmethod
    def parse(cls, text: bytes) -> "RobotsRules":
        """The rules in a robots.txt. Whatever is no rule is passed over; it never raises."""
        lines = text[:MAX_BYTES].removeprefix(_BOM).decode("utf-8", "replace").splitlines()
        return cls(Protego.parse("\n".join(map(_for_clew, lines))))

    def allows(self, url: str) -> bool:
        """Whether a URL may be fetched: the longest matching rule decides, allow wins a tie."""
        return self._protego.can_fetch(url, PRODUCT_TOKEN)

    @property
    def crawl_delay(self) -> float | None:
        """Seconds asked for between two requests, or None."""
        delay = self._protego.crawl_delay(PRODUCT_TOKEN)
        return None if delay is None else min(delay, MAX_DELAY_SECONDS)

    @property
    def sitemaps(self) -> tuple[str, ...]:
        """The sitemaps it names, as written, hostile text included."""
        return tuple(islice(self._protego.sitemaps, MAX_SITEMAPS))


def _for_clew(line: str) -> str:
    """The line, where it opens a group as Protego is to read it.

    A group is Clew's if its token is exactly that, whatever version follows it (section 2.2.1);
    Protego would also take `User-agent: C`. All other agents become one: ten thousand of them
    before ten thousand rules would keep Protego busy for minutes.
    """
    opening = _USER_AGENT.match(line)
    if opening is None:
        return line
    value = opening[1]
    if value.startswith("*"):
        return "User-agent: *"
    token = _TOKEN.match(value)
    is_clew = token is not None and token[0].lower() == PRODUCT_TOKEN.lower()
    return f"User-agent: {PRODUCT_TOKEN if is_clew else 'another'}"


ALLOW_ALL = RobotsRules.parse(b"")


def rules_for_status(status: int, body: bytes) -> RobotsRules | None:
    """The rules that an answer for robots.txt means (RFC 9309, section 2.3.1).

    2xx: those in the body. 3xx that leads nowhere and 4xx: there are none, all is allowed.
    Anything else: None, the file is unreachable, and nothing may be fetched for now.
    """
    if 200 <= status < 300:
        return RobotsRules.parse(body)
    return ALLOW_ALL if 300 <= status < 500 else None
