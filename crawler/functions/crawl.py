"""Function 2: crawl a batch. Fetch each URL, extract its links, keep its body, say its outcome.

Nothing is kept in the process that a call depends on, so any worker of any machine can answer.
The call asks the job's epoch and status when it starts and once a second: an old call starts no
further fetch. It answers within its budget; what it did not get to is in none of its lists.

    next URL ── robots.txt? ── cache? ── turn at the host? ── fetch ── redirect? ─┐
       ▲                                     └ not now: the rest waits            │
       └───────────── page | failure | retry | skipped ◄──────────────────────────┘
    (a page that declares a Markdown form of itself: that is asked for, too)
    then pages are read in a thread, bodies kept, the cache saved
"""

from collections.abc import Callable
from contextlib import suppress
from typing import Any

import gevent
from gevent.pool import Group

from crawler.domain.admission import admission_of
from crawler.domain.model import FrontierUrl, Outcome
from crawler.domain.politeness import NotNow
from crawler.domain.reasons import Reason
from crawler.fetching.fetcher import End, Fetched, FetchFailure, FetchLimits, Redirected
from crawler.fetching.outcomes import Follow, Hop, Postponed, Turns
from crawler.functions.alternates import Alternates
from crawler.functions.crawl_batch import CrawlBatch
from crawler.functions.crawl_results import (
    FetchedPage,
    LinkRules,
    failed,
    left_by_redirect,
    read_pages,
    refused,
    wants_body,
)
from crawler.functions.crawl_tools import CrawlTools
from crawler.functions.permission import Permission, Refusal
from crawler.functions.sitemap_visits import SitemapVisits
from crawler.functions.turns import CallOver, CheckedTurns
from crawler.functions.wire import CrawlCall
from crawler.storage.bodies import seal
from crawler.storage.sealing import Unsealable

FETCH_SECONDS = 20.0
"""What one URL may take, its redirects included."""

_UNSEALABLE = (
    "The headers and cookies that this crawl was given can't be read any more, since CLEW_SECRET"
    " has changed: start it anew with them."
)

_CHECK_SECONDS = 1.0

_GRACE_SECONDS = 1.0
"""After its time a call may take so much longer to come to an end by itself."""

_TURN_SECONDS = 2.0
"""After its time a large page may wait so much longer for its turn to be read."""


