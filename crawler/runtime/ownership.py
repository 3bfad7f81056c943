"""Orchestrators of this worker: started for jobs that have none, handed over when it stops."""

import logging
from collections.abc import Callable

import gevent
from gevent.event import Event
from gevent.pool import Group

from crawler.domain.errors import UnknownJob
from crawler.functions.calls import FunctionCalls
from crawler.functions.orchestrator import Orchestrator
from crawler.functions.stores import Stores
from crawler.runtime.presence import Presence
from crawler.storage.database import Outage

MOST_JOBS = 100
"""Jobs that one worker orchestrates at once; the others wait for a worker with room."""

log = logging.getLogger(__name__)


class Ownership:
    """Takes leases and runs what they stand for."""

    def __init__(
        self,
        stores: Stores,
        calls: FunctionCalls,
        stopping: Event,
        monotonic: Callable[[], float],
        why_halted: Callable[[], str | None],
    ) -> None:
        """`why_halted` says why no job may go on now, None where they may."""
        self._why_halted = why_halted
        self._stores = stores
        self._calls = calls
        self._stopping = stopping
        self._monotonic = monotonic
        self._group = Group()
        self._running: dict[str, Orchestrator | None] = {}

    def wake(self, job_id: str) -> None:
        """Sees at once that the job runs, if no living worker has it."""
        if self._has_room and job_id not in self._running:
            self._running[job_id] = None
            self._group.spawn(self._run, job_id)

    def sweep(self) -> None:
        """Starts what should run and has no owner, in any worker.

        Raises:
            psycopg2.OperationalError: when the database is away.
        """
        if self._has_room:
            for job_id in self._stores.leases.ownerless(MOST_JOBS - len(self._running)):
                self.wake(job_id)

    def stop(self, seconds: float) -> None:
        """Has the jobs handed over (`stopping` is set), for so many seconds at most."""
        for orchestrator in list(self._running.values()):
            if orchestrator is not None:
                orchestrator.wake()
        self._group.join(timeout=seconds)

    @property
    def _has_room(self) -> bool:
        return not self._stopping.is_set() and len(self._running) < MOST_JOBS

    def _run(self, job_id: str) -> None:
        try:
            lease = self._stores.leases.take(job_id)
            if lease is not None:
                log.info("job %s: orchestrated here, epoch %d", job_id, lease.epoch)
                orchestrator = Orchestrator(
                    lease,
                    self._stores,
                    self._calls,
                    self._stopping,
                    self._monotonic,
                    self._why_halted,
                )
                self._running[job_id] = orchestrator
                orchestrator.run()
        except UnknownJob:
            log.info("job %s was deleted", job_id)
        except Outage as outage:
            log.warning("job %s waits for the database: %s", job_id, outage)
        finally:
            del self._running[job_id]


def keep(name: str, pause: float, work: Callable[[], None]) -> None:
    """Does `work` for ever, every `pause` seconds; an outage or an error only costs a turn."""
    database = Presence(f"{name}: the database")
    while True:
        try:
            work()
            database.found()
        except Outage as outage:
            database.lost(outage)
        except Exception:
            log.exception("%s failed", name)
        gevent.sleep(pause)
