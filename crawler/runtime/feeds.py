"""Watched jobs: one reader per job and worker feeds any number of viewers.

A feed keeps the job's newest events in a ring. Each viewer holds only a cursor: within the ring
it is served from memory, below it from the store, in slices; so a slow browser costs nothing.

    wake-up (Redis publish) ─┐
    last id (Postgres, 2 s) ─┴─► feed reads "after my last": Redis, else Postgres ─► viewers

A publish may overtake an earlier event's copy by a moment, so a hole is looked at again for a
second before Postgres is asked; with Redis away it is asked at once.
"""

import logging
from collections import deque
from collections.abc import Callable
from itertools import islice

import gevent
import redis
from gevent.event import Event

from crawler.domain.errors import UnknownJob
from crawler.domain.events import TERMINAL_EVENTS, LoggedEvent
from crawler.runtime.presence import Presence
from crawler.storage.database import Outage
from crawler.storage.eventlog import EventLog
from crawler.storage.jobs import JobStore, Watched

_RING = 1_000
_SLICE = 200
_PATIENCE_SECONDS = 1.0
_LOOK_AGAIN_SECONDS = 0.1
_OUTAGE_SECONDS = 0.5

log = logging.getLogger(__name__)


class Feed:
    """The newest events of one watched job."""

    def __init__(
        self,
        job_id: str,
        watched: Watched,
        event_log: EventLog,
        jobs: JobStore,
        monotonic: Callable[[], float],
    ) -> None:
        self.job_id = job_id
        self.watched: Watched | None = watched
        self.last = watched.last_event_id
        self.viewers: set[Viewer] = set()
        self._ring: deque[LoggedEvent] = deque(maxlen=_RING)
        self._target = watched.last_event_id
        self._event_log = event_log
        self._jobs = jobs
        self._monotonic = monotonic
        self._wake = Event()
        self._behind_since: float | None = None
        self._redis_is_away = False
        self._is_read = False

    @property
    def floor(self) -> int:
        """The id below the ring's first: cursors from here on are served from memory."""
        return self.last - len(self._ring)

    @property
    def is_gone(self) -> bool:
        """Whether the job was deleted."""
        return self.watched is None

    def after(self, cursor: int) -> list[LoggedEvent]:
        """Events of the ring after a cursor that is not below `floor`."""
        start = cursor - self.floor
        return list(islice(self._ring, start, start + _SLICE))

    def hear(self, event_id: int) -> None:
        """A wake-up: this id is said to exist."""
        self._target = max(self._target, event_id)
        self._wake.set()

    def look_again(self) -> None:
        """A wake-up without an id: publishes may have been missed."""
        self._wake.set()

    def update(self, watched: Watched | None) -> None:
        """What Postgres says of the job now; None when it is gone."""
        before, self.watched = self.watched, watched
        if watched is not None:
            self.hear(watched.last_event_id)
        if before != watched:
            self.notify()

    def notify(self) -> None:
        """Wakes every viewer."""
        for viewer in self.viewers:
            viewer.signal.set()

    def run(self) -> None:
        """Reads for as long as somebody watches; a second reader has nothing to do."""
        if self._is_read:
            return
        self._is_read = True
        try:
            self._follow()
        finally:
            self._is_read = False

    def _follow(self) -> None:
        database = Presence(f"the feed of job {self.job_id}: the database")
        while self.viewers and not self.is_gone:
            try:
                self._catch_up()
                database.found()
                pause = _LOOK_AGAIN_SECONDS if self._target > self.last else None
            except Outage as outage:
                database.lost(outage)
                pause = _OUTAGE_SECONDS
            except Exception:
                # Viewers wait for this reader alone: it must outlive what it did not expect.
                log.exception("the feed of job %s failed", self.job_id)
                pause = _OUTAGE_SECONDS
            self._wake.wait(pause)
            self._wake.clear()

    def _catch_up(self) -> None:
        while events := self._read():
            self._ring.extend(events)
            self.last = events[-1].id
            self._behind_since = None
            self.notify()
            if any(event.name in TERMINAL_EVENTS for event in events):
                self.update(self._jobs.watch([self.job_id]).get(self.job_id))

    def _read(self) -> list[LoggedEvent]:
        events = self._read_redis()
        if events or self._target <= self.last:
            return events
        now = self._monotonic()
        if self._behind_since is None:
            self._behind_since = now
        if not self._redis_is_away and now - self._behind_since < _PATIENCE_SECONDS:
            return []
        return self._jobs.events(self.job_id, self.last, _SLICE)

    def _read_redis(self) -> list[LoggedEvent]:
        try:
            events = self._event_log.read(self.job_id, self.last, _SLICE)
        except redis.RedisError:
            self._redis_is_away = True
            return []
        self._redis_is_away = False
        return events


