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

from crawler.content.page import PageHead, read_page
from crawler.domain import urls
from crawler.domain.mediatypes import is_page
from crawler.domain.model import FrontierUrl, Outcome
from crawler.domain.reasons import Reason, http_reason
from crawler.domain.scope import Scope, scope_of
from crawler.domain.text import storable
from crawler.fetching.fetcher import (
    Fetched,
    Fetcher,
    FetchFailure,
    FetchLimits,
    Hop,
    Redirected,
)
from crawler.fetching.guard import Network
from crawler.fetching.robots import RobotsGate, RobotsVerdict
from crawler.functions.wire import CrawlCall, crawl_answer_json
from crawler.storage.bodies import BodyStore, SealedBody, seal
from crawler.storage.calls import CallReader
from crawler.storage.packing import pack_links
from crawler.storage.results import UrlResult

FETCH_SECONDS = 20.0
"""What one URL may take, its redirects included."""

_CHECK_SECONDS = 1.0
_MOST_HEADERS = 100
_MOST_HEADER_CHARACTERS = 4_000


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
        pool = Pool(call.options.concurrency)
        jobs = [pool.spawn(self._crawl_one, batch, url) for url in call.urls]
        gevent.joinall(jobs, raise_error=True)
        self._read_pages(batch)
        self._bodies.put(batch.bodies)
        wait_ms = max(0, round((batch.next_start - self._monotonic()) * 1000))
        return crawl_answer_json(
            batch.results,
            list(batch.discovered),
            wait_ms=wait_ms,
            allowed_hosts=sorted(batch.allowed_hosts),
        )

    def _crawl_one(self, batch: _Batch, url: FrontierUrl) -> None:
        if not self._may_start(batch):
            return
        if not batch.call.options.ignore_robots:
            verdict = self._robots.verdict(url.url)
            if not verdict.allowed:
                batch.results.append(_refused(url, verdict))
                return
        if self._wait_for_turn(batch):
            self._fetch(batch, url)

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
            wants_body=_wants_body,
            follow=lambda target: self._may_follow(batch, url, target),
        )
        cut_short = isinstance(fetched, FetchFailure) and fetched.reason is Reason.TIMEOUT
        if cut_short and limits.timeout_seconds < FETCH_SECONDS:
            return  # the call's time was over, not the site's
        match fetched:
            case Fetched():
                self._take(batch, url, fetched)
            case Redirected():
                batch.results.append(_left_by_redirect(batch.scope, url, fetched))
            case FetchFailure():
                batch.results.append(_failed(url, fetched))

    def _may_follow(self, batch: _Batch, url: FrontierUrl, target: str) -> bool:
        """Only a root may leave the scope; a page that the job has is not fetched again."""
        if url.depth > 0 and not batch.scope.admits(target):
            return False
        return not self._reader.is_settled(batch.call.job_id, url.id, target)

    def _take(self, batch: _Batch, url: FrontierUrl, fetched: Fetched) -> None:
        if fetched.network is Network.ALLOWED:
            batch.allowed_hosts.add(urls.host(fetched.url))
        reason, outcome = _judge(fetched)
        if outcome is Outcome.FETCHED:
            batch.fetched.append((url, fetched))
        else:
            batch.results.append(_answered(url, fetched, outcome, reason))

    def _read_pages(self, batch: _Batch) -> None:
        """Reads all pages in one visit to a thread: a visit costs as much as a small page."""
        bodies = [fetched for _, fetched in batch.fetched]
        read = self._threads.apply(_read_bodies, (bodies, batch.scope)) if bodies else []
        for (url, fetched), page in zip(batch.fetched, read, strict=True):
            batch.bodies.append(page.body)
            discovered = tuple(map(batch.position, page.in_scope)) if url.depth else ()
            batch.results.append(_page(url, fetched, page, discovered))


@dataclass(frozen=True, slots=True)
class _ReadPage:
    head: PageHead
    body: SealedBody
    links: bytes
    in_scope: tuple[str, ...]
    out_of_scope: int


