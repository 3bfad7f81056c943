"""A change of a job: one short transaction that holds the work and the events that tell of it.

    with jobs.change(job_id, epoch=7) as change:     # locks the job's row first
        rows = change.run("settle", …)               # the work
        change.count(completed=+len(rows), …)        # totals
        change.count_reasons("failed", {"dns": 2})   # URLs without a page, each with its reason
        change.tell(EventName.BATCH_COMPLETED, …)    # what is told of it
    # committed: ids taken, events stored; only then Redis hears of them

Ids are taken last, under the lock that the transaction has held from its first statement,
so events are contiguous per job and their time is when they became certain.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Literal

import psycopg2.extras

from crawler.domain.errors import UnknownJob
from crawler.domain.events import EventName, Happening, LoggedEvent, log_events
from crawler.domain.lifecycle import TERMINAL, JobStatus, Move, transition
from crawler.domain.model import JobOptions, Totals
from crawler.storage.database import Database, Row, Statements

TOTALS = (
    "discovered",
    "queued",
    "processing",
    "completed",
    "failed",
    "skipped",
    "from_cache",
    "processed",
    "process_failed",
    "bytes",
)

Announce = Callable[[str, list[LoggedEvent]], None]
"""Called after the commit with the job's id and its new events; must not raise."""

Bound = Callable[[JobOptions], JobOptions]
"""Holds options to the operator's rules."""


class Fenced(Exception):
    """The job is orchestrated under a newer epoch, or gone: this worker has no say any more."""


@dataclass(frozen=True, slots=True)
class Excluded:
    """How far the queue was held against the job's exclude rules: the first `rules` of them
    against all of it, the others against URLs up to the id `until`."""

    rules: int = 0
    until: int = 0


@dataclass
class JobChange:
    """A locked job within its transaction."""

    job_id: str
    status: JobStatus
    options: JobOptions
    scope_bases: tuple[str, ...]
    roots: tuple[str, ...]
    totals: Totals
    epoch: int
    options_version: int
    last_event_id: int
    _statements: Statements
    error: str | None = None
    _deltas: dict[str, int] = field(default_factory=lambda: dict.fromkeys(TOTALS, 0))
    _happenings: list[Happening] = field(default_factory=list)
    _moved: bool = False
    _reasons: Counter[str] = field(default_factory=Counter)
    links_left_out: dict[str, int] = field(default_factory=dict)
    excluded: Excluded = Excluded()
    stale_after: int | None = None

    def run(self, name: str, **parameters: Any) -> list[Row]:
        """Runs a named statement on this job."""
        return self._statements.run(name, job_id=self.job_id, **parameters)

    def one(self, name: str, **parameters: Any) -> Row | None:
        """The first row of a named statement on this job, or None."""
        return self._statements.one(name, job_id=self.job_id, **parameters)

    def count(self, **deltas: int) -> None:
        """Adds to totals; they are written once, at the end."""
        for name, delta in deltas.items():
            self._deltas[name] += delta

    def count_reasons(
        self, outcome: Literal["failed", "skipped"], reasons: Mapping[str, int]
    ) -> None:
        """Adds URLs to those that failed or were skipped, by reason; negative counts take away.

        It is the only way to change these two totals, so that `reasons` always adds up to them.
        """
        self._deltas[outcome] += sum(reasons.values())
        for reason, count in reasons.items():
            self._reasons[str(reason)] += count

    def tell(self, event: EventName, **data: Any) -> None:
        """An event of this change, with the data that is its own."""
        self._happenings.append(Happening(event, data))

    def move(self, move: Move, *, error: str | None = None, **data: Any) -> None:
        """Changes the status and tells of it.

        Raises:
            WrongState: when the job's status does not allow it.
        """
        self.status, event = transition(self.status, move)
        self.error = error
        self._moved = True
        self.tell(event, **data, **({} if error is None else {"error": error}))

    def reset_totals(self) -> None:
        """Forgets what was counted so far, after a statement wrote the totals (`recount`)."""
        self._deltas = dict.fromkeys(TOTALS, 0)
        self._reasons.clear()
        row = self.one("lock_job")
        if row is not None:
            self.totals = totals_of(row)

    def leave_out(self, reasons: Mapping[str, int]) -> None:
        """Links that leave the job, by reason: told, and added up for the report."""
        left = {reason: count for reason, count in reasons.items() if count}
        if left:
            self.tell(EventName.URLS_SKIPPED, count=sum(left.values()), reasons=left)
            for reason, count in left.items():
                self.links_left_out[reason] = self.links_left_out.get(reason, 0) + count

    @property
    def now(self) -> Totals:
        """Totals as they will stand after this change."""
        reasons = Counter(self.totals.reasons)
        reasons.update(self._reasons)
        return Totals(
            **{name: getattr(self.totals, name) + self._deltas[name] for name in TOTALS},
            reasons={reason: count for reason, count in reasons.items() if count},
        )

    def save(self) -> list[LoggedEvent]:
        """Writes totals and status, takes ids, stores the events; with events it commits, too."""
        counted = any(self._deltas.values()) or any(self._reasons.values())
        if not (self._happenings or self._moved or counted):
            return []
        row = self.one(
            "save_job",
            status=str(self.status),
            error=self.error,
            terminal=self.status in TERMINAL,
            events=len(self._happenings),
            links_left_out=as_jsonb(self.links_left_out),
            reasons=as_jsonb(self.now.reasons),
            **self._deltas,
        )
        if row is None:
            raise Fenced
        events = self._events(row)
        if events:
            self._statements.run_last(
                "insert_events",
                job_id=self.job_id,
                ids=[event.id for event in events],
                bodies=[event.text for event in events],
            )
        return events

    def _events(self, row: Row) -> list[LoggedEvent]:
        return log_events(
            self._happenings,
            first_id=row["last_event_id"] - len(self._happenings) + 1,
            job_id=self.job_id,
            at=row["at"],
            totals=totals_of(row).as_json(),
        )


