"""When a job decides what its pages have in common: ever more seldom, and once more at its end."""

from collections.abc import Callable

from crawler.domain.furniture import MIN_PAGES
from crawler.storage.furniture import FurnitureStore
from crawler.storage.leases import Lease


class Furnishing:
    """Decides after 5 pages, 10, 20, 40 and so on, so that readers in mid-crawl see clean pages,
    too, and all decisions together cost little more than the last one."""

    def __init__(self, lease: Lease, store: FurnitureStore, processed: Callable[[], int]) -> None:
        """`processed` tells how many pages were processed under this lease."""
        self._lease = lease
        self._store = store
        self._processed = processed
        self._next = MIN_PAGES
        # Others may have processed pages before, and not decided.
        self._decided_at = -1

    def step(self) -> None:
        """Decides, where enough pages came since the last time.

        Raises:
            Fenced: when the lease is lost.
        """
        if self._processed() >= self._next:
            self.settle()

    def settle(self) -> None:
        """Decides, where any page came since the last time: the job is about to end.

        Raises:
            Fenced: when the lease is lost.
        """
        processed = self._processed()
        if processed != self._decided_at:
            self._store.decide(self._lease)
            self._decided_at = processed
            self._next = max(MIN_PAGES, processed * 2)
