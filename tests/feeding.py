"""Viewers of a job that goes on, as a worker serves them: what tests run in a `PatchedProcess`."""

import random
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Literal

import gevent
import psycopg2
from gevent.pool import Group
from psycogreen.gevent import patch_psycopg

from crawler.domain.errors import UnknownJob
from crawler.domain.events import EventName, LoggedEvent
from crawler.runtime import feeds as feeds_module
from crawler.runtime.feeds import Feeds, Viewer
from crawler.runtime.ownership import keep
from crawler.storage.eventlog import EventLog, connect
from crawler.storage.jobs import JobStore
from tests.storage import Storage

Trouble = Literal["none", "late copies", "missing copies", "flushed", "away"]
NOWHERE = "redis://127.0.0.1:1/0"
_CHECK_SECONDS = 0.1
_PATIENCE_SECONDS = 60.0


class CountedJobs(JobStore):
    """Counts reads of stored events; the first `failing` of them meet an outage."""

    reads = 0
    failing = 0

    def events(self, job_id: str, after: int, limit: int) -> list[LoggedEvent]:
        """As the real one."""
        self.reads += 1
        if self.failing:
            self.failing -= 1
            raise psycopg2.OperationalError("away")
        return super().events(job_id, after, limit)


class CountedLog(EventLog):
    """Counts reads of the copy."""

    reads = 0

    def read(self, job_id: str, after: int, limit: int) -> list[LoggedEvent]:
        """As the real one."""
        self.reads += 1
        return super().read(job_id, after, limit)


class Stage:
    """A worker's feeds over real engines, and a job to watch."""

    def __init__(self, database_url: str, redis_url: str, trouble: Trouble = "none") -> None:
        patch_psycopg()
        self.storage = Storage(database_url, 8)
        self.redis = connect(redis_url)
        self.copy = EventLog(self.redis)
        self.log = CountedLog(connect(NOWHERE if trouble == "away" else redis_url))
        self.jobs = CountedJobs(self.storage.database, self.storage.changes)
        self.feeds = Feeds(self.log, self.jobs, time.monotonic)
        self.job_id = self.storage.create()
        self.trouble = trouble
        self.chance = random.Random(trouble)
        self.storage.changes._announce = self._announce
        self._group = Group()

    @contextmanager
    def open(self) -> Iterator["Stage"]:
        """Subscribed and checked for as long as the block lasts."""
        if self.trouble != "away":
            self._subscription = self.copy.subscribe()
            self._group.spawn(self._subscribe)
        self._group.spawn(keep, "the watch", _CHECK_SECONDS, self.feeds.check)
        try:
            yield self
        finally:
            self._group.kill()
            self.storage.database.close()
            self.redis.close()

    def _subscribe(self) -> None:
        while True:
            message = self._subscription.get_message(timeout=1.0)
            if message is not None:
                self.feeds.hear(str(message["data"]))

    def _announce(self, job_id: str, events: list[LoggedEvent]) -> None:
        if self.trouble == "away":
            return
        if self.trouble == "missing copies" and events[0].id % 40 == 0:
            return
        if self.trouble == "late copies":
            self._group.spawn(self._append_late, job_id, events)
        else:
            self.copy.append(job_id, events)

    def _append_late(self, job_id: str, events: list[LoggedEvent]) -> None:
        gevent.sleep(self.chance.random() / 50)
        self.copy.append(job_id, events)

    def tell(self, count: int) -> None:
        """So many events, each in a transaction of its own."""
        for number in range(count):
            with self.storage.changes.change(self.job_id) as change:
                change.tell(EventName.BATCH_COMPLETED, number=number)
            gevent.sleep(self.chance.random() / 500)

    def join(self, cursor: int | None = None) -> Viewer:
        """A viewer at a cursor, by default at the job's last event."""
        feed, watched = self.feeds.open(self.job_id)
        return self.feeds.join(feed, watched.last_event_id if cursor is None else cursor)

    @property
    def last(self) -> int:
        """The job's last event."""
        return self.storage.job(self.job_id).last_event_id


def follow(viewer: Viewer, enough: Callable[[], bool] = lambda: False) -> list[int]:
    """Ids as they come, until the viewer is done or `enough`."""
    ids: list[int] = []
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while not enough() and time.monotonic() < deadline:
        found = viewer.next(0.2)
        ids += [event.id for event in found]
        if not found and viewer.is_done:
            break
    return ids


@dataclass
class Seen:
    """What a viewer saw from its cursor on, and whether it was told that this was all."""

    cursor: int
    ids: list[int]
    done: bool


def watch_to_the_end(
    database_url: str, redis_url: str, trouble: Trouble
) -> tuple[int, list[Seen]]:
    """Viewers come at any moment and at any cursor; the last id, and what each saw."""
    with Stage(database_url, redis_url, trouble).open() as stage:
        stage.tell(25)
        greenlets = [_spawn_viewer(stage, cursor) for cursor in (0, 1, 12, 24, 25)]
        writer = gevent.spawn(stage.tell, 80)
        for _ in range(8):
            gevent.sleep(stage.chance.random() / 20)
            greenlets.append(_spawn_viewer(stage, stage.chance.randrange(stage.last + 1)))
            if trouble == "flushed":
                stage.redis.flushdb()
        writer.join()
        stage.storage.jobs.cancel(stage.job_id)
        gevent.joinall(greenlets, timeout=_PATIENCE_SECONDS)
        return stage.last, [greenlet.get(block=False) for greenlet in greenlets]


