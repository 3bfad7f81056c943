"""Stores on a real database, and crawls without a fetch: what a made site would have answered."""

import hashlib
import threading
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from typing import Any

from crawler.domain.events import LoggedEvent
from crawler.domain.lifecycle import JobStatus
from crawler.domain.model import FrontierUrl, Job, JobOptions, Outcome, PageRow, Totals
from crawler.domain.options import JobRequest
from crawler.domain.reasons import Reason
from crawler.domain.scope import scope_of
from crawler.storage.bodies import BodyStore
from crawler.storage.calls import CallReader
from crawler.storage.changes import Changes
from crawler.storage.database import Database
from crawler.storage.discovery import KnownUrls
from crawler.storage.exporting import ExportStore, WholePage
from crawler.storage.frontier import Claim, FrontierStore
from crawler.storage.furniture import FurnitureStore
from crawler.storage.jobs import JobStore
from crawler.storage.keys import link_keys
from crawler.storage.leases import Lease, LeaseStore
from crawler.storage.packing import pack, pack_links
from crawler.storage.pages import PageFilter, PageStore
from crawler.storage.reports import ReportStore
from crawler.storage.results import BatchResult, PageToProcess, ProcessedPage, Retry, UrlResult

ROOT = "http://site/"


class Storage:
    """All stores over one database; `told` is what was announced, by job."""

    def __init__(self, url: str, connections: int = 4) -> None:
        self.database = Database(url, connections)
        self.told: dict[str, list[LoggedEvent]] = defaultdict(list)
        self.changes = Changes(self.database, self._hear)
        self.jobs = JobStore(self.database, self.changes)
        self.frontier = FrontierStore(self.changes)
        self.leases = LeaseStore(self.database, self.changes, "here", 1)
        self.elsewhere = LeaseStore(self.database, self.changes, "there", 2)
        self.pages = PageStore(self.database, self.changes)
        self.furniture = FurnitureStore(self.database, self.changes)
        self.bodies = BodyStore(self.database)
        self.reader = CallReader(self.database)
        self.reports = ReportStore(self.database)
        self.exports = ExportStore(self.database)

    def _hear(self, job_id: str, events: list[LoggedEvent]) -> None:
        self.told[job_id] += events

    def sql(self, text: str, **parameters: object) -> list[dict[str, Any]]:
        """Runs a statement of the test's own."""
        with self.database._connection() as connection, connection, connection.cursor() as cursor:
            cursor.execute(text, parameters)
            return cursor.fetchall() if cursor.description else []

    def create(self, *urls: str, **options: Any) -> str:
        """A new job's id."""
        request = JobRequest(urls or (ROOT,), JobOptions(**options))
        return self.jobs.create(request)[0].id

    def begin(self, *urls: str, **options: Any) -> Lease:
        """A new job under a lease."""
        return self.take(self.create(*urls, **options))

    def take(self, job_id: str) -> Lease:
        """The lease of a job that is free."""
        lease = self.leases.take(job_id)
        assert lease is not None
        return lease

    def begin_with(self, *urls: str, depth: int = 1, **options: Any) -> Lease:
        """A job whose root is done and whose given URLs wait at a depth, in this order."""
        lease = self.begin(**options)
        crawl_root(self, lease)
        self.sql("UPDATE frontier SET depth = %(depth)s - 1 WHERE job_id = %(id)s",
                 depth=depth, id=lease.job_id)
        self.sql("UPDATE pages SET stale = true, links = %(links)s WHERE job_id = %(id)s",
                 links=pack_links([(url, "", "") for url in urls]), id=lease.job_id)
        while self.frontier.expand(lease, KnownUrls()):
            pass
        return lease

    def change_limits(self, job_id: str, **limits: Any) -> None:
        """Changes some of the job's options."""
        self.jobs.change_options(job_id, lambda options: replace(options, **limits))

    def resume(self, lease: Lease, **limits: Any) -> Lease:
        """Goes on with an ended job under other limits; its new lease."""
        self.change_limits(lease.job_id, **limits)
        self.jobs.resume(lease.job_id)
        self.leases.release(lease, handed_over=False)
        return self.take(lease.job_id)

    def job(self, job_id: str) -> Job:
        """The job as it stands."""
        return self.jobs.get(job_id)

    def totals(self, job_id: str) -> Totals:
        """The job's totals."""
        return self.job(job_id).totals

    def rows(self, job_id: str) -> dict[str, PageRow]:
        """What the API lists, by URL."""
        return {row.url: row for row in self.pages.rows(job_id, PageFilter(), 0, 10_000)}

    def states(self, job_id: str) -> dict[str, str]:
        """The state of every URL that the job knows."""
        rows = self.sql("SELECT url, state FROM frontier WHERE job_id = %(id)s", id=job_id)
        return {row["url"]: row["state"] for row in rows}

    def make_due(self, job_id: str) -> None:
        """Ends the wait of everything that waits to be tried again."""
        self.sql(
            "UPDATE frontier SET not_before = clock_timestamp() - interval '1 ms'"
            " WHERE job_id = %(id)s AND not_before IS NOT NULL",
            id=job_id,
        )

    def events(self, job_id: str, after: int = 0) -> list[LoggedEvent]:
        """Every stored event after an id, held to what must be true of all logs."""
        events = self.jobs.events(job_id, 0, 10_000)
        job = self.job(job_id)
        assert [event.id for event in events] == list(range(1, job.last_event_id + 1))
        assert events == sorted(self.told[job_id], key=lambda event: event.id)
        for event in events:
            assert totals_in(event).adds_up, event.text
        return events[after:]

    def names(self, job_id: str, after: int = 0) -> list[str]:
        """Names of the events after an id."""
        return [event.name for event in self.events(job_id, after)]

    def documents(self, job_id: str) -> list[WholePage]:
        """The job's pages with their Markdown, as they are taken away."""
        ids: list[int] = []
        survey = self.exports.survey(job_id, lambda page: ids.append(page.id))
        return self.exports.pages(job_id, ids, survey.furniture)

    def expire(self, job_id: str) -> None:
        """Makes the job's lease run out now."""
        self.sql(
            "UPDATE leases SET expires_at = clock_timestamp() - interval '1 ms'"
            " WHERE job_id = %(id)s",
            id=job_id,
        )

    def process(self, lease: Lease, pages: Iterable[PageToProcess] | None = None) -> None:
        """Has pages (all that wait, by default) processed."""
        listed = self.pages.unprocessed(lease.job_id, 0, 10_000) if pages is None else pages
        self.pages.store_processed(lease.job_id, [document(page.id) for page in listed], [])

    def finish(self, lease: Lease) -> JobStatus | None:
        """Processes what waits and ends the job if it can end."""
        self.process(lease)
        return self.frontier.finish(lease)


