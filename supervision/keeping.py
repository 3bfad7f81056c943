"""A child that is started again when it dies, and the reaping that PID 1 owes to strangers."""

import os
from collections.abc import Callable, Collection
from typing import Protocol

from engines import EngineError
from supervision import complain

FIRST_PAUSE_SECONDS = 0.1
LONGEST_PAUSE_SECONDS = 10.0
_STABLE_SECONDS = 30.0


class Child(Protocol):
    """What can be kept: an engine, or the web server."""

    @property
    def name(self) -> str: ...
    @property
    def pid(self) -> int | None: ...
    def launch(self) -> None: ...
    def has_died(self) -> bool: ...
    def stop(self, hurry: Callable[[], bool]) -> None: ...


def next_pause(previous_seconds: float, lived_seconds: float) -> float:
    """Return the seconds to wait before another start of a child that lived so long.

    The pause doubles with each early death and is short again after a life that was stable.
    """
    if lived_seconds >= _STABLE_SECONDS or not previous_seconds:
        return FIRST_PAUSE_SECONDS
    return min(2 * previous_seconds, LONGEST_PAUSE_SECONDS)


class Kept:
    """One child, already launched at ``now`` (monotonic seconds)."""

    def __init__(self, child: Child, now: float) -> None:
        self.child = child
        self._started = now
        self._pause = 0.0
        self._due: float | None = None

    def tend(self, now: float) -> None:
        """Notice a death, and start the child again when its pause is over."""
        if self._due is None and self.child.has_died():
            self._plan(now, "ended")
        if self._due is not None and now >= self._due:
            self._due, self._started = None, now
            try:
                self.child.launch()
            except EngineError as error:
                self._plan(now, str(error))

    def _plan(self, now: float, why: str) -> None:
        self._pause = next_pause(self._pause, now - self._started)
        self._due = now + self._pause
        complain(f"{self.child.name}: {why}; starting it again in {self._pause:g} s")


def reap_strangers(own: Collection[int | None]) -> None:
    """As PID 1, take the exit status of processes whose parents are gone; ours keep theirs."""
    if os.getpid() != 1:
        return
    while True:
        try:
            ended = os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
        except ChildProcessError:
            return
        if ended is None or ended.si_pid in own:  # ours are polled by who started them
            return
        os.waitpid(ended.si_pid, os.WNOHANG)
