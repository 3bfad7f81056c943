"""Batches on their way to the crawl function: claimed while the pace allows, then sent.

    alone                      claim ── commit ──► send
    with an answer's results   apply, claim, claim … ── commit ──► send

The second spares a transaction for each batch; the loop that writes them is what a fast site waits
for. A call is sent once its claim is committed: what a lost commit claimed, nobody fetches.
"""

from collections.abc import Callable

from crawler.domain.politeness import BATCH
from crawler.functions.crawling import Call, Crawling
from crawler.functions.processing import Processing
from crawler.storage.claims import Claim, Wish
from crawler.storage.frontier import FrontierStore
from crawler.storage.leases import Lease


class Dispatching:
    """Claims for the room that calls have; as `storage.claims.Claimer`, within another change."""

    def __init__(
        self,
        lease: Lease,
        frontier: FrontierStore,
        crawling: Crawling,
        processing: Processing,
        seconds_left: Callable[[], float],
    ) -> None:
        """`seconds_left` tells how long the job may go on."""
        self._lease = lease
        self._frontier = frontier
        self._crawling = crawling
        self._processing = processing
        self._seconds_left = seconds_left
        self._reserved: list[tuple[Call, Claim]] = []
        self._missed: Wish | None = None

    def run(self) -> Claim | None:
        """Sends batches while there is room; returns the claim that got nothing, if one did.

        Raises:
            Fenced, Halted, psycopg2.OperationalError: as the storage does.
        """
        while (wish := self._room()) is not None:
            claim = self._frontier.claim(self._lease, *wish)
            if not claim.urls:
                self.miss(wish)
                return claim
            if not self.take(claim):
                # The limit was lowered between the last claim and this one.
                self._frontier.return_urls(self._lease, [url.id for url in claim.urls])
                return None
            self.launch()
        return None

    def wish(self) -> Wish | None:
        """What the next claim may take; None while there is no room for its call, and where hosts
        that were busy when nothing was found still are: `run` asks for those again."""
        wish = self._room()
        return None if wish is None or self._is_missed(wish) else wish

    def miss(self, wish: Wish) -> None:
        """Nothing waits for a wish."""
        self._missed = wish

    def take(self, claim: Claim) -> bool:
        """Reserves a call for a claim, to be launched when it is committed."""
        call = self._crawling.reserve(claim)
        if call is None:
            return False
        self._reserved.append((call, claim))
        return True

    def launch(self) -> None:
        """Sends what was reserved."""
        for call, claim in self._reserved:
            self._crawling.launch(call, claim, self._seconds_left())
        self._reserved.clear()

    def forget(self) -> list[int]:
        """Gives up what was reserved, since nobody knows whether its claims were committed;
        returns the ids of their URLs."""
        ids = [url_id for call, _ in self._reserved for url_id in call.ids]
        for call, _ in self._reserved:
            self._crawling.release(call)
        self._reserved.clear()
        return ids

    def _room(self) -> Wish | None:
        if not self._crawling.has_room or self._processing.is_behind:
            return None
        return Wish(BATCH, self._crawling.busy_hosts, self._crawling.only_hosts)

    def _is_missed(self, wish: Wish) -> bool:
        missed = self._missed
        if missed is None or missed.only_hosts != wish.only_hosts:
            return False
        return set(missed.busy_hosts) <= set(wish.busy_hosts)
