"""A job accounted for: every URL without a page and every link left out, by reason."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from crawler.domain.lifecycle import TERMINAL
from crawler.domain.model import Job, PageRow
from crawler.domain.reasons import Reason, explain, is_reason
from crawler.storage.database import Database, Row, Statements
from crawler.storage.jobs import read_job
from crawler.storage.pages import PageFilter, page_rows
from crawler.storage.results import LeftOutLink

SAMPLES = 10
"""URLs that a report names for each reason."""

_MOST_BLOCKED = 1_000
_MOST_LISTED = 100
_ROWS_A_SLICE = 1_000


@dataclass(frozen=True, slots=True)
class UrlsByReason:
    """URLs of the job that gave no page for one reason, with some of them."""

    reason: str
    explanation: str
    count: int
    samples: list[PageRow]


@dataclass(frozen=True, slots=True)
class LinksByReason:
    """Links that leave the job for one reason, distinct per page, with some of them.

    Of `depth` it is URLs, each once: how many there are depends on the limit as it is now.
    """

    reason: str
    explanation: str
    count: int
    samples: list[LeftOutLink]


@dataclass(frozen=True, slots=True)
class PatternUse:
    """A pattern of possibly endless URLs: how many were taken, and how often one was left out."""

    pattern: str
    urls: int
    left_out: int


@dataclass(frozen=True, slots=True)
class SitemapUsed:
    """What became of a sitemap: `queued`, `claimed`, `read` or `failed`; `unread` where it will not
    be read as the job stands, for a reason, or because it ended before."""

    url: str
    state: str
    reason: str | None
    urls: int
    is_broken: bool


@dataclass(frozen=True, slots=True)
class Report:
    """What became of a job, from one read.

    `blocked` are URLs that robots.txt forbids (a thousand at most), each with the rule in
    `detail`; `beyond` is how many known URLs are deeper than the job goes. Of patterns and sitemaps
    a hundred are there at most, and how many there are; `sitemaps_left_out` were named beyond those
    that a job reads, counted wherever they were.
    """

    job: Job
    urls: list[UrlsByReason]
    links: list[LinksByReason]
    blocked: list[PageRow]
    patterns: list[PatternUse]
    pattern_count: int
    sitemaps: list[SitemapUsed]
    sitemap_count: int
    sitemaps_left_out: int
    beyond: int


class ReportStore:
    """Reads reports."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def report(self, job_id: str) -> Report:
        """The job's report as of one moment.

        Raises:
            UnknownJob: when there is no such job.
        """
        with self._database.snapshot() as statements:
            job = read_job(statements, job_id)
            patterns = statements.run("patterns_over_budget", job_id=job_id, limit=_MOST_LISTED)
            sitemaps = statements.run("sitemaps_used", job_id=job_id, limit=_MOST_LISTED)
            unread = statements.one("sitemaps_left_out", job_id=job_id) or {"sitemaps": 0}
            left = statements.one("links_left_out", job_id=job_id) or {"links_left_out": {}}
            beyond = (statements.one("count_beyond", job_id=job_id) or {"urls": 0})["urls"]
            return Report(
                job=job,
                urls=_urls(statements, job),
                links=_links(statements, job_id, _as_it_stands(left["links_left_out"], beyond)),
                blocked=_rows(statements, job_id, Reason.ROBOTS, _MOST_BLOCKED),
                patterns=[PatternUse(r["pattern"], r["urls"], r["left_out"]) for r in patterns],
                pattern_count=_count(patterns),
                sitemaps=[_sitemap(row, job) for row in sitemaps],
                sitemap_count=_count(sitemaps),
                sitemaps_left_out=unread["sitemaps"],
                beyond=beyond,
            )

    def urls(self, job_id: str) -> Iterator[PageRow]:
        """Every URL of the job in the order in which they were found, a slice at a time.

        Each slice is a read of its own, so that a slow reader holds no connection.

        Raises:
            UnknownJob: when there is no such job; after some URLs, when it was deleted meanwhile.
        """
        self._see_job(job_id)
        return self._slices(job_id)

    def _slices(self, job_id: str) -> Iterator[PageRow]:
        after = 0
        while rows := self._database.read(
            "rows", job_id=job_id, after=after, limit=_ROWS_A_SLICE, **PageFilter().as_parameters()
        ):
            yield from page_rows(rows)
            after = rows[-1]["id"]
        self._see_job(job_id)

    def _see_job(self, job_id: str) -> None:
        with self._database.transaction() as statements:
            read_job(statements, job_id)


def _urls(statements: Statements, job: Job) -> list[UrlsByReason]:
    return [
        UrlsByReason(reason, explain(reason), count, _rows(statements, job.id, reason, SAMPLES))
        for reason, count in _most_first(job.totals.reasons)
    ]


def _as_it_stands(counts: Mapping[str, int], beyond: int) -> dict[str, int]:
    """Links that were left out, without those that a raised depth has let in since."""
    return {**counts, str(Reason.DEPTH): beyond}


def _links(statements: Statements, job_id: str, counts: Mapping[str, int]) -> list[LinksByReason]:
    samples: dict[str, list[LeftOutLink]] = {}
    for row in (
        *statements.run("samples", job_id=job_id, limit=SAMPLES),
        *statements.run("beyond_samples", job_id=job_id, limit=SAMPLES),
    ):
        samples.setdefault(row["reason"], []).append(_left_out(row))
    return [
        LinksByReason(reason, explain(reason), count, samples.get(reason, []))
        for reason, count in _most_first(counts)
        if count
    ]


def _most_first(counts: Mapping[str, int]) -> list[tuple[str, int]]:
    return sorted(counts.items(), key=lambda each: (-each[1], each[0]))


def _left_out(row: Row) -> LeftOutLink:
    return LeftOutLink(row["reason"], row["url"], row["found_on"])


def _rows(statements: Statements, job_id: str, reason: str, limit: int) -> list[PageRow]:
    rows = statements.run("rows_by_reason", job_id=job_id, reason=reason, limit=limit)
    return page_rows(rows)


def _count(rows: list[Row]) -> int:
    """How many there are of what a statement lists some of."""
    return rows[0]["total"] if rows else 0


def _sitemap(row: Row, job: Job) -> SitemapUsed:
    state, reason = row["state"], row["reason"]
    # One that waits for another host has a word there that is none.
    reason = reason if reason and is_reason(reason) else None
    if state in ("queued", "claimed"):
        limit = _limit_before_sitemaps(job)
        if limit is not None or job.status in TERMINAL:
            state, reason = "unread", str(limit) if limit else reason
    return SitemapUsed(row["url"], state, reason, row["listed"], row["is_broken"])


def _limit_before_sitemaps(job: Job) -> Reason | None:
    """The limit of a job that leaves no room for what sitemaps list; None: there is room."""
    if not job.options.depth_allows(1):
        return Reason.DEPTH
    if job.options.pages_left(job.totals.completed) == 0:
        return Reason.PAGE_LIMIT
    return None
