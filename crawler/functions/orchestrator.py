"""The loop of one job: claim, call crawl, apply, queue what was discovered, call process, end.

It runs in one greenlet under a lease. Calls run in greenlets of their own and leave their
answers in `Crawling.answers`, so that only this loop writes what they brought:

    Leasing ──── lost? status? time? disk? ──┐
                                             ▼
    frontier ── claim ──► Crawling ──► crawl calls ──► answers ── apply ──► frontier, next claims
    sitemaps ───┘                                                   └─────► Processing
    nothing waits and nothing is under way ──► finish

It ends by the job's end; by a lost lease (`Fenced`: nothing more is written); by a stopping
worker (results in hand are applied for two seconds, then the job is handed over); by a pause, the
user's or its own: when the disk is full, or the site shows nothing but checks for robots.
"""

import logging
from collections.abc import Callable

import gevent
from gevent.event import Event

from crawler.domain.lifecycle import JobStatus
from crawler.domain.model import JobOptions
from crawler.functions.applying import Applying, log_error
from crawler.functions.calls import FunctionCalls
from crawler.functions.crawling import Crawling
from crawler.functions.dispatching import Dispatching
from crawler.functions.furnishing import Furnishing
from crawler.functions.leasing import Leasing
from crawler.functions.processing import Processing
from crawler.functions.sitemapping import Sitemapping
from crawler.functions.stores import Stores
from crawler.storage.changes import Fenced
from crawler.storage.claims import Claim
from crawler.storage.database import Outage
from crawler.storage.discovery import KnownUrls
from crawler.storage.frontier import Halted
from crawler.storage.known_pages import KnownPages
from crawler.storage.leases import Lease

HAND_OVER_SECONDS = 2.0
"""How long a stopping worker still applies results that come in."""

_TICK_SECONDS = 0.5
_MOST_ERRORS = 5
_BACKOFF_SECONDS = (0.1, 0.25, 0.5, 1.0, 2.0)
_GOES_ON = frozenset({JobStatus.RUNNING, JobStatus.PAUSED})

log = logging.getLogger(__name__)


