"""How hard a job may press a host: how many requests at once, how far apart, split among calls.

What all jobs and workers together may do to a host is in `crawler.domain.hosts`.
"""

from dataclasses import dataclass
from enum import StrEnum

from crawler.domain.model import JobOptions

MOST_CALLS = 4
"""Crawl calls in flight per job and host: enough to keep the workers busy while results are
applied."""

BATCH = 10
"""URLs in a call."""


class Why(StrEnum):
    """Why a request has to wait for its turn at a host."""

    BUSY = "busy"
    """As many requests as may be are under way, or another job is first."""
    DELAY = "delay"
    """The time between two starts, the job's or the site's, is not over."""
    ASKED = "asked"
    """The site said when to come again (`Retry-After`)."""
    BACKING_OFF = "backing-off"
    """The site answered 429 or 503 without saying when, or several times not at all."""


class NotNow(Exception):
    """A host's turn is too far away to wait for it: come again after so many seconds."""

    def __init__(self, seconds: float, why: Why) -> None:
        super().__init__(f"not for {seconds:.2f} s: {why}")
        self.seconds = seconds
        self.why = why


@dataclass(frozen=True, slots=True)
class Pace:
    """Requests at once at one host, and milliseconds between their starts."""

    concurrency: int
    delay_ms: int

    @property
    def most_calls(self) -> int:
        """Calls to one host that may be in flight; with a delay a second one would only wait."""
        return 1 if self.delay_ms else min(MOST_CALLS, self.concurrency)

    def share(self, calls_in_flight: int, fetches_in_flight: int) -> int:
        """Fetches at once that the next call may make, so that all calls stay within the pace."""
        free = self.concurrency - fetches_in_flight
        return max(0, -(-free // max(1, self.most_calls - calls_in_flight)))


PUBLIC = Pace(concurrency=3, delay_ms=100)
"""The polite default on public addresses: 3 at once, 10 starts a second."""

ALLOWED = Pace(concurrency=8, delay_ms=0)
"""The default on the operator's own addresses (`CLEW_ALLOW_PRIVATE`)."""


def pace_of(options: JobOptions, *, only_allowed: bool) -> Pace:
    """A job's pace: what its options say, and where they are silent the default.

    `only_allowed` is whether the site is known to stand on the operator's own addresses; until
    that is known, the polite default holds.
    """
    default = ALLOWED if only_allowed else PUBLIC
    return Pace(
        concurrency=default.concurrency if options.concurrency is None else options.concurrency,
        delay_ms=default.delay_ms if options.delay_ms is None else options.delay_ms,
    )
