"""A lease kept alive: renewed in a greenlet of its own, whatever the orchestrator's loop does."""

import logging
from collections.abc import Callable

import gevent

from crawler.domain.lifecycle import JobStatus
from crawler.storage.database import Outage
from crawler.storage.leases import LEASE_SECONDS, RENEW_SECONDS, Lease, LeaseStore

log = logging.getLogger(__name__)


class Leasing:
    """What the orchestrator knows by its renewals: whether it still owns the job, its status and
    the time that it has run under its limit."""

    def __init__(
        self,
        lease: Lease,
        leases: LeaseStore,
        monotonic: Callable[[], float],
        on_change: Callable[[], None],
    ) -> None:
        self._lease = lease
        self._leases = leases
        self._monotonic = monotonic
        self._on_change = on_change
        self._ran_seconds = lease.ran_ms / 1000
        self._ran_at = monotonic()
        self._greenlet: gevent.Greenlet[[], None] | None = None
        self.lost = False
        self.status = JobStatus.RUNNING
        self.options_version = lease.options_version

    def start(self) -> None:
        """Begins to renew."""
        self._greenlet = gevent.spawn(self._keep)

    def stop(self, *, handed_over: bool) -> None:
        """Stops renewing and gives the job back; with the database away the lease runs out."""
        if self._greenlet is not None:
            self._greenlet.kill()
        try:
            self._leases.release(self._lease, handed_over=handed_over)
        except Outage as outage:
            log.warning("the lease of job %s runs out by itself: %s", self._lease.job_id, outage)

    def renew(self) -> None:
        """Renews once and takes over what it tells.

        Raises:
            psycopg2.OperationalError: when the database is away.
        """
        renewal = self._leases.renew(self._lease)
        if renewal is None:
            self.lost = True
        else:
            self._ran_seconds, self._ran_at = renewal.ran_ms / 1000, self._monotonic()
            self.status = renewal.status
            self.options_version = renewal.options_version

    def seconds_left(self, limit: int | None) -> float:
        """Seconds that the job may still run under a limit; infinite without one."""
        if limit is None:
            return float("inf")
        # Beyond the lease nothing counts: the database may be away, or the machine was asleep.
        since = min(self._monotonic() - self._ran_at, LEASE_SECONDS)
        return limit - self._ran_seconds - since

    def _keep(self) -> None:
        while not self.lost:
            gevent.sleep(RENEW_SECONDS)
            before = (self.status, self.options_version)
            try:
                self.renew()
            except Outage as outage:
                log.warning("job %s: renewal failed: %s", self._lease.job_id, outage)
            if self.lost or before != (self.status, self.options_version):
                self._on_change()
