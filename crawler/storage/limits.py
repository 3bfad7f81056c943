"""Limits that changed, or were reached: slices of the queue move in or out of the job."""

from collections import Counter

from crawler.domain.events import EventName
from crawler.domain.reasons import Reason, explain
from crawler.storage.changes import JobChange
from crawler.storage.database import Row
from crawler.storage.remaking import is_remake_open
from crawler.storage.retrying import is_retry_open
from crawler.storage.sitemap_queue import are_sitemaps_open

_SLICE = 5_000
_NO_LIMIT = 2**31 - 1


def is_work_left(change: JobChange) -> bool:
    """Whether anything waits, is unfinished, or is let in by the limits as they are now."""
    if change.stale_after is not None or is_retry_open(change) or is_remake_open(change):
        return True
    room = change.options.pages_left(change.now.completed) != 0
    row = change.one("something_to_do", max_depth=change.options.max_depth, room=room)
    if row is not None and row["anything"]:
        return True
    return are_sitemaps_open(change, room=room and change.options.depth_allows(1))


def why_no_page(change: JobChange) -> str:
    """The error of a job without a page: what became of its first root."""
    why = _what_became_of(change.one("first_url"))
    if len(change.roots) == 1:
        return f"The start page could not be fetched: {why}."
    return f"None of the {len(change.roots):,} start pages could be fetched; the first: {why}."


def _what_became_of(url: Row | None) -> str:
    if url is None or url["reason"] is None:
        return "there was nothing to fetch"
    if url["reason"] == Reason.BLOCKED_ADDRESS and url["detail"]:
        return str(url["detail"])  # it tells whether it was the address or the port
    return explain(url["reason"])


def let_in_by_depth(change: JobChange) -> int:
    """URLs that a raised depth lets in; returns how many."""
    limit = change.options.max_depth
    rows = change.run("queue_beyond", max_depth=_NO_LIMIT if limit is None else limit, limit=_SLICE)
    change.count(discovered=+len(rows), queued=+len(rows))
    _tell_queued(change, rows)
    return len(rows)


def leave_out_by_depth(change: JobChange) -> int:
    """Waiting URLs that a lowered depth leaves out; returns how many."""
    limit = change.options.max_depth
    if limit is None:
        return 0
    moved = len(change.run("put_beyond", max_depth=limit, limit=_SLICE))
    change.count(discovered=-moved, queued=-moved)
    _tell_skipped(change, Reason.DEPTH, moved)
    return moved


def let_in_by_limit(change: JobChange) -> int:
    """URLs skipped at the page limit, all of them once there is room; returns how many.

    No fewer than all: those that give no page leave their room to others.
    """
    if change.options.pages_left(change.now.completed) == 0:
        return 0
    rows = change.run("requeue_over_limit", limit=_SLICE)
    change.count(queued=+len(rows))
    change.count_reasons("skipped", {Reason.PAGE_LIMIT: -len(rows)})
    _tell_queued(change, rows)
    return len(rows)


def skip_over_limit(change: JobChange) -> int:
    """URLs that wait when the page limit is reached; returns how many."""
    skipped = len(change.run("skip_over_limit", limit=_SLICE))
    change.count(queued=-skipped)
    change.count_reasons("skipped", {Reason.PAGE_LIMIT: skipped})
    _tell_skipped(change, Reason.PAGE_LIMIT, skipped)
    return skipped


def _tell_queued(change: JobChange, rows: list[Row]) -> None:
    for depth, count in sorted(Counter(row["depth"] for row in rows).items()):
        change.tell(EventName.URLS_DISCOVERED, count=count, depth=depth)


def _tell_skipped(change: JobChange, reason: Reason, count: int) -> None:
    if count:
        change.tell(EventName.URLS_SKIPPED, count=count, reasons={str(reason): count})
