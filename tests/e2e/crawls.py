"""Crawls by the API, and what each of them has to show at its end, whatever was done to it."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

from bench.drills.crawling import check_events, check_ids
from tests.api import Api, Json, Rows
from tests.e2e.linked_site import NO_PAGES
from tests.site import Graph, Site
from tests.site.graph import depths

ENVIRONMENT = {"CLEW_ALLOW_PRIVATE": "127.0.0.0/8,::1/128", "WEB_CONCURRENCY": "2"}
UNLIMITED: dict[str, Any] = {"maxDepth": None, "maxPages": None, "timeLimitSeconds": None}
TROUBLES = ("batch_error", "orchestrator_replaced")
LATE_SECONDS = 0.5
TERMINAL_EVENTS = ("job_completed", "job_timeout", "job_failed", "job_cancelled")


@dataclass(frozen=True)
class Crawled:
    """An ended job: as the API shows it, its events, and a row for each of its URLs."""

    job: Json
    events: Rows
    rows: Rows

    @property
    def pages(self) -> dict[str, int]:
        """Depth by URL of what was fetched."""
        return {row["url"]: row["depth"] for row in self.rows if row["outcome"] == "fetched"}

    def outcome(self, url: str) -> tuple[str | None, str | None]:
        """A URL's outcome and reason."""
        row = next(row for row in self.rows if row["url"] == url)
        return row["outcome"], row["reason"]

    def named(self, event: str) -> Rows:
        """Data of all events of that name."""
        return [each["data"] for each in self.events if each["event"] == event]

    def left_out(self) -> Counter[str]:
        """How many links and URLs were told to be skipped, by reason."""
        total: Counter[str] = Counter()
        for data in self.named("urls_skipped"):
            total.update(data["reasons"])
        return total


def crawl(api: Api, url: str | None = None, status: str = "completed", **options: Any) -> Crawled:
    """Makes a job, watches it no further, and returns what it came to, checked by `ended`."""
    return ended(api, api.create(url, **options)["id"], status)


def ended(api: Api, job_id: str, status: str = "completed") -> Crawled:
    """The job once it has ended: ids 1…N, totals that add up, each page in one batch and row."""
    job = api.wait(job_id, status)
    crawled = Crawled(job, api.events(job_id), api.pages(job_id))
    check_ids([event["id"] for event in crawled.events], job["lastEventId"])
    check_events([event["data"] for event in crawled.events], job_id)
    assert crawled.events[-1]["event"] in TERMINAL_EVENTS
    assert crawled.events[-1]["data"]["totals"] == job["totals"]
    _check_totals(crawled)
    return crawled


def _check_totals(crawled: Crawled) -> None:
    totals, rows = crawled.job["totals"], crawled.rows
    outcomes = Counter(row["outcome"] for row in rows)
    assert len({row["url"] for row in rows}) == len(rows)
    assert totals["discovered"] == len(rows)
    assert totals["completed"] == outcomes["fetched"] + outcomes["cached"]
    assert (totals["failed"], totals["skipped"]) == (outcomes["failed"], outcomes["skipped"])
    assert totals["queued"] + totals["processing"] == outcomes[None]
    if crawled.job["status"] == "completed":
        assert totals["processed"] + totals["processFailed"] == totals["completed"]


def check_graph(crawled: Crawled, site: Site, graph: Graph, depth: int | None = None) -> None:
    """The pages are those of a breadth-first walk, each at its smallest number of clicks."""
    expected = {site.url(graph.path(n)): clicks for n, clicks in depths(graph, depth).items()}
    assert crawled.pages == expected


def repeats(site: Site) -> dict[str, int]:
    """Paths that the site was asked for more than once, robots.txt and sitemaps left out."""
    counts = Counter(path for path in site.paths() if path not in NO_PAGES)
    return {path: count for path, count in counts.items() if count > 1}


def check_apart(times: Sequence[float], seconds: float) -> None:
    """Requests (Unix seconds, in order) start so far apart.

    A busy machine may bring one late, and so close to the next; never a stretch of them.
    """
    for (first, earlier), (last, later) in combinations(enumerate(times), 2):
        assert later - earlier >= (last - first) * seconds - LATE_SECONDS, (first, last)


def check_once(crawled: Crawled, site: Site) -> None:
    """No page was asked for more than once; where one was, the job's troubles say why."""
    troubles = [each for each in crawled.events if each["event"] in TROUBLES]
    assert repeats(site) == {}, troubles
