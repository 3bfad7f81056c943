"""Ctrl-C, SIGTERM and a closed terminal: the first asks to come to an end, the second leaves.

Handlers only count, so that nothing is torn in the middle; who waits asks with `check`. Only where
a call may block for long (`armed`), and for the second one, do they raise.
"""

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Interrupted(BaseException):
    """Somebody wants this to end; no error, so `except Exception` does not swallow it."""


class Interrupts:
    """Counts the requests from `install` on; one per process, in the main thread."""

    def __init__(self) -> None:
        self.count = 0
        self._armed = self._settled = False

    def install(self) -> None:
        """Takes the signals over, but not those that whoever started us has ignored (nohup)."""
        for number in _SIGNALS:
            if number is not signal.SIGHUP or signal.getsignal(number) is not signal.SIG_IGN:
                signal.signal(number, self.note)

    def check(self) -> None:
        """Raises Interrupted when an end was asked for."""
        if self.count:
            raise Interrupted

    def settle(self) -> Callable[[], bool]:
        """From now on nothing is interrupted: what was begun is being put in order.

        Returns what tells whether that is in a hurry: at a second request, or at one since now.
        """
        already = min(self.count, 1)
        self._settled = True
        return lambda: self.count > already

    @contextmanager
    def armed(self) -> Iterator[None]:
        """While the block lasts a request interrupts it at once."""
        self.check()
        self._armed = True
        try:
            yield
        finally:
            self._armed = False

    def note(self, number: int, frame: FrameType | None) -> None:
        """What the signals call."""
        self.count += 1
        if (self._armed or self.count > 1) and not self._settled:
            raise Interrupted
