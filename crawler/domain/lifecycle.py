"""A job's life as a table: which status follows which, by what, and under which event.

The schema repeats the statuses as a CHECK, and every change of status goes through
`transition`, so that a wrong one is refused before a statement is sent.
"""

from enum import StrEnum

from crawler.domain.events import EventName


class JobStatus(StrEnum):
    """Where a job stands."""

    QUEUED = "queued"
    RUNNING = "running"
    PAUSED = "paused"
    COMPLETED = "completed"
    TIMEOUT = "timeout"
    FAILED = "failed"
    CANCELLED = "cancelled"


class Move(StrEnum):
    """What can happen to a job."""

    START = "start"
    PAUSE = "pause"
    RESUME = "resume"
    CANCEL = "cancel"
    COMPLETE = "complete"
    TIME_OUT = "time out"
    FAIL = "fail"


TERMINAL = frozenset(
    {JobStatus.COMPLETED, JobStatus.TIMEOUT, JobStatus.FAILED, JobStatus.CANCELLED}
)
"""Statuses that nothing follows, unless the job is resumed."""

ACTIVE = frozenset({JobStatus.QUEUED, JobStatus.RUNNING})
"""Statuses in which a job needs an orchestrator."""

_TABLE: dict[Move, tuple[frozenset[JobStatus], JobStatus, EventName]] = {
    Move.START: (frozenset({JobStatus.QUEUED}), JobStatus.RUNNING, EventName.JOB_STARTED),
    Move.PAUSE: (ACTIVE, JobStatus.PAUSED, EventName.JOB_PAUSED),
    Move.RESUME: (TERMINAL | {JobStatus.PAUSED}, JobStatus.RUNNING, EventName.JOB_RESUMED),
    Move.CANCEL: (
        ACTIVE | {JobStatus.PAUSED},
        JobStatus.CANCELLED,
        EventName.JOB_CANCELLED,
    ),
    Move.COMPLETE: (
        frozenset({JobStatus.RUNNING}),
        JobStatus.COMPLETED,
        EventName.JOB_COMPLETED,
    ),
    Move.TIME_OUT: (frozenset({JobStatus.RUNNING}), JobStatus.TIMEOUT, EventName.JOB_TIMEOUT),
    Move.FAIL: (frozenset({JobStatus.RUNNING}), JobStatus.FAILED, EventName.JOB_FAILED),
}


class WrongState(Exception):
    """A move that the job's status does not allow; the text is meant for the caller."""


def transition(status: JobStatus, move: Move) -> tuple[JobStatus, EventName]:
    """The status after `move` and the event that tells of it.

    Raises:
        WrongState: when the job's status does not allow the move.
    """
    sources, target, event = _TABLE[move]
    if status not in sources:
        raise WrongState(f"a {status} job cannot {move}")
    return target, event


def allows(status: JobStatus, move: Move) -> bool:
    """Whether `transition` would accept the move."""
    return status in _TABLE[move][0]
