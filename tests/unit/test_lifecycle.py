"""A job's life: every status and move, and the schema's copy of them."""

import re
from itertools import product

import pytest

from crawler.domain.events import TERMINAL_EVENTS, EventName
from crawler.domain.lifecycle import (
    ACTIVE,
    TERMINAL,
    JobStatus,
    Move,
    WrongState,
    allows,
    transition,
)
from crawler.storage.migrate import steps

# queued, running, paused, completed, timeout, failed, cancelled: the status after each move
TABLE: dict[Move, tuple[str, ...]] = {
    Move.START:    ("running", "", "", "", "", "", ""),
    Move.PAUSE:    ("paused", "paused", "", "", "", "", ""),
    Move.RESUME:   ("", "", "running", "running", "running", "running", "running"),
    Move.CANCEL:   ("cancelled", "cancelled", "cancelled", "", "", "", ""),
    Move.COMPLETE: ("", "completed", "", "", "", "", ""),
    Move.TIME_OUT: ("", "timeout", "", "", "", "", ""),
    Move.FAIL:     ("", "failed", "", "", "", "", ""),
}  # fmt: skip
EVENTS = {
    Move.START: EventName.JOB_STARTED,
    Move.PAUSE: EventName.JOB_PAUSED,
    Move.RESUME: EventName.JOB_RESUMED,
    Move.CANCEL: EventName.JOB_CANCELLED,
    Move.COMPLETE: EventName.JOB_COMPLETED,
    Move.TIME_OUT: EventName.JOB_TIMEOUT,
    Move.FAIL: EventName.JOB_FAILED,
}


@pytest.mark.parametrize(("move", "status"), list(product(Move, JobStatus)))
def test_each_status_allows_its_moves_and_no_other(move: Move, status: JobStatus) -> None:
    target = TABLE[move][list(JobStatus).index(status)]
    assert allows(status, move) is bool(target)
    if target:
        assert transition(status, move) == (JobStatus(target), EVENTS[move])
    else:
        with pytest.raises(WrongState, match=f"a {status} job cannot {move}"):
            transition(status, move)


def test_the_schema_knows_the_same_statuses() -> None:
    schema = "".join(text for _, text in steps())
    (listed,) = re.findall(r"CONSTRAINT jobs_status CHECK \(status IN\s*\(([^)]*)\)", schema)
    assert set(re.findall(r"'(\w+)'", listed)) == set(JobStatus)


def test_the_schema_knows_the_same_ends() -> None:
    schema = "".join(text for _, text in steps())
    (listed,) = re.findall(r"\(finished_at IS NOT NULL\) = \(status IN \(([^)]*)\)", schema)
    assert set(re.findall(r"'(\w+)'", listed)) == set(TERMINAL)


def test_a_terminal_event_tells_of_a_terminal_status() -> None:
    ends = {EVENTS[move] for move in Move for target in TABLE[move] if target in TERMINAL}
    assert ends == TERMINAL_EVENTS
    assert ACTIVE.isdisjoint(TERMINAL)
