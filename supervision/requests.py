"""Requests to stop: SIGTERM, SIGINT (Ctrl-C) and SIGHUP (the terminal is gone).

Handlers only count. Who waits is woken through a pipe, which works on every POSIX system and needs
no thread; a child's end wakes it too.
"""

import os
import select
import signal
from types import FrameType

_STOPPING = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
_PIPE_BYTES = 4096


class StopAsked(Exception):
    """Somebody asked for a stop while something else was being waited for."""


class StopRequests:
    """Counts the requests from its creation on; one per process, in the main thread."""

    def __init__(self) -> None:
        self._count = 0
        self._wakened, wakener = os.pipe()
        for end in (self._wakened, wakener):
            os.set_blocking(end, False)
        signal.set_wakeup_fd(wakener, warn_on_full_buffer=False)
        for number in _STOPPING:
            # nohup ignores SIGHUP for us, and means it. Shells ignore SIGINT for background jobs,
            # but whoever sends it to us by name means that too.
            if number is signal.SIGINT or signal.getsignal(number) is not signal.SIG_IGN:
                signal.signal(number, self._note)
        signal.signal(signal.SIGCHLD, _only_wake)

    def check(self) -> None:
        """Raise StopAsked when a stop was asked for."""
        if self._count:
            raise StopAsked

    def hurry(self) -> bool:
        """Tell whether it was asked for more than once."""
        return self._count > 1

    def wait(self, seconds: float) -> None:
        """Sleep until ``seconds`` have passed or any signal comes; raise StopAsked for a stop."""
        self.check()
        if select.select([self._wakened], [], [], seconds)[0]:
            os.read(self._wakened, _PIPE_BYTES)
        self.check()

    def _note(self, number: int, frame: FrameType | None) -> None:
        self._count += 1


def _only_wake(number: int, frame: FrameType | None) -> None:
    """Nothing: that a handler exists is what makes the signal come through the pipe."""