def totals_of(row: Row) -> Totals:
    """A job row's totals."""
    return Totals(**{name: row[name] for name in TOTALS}, reasons=row["reasons"])


class Changes:
    """Opens changes of jobs."""

    def __init__(
        self, database: Database, announce: Announce, bound: Bound = lambda options: options
    ) -> None:
        """`bound` holds a job's options to what the operator allows, whenever it was made."""
        self._database = database
        self._announce = announce
        self._bound = bound

    @contextmanager
    def change(
        self, job_id: str, *, epoch: int | None = None, lazily: bool = False
    ) -> Iterator[JobChange]:
        """A transaction that has locked the job, for its orchestrator under an epoch.

        `lazily`: its commit need not wait for the disk, since losing it loses nothing.

        Raises:
            Fenced: with an epoch, when another has begun or the job is gone.
            UnknownJob: without one, when there is no such job.
            psycopg2.OperationalError: when the database is away or the row stays locked.
        """
        with self._database.transaction() as statements:
            change = _lock(statements, job_id, epoch, lazily)
            change.options = self._bound(change.options)
            yield change
            events = change.save()
        if events:
            self._announce(job_id, events)


def _lock(statements: Statements, job_id: str, epoch: int | None, lazily: bool) -> JobChange:
    if epoch is None:
        row = statements.one("lock_job", job_id=job_id)
    else:
        name = "lock_job_lazily" if lazily else "lock_job_as_owner"
        row = statements.one(name, job_id=job_id, epoch=epoch)
    if row is None:
        raise UnknownJob if epoch is None else Fenced
    return JobChange(
        job_id=job_id,
        status=JobStatus(row["status"]),
        options=JobOptions.from_json(row["options"]),
        scope_bases=tuple(row["scope_bases"]),
        roots=tuple(row["urls"]),
        totals=totals_of(row),
        epoch=row["epoch"],
        options_version=row["options_version"],
        last_event_id=row["last_event_id"],
        _statements=statements,
        error=row["error"],
        links_left_out=dict(row["links_left_out"]),
        excluded=Excluded(row["excluded_rules"], row["excluded_until"]),
        stale_after=row["stale_after"],
    )


def as_jsonb(value: Any) -> psycopg2.extras.Json:
    """A parameter for a jsonb column."""
    return psycopg2.extras.Json(value)
