"""Jobs: created, shown, listed, moved from status to status, deleted."""

import hashlib
import json
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from crawler.domain.errors import Conflict, FieldError, UnknownJob
from crawler.domain.events import LoggedEvent, parse_event
from crawler.domain.lifecycle import TERMINAL, JobStatus, Move, WrongState, transition
from crawler.domain.model import Job, JobOptions, Owner
from crawler.domain.options import JobRequest
from crawler.domain.urls import authority
from crawler.storage.changes import Changes, JobChange, as_jsonb, totals_of
from crawler.storage.database import Database, Row, Statements
from crawler.storage.keys import url_key
from crawler.storage.limits import is_work_left
from crawler.storage.remaking import begin_remake
from crawler.storage.retrying import begin_retry
from crawler.storage.running import is_full
from crawler.storage.sitemap_queue import return_claimed_sitemaps


@dataclass(frozen=True, slots=True)
class Watched:
    """What one read says of a job that somebody watches."""

    last_event_id: int
    status: JobStatus

    @property
    def ended(self) -> bool:
        """Whether nothing follows, unless the job is resumed."""
        return self.status in TERMINAL


def job_from(row: Row) -> Job:
    """A row of `job` or `jobs` as the domain knows it."""
    status, owner = JobStatus(row["status"]), None
    # An ended job's lease is given back a moment after its end.
    if row["owner_host"] is not None and status not in TERMINAL:
        owner = Owner(row["owner_host"], row["owner_pid"], row["owner_epoch"])
    return Job(
        id=row["id"],
        urls=tuple(row["urls"]),
        status=status,
        options=JobOptions.from_json(row["options"]),
        totals=totals_of(row),
        last_event_id=row["last_event_id"],
        epoch=row["epoch"],
        scope_bases=tuple(row["scope_bases"]),
        created_at=row["created_at"],
        started_at=row["started_at"],
        finished_at=row["finished_at"],
        error=row["error"],
        owner=owner,
        based_on=row["based_on"],
    )


def read_job(statements: Statements, job_id: str) -> Job:
    """The job, as part of a larger read.

    Raises:
        UnknownJob: when there is none.
    """
    row = statements.one("job", job_id=job_id)
    if row is None:
        raise UnknownJob
    return job_from(row)


