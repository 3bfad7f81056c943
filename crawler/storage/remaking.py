"""Pages made anew out of their stored bodies, because the job's selectors were changed.

    PATCH ── from the first page on
       orchestrator ── slice by slice ──► fetched, as if they had just come ──► processed

No transaction takes all pages of a job. How far that has come stands in the job's row, so that any
orchestrator goes on with it, and a job with some left does not end. What a page was before stays
readable until the processor replaces it. What the processor made by older selectors meanwhile is
not kept (`PageStore.store_processed`): so nothing behind that point is missed.
"""

from collections import Counter

from crawler.domain.events import EventName
from crawler.storage.changes import JobChange

SLICE = 2_000


def begin_remake(change: JobChange) -> None:
    """All pages that were processed are to be made anew."""
    change.run("set_remake_position", after=0)


def remake(change: JobChange) -> int:
    """Has a slice of what is left processed again; returns how many pages."""
    position = change.one("remake_position")
    if position is None:
        return 0
    rows = change.run("remake_slice", after=position["remake_after"], limit=SLICE)
    contents = Counter(row["content"] for row in rows)
    change.count(processed=-contents["stored"], process_failed=-contents["failed"])
    if rows:
        change.tell(EventName.CONTENT_QUEUED, count=len(rows))
    last = max(row["id"] for row in rows) if len(rows) == SLICE else None
    change.run("set_remake_position", after=last)
    return len(rows)


def is_remake_open(change: JobChange) -> bool:
    """Whether pages are left that are to be made anew."""
    return change.one("remake_position") is not None