def _spawn_viewer(stage: Stage, cursor: int) -> "gevent.Greenlet[[], Seen]":
    def watch() -> Seen:
        viewer = stage.join(cursor)
        ids = follow(viewer)
        done = viewer.is_done
        viewer.leave()
        return Seen(cursor, ids, done)

    return gevent.spawn(watch)


def fall_behind_the_ring(
    database_url: str, redis_url: str, flushes: bool
) -> tuple[int, int, list[int], list[int]]:
    """Floor and last id of the ring, what a quick viewer saw, and one that only then reads on."""
    before, feeds_module._RING = feeds_module._RING, 20
    try:
        with Stage(database_url, redis_url).open() as stage:
            slow, quick = stage.join(0), stage.join(0)
            stage.tell(90)
            seen = follow(quick, lambda: quick.cursor == 90)
            _await(lambda: slow.feed.last == 90)  # a viewer's history may be ahead of the feed
            if flushes:
                stage.redis.flushdb()
            floor = slow.feed.floor
            return floor, slow.feed.last, seen, follow(slow, lambda: slow.cursor == 90)
    finally:
        feeds_module._RING = before


def watch_live(
    database_url: str, redis_url: str, viewers: int, events: int
) -> tuple[list[list[int]], int, int]:
    """What caught-up viewers saw, and the reads of Postgres and of the copy that it took."""
    with Stage(database_url, redis_url).open() as stage:
        stage.tell(3)
        watching = [stage.join() for _ in range(viewers)]
        greenlets = [
            gevent.spawn(follow, viewer, lambda viewer=viewer: viewer.cursor == 3 + events)
            for viewer in watching
        ]
        stage.jobs.reads = stage.log.reads = 0
        stage.tell(events)
        gevent.joinall(greenlets, timeout=_PATIENCE_SECONDS)
        return [each.get(block=False) for each in greenlets], stage.jobs.reads, stage.log.reads


def outlast_an_outage(database_url: str, redis_url: str) -> list[int]:
    """What a viewer sees while neither copy nor database answers for a while."""
    with Stage(database_url, redis_url, "away").open() as stage:
        viewer = stage.join()
        stage.jobs.failing = 2
        stage.tell(5)
        return follow(viewer, lambda: viewer.cursor == 5)


def watch_a_deleted_job(database_url: str, redis_url: str) -> tuple[list[list[int]], bool, bool]:
    """What viewers saw of a job that is deleted; whether all were done, and it is unknown then."""
    with Stage(database_url, redis_url).open() as stage:
        stage.tell(3)
        watching = [stage.join(0), stage.join()]
        greenlets = [gevent.spawn(follow, viewer) for viewer in watching]
        stage.storage.jobs.delete(stage.job_id)
        gevent.joinall(greenlets, timeout=_PATIENCE_SECONDS)
        seen = [each.get(block=False) for each in greenlets]
        try:
            stage.join()
            unknown = False
        except UnknownJob:
            unknown = True
        return seen, all(viewer.is_done for viewer in watching), unknown


def end_and_go_on(database_url: str, redis_url: str) -> list[tuple[list[int], bool]]:
    """A job ends and is resumed under a viewer's eyes: what was seen each time, and if done."""
    with Stage(database_url, redis_url).open() as stage:
        stage.tell(2)
        viewer = stage.join(0)
        steps = []
        for act in (stage.storage.jobs.cancel, stage.storage.jobs.resume):
            act(stage.job_id)
            last = stage.last
            seen = follow(viewer, lambda last=last: viewer.cursor == last)
            _await(lambda last=last: _known_last(viewer) == last)
            steps.append((seen, viewer.is_done))
        stage.tell(2)
        steps.append((follow(viewer, lambda: viewer.cursor == 6), viewer.is_done))
        return steps


def _known_last(viewer: Viewer) -> int | None:
    """The last event that goes with the status that the feed knows."""
    watched = viewer.feed.watched
    return watched.last_event_id if watched is not None else None


def _await(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while not condition() and time.monotonic() < deadline:
        gevent.sleep(0.01)


def leave_and_come_back(database_url: str, redis_url: str) -> tuple[list[int], list[int]]:
    """Open streams after each coming and leaving, and what the one that came back saw."""
    with Stage(database_url, redis_url).open() as stage:
        stage.tell(2)
        counts = []
        first, second = stage.join(0), stage.join(0)
        counts.append(stage.feeds.viewers)
        second.leave()
        counts.append(stage.feeds.viewers)
        first.leave()
        first.leave()
        counts.append(stage.feeds.viewers)
        stage.tell(3)
        third = stage.join(0)
        counts.append(stage.feeds.viewers)
        return counts, follow(third, lambda: third.cursor == 5)
