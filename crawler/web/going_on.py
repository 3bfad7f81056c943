"""How an ended crawl can go on: for each thing that it left out, one button that fetches it.

Pure: a job and what it left out, in; buttons with the form fields they send, out. The fields are
those of the API's `PATCH` (limits) and of its resume (`retry`), so what a button does can also be
done by a program.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from crawler.domain.lifecycle import TERMINAL, JobStatus
from crawler.domain.model import Job
from crawler.domain.reasons import Reason
from crawler.web.words import counted, duration, number

_MORE_PAGES = 10
"""How many times the page limit a click allows."""


@dataclass(frozen=True, slots=True)
class WayOn:
    """A button: its text and the fields it sends; an empty value means no limit."""

    text: str
    fields: tuple[tuple[str, str], ...] = ()


def ways_on(job: Job, left_out: Mapping[str, int], most_pages: int | None = None) -> list[WayOn]:
    """The ways on for an ended job, the most likely first; none for one that has not ended.

    `most_pages` is what whoever runs Clew allows: no button asks for more.
    """
    if job.status not in TERMINAL:
        return []
    return [
        *_as_it_was(job),
        *_deeper(job, left_out, most_pages),
        *_more_pages(job, left_out, most_pages),
        *_again(job),
    ]


def _as_it_was(job: Job) -> Iterator[WayOn]:
    waiting = job.totals.queued
    limit = job.options.time_limit_seconds
    if job.status is JobStatus.FAILED:
        yield WayOn("Try again")
    elif job.status is JobStatus.TIMEOUT and limit is not None:
        yield WayOn(f"Go on for another {duration(limit)}")
        yield WayOn("Go on without a time limit", (("timeLimitSeconds", ""),))
    elif waiting:
        yield WayOn(f"Go on with the {counted(waiting, 'URL')} that waited")


def _deeper(job: Job, left_out: Mapping[str, int], most_pages: int | None) -> Iterator[WayOn]:
    depth = job.options.max_depth
    if depth is None or not left_out.get(Reason.DEPTH):
        return
    pages = _room_for_more(job, most_pages)
    if pages is None:
        return
    yield WayOn("Go one click deeper", (("maxDepth", str(depth + 1)), *pages))
    yield WayOn("Go on without a depth limit", (("maxDepth", ""), *pages))


def _more_pages(job: Job, left_out: Mapping[str, int], most_pages: int | None) -> Iterator[WayOn]:
    limit = job.options.max_pages
    if limit is None or not left_out.get(Reason.PAGE_LIMIT):
        return
    more = _raised(limit, most_pages)
    if more > limit:
        yield WayOn(f"Raise the limit to {number(more)} pages", (("maxPages", str(more)),))
    if most_pages is None:
        yield WayOn("Go on without a page limit", (("maxPages", ""),))


def _room_for_more(job: Job, most_pages: int | None) -> tuple[tuple[str, str], ...] | None:
    """Deeper pages need room: with the page limit reached they could not be fetched at all.

    None where there is no room, and none to be had.
    """
    limit = job.options.max_pages
    if limit is None or job.totals.completed < limit:
        return ()
    more = _raised(limit, most_pages)
    return (("maxPages", str(more)),) if more > limit else None


def _raised(limit: int, most_pages: int | None) -> int:
    more = limit * _MORE_PAGES
    return more if most_pages is None else min(more, most_pages)


def _again(job: Job) -> Iterator[WayOn]:
    failed = job.totals.failed
    if failed and job.status is not JobStatus.FAILED:
        it = "the one that failed" if failed == 1 else f"the {number(failed)} that failed"
        yield WayOn(f"Try {it} again", (("retry", "failed"),))
