"""Committed events on their way into Redis: off the path of whoever committed them.

A slow or lost Redis must not hold a crawl up. What can't be appended is dropped here without
harm: readers fill every hole from Postgres.
"""

import logging
import queue
from collections.abc import Callable

import gevent
import redis

from crawler.domain.events import LoggedEvent
from crawler.runtime.presence import Presence
from crawler.storage.eventlog import EventLog

_MOST_WAITING = 10_000
_PAUSE_SECONDS = 0.5

log = logging.getLogger(__name__)


class Announcer:
    """A queue in front of the event log, emptied by one greenlet."""

    def __init__(self, event_log: EventLog, monotonic: Callable[[], float]) -> None:
        self._event_log = event_log
        self._monotonic = monotonic
        self._waiting: queue.Queue[tuple[str, list[LoggedEvent]]] = queue.Queue(_MOST_WAITING)
        self._away_until = 0.0
        self._redis = Presence("announcing events: Redis")

    def announce(self, job_id: str, events: list[LoggedEvent]) -> None:
        """Takes events that were committed; never blocks, never raises."""
        try:
            self._waiting.put_nowait((job_id, events))
        except queue.Full:
            log.warning("job %s: %d events are left to Postgres", job_id, len(events))

    def forget(self, job_id: str) -> None:
        """Drops a deleted job's copy, after what was announced of it; it would expire anyway."""
        self.announce(job_id, [])

    def run(self) -> None:
        """Appends for ever."""
        while True:
            self._append(*self._waiting.get())

    def flush(self, seconds: float) -> None:
        """Appends what waits, for so many seconds at most: the worker is about to end."""
        deadline = self._monotonic() + seconds
        while not self._waiting.empty() and self._monotonic() < deadline:
            gevent.sleep(0.01)

    def _append(self, job_id: str, events: list[LoggedEvent]) -> None:
        if self._monotonic() < self._away_until:
            return
        try:
            if events:
                self._event_log.append(job_id, events)
            else:
                self._event_log.delete(job_id)
            self._redis.found()
        except redis.RedisError as error:
            self._redis.lost(error)
            self._away_until = self._monotonic() + _PAUSE_SECONDS
