"""Process calls in flight: every fetched page is sent until it is processed, or given up."""

import logging
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import replace

import gevent
from gevent.pool import Group

from crawler.domain.errors import UnknownJob
from crawler.domain.politeness import BATCH
from crawler.functions.calls import CallFailed, FunctionCalls, FunctionsAway
from crawler.functions.process_wire import ProcessCall, pages_left, process_call_json
from crawler.storage.changes import Fenced
from crawler.storage.database import Outage
from crawler.storage.leases import Lease
from crawler.storage.pages import PageStore
from crawler.storage.results import PageToProcess

MOST_FAILED_CALLS = 3
_MOST_CALLS = 4
_BEHIND = 100
"""Pages that wait for the processor at most before the crawl waits for it."""

_SUSPECT_CALLS = 2
_AWAY_SECONDS = 1.0
_LOADED = 500

log = logging.getLogger(__name__)


class Processing:
    """At least once, idempotent: a call that got no answer is repeated; the processor takes each
    page once, and leaves to another call what it did not get to. After two failed calls a page
    travels alone, after the third it is given up."""

    def __init__(
        self,
        lease: Lease,
        pages: PageStore,
        calls: FunctionCalls,
        on_change: Callable[[], None],
    ) -> None:
        self._lease = lease
        self._pages = pages
        self._calls = calls
        self._on_change = on_change
        self._group = Group()
        self._waiting: deque[PageToProcess] = deque()
        self._in_flight: set[int] = set()
        self._calls_in_flight = 0
        self._may_be_more = False
        self.processed = 0
        """Pages that calls of this orchestrator took."""

    @property
    def busy(self) -> bool:
        """Whether anything waits or is in flight."""
        return bool(self._waiting or self._in_flight)

    @property
    def is_behind(self) -> bool:
        """Whether so much waits that fetching should wait, too."""
        return len(self._waiting) > _BEHIND

    def add(self, pages: Iterable[PageToProcess]) -> None:
        """Pages that were just fetched."""
        self._waiting.extend(pages)
        self._send()

    def load(self) -> None:
        """Takes up fetched pages that nobody in this process has in hand.

        Raises:
            psycopg2.OperationalError: when the database is away.
        """
        known = {page.id for page in self._waiting} | self._in_flight
        pages = self._pages.unprocessed(self._lease.job_id, 0, _LOADED)
        self._may_be_more = len(pages) == _LOADED
        self.add(page for page in pages if page.id not in known)

    def look_again(self) -> None:
        """Pages may have been queued that nobody handed over: they are to be made anew."""
        self._may_be_more = True

    def refill(self) -> None:
        """Takes up more of those, as soon as nothing waits.

        Raises:
            psycopg2.OperationalError: when the database is away.
        """
        if self._may_be_more and not self._waiting:
            self.load()

    def stop(self) -> None:
        """Stops waiting for answers; whoever goes on with the job repeats the calls."""
        self._group.kill()

    def _send(self) -> None:
        while self._waiting and self._calls_in_flight < _MOST_CALLS:
            pages = self._next_batch()
            self._in_flight.update(page.id for page in pages)
            self._calls_in_flight += 1
            self._group.spawn(self._make, pages)

    def _next_batch(self) -> list[PageToProcess]:
        batch = [self._waiting.popleft()]
        while self._waiting and len(batch) < BATCH and not _is_suspect(batch[0]):
            if _is_suspect(self._waiting[0]):
                break
            batch.append(self._waiting.popleft())
        return batch

    def _make(self, pages: list[PageToProcess]) -> None:
        again: list[PageToProcess] = []
        try:
            # Read for each call: what was made by older selectors would not be kept.
            selectors = self._pages.selectors(self._lease.job_id)
            call = ProcessCall(self._lease.job_id, pages, selectors)
            again = pages_left(self._calls.process(process_call_json(call)), pages)
            self.processed += len(pages) - len(again)
        except (UnknownJob, *Outage) as error:
            log.warning("job %s: process call not made: %r", self._lease.job_id, error)
        except FunctionsAway as error:
            log.warning("job %s: process call waits: %s", self._lease.job_id, error)
            gevent.sleep(_AWAY_SECONDS)
            again = pages
        except CallFailed as error:
            log.warning("job %s: process call failed: %s", self._lease.job_id, error)
            again = self._count_failure(pages)
        except Exception:
            log.exception("job %s: a process call went wrong", self._lease.job_id)
            again = self._count_failure(pages)
        self._in_flight.difference_update(page.id for page in pages)
        self._calls_in_flight -= 1
        self._waiting.extend(again)
        self._send()
        self._on_change()

    def _count_failure(self, pages: list[PageToProcess]) -> list[PageToProcess]:
        """Pages to send again; with the database away none: `load` finds them later."""
        try:
            ids = self._pages.fail_processing(
                self._lease, [page.id for page in pages], MOST_FAILED_CALLS
            )
        except (*Outage, Fenced):
            return []
        kept = set(ids)
        return [replace(page, attempts=page.attempts + 1) for page in pages if page.id in kept]


def _is_suspect(page: PageToProcess) -> bool:
    return page.attempts >= _SUSPECT_CALLS