def totals_in(event: LoggedEvent) -> Totals:
    """The totals that an event carries."""
    (*counts, reasons) = event.data["totals"].values()
    return Totals(*counts, reasons=reasons)


def document(page_id: int, markdown: str = "# Text") -> ProcessedPage:
    """What a processor would have made of a page."""
    return ProcessedPage(page_id, "Title", "", "en", pack(markdown.encode()), len(markdown))


def hash_of(url: str) -> bytes:
    """A content hash, another for each URL."""
    return hashlib.sha256(url.encode()).digest()


@dataclass
class MadeSite:
    """Pages that link to one another, URLs that redirect, and some that are gone (http-404).

    Whatever else is asked for is a page without links. Contents and titles are by default each
    page's own.
    `is_settled` is what a crawl call asks before it follows a redirect.
    """

    links: Mapping[str, Sequence[str]] = field(default_factory=dict)
    redirects: Mapping[str, str] = field(default_factory=dict)
    gone: frozenset[str] = frozenset()
    contents: Mapping[str, str] = field(default_factory=dict)
    titles: Mapping[str, str] = field(default_factory=dict)
    canonicals: Mapping[str, str] = field(default_factory=dict)
    is_settled: Callable[[int, str], bool] = lambda url_id, target: False

    def answer(self, claim: Claim, reached: Iterable[FrontierUrl] | None = None) -> BatchResult:
        """What the crawl function would say to a claimed batch."""
        scope = scope_of(claim.options.scope, claim.scope_bases)
        discovered: dict[str, int] = {}
        wanted = claim.urls if reached is None else tuple(reached)
        results = []
        for url in wanted:
            final, why_left = self._end(url)
            if why_left is not None:
                results.append(_left(url, final, why_left))
                continue
            links = dict.fromkeys(self.links.get(final, ()))
            inside = [link for link in links if scope.admits(link)] if url.depth else []
            for link in inside:
                discovered.setdefault(link, len(discovered))
            results.append(
                UrlResult(
                    url.id,
                    url.url,
                    Outcome.FETCHED,
                    final_url=final,
                    http_status=200,
                    title=self.titles.get(final, final),
                    ms=1,
                    size=100,
                    content_type="text/html",
                    content_hash=hash_of(self.contents.get(final, final)),
                    canonical=self.canonicals.get(final),
                    links=pack_links([(link, _text(link), "") for link in links]),
                    link_keys=link_keys(links),
                    discovered=tuple(discovered[link] for link in inside),
                    left_out={"scope": len(links) - len(inside)} if url.depth else {},
                )
            )
        left = {url.id for url in claim.urls} - {url.id for url in wanted}
        return BatchResult(tuple(results), tuple(discovered), tuple(sorted(left)))

    def _end(self, url: FrontierUrl) -> tuple[str, Reason | str | None]:
        """Where the redirects lead; or the hop at which the fetch ends, and why."""
        here = url.url
        seen = {here}
        while here in self.redirects:
            here = self.redirects[here]
            if here in seen:
                return here, Reason.REDIRECT_LOOP
            if self.is_settled(url.id, here):
                return here, Reason.DUPLICATE
            seen.add(here)
        return here, "http-404" if here in self.gone else None


