"""Function 2: crawl a batch. Fetch each URL, extract its links, keep its body, say its outcome.

Nothing is kept in the process that a call depends on, so any worker of any machine can answer.
The call asks the job's epoch and status when it starts and once a second: an old call starts no
further fetch. It answers within its budget; what it did not get to is in none of its lists.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import gevent
from gevent.pool import Pool
from gevent.threadpool import ThreadPool

from crawler.domain import urls
from crawler.domain.model import FrontierUrl, Outcome
from crawler.domain.reasons import Reason
from crawler.domain.scope import Scope, scope_of
from crawler.fetching.fetcher import Fetched, Fetcher, FetchFailure, FetchLimits, Redirected
from crawler.fetching.guard import Network
from crawler.fetching.robots import RobotsGate, RobotsVerdict
from crawler.functions.crawl_results import (
    failed,
    judge,
    left_by_redirect,
    no_page,
    page_result,
    read_pages,
    refused,
    wants_body,
)
from crawler.functions.wire import CrawlCall, crawl_answer_json
from crawler.storage.bodies import BodyStore, SealedBody
from crawler.storage.calls import CallReader
from crawler.storage.results import UrlResult

FETCH_SECONDS = 20.0
"""What one URL may take, its redirects included."""

_CHECK_SECONDS = 1.0


@dataclass
class _Batch:
    """A call under way."""

    call: CrawlCall
    scope: Scope
    deadline: float
    next_start: float
    checked: float = float("-inf")
    current: bool = True
    results: list[UrlResult] = field(default_factory=list)
    fetched: list[tuple[FrontierUrl, Fetched]] = field(default_factory=list)
    bodies: list[SealedBody] = field(default_factory=list)
    discovered: dict[str, int] = field(default_factory=dict)
    allowed_hosts: set[str] = field(default_factory=set)

    def position(self, url: str) -> int:
        """Where a URL stands in the batch's list of discovered ones."""
        return self.discovered.setdefault(url, len(self.discovered))


class CrawlFunction:
    """Answers crawl calls with what a worker has: a fetcher, robots.txt, threads, the database."""

    def __init__(
        self,
        fetcher: Fetcher,
        robots: RobotsGate,
        bodies: BodyStore,
        reader: CallReader,
        threads: ThreadPool,
        monotonic: Callable[[], float],
        is_stopping: Callable[[], bool],
    ) -> None:
        self._fetcher = fetcher
        self._robots = robots
        self._bodies = bodies
        self._reader = reader
        self._threads = threads
        self._monotonic = monotonic
        self._is_stopping = is_stopping

    def __call__(self, call: CrawlCall) -> dict[str, Any]:
        """Crawls the batch and returns the answer's JSON."""
        now = self._monotonic()
        batch = _Batch(
            call=call,
            scope=scope_of(call.options.scope, call.options.scope_bases),
            deadline=now + call.options.budget_seconds,
            next_start=now,
        )
        if self._may_start(batch):
            self._crawl_all(batch)
        self._read_pages(batch)
        self._bodies.put(batch.bodies)
        wait_ms = max(0, round((batch.next_start - self._monotonic()) * 1000))
        return crawl_answer_json(
            batch.results,
            list(batch.discovered),
            wait_ms=wait_ms,
            allowed_hosts=sorted(batch.allowed_hosts),
        )

    def _crawl_all(self, batch: _Batch) -> None:
        """Fetches within the call's share; an error ends all, since nobody hears of them."""
        pool = Pool(batch.call.options.concurrency)
        try:
            gevent.joinall(
                [pool.spawn(self._crawl_one, batch, url) for url in batch.call.urls],
                raise_error=True,
            )
        finally:
            batch.current = False
            pool.kill()

    def _crawl_one(self, batch: _Batch, url: FrontierUrl) -> None:
        if not self._may_start(batch):
            return
        if not batch.call.options.ignore_robots:
            verdict = self._ask_robots(batch, url)
            if verdict is None:
                return
            if not verdict.allowed:
                batch.results.append(refused(url, verdict))
                return
        if self._wait_for_turn(batch):
            self._fetch(batch, url)

    def _ask_robots(self, batch: _Batch, url: FrontierUrl) -> RobotsVerdict | None:
        """The verdict of robots.txt; None when the call's time is over before it is known."""
        left = max(0.0, batch.deadline - self._monotonic())
        verdict: RobotsVerdict | None = gevent.with_timeout(
            left, self._robots.verdict, url.url, timeout_value=None
        )
        return verdict

    def _may_start(self, batch: _Batch) -> bool:
        """Whether another fetch may start: there is time, and neither call nor worker is ending."""
        now = self._monotonic()
        if batch.current and now - batch.checked >= _CHECK_SECONDS:
            batch.checked = now
            batch.current = self._reader.is_current(batch.call.job_id, batch.call.epoch)
        return batch.current and now < batch.deadline and not self._is_stopping()

    def _wait_for_turn(self, batch: _Batch) -> bool:
        """Keeps starts apart by the delay; returns whether the fetch may still start then."""
        now = self._monotonic()
        start = max(now, batch.next_start)
        if start >= batch.deadline:
            return False
        batch.next_start = start + batch.call.options.delay_ms / 1000
        if start > now:
            gevent.sleep(start - now)
        return self._may_start(batch)

    def _fetch(self, batch: _Batch, url: FrontierUrl) -> None:
        left = batch.deadline - self._monotonic()
        limits = FetchLimits(timeout_seconds=min(FETCH_SECONDS, left))
        fetched = self._fetcher.fetch(
            url.url,
            limits,
            wants_body=wants_body,
            follow=lambda target: self._may_follow(batch, url, target),
        )
        cut_short = isinstance(fetched, FetchFailure) and fetched.reason is Reason.TIMEOUT
        if cut_short and limits.timeout_seconds < FETCH_SECONDS:
            return  # the call's time was over, not the site's
        match fetched:
            case Fetched():
                self._take(batch, url, fetched)
            case Redirected():
                batch.results.append(left_by_redirect(batch.scope, url, fetched))
            case FetchFailure():
                batch.results.append(failed(url, fetched))

    def _may_follow(self, batch: _Batch, url: FrontierUrl, target: str) -> bool:
        """Only a root may leave the scope; a page that the job has is not fetched again."""
        if url.depth > 0 and not batch.scope.admits(target):
            return False
        return not self._reader.is_settled(batch.call.job_id, url.id, target)

    def _take(self, batch: _Batch, url: FrontierUrl, fetched: Fetched) -> None:
        if fetched.network is Network.ALLOWED:
            batch.allowed_hosts.add(urls.host(fetched.url))
        reason, outcome = judge(fetched)
        if outcome is Outcome.FETCHED:
            batch.fetched.append((url, fetched))
        else:
            batch.results.append(no_page(url, fetched, outcome, reason))

    def _read_pages(self, batch: _Batch) -> None:
        """Reads all pages in one visit to a thread: a visit costs as much as a small page."""
        bodies = [fetched for _, fetched in batch.fetched]
        read = self._threads.apply(read_pages, (bodies, batch.scope)) if bodies else []
        for (url, fetched), page in zip(batch.fetched, read, strict=True):
            batch.bodies.append(page.body)
            discovered = tuple(map(batch.position, page.in_scope)) if url.depth else ()
            batch.results.append(page_result(url, fetched, page, discovered))
