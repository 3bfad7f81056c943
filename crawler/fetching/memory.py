"""Values that expire, each computed by one greenlet while the others that want it wait.

What a whole crawl asks for at once (a host's address, its robots.txt) is asked of the network once.
"""

from collections import OrderedDict
from collections.abc import Callable
from typing import Generic, TypeVar

from gevent.event import Event

K = TypeVar("K")
V = TypeVar("V")


class Memory(Generic[K, V]):
    """At most `size` values; the one longest unused goes first."""

    def __init__(self, size: int, monotonic: Callable[[], float]) -> None:
        """Takes the number of values to keep and a clock in seconds."""
        self._size = size
        self._monotonic = monotonic
        self._kept: OrderedDict[K, tuple[float, V]] = OrderedDict()
        self._pending: dict[K, Event] = {}

    def get(self, key: K, compute: Callable[[V | None], tuple[V, float]]) -> V:
        """The value under `key`, computed if it is missing or has expired.

        `compute` is given the expired value, if there is one, and returns the new one and for
        how many seconds it holds. If it raises (its greenlet ran out of time, say), the error
        is its caller's alone: another one that waits computes in its place.
        """
        while True:
            kept = self._kept.get(key)
            if kept is not None and self._monotonic() < kept[0]:
                self._kept.move_to_end(key)
                return kept[1]
            pending = self._pending.get(key)
            if pending is None:
                return self._compute(key, compute)
            pending.wait()

    def _compute(self, key: K, compute: Callable[[V | None], tuple[V, float]]) -> V:
        done = self._pending[key] = Event()
        try:
            expired = self._kept.get(key)
            value, lifetime_seconds = compute(expired[1] if expired else None)
            self._keep(key, value, lifetime_seconds)
            return value
        finally:
            del self._pending[key]
            done.set()

    def _keep(self, key: K, value: V, lifetime_seconds: float) -> None:
        self._kept[key] = (self._monotonic() + lifetime_seconds, value)
        self._kept.move_to_end(key)
        while len(self._kept) > self._size:
            self._kept.popitem(last=False)