class Viewer:
    """Someone who watches a job, at a cursor."""

    def __init__(self, feeds: "Feeds", feed: Feed, cursor: int) -> None:
        self._feeds = feeds
        self.feed = feed
        self.cursor = cursor
        self.signal = Event()

    def leave(self) -> None:
        """Watches no more."""
        self._feeds.leave(self)

    @property
    def is_done(self) -> bool:
        """Whether one read showed an end and this viewer has the last event of it."""
        watched = self.feed.watched
        if watched is None:
            return True
        return watched.ended and watched.last_event_id == self.cursor

    def next(self, seconds: float) -> list[LoggedEvent]:
        """The next events, in order and without a hole; empty when none came in that time.

        Raises:
            psycopg2.OperationalError: when old events are wanted and the database is away.
        """
        self.signal.clear()
        events = self._ready()
        if not events and not self.is_done:
            self.signal.wait(seconds)
            events = self._ready()
        if events:
            self.cursor = events[-1].id
        return events

    def _ready(self) -> list[LoggedEvent]:
        if self.cursor >= self.feed.floor:
            return self.feed.after(self.cursor)
        return self._feeds.history(self.feed.job_id, self.cursor)


class Feeds:
    """All watched jobs of a worker."""

    def __init__(self, event_log: EventLog, jobs: JobStore, monotonic: Callable[[], float]) -> None:
        self._event_log = event_log
        self._jobs = jobs
        self._monotonic = monotonic
        self._feeds: dict[str, Feed] = {}

    def open(self, job_id: str) -> tuple[Feed, Watched]:
        """The job's feed, to be joined, and what Postgres says of the job now.

        Raises:
            UnknownJob: when there is no such job.
        """
        watched = self._jobs.watch([job_id]).get(job_id)
        if watched is None:
            raise UnknownJob
        feed = self._feeds.get(job_id)
        if feed is None:
            feed = Feed(job_id, watched, self._event_log, self._jobs, self._monotonic)
        else:
            feed.update(watched)
        return feed, watched

    def join(self, feed: Feed, cursor: int) -> Viewer:
        """A new viewer at a cursor; it has to `leave`."""
        feed = self._feeds.setdefault(feed.job_id, feed)
        viewer = Viewer(self, feed, cursor)
        feed.viewers.add(viewer)
        gevent.spawn(feed.run)
        return viewer

    def leave(self, viewer: Viewer) -> None:
        """The last viewer's leaving ends the feed."""
        feed = viewer.feed
        feed.viewers.discard(viewer)
        if not feed.viewers:
            feed.look_again()
            if self._feeds.get(feed.job_id) is feed:
                del self._feeds[feed.job_id]

    @property
    def viewers(self) -> int:
        """Open streams of this worker."""
        return sum(len(feed.viewers) for feed in self._feeds.values())

    def history(self, job_id: str, after: int) -> list[LoggedEvent]:
        """A slice of old events: from Redis where it still has them, else from Postgres."""
        try:
            events = self._event_log.read(job_id, after, _SLICE)
        except redis.RedisError:
            events = []
        return events or self._jobs.events(job_id, after, _SLICE)

    def hear(self, message: str) -> None:
        """A message of the wake-up channel: `<job id> <event id>`."""
        job_id, _, event_id = message.partition(" ")
        feed = self._feeds.get(job_id)
        if feed is not None and event_id.isdecimal():
            feed.hear(int(event_id))

    def look_again(self) -> None:
        """Has all feeds read: publishes may have been missed."""
        for feed in list(self._feeds.values()):
            feed.look_again()

    def check(self) -> None:
        """Asks Postgres for all watched jobs at once.

        Raises:
            psycopg2.OperationalError: when the database is away.
        """
        if self._feeds:
            # Feeds that are joined while Postgres answers were not asked for: they are not gone.
            asked = dict(self._feeds)
            watched = self._jobs.watch(list(asked))
            for job_id, feed in asked.items():
                feed.update(watched.get(job_id))

    def notify(self) -> None:
        """Wakes every viewer: the worker is stopping."""
        for feed in list(self._feeds.values()):
            feed.notify()
