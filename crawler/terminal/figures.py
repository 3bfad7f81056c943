"""The counts of a crawl under way in words, in the order in which they matter."""

from crawler.terminal.progress import Progress
from crawler.terminal.text import clock, counted

_STATES = {
    "queued": "waiting to start",
    "paused": "paused",
    "completed": "finished",
    "timeout": "time limit reached",
    "failed": "failed",
    "cancelled": "cancelled",
}


def state(progress: Progress) -> str:
    """What the crawl does just now: the page that came last, while it simply goes on."""
    if progress.status in _STATES:
        return _STATES[progress.status]
    if not progress.waiting and progress.unread > 0:
        return f"converting {counted(progress.unread, 'page')}"
    return progress.page


def ratio(progress: Progress) -> str:
    """Pages here, and pages that are known so far."""
    return f"{progress.done:,}/{progress.known:,} pages"


def rate(progress: Progress, now: float) -> str:
    """Pages a second."""
    return f"{progress.rate(now):.1f}/s"


def others(progress: Progress) -> list[str]:
    """What became of the other URLs; waiting ones as long as the crawl has not ended."""
    totals = progress.totals
    return [
        f"{totals['failed']:,} failed",
        f"{totals['skipped']:,} skipped",
        f"{progress.waiting:,} waiting",
    ]


def figures(progress: Progress, now: float) -> list[str]:
    """All of it, for a line of its own."""
    return [
        ratio(progress),
        rate(progress, now),
        *others(progress),
        clock(progress.elapsed(now)),
    ]
