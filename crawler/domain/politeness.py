"""How hard a job may press a site: how many fetches at once, how far apart, split among calls."""

from dataclasses import dataclass

from crawler.domain.model import JobOptions

MOST_CALLS = 4
"""Crawl calls in flight per job: enough to keep the workers busy while results are applied."""

BATCH = 10
"""URLs in a call."""


@dataclass(frozen=True, slots=True)
class Pace:
    """Fetches at once over the whole job, and milliseconds between their starts."""

    concurrency: int
    delay_ms: int

    @property
    def most_calls(self) -> int:
        """Calls that may be in flight; with a delay only one can keep it."""
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
