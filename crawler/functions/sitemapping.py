"""A job's sitemaps, as its orchestrator deals with them: read one at a time, queued in slices."""

from collections.abc import Callable

from crawler.functions.crawling import Call, Crawling
from crawler.storage.discovery import KnownUrls
from crawler.storage.leases import Lease
from crawler.storage.sitemaps import SitemapStore

_LOOK_SECONDS = 1.0
"""How often to look whether URLs of sitemaps are wanted again."""


class Sitemapping:
    """Looks after sitemaps as long as the job has some that are not read and queued."""

    def __init__(
        self,
        lease: Lease,
        store: SitemapStore,
        crawling: Crawling,
        monotonic: Callable[[], float],
    ) -> None:
        self._lease = lease
        self._store = store
        self._crawling = crawling
        self._monotonic = monotonic
        # A new orchestrator looks at what an older one may have left.
        self._look_at: float | None = monotonic()
        self.waits = False
        """Whether one is to be tried again, only not yet."""

    @property
    def rests(self) -> bool:
        """Whether `step` would do nothing now."""
        return self._look_at is None or self._monotonic() < self._look_at

    def look_soon(self) -> None:
        """Something may have changed: a sitemap was found or read, limits or the queue changed."""
        self._look_at = self._monotonic()

    def recover(self) -> None:
        """After an outage: gives back what was claimed by a commit whose answer never came."""
        self._store.recover(self._lease, self._crawling.sitemaps_in_hand)
        self.look_soon()

    def settle(self, call: Call) -> None:
        """Takes the answer of a call that was to read sitemaps."""
        if call.answer is not None:
            results = call.answer.batch.sitemap_results
            read = {result.id for result in results}
            self._store.settle(self._lease, results, set(call.sitemap_ids) - read)
        elif call.away:
            self._store.return_sitemaps(self._lease, call.sitemap_ids)
        else:
            self.fail(call)
        self.look_soon()

    def fail(self, call: Call) -> None:
        """A call failed, or its answer can't be applied."""
        self._store.fail_call(self._lease, call.sitemap_ids)

    def step(self, known: KnownUrls, seconds_left: float) -> None:
        """Queues URLs of sitemaps if any are wanted, and has the next sitemap read.

        Raises:
            Fenced, Halted: as the storage does.
        """
        if self.rests:
            return
        busy = self._crawling.busy_hosts
        while self._store.expand(self._lease, known, busy):
            pass
        self._look_at = self._monotonic() + _LOOK_SECONDS
        if self._crawling.has_room:
            self._claim(seconds_left)

    def _claim(self, seconds_left: float) -> None:
        crawling = self._crawling
        claim = self._store.claim(self._lease, 1, crawling.busy_hosts, crawling.only_hosts)
        self.waits = claim.wait_seconds is not None
        for sitemap in claim.sitemaps:
            self._crawling.send_sitemap(sitemap, claim, seconds_left)
        if claim.is_last:
            self._look_at = None
