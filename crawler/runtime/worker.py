"""A worker's parts, wired; started after fork, stopped when gunicorn asks the worker to stop."""

import hashlib
import logging
import os
import random
import socket
import time
from collections.abc import Callable
from contextlib import closing
from typing import Any

import gevent
import psycopg2.extensions
import redis
from gevent.event import Event
from gevent.pool import Group
from gevent.threadpool import ThreadPool

from crawler.domain.admission import NO_HOST_RULES
from crawler.domain.lifecycle import ACTIVE
from crawler.domain.options import Policy
from crawler.functions.calls import FunctionCalls
from crawler.functions.crawl import CrawlFunction
from crawler.functions.pacing import RENEW_SECONDS
from crawler.functions.process import ProcessFunction
from crawler.functions.room import Room
from crawler.functions.spread import Spread
from crawler.functions.stores import Stores
from crawler.functions.trying import TryFunction
from crawler.runtime.announcer import Announcer
from crawler.runtime.feeds import Feeds
from crawler.runtime.indexing import Indexing
from crawler.runtime.neighbours import TELL_SECONDS, Neighbours
from crawler.runtime.ownership import Ownership, keep
from crawler.runtime.presence import Presence
from crawler.runtime.tools import Engines, crawl_tools
from crawler.settings import Settings
from crawler.storage.bodies import BodyStore
from crawler.storage.cache import HttpCache
from crawler.storage.changes import Changes
from crawler.storage.comparison import ComparisonStore
from crawler.storage.database import CONNECT_SECONDS, Database
from crawler.storage.database import connect as connect_database
from crawler.storage.disk import DiskWatch
from crawler.storage.eventlog import EventLog, connect
from crawler.storage.exporting import ExportStore
from crawler.storage.frontier import FrontierStore
from crawler.storage.furniture import FurnitureStore
from crawler.storage.jobs import JobStore, Watched
from crawler.storage.leases import LeaseStore
from crawler.storage.links import LinkStore
from crawler.storage.pages import PageStore
from crawler.storage.reports import ReportStore
from crawler.storage.sealing import Sealer
from crawler.storage.search import SearchStore
from crawler.storage.search_index import SearchIndex
from crawler.storage.sitemaps import SitemapStore
from crawler.storage.waits import WaitStore

SWEEP_SECONDS = 1.0
WATCH_SECONDS = 2.0
_COLLECT_SECONDS = 60.0
_DISK_SECONDS = 5.0
_ALIVE_SECONDS = 0.1
_HAND_OVER_SECONDS = 4.0
_THREADS = 2
_LEASE_CONNECTIONS = 2

log = logging.getLogger(__name__)


def _fingerprint(secret: str) -> str:
    return hashlib.sha256(b"workers:" + secret.encode()).hexdigest()[:12]


def _connect(url: str) -> psycopg2.extensions.connection:
    """A connection within a bounded time: among greenlets libpq ignores its own limit."""
    away = psycopg2.OperationalError("the database does not answer")
    with gevent.Timeout(CONNECT_SECONDS, away):
        return connect_database(url)


