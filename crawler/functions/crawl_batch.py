"""A crawl call under way: what is left of it, what it brought, and what its answer says."""

import random
from collections import Counter, deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from crawler.content.alternate import declared_markdown
from crawler.domain import urls
from crawler.domain.model import FrontierUrl, Outcome, Trail
from crawler.domain.reasons import Reason
from crawler.domain.retries import MOST_WAIT_SECONDS, retry_after
from crawler.fetching.guard import Network
from crawler.fetching.outcomes import Fetched, Hop
from crawler.functions.caching import CacheBatch
from crawler.functions.crawl_results import (
    Alternate,
    FetchedPage,
    LinkRules,
    ReadPage,
    has_content,
    judge,
    judge_head,
    no_page,
    page_result,
)
from crawler.functions.credentials import NO_GRANT, Grant
from crawler.functions.room import is_large
from crawler.functions.wire import CrawlCall, crawl_answer_json
from crawler.storage.bodies import SealedBody
from crawler.storage.results import BatchResult, LeftOutLink, Retry, SitemapResult, UrlResult

_MOST_BYTES = 8 * 2**20
"""Bytes of pages that a call has in hand when it starts its last fetch."""

_NOT_READ = (Reason.CHALLENGE, Reason.NOT_HTML)
"""What an answer is whose body, if it has one, tells nothing more."""

_MOST_SAMPLES = 20
"""Samples of left-out links that one call brings; a job keeps few of them anyway."""