def _read_bodies(fetched: list[Fetched], scope: Scope) -> list[_ReadPage]:
    """All that costs time on pages, for a thread: mostly native code without the GIL."""
    return [_read_body(each, scope) for each in fetched]


def _read_body(fetched: Fetched, scope: Scope) -> _ReadPage:
    head = read_page(fetched.body, fetched.content_type, fetched.url)
    in_scope = tuple(link.url for link in head.links if scope.admits(link.url))
    return _ReadPage(
        head,
        seal(fetched.body),
        pack_links(head.links),
        in_scope,
        len(head.links) - len(in_scope),
    )


def _page(
    url: FrontierUrl, fetched: Fetched, page: _ReadPage, discovered: tuple[int, ...]
) -> UrlResult:
    return UrlResult(
        **_common(url, fetched),
        outcome=Outcome.FETCHED,
        title=page.head.title,
        size=len(fetched.body),
        content_hash=page.body.hash,
        headers=_kept_headers(fetched.headers),
        links=page.links,
        discovered=discovered,
        out_of_scope=page.out_of_scope,
    )


def _wants_body(status: int, content_type: str | None) -> bool:
    return 200 <= status < 300 and is_page(content_type)


def _judge(fetched: Fetched) -> tuple[str | None, Outcome]:
    """What an answer is: a page, a failure, or something that is no page."""
    if not 200 <= fetched.status < 300:
        return http_reason(fetched.status), Outcome.FAILED
    if not is_page(fetched.content_type):
        return str(Reason.NOT_HTML), Outcome.SKIPPED
    if not fetched.body.strip():
        return str(Reason.EMPTY), Outcome.FAILED
    return None, Outcome.FETCHED


def _refused(url: FrontierUrl, verdict: RobotsVerdict) -> UrlResult:
    outcome = Outcome.SKIPPED if verdict.reason is Reason.ROBOTS else Outcome.FAILED
    return UrlResult(url.id, url.url, outcome, str(verdict.reason))


def _failed(url: FrontierUrl, failure: FetchFailure) -> UrlResult:
    return UrlResult(
        url.id,
        url.url,
        Outcome.FAILED,
        str(failure.reason),
        http_status=failure.status,
        ms=failure.milliseconds,
        hops=_hops(failure.hops),
    )


def _left_by_redirect(scope: Scope, url: FrontierUrl, redirected: Redirected) -> UrlResult:
    leaves = url.depth > 0 and not scope.admits(redirected.target)
    return UrlResult(
        url.id,
        url.url,
        Outcome.SKIPPED,
        str(Reason.SCOPE if leaves else Reason.DUPLICATE),
        final_url=redirected.target,
        http_status=redirected.hops[-1].status,
        ms=redirected.milliseconds,
        hops=_hops(redirected.hops),
    )


def _answered(
    url: FrontierUrl, fetched: Fetched, outcome: Outcome, reason: str | None
) -> UrlResult:
    """An answer without a page: its type and size are told by its head."""
    length = dict(fetched.headers).get("Content-Length", "")
    return UrlResult(
        **_common(url, fetched),
        outcome=outcome,
        reason=reason,
        size=int(length) if length.isdecimal() and len(length) < 16 else None,
        headers=_kept_headers(fetched.headers),
    )


def _common(url: FrontierUrl, fetched: Fetched) -> dict[str, Any]:
    return {
        "id": url.id,
        "url": url.url,
        "final_url": fetched.url,
        "http_status": fetched.status,
        "ms": fetched.milliseconds,
        "content_type": fetched.content_type,
        "hops": _hops(fetched.hops),
    }


def _hops(hops: tuple[Hop, ...]) -> tuple[tuple[str, int], ...]:
    return tuple((hop.url, hop.status) for hop in hops)


def _kept_headers(headers: tuple[tuple[str, str], ...]) -> tuple[tuple[str, str], ...]:
    return tuple(
        (storable(name)[:_MOST_HEADER_CHARACTERS], storable(value)[:_MOST_HEADER_CHARACTERS])
        for name, value in headers[:_MOST_HEADERS]
    )