class CrawlFunction:
    """Answers crawl calls."""

    def __init__(
        self,
        tools: CrawlTools,
        monotonic: Callable[[], float],
        is_stopping: Callable[[], bool],
    ) -> None:
        self._tools = tools
        self._permission = Permission(tools.robots, monotonic)
        self._sitemaps = SitemapVisits(tools)
        self._alternates = Alternates(tools, self._permission)
        self._monotonic = monotonic
        self._is_stopping = is_stopping

    def __call__(self, call: CrawlCall) -> dict[str, Any]:
        """Crawls the batch and returns the answer's JSON."""
        batch = self._open(call)
        if self._may_start(batch) and self._take_grant(batch):
            self._run(batch)
        self._read_pages(batch)
        self._keep_bodies(batch)
        batch.cache.save()
        return batch.answer()

    def _open(self, call: CrawlCall) -> CrawlBatch:
        options = call.options
        admission = admission_of(
            options.scope,
            options.scope_bases,
            options.include,
            options.exclude,
            self._tools.denied_hosts,
        )
        return CrawlBatch(
            call,
            LinkRules(admission, options.follows_links, not options.ignore_robots),
            self._tools.cache.open(
                [url.start for url in call.urls],
                options.max_age_seconds,
                private=options.has_credentials,
            ),
            deadline=self._monotonic() + options.budget_seconds,
            delay_ms=options.delay_ms,
            concurrency=options.concurrency,
            seal=lambda body: self._tools.room.work(seal, body),
        )

    def _take_grant(self, batch: CrawlBatch) -> bool:
        """Opens the user's headers and cookies; returns whether the call may go on."""
        try:
            if batch.call.options.has_credentials:
                batch.grant = self._tools.grants.read(batch.call.job_id)
        except Unsealable:
            batch.halt = _UNSEALABLE
        return batch.halt is None

    def _run(self, batch: CrawlBatch) -> None:
        """Fetches within the call's share; an error ends all, since nobody hears of them."""
        call = batch.call
        lane = self._tools.pacing.lane(
            call.job_id, batch.pace_at, ignores_site=call.options.ignore_robots
        )
        turns = CheckedTurns(lane, lambda: self._may_start(batch))
        group = Group()
        try:
            gevent.joinall(
                [group.spawn(self._work, batch, number, turns) for number in range(_lanes(batch))],
                timeout=max(0.0, batch.deadline + _GRACE_SECONDS - self._monotonic()),
                raise_error=True,
            )
        finally:
            batch.current = False
            group.kill()
            lane.close()

    def _work(self, batch: CrawlBatch, number: int, turns: CheckedTurns) -> None:
        if batch.call.sitemaps:
            self._sitemaps.read(batch, lambda: self._may_start(batch), turns)
        else:
            self._crawl(batch, number, turns)

    def _crawl(self, batch: CrawlBatch, number: int, turns: CheckedTurns) -> None:
        """URL after URL, until none waits or the job's pace has no room for this greenlet."""
        with suppress(CallOver):
            while (url := self._next(batch, number)) is not None:
                try:
                    self._crawl_one(batch, url, turns)
                except NotNow as wait:
                    batch.postpone(url, url.start, wait.seconds)

    def _next(self, batch: CrawlBatch, number: int) -> FrontierUrl | None:
        """The next URL for a greenlet; None where it has none, or may not start.

        Whether it may is asked first: the database is, and others take URLs meanwhile.
        """
        if not batch.has_room or not self._may_start(batch):
            return None
        if not batch.has_room or number >= batch.concurrency:
            return None
        return batch.waiting.popleft()

    def _crawl_one(self, batch: CrawlBatch, url: FrontierUrl, turns: CheckedTurns) -> None:
        # Of one whose redirects were followed already the next URL is judged, as its fetch begins.
        refusal = None if url.trail else self._permission.refusal(batch, url.url, turns)
        if refusal is not None:
            result = refused(url, refusal.verdict.reason or Reason.ROBOTS, refusal.detail)
            self._permission.settle(batch, url, result, refusal)
            return
        refusals: list[Refusal] = []

        def follow(target: str) -> Reason | None:
            return self._judge_redirect(batch, url, target, turns, refusals)

        young = None if url.trail else batch.cache.young(url.url, follow)
        outcome = young or self._fetch(batch, url, turns, follow)
        origin = Outcome.CACHED if young else Outcome.FETCHED
        self._take(batch, url, outcome, origin, refusals, turns)

    def _may_start(self, batch: CrawlBatch) -> bool:
        """Whether another fetch may start: there is time, and neither call nor worker is ending."""
        now = self._monotonic()
        if batch.current and now - batch.checked >= _CHECK_SECONDS:
            batch.checked = now
            self._follow_job(batch)
        return batch.current and now < batch.deadline and not self._is_stopping()

    def _follow_job(self, batch: CrawlBatch) -> None:
        """Asks whether the job still wants this call, and at which pace."""
        standing = self._tools.reader.standing(batch.call.job_id, batch.call.epoch)
        batch.current = standing.current
        options = batch.call.options
        # Where the user leaves it open again, the call goes on as it was sent.
        batch.delay_ms = options.delay_ms if standing.delay_ms is None else standing.delay_ms
        batch.concurrency = min(options.concurrency, standing.concurrency or options.concurrency)

    def _fetch(
        self, batch: CrawlBatch, url: FrontierUrl, turns: Turns, follow: Follow
    ) -> End:
        limits = FetchLimits(timeout_seconds=FETCH_SECONDS, deadline=batch.deadline)
        hops = url.trail.hops if url.trail else ()
        outcome = self._tools.fetcher.fetch(
            url.start,
            limits,
            wants_body=wants_body,
            follow=follow,
            turns=turns,
            headers_for=batch.headers_for,
            hops=[Hop(*hop) for hop in hops],
        )
        if isinstance(outcome, FetchFailure) and outcome.cut_short:
            raise CallOver
        return outcome

    def _take(
        self,
        batch: CrawlBatch,
        url: FrontierUrl,
        outcome: End,
        origin: Outcome,
        refusals: list[Refusal],
        turns: CheckedTurns,
    ) -> None:
        match outcome:
            case Fetched():
                page = batch.take(url, outcome, origin)
                if page is not None and page.declared is not None:
                    self._alternates.add(batch, page, turns, lambda: self._may_start(batch))
                if url.depth == 0 and batch.call.options.wants_sitemaps and outcome.status < 400:
                    self._sitemaps.find(batch, outcome.url, turns)
            case Redirected():
                batch.cache.note(outcome)
                self._take_redirect(batch, url, outcome, refusals)
            case Postponed():
                batch.postpone(url, outcome.url, outcome.seconds, outcome.hops)
            case FetchFailure():
                is_passing = outcome.is_passing
                if is_passing and outcome.status is None:
                    silent = outcome.reason is Reason.TIMEOUT
                    is_passing = not turns.unreachable(outcome.url, silent=silent)
                batch.settle(url, failed(url, outcome), is_passing=is_passing)

    def _take_redirect(
        self,
        batch: CrawlBatch,
        url: FrontierUrl,
        redirected: Redirected,
        refusals: list[Refusal],
    ) -> None:
        if refusals:
            result = left_by_redirect(url, redirected, refusals[-1].detail)
            self._permission.settle(batch, url, result, refusals[-1])
        else:
            batch.results.append(left_by_redirect(url, redirected))

    def _judge_redirect(
        self,
        batch: CrawlBatch,
        url: FrontierUrl,
        target: str,
        turns: Turns,
        refusals: list[Refusal],
    ) -> Reason | None:
        """What speaks against following a redirect. Only a root may leave the scope by one; a
        page that the job has is not fetched again; robots.txt is asked at each host."""
        left = batch.rules.admission.judge(target)
        if left is not None and (url.depth > 0 or left is Reason.DENIED_HOST):
            return left
        if self._tools.reader.is_settled(batch.call.job_id, url.id, target):
            return Reason.DUPLICATE
        refusal = self._permission.refusal(batch, target, turns)
        if refusal is None:
            return None
        refusals.append(refusal)
        return refusal.verdict.reason or Reason.ROBOTS

    def _read_pages(self, batch: CrawlBatch) -> None:
        """Reads small pages in one visit to a thread, which costs as much as such a page does;
        large ones one by one, when no other is in work."""
        room, pages = self._tools.room, [batch.with_alternate(page) for page in batch.pages]
        read = room.work(read_pages, pages, batch.rules) if pages else []
        for page, made in zip(pages, read, strict=True):
            batch.take_page(page, made)
        while batch.large_pages:
            self._read_large(batch, batch.with_alternate(batch.large_pages.popleft()))

    def _read_large(self, batch: CrawlBatch, page: FetchedPage) -> None:
        """A page whose turn does not come in time is one that the call did not get to."""
        room = self._tools.room
        with room.turn(batch.deadline + _TURN_SECONDS - self._monotonic()) as has_turn:
            if has_turn:
                (made,) = room.work(read_pages, [page], batch.rules)
                batch.take_page(page, made)
                self._keep_bodies(batch)  # a statement takes several times the size of its bodies

    def _keep_bodies(self, batch: CrawlBatch) -> None:
        self._tools.bodies.put(batch.bodies)
        batch.bodies.clear()


def _lanes(batch: CrawlBatch) -> int:
    return 1 if batch.call.sitemaps else min(batch.concurrency, len(batch.call.urls))