class Orchestrator:
    """Runs one job under one lease; `run` returns when this worker is done with it."""

    def __init__(
        self,
        lease: Lease,
        stores: Stores,
        calls: FunctionCalls,
        stopping: Event,
        monotonic: Callable[[], float],
        why_halted: Callable[[], str | None],
    ) -> None:
        self._lease = lease
        self._frontier = stores.frontier
        self._why_halted = why_halted
        self._stopping = stopping
        self._monotonic = monotonic
        self._wake = Event()
        self._leasing = Leasing(lease, stores.leases, monotonic, self._wake.set)
        self._crawling = Crawling(lease, calls, monotonic, self._wake.set)
        self._sitemapping = Sitemapping(lease, stores.sitemaps, self._crawling, monotonic)
        self._processing = Processing(lease, stores.pages, calls, self._wake.set)
        self._furnishing = Furnishing(lease, stores.furniture, lambda: self._processing.processed)
        # The first orchestrator of a job sees all of its pages.
        self._known = KnownUrls(pages=KnownPages(is_complete=lease.epoch == 1))
        self._heard, self._time_limit = lease.options, lease.options.time_limit_seconds
        self._dispatching = Dispatching(
            lease, self._frontier, self._crawling, self._processing, self._seconds_left
        )
        self._applying = Applying(
            lease,
            self._frontier,
            self._crawling,
            self._sitemapping,
            self._processing,
            self._known,
            self._dispatching,
        )
        # A new orchestrator looks at everything that an older one may have left.
        self._unsure = True
        self._options_version: int | None = None

    def wake(self) -> None:
        """Has the loop look again now: the worker is stopping."""
        self._wake.set()

    def run(self) -> None:
        """Runs until the job has ended, is paused, or belongs to someone else."""
        handed_over = False
        self._leasing.start()
        try:
            handed_over = self._run()
        except Fenced:
            log.info("job %s: epoch %d is over", self._lease.job_id, self._lease.epoch)
        finally:
            self._crawling.drop()
            self._processing.stop()
            self._leasing.stop(handed_over=handed_over)

    def _run(self) -> bool:
        """Steps until the end; returns whether another worker shall go on."""
        errors = outages = 0
        while not self._stopping.is_set():
            try:
                if self._step():
                    return False
                errors = outages = 0
            except Fenced:
                raise
            except Outage as outage:
                self._outlast(outage, outages)
                outages += 1
            except Exception:
                errors += 1
                if self._give_up(errors):
                    return False
        self._hand_over()
        return True

    def _step(self) -> bool:
        """One turn of the loop; returns whether this worker is done with the job."""
        self._wake.clear()
        if self._leasing.lost:
            raise Fenced
        try:
            self._catch_up()
            self._apply_answers()
            if self._leasing.status is JobStatus.RUNNING:
                return self._advance()
            return self._wind_down()
        except Halted:
            self._leasing.renew()
            return self._leasing.status not in _GOES_ON

    def _catch_up(self) -> None:
        """After an outage, whose last commit may or may not have happened, and at the start."""
        if self._unsure:
            self._frontier.recover(self._lease, self._crawling.in_hand)
            self._sitemapping.recover()
            self._processing.load()
            self._applying.made_stale, self._unsure = True, False

    def _apply_answers(self) -> None:
        """Raises Halted where what answers say pauses the job."""
        self._applying.run(self._may_claim)
        halt, self._applying.halt = self._applying.halt, None
        if halt is not None and self._leasing.status is JobStatus.RUNNING:
            self._frontier.pause(self._lease, halt)
            raise Halted(JobStatus.PAUSED)

    def _advance(self) -> bool:
        seconds_left = self._seconds_left()
        if seconds_left <= 0:
            # The limit may have been raised since the last claim told it.
            self._time_limit = self._frontier.time_limit(self._lease)
            seconds_left = self._seconds_left()
        if seconds_left <= 0:
            self._furnishing.settle()
            self._frontier.time_out(self._lease)
            return True
        halted = self._why_halted()
        if halted is not None:
            self._frontier.pause(self._lease, halted)
            raise Halted(JobStatus.PAUSED)
        self._follow_changes()
        self._furnishing.step()
        self._expand()
        self._sitemapping.step(self._known, seconds_left)
        unmet = self._dispatch()
        if self._crawling.idle and unmet is not None and self._is_over(unmet):
            return True
        self._wait(seconds_left, unmet)
        return False

    def _is_over(self, unmet: Claim) -> bool:
        """Nothing is in hand and nothing could be claimed: whether that is the job's end."""
        if unmet.over_limit:
            self._skip_over_limit()
        if self._waits(unmet):
            # What waited may have been left out meanwhile, by the limit or a new rule.
            return self._frontier.finish(self._lease) is not None
        return self._is_finished()

    def _waits(self, unmet: Claim) -> bool:
        """Whether something is to be fetched, only not yet: a retry is due, a host has its turn."""
        waits = unmet.wait_seconds is not None or self._sitemapping.waits
        return waits or self._crawling.hosts_wait

    def _follow_changes(self) -> None:
        """Options changed, or this orchestrator is new: URLs move in or out of the job, pages are
        made anew."""
        version = self._leasing.options_version
        if version != self._options_version:
            self._adjust()
            self._known.forget()
            self._sitemapping.look_soon()
            self._processing.look_again()
            self._options_version = version
        self._processing.refill()

    def _adjust(self) -> None:
        while self._frontier.adjust(self._lease):
            self._apply_answers()

    def _expand(self) -> None:
        busy = self._crawling.busy_hosts
        while self._applying.made_stale and self._frontier.expand(self._lease, self._known, busy):
            self._apply_answers()
        self._applying.made_stale = False

    def _dispatch(self) -> Claim | None:
        """Sends batches while the pace allows; returns the claim that got nothing, if one did."""
        while (unmet := self._dispatching.run()) is not None and unmet.must_adjust:
            self._adjust()
        if unmet is not None:
            self._hear(unmet.options)
        return unmet

    def _may_claim(self) -> bool:
        """Whether a claim would be the next step, were it not made with an answer's results."""
        return (
            not self._stopping.is_set()
            and self._leasing.status is JobStatus.RUNNING
            and self._leasing.options_version == self._options_version
            and self._sitemapping.rests
            and self._seconds_left() > 0
            and self._why_halted() is None
        )

    def _seconds_left(self) -> float:
        self._hear(self._crawling.options)
        return self._leasing.seconds_left(self._time_limit)

    def _hear(self, options: JobOptions) -> None:
        """Takes the time limit from what a claim told, once: it may have been read anew since."""
        if options is not self._heard:
            self._heard, self._time_limit = options, options.time_limit_seconds

    def _skip_over_limit(self) -> None:
        while self._frontier.skip_over_limit(self._lease):
            pass

    def _is_finished(self) -> bool:
        if self._processing.busy:
            return False
        self._furnishing.settle()
        if self._frontier.finish(self._lease) is not None:
            return True
        # Something is left after all: links to queue, pages to process, URLs beyond a new depth.
        self._applying.made_stale, self._options_version = True, None
        self._sitemapping.look_soon()
        self._processing.load()
        return False

    def _wind_down(self) -> bool:
        """A paused job: what is in flight still counts, then the job is left alone."""
        if self._crawling.idle and not self._processing.busy:
            return True
        self._wait(_TICK_SECONDS)
        return self._leasing.status not in _GOES_ON

    def _wait(self, seconds_left: float, unmet: Claim | None = None) -> None:
        pauses = [_TICK_SECONDS, seconds_left]
        if self._crawling.seconds_to_wait:
            pauses.append(self._crawling.seconds_to_wait)
        if unmet is not None and unmet.wait_seconds is not None:
            pauses.append(unmet.wait_seconds)
        self._wake.wait(max(0.0, min(pauses)))

    def _hand_over(self) -> None:
        """The worker stops: no new claims, what comes in within two seconds still counts."""
        deadline = self._monotonic() + HAND_OVER_SECONDS
        try:
            while not self._crawling.idle and self._monotonic() < deadline:
                self._wake.clear()
                self._apply_answers()
                self._wake.wait(0.1)
            self._frontier.recover(self._lease, ())
        except (Halted, *Outage) as error:
            log.warning("job %s: handed over in haste: %s", self._lease.job_id, error)

    def _outlast(self, outage: BaseException, outages: int) -> None:
        log.warning("job %s waits for the database: %s", self._lease.job_id, outage)
        self._unsure = True
        self._known.pages.doubt()
        gevent.sleep(_BACKOFF_SECONDS[min(outages, len(_BACKOFF_SECONDS) - 1)])

    def _give_up(self, errors: int) -> bool:
        """An internal error: tried again, five times running, then the job fails."""
        name = log_error()
        self._unsure = True
        self._known.pages.doubt()
        gevent.sleep(_TICK_SECONDS)
        if errors < _MOST_ERRORS:
            return False
        try:
            self._frontier.fail(self._lease, f"Internal error {name}")
        except (Halted, *Outage) as error:
            log.warning("job %s could not be failed: %s", self._lease.job_id, error)
            return False
        return True
