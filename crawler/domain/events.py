"""Events: named facts about a job, ids 1, 2, 3, …, each encoded once, to the same bytes for all.

The text made here is what Postgres keeps, what the Redis sorted set holds and what streams
carry; nobody encodes an event a second time, so appending it twice changes nothing.
"""

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any


class EventName(StrEnum):
    """The names of the contract. The last three carry no id and are never stored."""

    JOB_STARTED = "job_started"
    JOB_PAUSED = "job_paused"
    JOB_RESUMED = "job_resumed"
    JOB_CANCELLED = "job_cancelled"
    BATCH_COMPLETED = "batch_completed"
    URLS_DISCOVERED = "urls_discovered"
    URLS_SKIPPED = "urls_skipped"
    BATCH_ERROR = "batch_error"
    CONTENT_PROCESSED = "content_processed"
    CONTENT_QUEUED = "content_queued"
    ORCHESTRATOR_REPLACED = "orchestrator_replaced"
    JOB_COMPLETED = "job_completed"
    JOB_TIMEOUT = "job_timeout"
    JOB_FAILED = "job_failed"
    STREAM_CONNECTED = "stream_connected"
    HEARTBEAT = "heartbeat"
    DONE = "done"


TERMINAL_EVENTS = frozenset(
    {
        EventName.JOB_COMPLETED,
        EventName.JOB_TIMEOUT,
        EventName.JOB_FAILED,
        EventName.JOB_CANCELLED,
    }
)


@dataclass(frozen=True, slots=True)
class Happening:
    """An event before it has an id: its name and its own data, without jobId, at and totals."""

    name: EventName
    data: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class LoggedEvent:
    """An event of the log. `text` is its JSON object `{"id", "event", "data"}`, pure ASCII."""

    id: int
    name: str
    text: str

    @property
    def data_text(self) -> str:
        """The JSON text of `data`, cut out of `text` without parsing it."""
        return self.text[len(_head(self.id, self.name)) : -1]

    @property
    def data(self) -> dict[str, Any]:
        """The event's data, parsed."""
        parsed: dict[str, Any] = json.loads(self.data_text)
        return parsed


def log_events(
    happenings: Iterable[Happening],
    *,
    first_id: int,
    job_id: str,
    at: str,
    totals: Mapping[str, int],
) -> list[LoggedEvent]:
    """Gives each happening its id, from `first_id` on, and its text.

    `at` is the database's time when the ids were taken (ISO 8601, UTC); `totals` are absolute.
    """
    common = {"jobId": job_id, "at": at, "totals": totals}
    return [
        _log(first_id + index, happening.name, {**common, **happening.data})
        for index, happening in enumerate(happenings)
    ]


def _log(event_id: int, name: EventName, data: Mapping[str, Any]) -> LoggedEvent:
    # ASCII only: foreign titles can then hold neither a raw newline that would break an SSE
    # frame nor a lone surrogate that would break the encoding.
    text = _head(event_id, name) + json.dumps(data, separators=(",", ":")) + "}"
    return LoggedEvent(event_id, str(name), text)


def _head(event_id: int, name: str) -> str:
    return f'{{"id":{event_id},"event":"{name}","data":'


_TEXT = re.compile(r'\{"id":(\d+),"event":"([a-z_]+)","data":')


def parse_event(text: str) -> LoggedEvent:
    """The event whose text this is.

    Raises:
        ValueError: when it is not one that `log_events` made.
    """
    match = _TEXT.match(text)
    if match is None:
        raise ValueError(f"not an event: {text[:80]!r}")
    return LoggedEvent(int(match[1]), match[2], text)


def sse_frame(event: LoggedEvent) -> str:
    """The event as a block of an event stream (HTML Standard, section 9.2.6)."""
    return f"id: {event.id}\nevent: {event.name}\ndata: {event.data_text}\n\n"


def sse_notice(name: EventName, data: Mapping[str, Any]) -> str:
    """A block without an id, which moves no cursor: `stream_connected`, `heartbeat`, `done`."""
    return f"event: {name}\ndata: {json.dumps(data, separators=(',', ':'))}\n\n"