@dataclass
class CrawlBatch:
    """The state of one call, shared by its lanes."""

    call: CrawlCall
    rules: LinkRules
    cache: CacheBatch
    deadline: float
    delay_ms: int
    concurrency: int
    seal: Callable[[bytes], SealedBody]
    """Packs a large body at once: it may wait for long until it is its turn to be read."""
    grant: Grant = NO_GRANT
    halt: str | None = None
    checked: float = float("-inf")
    current: bool = True
    waiting: deque[FrontierUrl] = field(init=False)
    host: str = field(init=False)
    results: list[UrlResult] = field(default_factory=list)
    retries: list[Retry] = field(default_factory=list)
    pages: list[FetchedPage] = field(default_factory=list)
    large_pages: deque[FetchedPage] = field(default_factory=deque)
    bytes_in_hand: int = 0
    alternates_fail: bool = False
    """Whether one got no answer: then no further one is asked for."""
    bodies: list[SealedBody] = field(default_factory=list)
    discovered: dict[str, int] = field(default_factory=dict)
    samples: list[LeftOutLink] = field(default_factory=list)
    sitemaps: dict[str, None] = field(default_factory=dict)
    sitemap_results: list[SitemapResult] = field(default_factory=list)
    host_waits: dict[str, int] = field(default_factory=dict)
    allowed_hosts: set[str] = field(default_factory=set)
    _alternates: dict[int, Alternate] = field(default_factory=dict)
    _declared: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self.waiting = deque(self.call.urls)
        first = self.call.urls[0].start if self.call.urls else self.call.sitemaps[0].url
        self.host = urls.authority(first)

    @property
    def has_room(self) -> bool:
        """Whether a URL waits, and the pages in hand leave room for its page.

        They stay in memory until the call's end; what it did not get to is in none of its lists.
        """
        return bool(self.waiting) and self.bytes_in_hand < _MOST_BYTES

    def pace_at(self, url: str) -> tuple[int, int]:
        """Requests at once, and milliseconds between starts, that the job's pace allows at a
        URL's host."""
        options = self.call.options
        if urls.authority(url) == self.host:
            return options.host_concurrency, self.delay_ms
        return options.other_concurrency, max(options.other_delay_ms, self.delay_ms)

    def headers_for(self, url: str) -> Mapping[str, str]:
        """Headers for one request: the user's, to the roots' own origins alone; the cache's."""
        if self.call.options.has_credentials:
            return self.grant.headers_for(url)
        return self.cache.conditional(url)

    def postpone(
        self, url: FrontierUrl, waiting_url: str, seconds: float, hops: Sequence[Hop] = ()
    ) -> None:
        """A host has no turn now: what is left of the batch, if it is the batch's host, waits.

        A URL that was led on by `hops` goes on at `waiting_url` when that host has a turn: asked
        from its beginning, it would cost its own host a request each time, and where every
        request has to wait for its turn it would never come further. Where the wait is longer
        than any crawl can be kept up by, the URL failed.
        """
        if seconds > MOST_WAIT_SECONDS:
            self.results.append(
                UrlResult(url.id, url.url, Outcome.FAILED, str(Reason.RATE_LIMITED))
            )
            return
        self.note_wait(waiting_url, seconds)
        if urls.authority(waiting_url) == urls.authority(url.start):
            self.waiting.clear()
        if waiting_url != url.start:
            trail = Trail(tuple((hop.url, hop.status) for hop in hops), waiting_url)
            # Its host is known to wait, and so it does there without a time of its own.
            self.retries.append(Retry(url.id, "postponed", 0, is_attempt=False, trail=trail))

    def note_wait(self, url: str, seconds: float) -> None:
        """Takes down that a URL's host has no turn for so long."""
        host, wait_ms = urls.authority(url), max(1, round(seconds * 1000))
        self.host_waits[host] = max(wait_ms, self.host_waits.get(host, 0))

    def take(self, url: FrontierUrl, fetched: Fetched, origin: Outcome) -> FetchedPage | None:
        """Takes an answer: to be read if it has a body, else settled by its head. Returns what is
        to be read.

        `origin` tells whether the site gave it (fetched) or the cache without a request (cached).
        """
        if fetched.network is Network.ALLOWED:
            self.allowed_hosts.add(urls.authority(fetched.url))
        if fetched.status == 304:
            return self._take_unchanged(url, fetched)
        reason, outcome = judge(fetched)
        if reason not in _NOT_READ and has_content(fetched):
            return self._hold(FetchedPage(url, fetched, origin))
        if origin is Outcome.FETCHED:
            self.cache.note(fetched)
        self._settle_answer(url, fetched, outcome, reason)
        return None

    def _take_unchanged(self, url: FrontierUrl, fetched: Fetched) -> FetchedPage | None:
        kept = self.cache.revalidated(fetched)
        if kept is not None:
            return self._hold(FetchedPage(url, kept, Outcome.CACHED))
        # What was kept went while the site was asked about it: asked again, it has nothing.
        self._settle_answer(url, fetched, Outcome.FAILED, str(Reason.BROKEN_RESPONSE))
        return None

    def _hold(self, page: FetchedPage) -> FetchedPage:
        fetched = page.fetched
        declared = declared_markdown(
            fetched.body, fetched.content_type, fetched.url, fetched.headers
        )
        held = replace(page, declared=declared)
        self._declared.update((declared,) if declared else ())
        self.bytes_in_hand += held.size
        if is_large(fetched.body):
            held = held.with_sealed(self.seal(fetched.body))
            self.large_pages.append(held)
        else:
            self.pages.append(held)
        return held

    def add_alternate(self, page: FetchedPage, alternate: Alternate) -> None:
        """Keeps the Markdown form of a page that is to be read."""
        self.bytes_in_hand += len(alternate.body.data)
        self._alternates[page.url.id] = alternate

    def with_alternate(self, page: FetchedPage) -> FetchedPage:
        """The page together with its Markdown form, if there is one, which is no other page's."""
        alternate = self._alternates.get(page.url.id)
        if alternate is None or self._declared[alternate.url] > 1:
            return page
        return replace(page, alternate=alternate)

    def take_page(self, page: FetchedPage, read: ReadPage) -> None:
        """Takes a page that was read; an error's page or a check for robots is no content."""
        reason, outcome = judge_head(page.fetched)
        if read.head.problem is not None:
            reason, outcome = str(read.head.problem), Outcome.FAILED
        if outcome is Outcome.FETCHED:
            self._add_page(page, read)
        else:
            if page.outcome is Outcome.FETCHED:
                self.cache.note(page.fetched)
            self._settle_answer(page.url, page.fetched, outcome, reason)

    def _settle_answer(
        self, url: FrontierUrl, fetched: Fetched, outcome: Outcome, reason: str | None
    ) -> None:
        result = no_page(url, fetched, outcome, reason)
        self.settle(url, result, asked_seconds=fetched.retry_after_seconds)

    def settle(
        self,
        url: FrontierUrl,
        result: UrlResult,
        *,
        is_passing: bool = True,
        asked_seconds: float | None = None,
    ) -> None:
        """Takes an outcome; a failure that may pass is tried again later, if not too often."""
        pause = None
        if is_passing and result.reason is not None:
            pause = retry_after(result.reason, url.attempts, asked_seconds, random.random())
        if pause is None:
            self.results.append(result)
        else:
            self.retries.append(Retry(url.id, result.reason or "", round(pause * 1000)))

    def _add_page(self, page: FetchedPage, read: ReadPage) -> None:
        if page.outcome is Outcome.FETCHED:
            self.cache.note(page.fetched, read.body)
        self.bodies.append(read.body)
        if page.alternate is not None:
            self.bodies.append(page.alternate.body)
        self.samples += read.samples
        positions = tuple(map(self._position, read.in_scope))
        self.results.append(page_result(page, read, positions))

    def _position(self, url: str) -> int:
        """Where a URL stands in the batch's list of discovered ones."""
        return self.discovered.setdefault(url, len(self.discovered))

    def answer(self) -> dict[str, Any]:
        """The call's answer as JSON."""
        batch = BatchResult(
            tuple(self.results),
            tuple(self.discovered),
            retries=tuple(self.retries),
            samples=tuple(self.samples[:_MOST_SAMPLES]),
            sitemaps=tuple(self.sitemaps),
            sitemap_results=tuple(self.sitemap_results),
        )
        return crawl_answer_json(
            batch,
            host_waits=self.host_waits,
            allowed_hosts=sorted(self.allowed_hosts),
            halt=self.halt,
        )
