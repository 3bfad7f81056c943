"""What each event says on the thread: a kind, which gives its knot's shape, and a sentence."""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from crawler.domain.events import EventName, LoggedEvent
from crawler.domain.lifecycle import JobStatus
from crawler.web.words import counted, number, reasons_phrase


class Told(NamedTuple):
    """An event in words. `kind` is one of the classes that `static/clew.css` draws."""

    kind: str
    text: str


_Data = Mapping[str, Any]


def tell(event: LoggedEvent, data: _Data) -> Told:
    """The event in words; `data` is the event's own, parsed once by the caller."""
    kind, say = _STORIES.get(event.name, ("note", lambda _: event.name.replace("_", " ")))
    return Told(kind, say(data))


def _batch(data: _Data) -> str:
    parts = [counted(data["completed"], "page")]
    if data["failed"]:
        parts.append(f"{number(data['failed'])} failed")
    skipped = len(data["pages"]) - data["completed"] - data["failed"]
    if skipped:
        parts.append(f"{number(skipped)} skipped")
    return f"Fetched {', '.join(parts)}, {_clicks(data['depth'])}"


def _clicks(depth: int) -> str:
    return "the start" if depth == 0 else f"{counted(depth, 'click')} in"


def _discovered(data: _Data) -> str:
    return f"Found {counted(data['count'], 'new URL')}, {_clicks(data['depth'])}"


def _skipped(data: _Data) -> str:
    return f"Left out: {reasons_phrase(data['reasons'])}"


def _content(data: _Data) -> str:
    if not data["failed"]:
        return f"Markdown of {counted(data['count'], 'page')} ready"
    failed = f"{counted(data['failed'], 'page')} could not be turned into it"
    return f"Markdown of {counted(data['count'], 'page')} ready, {failed}"


def _content_queued(data: _Data) -> str:
    return f"Other selectors: Markdown of {counted(data['count'], 'page')} is made anew"


def _error(data: _Data) -> str:
    return f"A call failed, its URLs go back to the queue: {data['error']}"


def _replaced(data: _Data) -> str:
    if data.get("planned"):
        return "Handed over to another worker"
    return "Another worker took over; what the lost one had in hand is done again"


def _paused(data: _Data) -> str:
    return f"Paused: {data['error']}" if data.get("error") else "Paused"


def _finished(data: _Data) -> str:
    return f"Finished with {counted(data['totals']['completed'], 'page')}"


def _timed_out(data: _Data) -> str:
    waiting = data["totals"]["queued"]
    return f"The time limit is reached, {counted(waiting, 'URL')} still waited"


def _failed(data: _Data) -> str:
    return f"Failed: {data.get('error') or 'no page could be fetched'}"


_STORIES: Mapping[str, tuple[str, Callable[[_Data], str]]] = {
    EventName.JOB_STARTED: ("start", lambda _: "Started"),
    EventName.JOB_PAUSED: ("pause", _paused),
    EventName.JOB_RESUMED: ("resume", lambda _: "Resumed"),
    EventName.JOB_CANCELLED: ("end", lambda _: "Cancelled"),
    EventName.BATCH_COMPLETED: ("batch", _batch),
    EventName.URLS_DISCOVERED: ("found", _discovered),
    EventName.URLS_SKIPPED: ("skipped", _skipped),
    EventName.BATCH_ERROR: ("error", _error),
    EventName.CONTENT_PROCESSED: ("content", _content),
    EventName.CONTENT_QUEUED: ("content", _content_queued),
    EventName.ORCHESTRATOR_REPLACED: ("handover", _replaced),
    EventName.JOB_COMPLETED: ("end", _finished),
    EventName.JOB_TIMEOUT: ("end", _timed_out),
    EventName.JOB_FAILED: ("end", _failed),
}

STATUS_AFTER: Mapping[str, JobStatus] = {
    EventName.JOB_STARTED: JobStatus.RUNNING,
    EventName.JOB_PAUSED: JobStatus.PAUSED,
    EventName.JOB_RESUMED: JobStatus.RUNNING,
    EventName.JOB_CANCELLED: JobStatus.CANCELLED,
    EventName.JOB_COMPLETED: JobStatus.COMPLETED,
    EventName.JOB_TIMEOUT: JobStatus.TIMEOUT,
    EventName.JOB_FAILED: JobStatus.FAILED,
}
"""The status that an event leads to; other events leave it as it is."""
