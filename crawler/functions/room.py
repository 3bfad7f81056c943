"""Room for large pages: a worker has one of them in work at a time, whichever call brought it.

While a page is parsed or converted it takes fifteen times its size and more, so ten of them at
once would take a worker's memory many times over. Small pages never wait.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import ParamSpec, TypeVar

from gevent.lock import BoundedSemaphore
from gevent.threadpool import ThreadPool

from crawler.allocator import give_back

LARGE_BYTES = 2**20
"""From this size on a page is large."""

P = ParamSpec("P")
T = TypeVar("T")


def is_large(body: bytes) -> bool:
    """Whether a page is to be worked on alone."""
    return len(body) >= LARGE_BYTES


class Room:
    """A worker's threads for pages, and whose turn it is among the large ones."""

    def __init__(self, threads: ThreadPool) -> None:
        self._threads = threads
        self._turn = BoundedSemaphore()

    def work(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """What `work` returns, done in a thread. Raises what it does."""
        result: T = self._threads.apply(work, args, kwargs)
        return result

    @contextmanager
    def turn(self, most_seconds: float) -> Iterator[bool]:
        """For a large page: within, no other is in work; what it took is given back at the end.

        Yields whether it came within so many seconds. It is waited for outside of the threads,
        since small pages need those. Who waits should hold the page packed, or not at all.
        """
        if not self._turn.acquire(timeout=max(0.0, most_seconds)):
            yield False
            return
        try:
            self.work(give_back)  # what downloads have left behind
            yield True
        finally:
            try:
                self.work(give_back)
            finally:
                self._turn.release()
