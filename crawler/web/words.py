"""Numbers, times, URLs and reasons in plain words: what the pages say, without a request.

The same functions serve as template filters (`FILTERS` in `crawler/web/render.py`).
"""

from collections.abc import Iterable, Mapping
from datetime import datetime

from crawler.domain.lifecycle import JobStatus
from crawler.domain.reasons import Reason, explain
from crawler.domain.text import counted as counted
from crawler.domain.text import short_url as short_url

STATUS_WORDS: Mapping[JobStatus, str] = {
    JobStatus.QUEUED: "waiting to start",
    JobStatus.RUNNING: "running",
    JobStatus.PAUSED: "paused",
    JobStatus.COMPLETED: "finished",
    JobStatus.TIMEOUT: "time limit reached",
    JobStatus.FAILED: "failed",
    JobStatus.CANCELLED: "cancelled",
}
_UNITS = ((86_400, "day"), (3_600, "hour"), (60, "minute"), (1, "second"))
_SIZES = ("bytes", "kB", "MB", "GB", "TB")


def number(value: int) -> str:
    """A count with its thousands set apart: 1,204."""
    return f"{value:,}"


def duration(seconds: int) -> str:
    """A length of time in its two largest units: 5 minutes, 1 hour 30 minutes."""
    parts = []
    for size, unit in _UNITS:
        whole, seconds = divmod(seconds, size)
        if whole:
            parts.append(counted(whole, unit))
    return " ".join(parts[:2]) or "less than a second"


def size(value: int | None) -> str:
    """Bytes in decimal units with two or three figures: 812 bytes, 4.1 kB, 12 MB."""
    if value is None:
        return ""
    amount, unit = float(value), 0
    while amount >= 999.5 and unit < len(_SIZES) - 1:
        amount, unit = amount / 1_000, unit + 1
    decimals = 1 if unit and amount < 9.95 else 0
    return f"{amount:.{decimals}f} {_SIZES[unit]}"


def clock(moment: datetime | str) -> str:
    """A time of day, UTC, for pages without JavaScript; the script shows the reader's own."""
    text = moment if isinstance(moment, str) else moment.strftime("%Y-%m-%dT%H:%M:%S")
    return text[11:19]


def day_and_time(moment: datetime) -> str:
    """A moment to the minute, UTC: 24 Nov 2026, 08:24 UTC."""
    return f"{moment.day} {moment:%b %Y, %H:%M} UTC"


def path_of(url: str) -> str:
    """The part of a URL after its host; a site's root is `/`."""
    return "/" + url.partition("://")[2].partition("/")[2]


def host_of(url: str) -> str:
    """A URL's host, with its port where that is not the usual one."""
    return url.partition("://")[2].partition("/")[0]


def web_href(url: str | None) -> str | None:
    """The URL if a link may lead there: http and https only, since strangers wrote it."""
    return url if url and url.startswith(("http://", "https://")) else None


_BRIEFLY: Mapping[str, str] = {
    Reason.ROBOTS: "closed by robots.txt",
    Reason.ROBOTS_UNREACHABLE: "behind an unreadable robots.txt",
    Reason.DENIED_HOST: "on hosts that may not be crawled here",
    Reason.SCOPE: "leading elsewhere",
    Reason.EXCLUDED: "left out by the rules",
    Reason.NOFOLLOW: "not to be followed",
    Reason.TRAP: "in endless series",
    Reason.DEPTH: "too many clicks away",
    Reason.PAGE_LIMIT: "over the page limit",
    Reason.DUPLICATE: "already here",
    Reason.NOT_HTML: "not pages",
    Reason.TOO_LARGE: "too large",
    Reason.TIMEOUT: "without an answer in time",
    Reason.DNS: "without an address",
    Reason.REFUSED: "refused or dropped",
    Reason.TLS: "without a valid certificate",
    Reason.BLOCKED_ADDRESS: "on addresses or ports not to be asked",
    Reason.REDIRECT_LOOP: "redirected in circles",
    Reason.BAD_REDIRECT: "redirected to nowhere",
    Reason.BROKEN_RESPONSE: "with a broken answer",
    Reason.EMPTY: "empty",
    Reason.NEEDS_JAVASCRIPT: "empty without scripts",
    Reason.CHALLENGE: "answered with a check for robots",
    Reason.RATE_LIMITED: "on hosts that asked to be left alone",
    Reason.FUNCTION_ERROR: "failed in Clew itself",
}


def briefly(reason: str) -> str:
    """A reason in a few words that follow a count: 40 "leading elsewhere"."""
    if reason.startswith("http-"):
        return f"answered {reason.removeprefix('http-')}"
    return _BRIEFLY.get(reason) or explain(reason)


def by_count(reasons: Mapping[str, int]) -> list[tuple[str, int]]:
    """Reasons with their counts, the largest first; those of equal counts by name."""
    counted_ones = [(reason, count) for reason, count in reasons.items() if count]
    return sorted(counted_ones, key=lambda item: (-item[1], item[0]))


def reasons_phrase(reasons: Mapping[str, int]) -> str:
    """Reasons with their counts, for the thread: "40 leading elsewhere, 3 closed by robots.txt"."""
    return ", ".join(f"{number(count)} {briefly(reason)}" for reason, count in by_count(reasons))


def joined(parts: Iterable[str], last: str = "and") -> str:
    """Parts of a sentence: "a", "a and b", "a, b and c"."""
    *head, tail = list(parts) or [""]
    return f"{', '.join(head)} {last} {tail}" if head else tail
