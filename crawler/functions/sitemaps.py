"""Reads sitemaps within a crawl call: fetched in turn like pages, read in a thread."""

import random
from collections.abc import Callable

from gevent.threadpool import ThreadPool

from crawler.content.sitemap import Sitemap, read_sitemap
from crawler.domain.model import ScopeKind
from crawler.domain.politeness import NotNow
from crawler.domain.reasons import Reason, http_reason
from crawler.domain.retries import MOST_WAIT_SECONDS, retry_after
from crawler.domain.scope import scope_of
from crawler.domain.urls import origin, resolve
from crawler.fetching.fetcher import Fetched, Fetcher, FetchFailure, FetchLimits
from crawler.fetching.outcomes import Postponed, Turns
from crawler.fetching.robots import RobotsGate
from crawler.functions.turns import CallOver
from crawler.storage.results import SitemapResult, SitemapUrl

FETCH_SECONDS = 20.0
"""What one sitemap may take, its redirects included."""

MAX_BYTES = 10 * 2**20
"""Bytes of a sitemap as it is fetched; of a longer one the beginning is read."""

USUAL_PLACE = "/sitemap.xml"
"""Where a sitemap may be that robots.txt does not name."""

_MOST_NAMED = 1_000
"""Sitemaps of a robots.txt; more than a job reads, so that what is left out is counted."""


class SitemapReader:
    """Finds and reads sitemaps with what a worker has."""

    def __init__(
        self,
        fetcher: Fetcher,
        robots: RobotsGate,
        threads: ThreadPool,
        chance: Callable[[], float] = random.random,
    ) -> None:
        """Takes what fetches, robots.txt, threads for reading, and chance from 0 to 1."""
        self._fetcher = fetcher
        self._robots = robots
        self._threads = threads
        self._chance = chance

    def sitemaps_of(self, url: str, turns: Turns) -> tuple[str, ...]:
        """The sitemaps of a canonical URL's origin: those that robots.txt names, the usual place.

        Raises:
            NotNow: robots.txt has to be asked for, and it is not its turn.
        """
        site = origin(url)
        rules = self._robots.rules(url, turns)
        named = rules.sitemaps[:_MOST_NAMED] if rules else ()
        found = (resolve(each, f"{site}/robots.txt") for each in (*named, USUAL_PLACE))
        return tuple(dict.fromkeys(each for each in found if each))

    def read(
        self,
        sitemap: SitemapUrl,
        turns: Turns,
        *,
        ignore_robots: bool = False,
        deadline: float | None = None,
    ) -> SitemapResult:
        """What became of a sitemap, by the deadline of its call (on the fetcher's clock).

        Raises:
            NotNow: it is not its host's turn.
            CallOver: the call's time was over before the site's was.
        """
        if not (sitemap.is_named or ignore_robots):
            refused = self._ask_robots(sitemap, turns)
            if refused is not None:
                return refused
        return self._fetch(sitemap, turns, deadline)

    def _ask_robots(self, sitemap: SitemapUrl, turns: Turns) -> SitemapResult | None:
        """A sitemap that nobody named is fetched only where robots.txt lets it be."""
        rules = self._robots.rules(sitemap.url, turns)
        if rules and sitemap.url in (resolve(each, sitemap.url) for each in rules.sitemaps):
            return None
        verdict = self._robots.verdict(sitemap.url, turns)
        if verdict.allowed:
            return None
        return self._failed(sitemap, str(verdict.reason), is_passing=verdict.is_passing)

    def _fetch(self, sitemap: SitemapUrl, turns: Turns, deadline: float | None) -> SitemapResult:
        outcome = self._fetcher.fetch(
            sitemap.url,
            FetchLimits(
                max_bytes=MAX_BYTES,
                timeout_seconds=FETCH_SECONDS,
                keep_prefix=True,
                deadline=deadline,
            ),
            wants_body=_is_success,
            follow=_always,
            turns=turns,
        )
        match outcome:
            case Fetched():
                return self._read(sitemap, outcome)
            case FetchFailure():
                if outcome.cut_short:
                    raise CallOver
                return self._failed(sitemap, str(outcome.reason), is_passing=outcome.is_passing)
            case Postponed():
                return _put_back(sitemap, outcome)
            case _:  # never: every redirect is followed
                return SitemapResult(sitemap.id, str(Reason.BAD_REDIRECT))

    def _read(self, sitemap: SitemapUrl, fetched: Fetched) -> SitemapResult:
        if not _is_success(fetched.status, None):
            asked = fetched.retry_after_seconds
            return self._failed(sitemap, http_reason(fetched.status), asked_seconds=asked)
        found: Sitemap = self._threads.apply(read_sitemap, (fetched.body, fetched.url))
        if not (found.urls or found.sitemaps) and found.is_broken:
            return SitemapResult(sitemap.id, str(Reason.BROKEN_RESPONSE), is_broken=True)
        return SitemapResult(
            sitemap.id,
            urls=found.urls,
            sitemaps=_of_same_site(fetched.url, found.sitemaps),
            is_broken=found.is_broken or len(fetched.body) >= MAX_BYTES,
        )

    def _failed(
        self,
        sitemap: SitemapUrl,
        reason: str,
        *,
        is_passing: bool = True,
        asked_seconds: float | None = None,
    ) -> SitemapResult:
        """A failure that may pass is tried again later, if not too often."""
        pause = None
        if is_passing:
            pause = retry_after(reason, sitemap.attempts, asked_seconds, self._chance())
        after_ms = None if pause is None else round(pause * 1000)
        return SitemapResult(sitemap.id, reason, after_ms)


def _put_back(sitemap: SitemapUrl, postponed: Postponed) -> SitemapResult:
    """One that was led on is an index of where it was led to, which is read in its own turn: asked
    from its beginning, where every request has to wait it would never come further."""
    if not postponed.hops:
        raise NotNow(postponed.seconds, postponed.why)
    if postponed.seconds > MOST_WAIT_SECONDS:
        return SitemapResult(sitemap.id, str(Reason.RATE_LIMITED))
    return SitemapResult(sitemap.id, sitemaps=(postponed.url,))


def _of_same_site(index: str, sitemaps: tuple[str, ...]) -> tuple[str, ...]:
    """An index names sitemaps of its own site (sitemaps.org): it must not send us elsewhere."""
    scope = scope_of(ScopeKind.DOMAIN, [index])
    return tuple(each for each in sitemaps if scope.admits(each))


def _is_success(status: int, content_type: str | None) -> bool:
    return 200 <= status < 300


def _always(target: str) -> None:
    """Follows every redirect: the guard judges each."""