class Runtime:
    """Everything of a worker that outlives a request.

    It is made with the app and opens nothing then; `start` is called once, after fork.
    """

    def __init__(self, settings: Settings, database_url: str, redis_url: str, secret: str) -> None:
        self._settings = settings
        self._secret = secret
        self.stopping = Event()
        self.database = Database(database_url, settings.db_pool, _connect)
        # Apart from all others: a renewal must never wait for a page view's connection.
        self._lease_database = Database(database_url, _LEASE_CONNECTIONS, _connect)
        self._redis_url = redis_url
        self._redis = connect(redis_url)
        self.event_log = EventLog(self._redis)
        self._announcer = Announcer(self.event_log, time.monotonic)
        self.policy = Policy(
            max_pages=settings.max_pages,
            allow_ignore_robots=settings.allow_ignore_robots,
            denied=settings.deny_hosts or NO_HOST_RULES,
        )
        changes = Changes(self.database, self._announcer.announce, self.policy.bound)
        self.jobs = JobStore(self.database, changes, settings.max_running_jobs)
        self.pages = PageStore(self.database, changes)
        self.links = LinkStore(self.database)
        self.reports = ReportStore(self.database)
        self.exports = ExportStore(self.database)
        self.search = SearchStore(self.database)
        self.waits = WaitStore(self.database)
        self.comparisons = ComparisonStore(self.database)
        self.sealer = Sealer(secret)
        self._changes = changes
        self._disk = DiskWatch(self.database, settings.max_disk_bytes, time.monotonic)
        self.bodies = BodyStore(self.database)
        self._cache = HttpCache(self.database, settings.cache_bytes, settings.fetch_realm)
        self.feeds = Feeds(self.event_log, self.jobs, time.monotonic)
        self._greenlets = Group()
        self._ownership: Ownership | None = None
        self._neighbours: Neighbours | None = None
        self._furniture = FurnitureStore(self.database, changes)
        self._make_functions()

    def _make_functions(self) -> None:
        threads = ThreadPool(_THREADS)
        engines = Engines(self.database, self._redis_url, self.bodies, self._cache)
        self.room = Room(threads)
        tools = crawl_tools(self._settings, engines, self.sealer, threads, self.room)
        self._pacing = tools.pacing
        self.crawl = CrawlFunction(tools, time.monotonic, self.stopping.is_set)
        index = SearchIndex(self.database, self.room.work)
        self.indexing = Indexing(index, self.stopping, lambda: self._disk.is_full)
        self.process = ProcessFunction(self.bodies, self.pages, self.room, time.monotonic)
        self.try_selectors = TryFunction(self.bodies, self._furniture, self.room)

    def _stores(self) -> Stores:
        denied = self.policy.denied
        return Stores(
            FrontierStore(self._changes, denied),
            LeaseStore(
                self._lease_database,
                self._changes,
                socket.gethostname(),
                os.getpid(),
                self._settings.max_running_jobs,
            ),
            self.pages,
            self._furniture,
            SitemapStore(self._changes, denied),
        )

    def _why_halted(self) -> str | None:
        """Why no job may go on now."""
        return self._disk.why if self._disk.is_full else None

    def start(
        self, functions_url: str, own_port: int | None, is_alive: Callable[[], bool]
    ) -> None:
        """Begins the worker's own work: wake-ups, orchestrators, clearing away.

        `functions_url` is where functions answer, `own_port` the loopback port on which this
        worker alone does, if it does.
        """
        spread = Spread(functions_url)
        calls = FunctionCalls(spread, self._secret, time.time)
        self._ownership = Ownership(
            self._stores(), calls, self.stopping, time.monotonic, self._why_halted
        )
        self._greenlets.spawn(keep, "announcing", 0.0, self._announcer.run)
        self._greenlets.spawn(self._subscribe)
        if own_port is not None:
            # Only those who sign alike: two installations may share a machine and a Redis.
            host = socket.gethostname()
            group = f"{host}:{_fingerprint(self._secret)}"
            self._neighbours = Neighbours(self._redis, group, own_port, spread, time.time)
            self._greenlets.spawn(keep, "telling", TELL_SECONDS, self._neighbours.tell)
        self._greenlets.spawn(keep, "the watch", WATCH_SECONDS, self.feeds.check)
        self._greenlets.spawn(keep, "the sweep", SWEEP_SECONDS, self._ownership.sweep)
        self._greenlets.spawn(keep, "clearing away", SWEEP_SECONDS, self._purge)
        self._greenlets.spawn(keep, "collecting", _COLLECT_SECONDS, self._collect)
        self._greenlets.spawn(keep, "the search", 0.0, self.indexing.work)
        self._greenlets.spawn(keep, "turns at hosts", RENEW_SECONDS, self._pacing.renew)
        if self._settings.max_disk_bytes is not None:
            self._greenlets.spawn(keep, "the disk", _DISK_SECONDS, self._disk.check)
        self._greenlets.spawn(self._notice_stop, is_alive)

    def wake(self, job_id: str) -> None:
        """Sees that an orchestrator runs for a job: it was created, resumed, or is watched."""
        if self._ownership is not None:
            self._ownership.wake(job_id)

    def wake_if_active(self, job_id: str, watched: Watched) -> None:
        """The same for a viewer who arrives, if the job should run at all."""
        if watched.status in ACTIVE:
            self.wake(job_id)

    def forget(self, job_id: str) -> None:
        """Drops the copy of a deleted job's log."""
        self._announcer.forget(job_id)

    def stop(self) -> None:
        """Hands jobs over and lets committed events reach Redis; called once, before exit."""
        self.stopping.set()
        if self._ownership is not None:
            self._ownership.stop(_HAND_OVER_SECONDS)
        self._announcer.flush(1.0)
        self._greenlets.kill(block=False)

    def is_ready(self) -> dict[str, bool]:
        """Whether the engines answer."""
        return {"postgres": self._postgres_answers(), "redis": self._redis_answers()}

    def _postgres_answers(self) -> bool:
        try:
            self.jobs.watch([])
        except Exception:
            log.warning("PostgreSQL does not answer", exc_info=True)
            return False
        return True

    def _redis_answers(self) -> bool:
        try:
            return bool(self._redis.ping())
        except redis.RedisError:
            return False

    def _notice_stop(self, is_alive: Callable[[], bool]) -> None:
        """Streams end and jobs are handed over as soon as the worker is asked to stop."""
        while is_alive():
            gevent.sleep(_ALIVE_SECONDS)
        self.stopping.set()
        self.feeds.notify()
        if self._neighbours is not None:
            self._neighbours.leave()
        if self._ownership is not None:
            self._ownership.stop(_HAND_OVER_SECONDS)

    def _subscribe(self) -> None:
        """One subscription per worker, for ever; Postgres is asked while there is none."""
        presence = Presence("wake-ups: Redis")
        while True:
            try:
                with closing(self.event_log.subscribe()) as subscription:
                    presence.found()
                    self._hear(subscription)
            except redis.RedisError as error:
                presence.lost(error)
            except Exception:
                log.exception("the subscription failed")
            gevent.sleep(random.uniform(0.2, 1.0))

    def _hear(self, subscription: Any) -> None:
        self.feeds.look_again()  # what was published before this subscription was not heard
        while True:
            message = subscription.get_message(timeout=WATCH_SECONDS)
            if message is not None:
                self.feeds.hear(str(message["data"]))

    def _collect(self) -> None:
        """What nothing refers to any more, and what the cache has no room for."""
        self._cache.trim()
        self.bodies.collect()

    def _purge(self) -> None:
        while self.bodies.purge_deleted() and not self.stopping.is_set():
            gevent.sleep(0)
