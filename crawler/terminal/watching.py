"""A job watched to its end, over whatever cuts its stream, and the server of it replaced."""

import time
from collections.abc import Callable
from typing import Any, TypeVar

from crawler.terminal.api import Api, Unreachable
from crawler.terminal.following import Connected, Ended, Event, Failed, Follower, Lost
from crawler.terminal.interrupts import Interrupts
from crawler.terminal.outlet import Outlet
from crawler.terminal.progress import Progress
from crawler.terminal.server import ServerSource

Json = dict[str, Any]
_T = TypeVar("_T")

PATIENCE_SECONDS = 300.0
"""How long a server that was lost is waited for."""
_TICK_SECONDS = 0.1
_RETRY_SECONDS = 0.5


def persist(
    call: Callable[[], _T], patience_seconds: float, between: Callable[[], None] = lambda: None
) -> _T:
    """What the call returns once the server answers; ``between`` tries it does that, too.

    Raises:
        Unreachable: when it did not answer for so long. Other ApiErrors at once.
    """
    deadline = time.monotonic() + patience_seconds
    while True:
        try:
            return call()
        except Unreachable:
            if time.monotonic() > deadline:
                raise
        between()
        time.sleep(_RETRY_SECONDS)


class Line:
    """The way to the server: found, lost and found again."""

    def __init__(
        self, source: ServerSource, token: str | None, outlet: Outlet, interrupts: Interrupts
    ) -> None:
        self._source = source
        self._token = token
        self._outlet = outlet
        self._interrupts = interrupts
        self.api = self.find()

    def find(self) -> Api:
        """The server's API; raises NoServer."""
        self.api = Api(self._source.find(self._pause), self._token)
        return self.api

    def _pause(self, what: str) -> None:
        self._interrupts.check()
        self._outlet.wait(what)
        time.sleep(_TICK_SECONDS)

    def is_lost(self) -> bool:
        """Whether nobody will bring the server back, so that another may be found."""
        return self._source.is_lost()

    def persist(self, call: Callable[[Api], _T]) -> _T:
        """What the call returns once the server answers; raises as `Watch.run`."""

        def between() -> None:
            self._interrupts.check()
            if self.is_lost():
                self.find()

        return persist(lambda: call(self.api), PATIENCE_SECONDS, between)


class Watch:
    """The events of `job` after the id `after`, as they come.

    `job_id` is the job's, `last` the id of the newest event that was taken.
    """

    def __init__(
        self, line: Line, job: Json, after: int, outlet: Outlet, interrupts: Interrupts
    ) -> None:
        self._line = line
        self.job_id = job["id"]
        self._joined_at = job["lastEventId"]
        self._outlet = outlet
        self._interrupts = interrupts
        self._began = time.monotonic()
        self._progress = Progress(job, self._began)
        self._trouble = ""
        self._lost_at: float | None = None
        self.last = after
        self._follower = Follower(line.api, self.job_id, after)

    @property
    def seconds(self) -> float:
        """How long it has been watched."""
        return time.monotonic() - self._began

    def run(self) -> None:
        """Returns when the job has ended or stands still.

        Raises:
            Interrupted, ReaderGone: see there.
            ApiError: when the server refuses the stream, or is away for too long.
            NoServer: when it has ended and no other can be started.
        """
        while not self._take_next():
            self._interrupts.check()
            self._outlet.show(self._progress, self._trouble)
            self._endure()

    def finish(self, seconds: float) -> None:
        """Takes what still comes after a pause, up to the event that tells of it."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline and not self._take_next():
            pass

    def stop(self) -> None:
        """Reads no further."""
        self._follower.stop()

    def _take_next(self) -> bool:
        """Takes what has come; whether nothing more is to be waited for."""
        item = self._follower.next(_TICK_SECONDS)
        match item:
            case Event():
                self._take(item)
                return item.name == "job_paused" and item.id > self._joined_at
            case Connected():
                self._lost_at, self._trouble = None, ""
            case Lost(why):
                self._lost_at = self._lost_at or time.monotonic()
                self._trouble = f"reconnecting: {why}"
            case Failed(error):
                raise error
        return isinstance(item, Ended)

    def _take(self, event: Event) -> None:
        self._outlet.event(event)
        self.last = event.id
        if event.id > self._joined_at:  # older ones are printed again, but the bar knows better
            self._progress.take(event.name, event.data, time.monotonic())

    def _endure(self) -> None:
        if self._lost_at is None:
            return
        if self._line.is_lost():
            self._follower.stop()
            self._follower = Follower(self._line.find(), self.job_id, self.last)
            self._lost_at = time.monotonic()
        elif time.monotonic() - self._lost_at > PATIENCE_SECONDS:
            raise Unreachable(self._trouble)
