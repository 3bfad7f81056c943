"""Failed URLs for another try, as a user asks for it when a job is resumed.

    resume ── a first slice, with it ──► queued
       orchestrator ── slice by slice ──► queued, until none is left

There may be as many as the job has URLs, so no transaction takes them all. How far that has come
stands in the job's row, so that any orchestrator goes on with it, and a job with some left does not
end. What fails anew meanwhile, ahead of that point, is tried once more.
"""

from collections import Counter

from crawler.domain.events import EventName
from crawler.storage.changes import JobChange
from crawler.storage.database import Row
from crawler.storage.sitemap_queue import retry_failed_sitemaps

SLICE = 5_000


def begin_retry(change: JobChange) -> None:
    """Queues failed URLs again: some at once, which for most jobs are all, the others later."""
    retry_failed_sitemaps(change)
    change.run("begin_retry")
    _requeue(change, 0)


def requeue_failed(change: JobChange) -> int:
    """Queues a slice of the failed URLs that are left; returns how many."""
    position = change.one("retry_position")
    if position is None:
        return 0
    rows = _requeue(change, position["retry_after"])
    for depth, count in sorted(Counter(row["depth"] for row in rows).items()):
        change.tell(EventName.URLS_DISCOVERED, count=count, depth=depth)
    return len(rows)


def is_retry_open(change: JobChange) -> bool:
    """Whether failed URLs are left that are to be tried again."""
    return change.one("retry_position") is not None


def _requeue(change: JobChange, after: int) -> list[Row]:
    rows = change.run("requeue_failed", after=after, limit=SLICE)
    change.count(queued=len(rows))
    reasons = Counter(row["reason"] for row in rows)
    change.count_reasons("failed", {reason: -urls for reason, urls in reasons.items()})
    last = max(row["id"] for row in rows) if len(rows) == SLICE else None
    change.run("set_retry_position", after=last)
    return rows