class JobStore:
    """What a user can do with jobs. Each method is a transaction of its own.

    `most_running`: jobs that may run at once, over all workers; None for any number.
    """

    def __init__(
        self, database: Database, changes: Changes, most_running: int | None = None
    ) -> None:
        self._database = database
        self._changes = changes
        self._most_running = most_running

    def create(
        self,
        request: JobRequest,
        idempotency_key: str | None = None,
        sealed: bytes | None = None,
        digest: bytes = b"",
        based_on: str | None = None,
    ) -> tuple[Job, bool]:
        """A new job with its roots queued, or the one that this key made before.

        `sealed` are the request's headers and cookies as they may be kept, `digest` is a keyed
        fingerprint of them: a repeated request must have the same ones. `based_on` is the job that
        this one repeats.

        Returns the job and whether it is new.

        Raises:
            Conflict: when the key was used with another request.
        """
        job_id = secrets.token_urlsafe(16)
        request_hash = _request_hash(request, digest, based_on)
        with self._database.transaction() as statements:
            if idempotency_key is not None:
                statements.run("release_idempotency_key", idempotency_key=idempotency_key)
            made = statements.one(
                "insert_job",
                id=job_id,
                urls=as_jsonb(list(request.urls)),
                options=as_jsonb(request.options.as_json()),
                idempotency_key=idempotency_key,
                request_hash=request_hash,
                credentials=sealed,
                excluded_rules=len(request.options.exclude),
                based_on=based_on,
            )
            if made is None:
                return _repeated(statements, idempotency_key, request_hash), False
            _queue_roots(statements, job_id, request.urls)
            return read_job(statements, job_id), True

    def get(self, job_id: str) -> Job:
        """One job.

        Raises:
            UnknownJob: when there is none.
        """
        with self._database.transaction() as statements:
            return read_job(statements, job_id)

    def sealed_credentials(self, job_id: str) -> bytes | None:
        """A job's headers and cookies as they are kept; None when it was given none, or is gone."""
        rows = self._database.read("call_credentials", job_id=job_id)
        return bytes(rows[0]["credentials"]) if rows else None

    def newest(self, limit: int, before: tuple[datetime, str] | None = None) -> list[Job]:
        """Jobs, newest first; `before` is the last one's `created_at` and id of the list so far."""
        moment, job_id = before or (None, None)
        rows = self._database.read("jobs", limit=limit, before=moment, before_id=job_id)
        return [job_from(row) for row in rows]

    def watch(self, job_ids: list[str]) -> dict[str, Watched]:
        """Last event and status of some jobs, in one statement; unknown ones are left out."""
        rows = self._database.read("watch", job_ids=job_ids)
        return {row["id"]: Watched(row["last_event_id"], JobStatus(row["status"])) for row in rows}

    def pause(self, job_id: str) -> None:
        """Stops claiming; results in hand are still applied.

        Raises:
            UnknownJob, Conflict.
        """
        self._move(job_id, Move.PAUSE)

    def cancel(self, job_id: str) -> None:
        """Ends the job; what is in flight is dropped and counts as waiting.

        Raises:
            UnknownJob, Conflict.
        """
        self._move(job_id, Move.CANCEL)

    def resume(self, job_id: str, *, retry_failed: bool = False) -> None:
        """Goes on with a job; a timed-out one with a fresh time limit.

        Raises:
            UnknownJob: when there is none.
            Conflict: when the job's status does not allow it, nothing would be left to do, or as
                many jobs run as may.
        """
        with self._changes.change(job_id) as change:
            before = change.status
            _check(before, Move.RESUME)
            if is_full(change, self._most_running):
                raise Conflict(
                    f"No more than {self._most_running:,} crawls may run at once here: "
                    "pause another, or wait until one has ended.",
                    code="too-many-jobs",
                )
            if before is not JobStatus.PAUSED:
                _reopen(change, before, retry_failed=retry_failed or before is JobStatus.FAILED)
            elif retry_failed:
                begin_retry(change)
            change.move(Move.RESUME)

    def change_options(self, job_id: str, alter: Callable[[JobOptions], JobOptions]) -> None:
        """Changes limits and selectors and adds exclude rules at any time; the queue is looked at
        anew, and pages are made anew by other selectors.

        `alter` makes the new options out of the present ones, under the job's lock; what it
        raises leaves the job as it was.

        Raises:
            UnknownJob: when there is none.
        """
        with self._changes.change(job_id) as change:
            options = alter(change.options)
            change.run("set_options", options=as_jsonb(options.as_json()))
            if options.exclude != change.options.exclude:
                change.run("set_excluded", rules=change.excluded.rules, until=0)
            if options.selectors != change.options.selectors:
                begin_remake(change)

    def delete(self, job_id: str) -> None:
        """Cancels the job if need be and hides it at once; its rows go soon after.

        Raises:
            UnknownJob: when there is none.
        """
        with self._changes.change(job_id) as change:
            if change.status not in TERMINAL:
                drop_claims(change)
                change.move(Move.CANCEL)
            change.run("mark_deleted")

    def events(self, job_id: str, after: int, limit: int) -> list[LoggedEvent]:
        """Stored events after an id, at most `limit`, in order."""
        rows = self._database.read(
            "events_after", job_id=job_id, after=after, until=2**62, limit=limit
        )
        return [parse_event(row["body"]) for row in rows]

    def _move(self, job_id: str, move: Move) -> None:
        with self._changes.change(job_id) as change:
            _check(change.status, move)
            if move is Move.CANCEL:
                drop_claims(change)
            change.move(move)


def drop_claims(change: JobChange) -> None:
    """Everything in flight counts as waiting again: the job ends without it.

    The epoch is raised, so that calls in flight stop and their results find no job to go into.
    """
    change.run("raise_epoch")
    returned = len(change.run("return_all_claimed"))
    change.count(processing=-returned, queued=+returned)
    return_claimed_sitemaps(change)


def _check(status: JobStatus, move: Move) -> None:
    try:
        transition(status, move)
    except WrongState as error:
        raise Conflict(str(error), errors=(FieldError("status", f"is {status}"),)) from None


def _reopen(change: JobChange, before: JobStatus, *, retry_failed: bool) -> None:
    if retry_failed:
        begin_retry(change)
    # A timed-out job may have been processed to its end since: then it has only to be completed.
    if before is not JobStatus.TIMEOUT and not is_work_left(change):
        raise Conflict(
            "Nothing is left to do: raise a limit first, or retry what failed.",
            code="nothing-to-do",
        )
    change.run("recount")
    change.reset_totals()
    change.run("restart_time_limit")


def _queue_roots(statements: Statements, job_id: str, roots: tuple[str, ...]) -> None:
    statements.run(
        "insert_roots",
        job_id=job_id,
        urls=list(roots),
        url_keys=[url_key(root) for root in roots],
        hosts=[authority(root) for root in roots],
    )
    statements.run("recount", job_id=job_id)


def _request_hash(request: JobRequest, digest: bytes, based_on: str | None) -> bytes:
    asked = [request.urls, request.options.as_json(), *([based_on] if based_on else [])]
    text = json.dumps(asked, sort_keys=True)
    return hashlib.sha256(text.encode() + digest).digest()


def _repeated(statements: Statements, idempotency_key: str | None, request_hash: bytes) -> Job:
    row = statements.one("job_by_idempotency_key", idempotency_key=idempotency_key)
    if row is None or bytes(row["request_hash"]) != request_hash:
        raise Conflict(
            "This Idempotency-Key was used with another request.",
            code="idempotency-conflict",
            errors=(FieldError("Idempotency-Key", "was used with another request"),),
        )
    return read_job(statements, row["id"])