def _text(link: str) -> str:
    return f"to {link.removeprefix(ROOT)}"


def _left(url: FrontierUrl, end: str, why: str) -> UrlResult:
    outcome = Outcome.SKIPPED if why == Reason.DUPLICATE else Outcome.FAILED
    return UrlResult(url.id, url.url, outcome, str(why), final_url=end)


def failed(claim: Claim, reason: str = "http-404") -> BatchResult:
    """An answer in which every URL failed."""
    return BatchResult(
        tuple(UrlResult(url.id, url.url, Outcome.FAILED, reason) for url in claim.urls), ()
    )


def in_passing(claim: Claim, reason: str = "timeout", after_ms: int = 60_000) -> BatchResult:
    """An answer in which every URL failed in passing."""
    return BatchResult((), (), retries=tuple(Retry(url.id, reason, after_ms) for url in claim.urls))


def crawl_root(storage: Storage, lease: Lease, *links: str) -> None:
    """Crawls the first root, which has these links, and queues them."""
    claim = storage.frontier.claim(lease, 10)
    site = MadeSite({url.url: links for url in claim.urls})
    known = KnownUrls()
    storage.frontier.apply(lease, site.answer(claim), known)
    while storage.frontier.expand(lease, known):
        pass


def crawl_all(storage: Storage, lease: Lease, site: MadeSite) -> JobStatus | None:
    """Crawls in strict order until nothing waits, as far as the limits go; the job's end."""
    known = KnownUrls()
    while storage.frontier.adjust(lease):
        pass
    while True:
        while storage.frontier.expand(lease, known):
            pass
        claim = storage.frontier.claim(lease, 10)
        if claim.must_adjust:
            while storage.frontier.adjust(lease):
                pass
            continue
        if not claim.urls:
            break
        storage.frontier.apply(lease, site.answer(claim), known)
    while claim.over_limit and storage.frontier.skip_over_limit(lease):
        pass
    return storage.finish(lease)


def at_once(*works: Callable[[], object]) -> list[Any]:
    """Runs works in threads that start together; what each returned or raised."""
    ready = threading.Barrier(len(works))

    def run(work: Callable[[], object]) -> object:
        ready.wait()
        try:
            return work()
        except Exception as error:
            return error

    with ThreadPoolExecutor(len(works)) as pool:
        return list(pool.map(run, works))
