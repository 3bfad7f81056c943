"""Values that expire, each computed by one greenlet while the others that want it wait.

What a whole crawl asks for at once (a host's address, its robots.txt) is asked of the network once.
"""

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from gevent.event import Event

K = TypeVar("K")
V = TypeVar("V")


@dataclass(slots=True)
class _Pending:
    """A value that is being computed."""

    done: Event = field(default_factory=Event)
    error: Exception | None = None
    """What those who waited for it are told, too."""


class Memory(Generic[K, V]):
    """At most `size` values, of `most_weight` together; the one longest unused goes first."""

    def __init__(
        self,
        size: int,
        monotonic: Callable[[], float],
        *,
        shared: tuple[type[Exception], ...] = (),
        weight: Callable[[V], int] = lambda value: 0,
        most_weight: int = 0,
    ) -> None:
        """Takes bounds and a clock.

        Args:
            size: how many values are kept.
            monotonic: a clock in seconds.
            shared: errors of a computation that hold for all who wait for it.
            weight: what a value weighs, in any unit.
            most_weight: what all values together may weigh; the newest is kept in any case.
        """
        self._size = size
        self._monotonic = monotonic
        self._shared = shared
        self._weigh = weight
        self._most_weight = most_weight
        self._weight = 0
        self._kept: OrderedDict[K, tuple[float, V]] = OrderedDict()
        self._pending: dict[K, _Pending] = {}

    def get(self, key: K, compute: Callable[[V | None], tuple[V, float]]) -> V:
        """The value under `key`, computed if it is missing or has expired.

        `compute` is given the expired value, if there is one, and returns the new one and for
        how many seconds it holds. If it raises (its greenlet ran out of time, say), the error
        is its caller's alone, and another one that waits computes in its place; unless the
        error is one of those that are `shared`.
        """
        while True:
            kept = self._kept.get(key)
            if kept is not None and self._monotonic() < kept[0]:
                self._kept.move_to_end(key)
                return kept[1]
            pending = self._pending.get(key)
            if pending is None:
                return self._compute(key, compute)
            pending.done.wait()
            if pending.error is not None:
                raise pending.error.with_traceback(None)

    def _compute(self, key: K, compute: Callable[[V | None], tuple[V, float]]) -> V:
        pending = self._pending[key] = _Pending()
        try:
            expired = self._kept.get(key)
            value, lifetime_seconds = compute(expired[1] if expired else None)
            self._keep(key, value, lifetime_seconds)
            return value
        except self._shared as error:
            pending.error = error
            raise
        finally:
            del self._pending[key]
            pending.done.set()

    def _keep(self, key: K, value: V, lifetime_seconds: float) -> None:
        self._drop(key)
        self._kept[key] = (self._monotonic() + lifetime_seconds, value)
        self._weight += self._weigh(value)
        while len(self._kept) > self._size or self._is_too_heavy():
            self._drop(next(iter(self._kept)))

    def _is_too_heavy(self) -> bool:
        return self._weight > self._most_weight and len(self._kept) > 1

    def _drop(self, key: K) -> None:
        dropped = self._kept.pop(key, None)
        if dropped is not None:
            self._weight -= self._weigh(dropped[1])
