"""The crawl function's own decisions, with a site, robots.txt and a database that a test holds."""

import time
from typing import Any

import gevent
import pytest
from gevent.threadpool import ThreadPool

from crawler.domain.model import FrontierUrl, ScopeKind
from crawler.fetching.fetcher import Fetched
from crawler.fetching.guard import Network
from crawler.fetching.robots import RobotsVerdict
from crawler.functions.crawl import CrawlFunction
from crawler.functions.wire import CrawlCall, CrawlOptions

ROOT = "http://site/"


class Fetcher:
    """Answers every URL with a page, or raises what it was given."""

    def __init__(self, error: Exception | None = None) -> None:
        self.asked: list[str] = []
        self._error = error

    def fetch(self, url: str, limits: Any, *, wants_body: Any, follow: Any) -> Fetched:
        self.asked.append(url)
        gevent.sleep(0.001)
        if self._error is not None:
            raise self._error
        return Fetched(url, 200, (), "text/html", b"<p>page", (), 1, Network.PUBLIC)


class Robots:
    def __init__(self, seconds: float = 0.0) -> None:
        self._seconds = seconds

    def verdict(self, url: str) -> RobotsVerdict:
        gevent.sleep(self._seconds)
        return RobotsVerdict(True)


class Reader:
    def __init__(self, current: bool = True) -> None:
        self._current = current

    def is_current(self, job_id: str, epoch: int) -> bool:
        gevent.sleep(0.01)  # the database takes its time, and other greenlets run
        return self._current

    def is_settled(self, job_id: str, url_id: int, target: str) -> bool:
        return False


class Bodies:
    def put(self, bodies: Any) -> None:
        self.kept = list(bodies)


@pytest.fixture
def threads():
    pool = ThreadPool(1)
    yield pool
    pool.kill()


def call(concurrency: int = 8, budget: float = 5.0) -> CrawlCall:
    urls = tuple(FrontierUrl(number, f"{ROOT}{number}", 1) for number in range(10))
    options = CrawlOptions(ScopeKind.HOST, (ROOT,), False, concurrency, 0, budget)
    return CrawlCall("job", 1, urls, ROOT, options)


def function(threads: ThreadPool, fetcher: Fetcher, **parts: Any) -> CrawlFunction:
    return CrawlFunction(
        fetcher,
        parts.get("robots", Robots()),
        Bodies(),
        parts.get("reader", Reader()),
        threads,
        time.monotonic,
        parts.get("is_stopping", lambda: False),
    )


def test_every_url_of_a_current_call_is_fetched(threads):
    fetcher = Fetcher()
    answer = function(threads, fetcher)(call())
    assert sorted(fetcher.asked) == sorted(f"{ROOT}{number}" for number in range(10))
    assert len(answer["completed"]) == 10


def test_a_call_of_an_old_epoch_fetches_nothing(threads):
    fetcher = Fetcher()
    answer = function(threads, fetcher, reader=Reader(current=False))(call())
    assert fetcher.asked == []
    assert not answer["completed"] and not answer["failed"] and not answer["skipped"]


def test_a_stopping_worker_starts_no_fetch(threads):
    fetcher = Fetcher()
    function(threads, fetcher, is_stopping=lambda: True)(call())
    assert fetcher.asked == []


def test_an_error_ends_all_fetches_of_the_call(threads):
    fetcher = Fetcher(RuntimeError("the database is away"))
    with pytest.raises(RuntimeError):
        function(threads, fetcher)(call(concurrency=2))
    seen = len(fetcher.asked)
    gevent.sleep(0.05)
    assert len(fetcher.asked) == seen < 10


def test_a_slow_robots_txt_leaves_urls_for_later_within_the_calls_time(threads):
    fetcher = Fetcher()
    started = time.monotonic()
    answer = function(threads, fetcher, robots=Robots(seconds=30))(call(budget=0.2))
    assert time.monotonic() - started < 5
    assert fetcher.asked == []
    assert not answer["failed"]
