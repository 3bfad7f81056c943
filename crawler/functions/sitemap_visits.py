"""Sitemaps within a crawl call: which ones a root's host has, and what those to be read hold."""

from collections.abc import Callable
from contextlib import suppress

from crawler.domain.politeness import NotNow
from crawler.domain.reasons import Reason
from crawler.domain.retries import MOST_WAIT_SECONDS
from crawler.domain.urls import origin
from crawler.fetching.outcomes import Turns
from crawler.functions.crawl_batch import CrawlBatch
from crawler.functions.crawl_tools import CrawlTools
from crawler.functions.sitemaps import USUAL_PLACE
from crawler.functions.turns import CallOver
from crawler.storage.results import SitemapResult, SitemapUrl


class SitemapVisits:
    """Does a call's work on sitemaps with what a worker has."""

    def __init__(self, tools: CrawlTools) -> None:
        self._tools = tools

    def find(self, batch: CrawlBatch, page_url: str, turns: Turns) -> None:
        """Notes the sitemaps of the host at which a root's page was found.

        Those that robots.txt names are known only where it is its turn to be asked for.
        """
        found: tuple[str, ...] = (origin(page_url) + USUAL_PLACE,)
        with suppress(NotNow, CallOver):
            found = self._tools.sitemaps.sitemaps_of(page_url, turns)
        batch.sitemaps.update(dict.fromkeys(found))

    def read(self, batch: CrawlBatch, may_start: Callable[[], bool], turns: Turns) -> None:
        """Reads the call's sitemaps one after the other, as long as the call may go on."""
        with suppress(CallOver):
            for sitemap in batch.call.sitemaps:
                if not may_start():
                    return
                try:
                    batch.sitemap_results.append(self._read(batch, sitemap, turns))
                except NotNow as wait:
                    if wait.seconds <= MOST_WAIT_SECONDS:
                        batch.note_wait(sitemap.url, wait.seconds)
                        return
                    result = SitemapResult(sitemap.id, str(Reason.RATE_LIMITED))
                    batch.sitemap_results.append(result)

    def _read(self, batch: CrawlBatch, sitemap: SitemapUrl, turns: Turns) -> SitemapResult:
        ignore_robots = batch.call.options.ignore_robots
        if not ignore_robots:
            self._tools.robots.rules(sitemap.url, turns)  # its Crawl-delay holds here, too
        return self._tools.sitemaps.read(
            sitemap,
            turns,
            ignore_robots=ignore_robots,
            deadline=batch.deadline,
        )
