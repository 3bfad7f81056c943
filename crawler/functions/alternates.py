"""Markdown forms that pages declare, within a crawl call: asked for once their pages are there.

One is asked for like any other URL: robots.txt first, in its turn at the host, through the guard,
out of the cache where that may be. But it is worth no waiting and no second try: a page whose form
can't be had is read as HTML, and its form is a link like any other.
"""

from collections.abc import Callable
from contextlib import suppress

from crawler.content.alternate import alternate_markdown
from crawler.content.mediatype import Kind, kind_of
from crawler.domain.politeness import NotNow
from crawler.domain.reasons import Reason
from crawler.domain.urls import origin
from crawler.fetching.fetcher import Fetched, FetchFailure, FetchLimits
from crawler.fetching.outcomes import Turns
from crawler.functions.crawl_batch import CrawlBatch
from crawler.functions.crawl_results import Alternate, FetchedPage
from crawler.functions.crawl_tools import CrawlTools
from crawler.functions.permission import Permission
from crawler.functions.room import LARGE_BYTES
from crawler.storage.bodies import seal

MOST_SECONDS = 5.0
"""What one may take. Of a call's pages that wait for one at the same time, all wait together."""

MOST_BYTES = LARGE_BYTES - 1
"""Larger ones would have to take turns, as large pages do; a text of that size is rare."""


class Alternates:
    """Asks for Markdown forms on behalf of calls."""

    def __init__(self, tools: CrawlTools, permission: Permission) -> None:
        self._tools = tools
        self._permission = permission

    def add(
        self,
        batch: CrawlBatch,
        page: FetchedPage,
        turns: Turns,
        may_start: Callable[[], bool],
    ) -> None:
        """Adds to the batch the form that a page declares, if it is to be had.

        Where one gets no answer, the call asks for no further one: they may all hang.

        Raises:
            CallOver: the call ended meanwhile.
        """
        url = page.declared
        if url is None or batch.alternates_fail or not may_start():
            return
        with suppress(NotNow):
            if self._may_ask(batch, page, url, turns):
                self._ask(batch, page, url, turns)

    def _may_ask(self, batch: CrawlBatch, page: FetchedPage, url: str, turns: Turns) -> bool:
        """Whether a page's form is of its site or of the job, nobody left it out, and robots.txt
        allows it.

        Raises:
            NotNow, CallOver: robots.txt can't be asked now.
        """
        against = batch.rules.admission.judge(url)
        is_near = origin(url) == origin(page.fetched.url) and against is Reason.SCOPE
        if against is not None and not is_near:
            return False
        return self._permission.refusal(batch, url, turns) is None

    def _ask(self, batch: CrawlBatch, page: FetchedPage, url: str, turns: Turns) -> None:
        def follow(target: str) -> Reason | None:
            return None if self._may_ask(batch, page, target, turns) else Reason.ROBOTS

        answer = batch.cache.young(url, follow)
        is_asked = answer is None
        if answer is None:
            limits = FetchLimits(
                max_bytes=MOST_BYTES, timeout_seconds=MOST_SECONDS, deadline=batch.deadline
            )
            found = self._tools.fetcher.fetch(
                url,
                limits,
                wants_body=_is_markdown,
                follow=follow,
                turns=turns,
                headers_for=batch.headers_for,
            )
            batch.alternates_fail = isinstance(found, FetchFailure) and found.status is None
            answer = found if isinstance(found, Fetched) else None
        if isinstance(answer, Fetched):
            self._take(batch, page, url, answer, is_asked=is_asked)

    def _take(
        self, batch: CrawlBatch, page: FetchedPage, url: str, answer: Fetched, *, is_asked: bool
    ) -> None:
        kept = batch.cache.revalidated(answer) if answer.status == 304 else answer
        if kept is None or not _is_markdown(kept.status, kept.content_type):
            return
        if not alternate_markdown(kept.body):
            return
        body = self._tools.room.work(seal, kept.body)
        if is_asked and answer.status != 304:
            batch.cache.note(kept, body)
        batch.add_alternate(page, Alternate(url, body))


def _is_markdown(status: int, content_type: str | None) -> bool:
    return 200 <= status < 300 and kind_of(content_type) is Kind.MARKDOWN
