"""Looking names up without holding the loop, or the threads that pages are parsed in.

The C library's look-up blocks its thread for as long as a name server is silent, whatever
deadline the greenlet that waits has. gevent's own pool is shared with everything that a worker
hands to threads, so a few slow domains would stop the whole worker.
"""

from collections.abc import Sequence
from typing import Any

from gevent import monkey
from gevent.threadpool import ThreadPool

LOOKUP_THREADS = 16

_getaddrinfo = monkey.get_original("socket", "getaddrinfo")


class ThreadedLookup:
    """`socket.getaddrinfo` in threads of its own, made when the first name is looked up."""

    def __init__(self) -> None:
        """Starts nothing yet: the process may still fork."""
        self._pool: ThreadPool | None = None

    def __call__(self, *args: Any, **kwargs: Any) -> Sequence[tuple[Any, ...]]:
        """Takes and gives what `socket.getaddrinfo` does."""
        if self._pool is None:
            self._pool = ThreadPool(LOOKUP_THREADS)
        found: Sequence[tuple[Any, ...]] = self._pool.apply(_getaddrinfo, args, kwargs)
        return found
