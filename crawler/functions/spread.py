"""Which worker a call goes to: the one with the fewest calls of that kind in flight from here.

Workers that accept from one shared listener do not share evenly: a worker whose threads are busy
still accepts as fast as an idle one, and the one that runs wins. So each has a listener of its
own as well, and callers choose. The common listener stays for when the others are not known.
"""

import random
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager


class Spread:
    """Addresses of functions, and the calls in flight to each."""

    def __init__(self, common: str) -> None:
        """`common` is an address at which any worker may answer."""
        self.common = common.rstrip("/")
        self._addresses: tuple[str, ...] = ()
        self._in_flight: Counter[tuple[str, str]] = Counter()

    def update(self, addresses: Iterable[str]) -> None:
        """The workers' own addresses as they are known now; none: only the common one is used."""
        self._addresses = tuple(addresses)

    def leave_out(self, address: str) -> None:
        """An address that refused a call, until the next `update`."""
        self._addresses = tuple(each for each in self._addresses if each != address)

    @contextmanager
    def choose(self, kind: str) -> Iterator[str]:
        """The address for a call of this kind, which counts as in flight within the context."""
        chosen = min(
            self._addresses or (self.common,),
            key=lambda address: (self._in_flight[address, kind], random.random()),
        )
        self._in_flight[chosen, kind] += 1
        try:
            yield chosen
        finally:
            self._in_flight[chosen, kind] -= 1
            if not self._in_flight[chosen, kind]:
                del self._in_flight[chosen, kind]
