"""Which worker orchestrates a job: a lease with an epoch, by the database's clock.

A lease lives `LEASE_SECONDS` and is renewed every `RENEW_SECONDS`, on a row of its own, so that
a renewal never waits for the job's row. Whoever takes a job over raises the epoch under the
job's row lock; from then on no write of the old orchestrator finds its row.

    no lease, queued job    → taken, `job_started`
    ended                   → taken after a resume, nothing to tell
    handed-over             → taken, `orchestrator_replaced` planned
    held, but expired       → taken, `orchestrator_replaced`; what was in hand returns
    held and living         → not taken
    queued, while as many jobs run as may → not taken: it waits its turn, the oldest first
"""

from dataclasses import dataclass

from crawler.domain.events import EventName
from crawler.domain.lifecycle import ACTIVE, JobStatus, Move
from crawler.domain.model import JobOptions
from crawler.domain.reasons import Reason
from crawler.storage.changes import Changes, JobChange
from crawler.storage.database import Database
from crawler.storage.running import is_full
from crawler.storage.sitemap_queue import return_claimed_sitemaps, return_lost_sitemaps

LEASE_SECONDS = 5.0
RENEW_SECONDS = 1.5
MOST_LOST_CALLS = 5
"""Orchestrators that may be lost with a URL in hand before the URL counts as their poison."""


@dataclass(frozen=True, slots=True)
class Lease:
    """A job in this worker's hand."""

    job_id: str
    epoch: int
    ran_ms: int
    roots: tuple[str, ...]
    options: JobOptions
    options_version: int


@dataclass(frozen=True, slots=True)
class Renewal:
    """What a renewal tells: time run under the limit, and what users changed meanwhile."""

    ran_ms: int
    status: JobStatus
    options_version: int


class LeaseStore:
    """Takes, renews and releases leases for one worker.

    `most_running`: jobs that may run at once, over all workers; None for any number.
    """

    def __init__(
        self,
        database: Database,
        changes: Changes,
        host: str,
        pid: int,
        most_running: int | None = None,
    ) -> None:
        self._database = database
        self._changes = changes
        self._host = host
        self._pid = pid
        self._most_running = most_running

    def ownerless(self, limit: int) -> list[str]:
        """Ids of jobs that should run, may run, and have no living orchestrator."""
        rows = self._database.read("ownerless_jobs", limit=limit, most_running=self._most_running)
        return [row["id"] for row in rows]

    def take(self, job_id: str) -> Lease | None:
        """The job's lease, or None where another worker was faster or the job need not run now.

        Raises:
            UnknownJob: when the job was deleted meanwhile.
        """
        with self._changes.change(job_id) as change:
            before = change.one("lease_to_take")
            if change.status not in ACTIVE or (before is not None and before["living"]):
                return None
            if change.status is JobStatus.QUEUED and is_full(change, self._most_running):
                return None
            epoch = (change.one("raise_epoch") or {})["epoch"]
            taken = change.one(
                "take_lease", epoch=epoch, host=self._host, pid=self._pid, seconds=LEASE_SECONDS
            )
            _succeed(change, before["state"] if before else None, epoch)
            return Lease(
                job_id,
                epoch,
                (taken or {})["ran_ms"],
                change.roots,
                change.options,
                change.options_version,
            )

    def renew(self, lease: Lease) -> Renewal | None:
        """Lengthens the lease; None when it belongs to another epoch or the job is gone."""
        rows = self._database.read(
            "renew_lease", job_id=lease.job_id, epoch=lease.epoch, seconds=LEASE_SECONDS
        )
        if not rows:
            return None
        row = rows[0]
        return Renewal(row["ran_ms"], JobStatus(row["status"]), row["options_version"])

    def release(self, lease: Lease, *, handed_over: bool) -> None:
        """Gives the job back: to the next worker, or because there is nothing to go on with."""
        self._database.read(
            "release_lease",
            job_id=lease.job_id,
            epoch=lease.epoch,
            state="handed-over" if handed_over else "ended",
        )


def _succeed(change: JobChange, before: str | None, epoch: int) -> None:
    if before == "held":
        _return_lost(change)
    else:
        _return_claimed(change)
    if change.status is JobStatus.QUEUED:
        change.move(Move.START)
    elif before in ("held", "handed-over"):
        planned = before == "handed-over"
        change.tell(EventName.ORCHESTRATOR_REPLACED, epoch=epoch, planned=planned)


def _return_lost(change: JobChange) -> None:
    rows = change.run("return_lost", most=MOST_LOST_CALLS)
    failed = sum(1 for row in rows if row["state"] == "done")
    change.count(processing=-len(rows), queued=len(rows) - failed)
    change.count_reasons("failed", {Reason.FUNCTION_ERROR: failed})
    return_lost_sitemaps(change, MOST_LOST_CALLS)
    change.run("count_lost_processing")


def _return_claimed(change: JobChange) -> None:
    returned = len(change.run("return_all_claimed"))
    change.count(processing=-returned, queued=+returned)
    return_claimed_sitemaps(change)
