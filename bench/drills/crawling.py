"""A crawl of a slow site, to do things to; and what must hold at its end, whatever was done.

The site is real documentation behind nginx, which lets through so many requests a second that
the crawl takes as long as a drill needs.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from bench.contenders import ALLOW_LOOPBACK, NO_LIMITS, is_fetched
from bench.drills.verdict import expect
from bench.sites import SITES, START_PAGE
from tests.api import Api
from tests.nginx import NginxSite, Request
from tests.server import RunningServer, wait_until
from tests.sse import SseViewer
from tests.walk import explore

PYTHON_DOC = SITES["python3-doc"].folder
END_SECONDS = 240
PARTS_OF_DISCOVERED = ("queued", "processing", "completed", "failed", "skipped")
ROBOTS = "/robots.txt"


@dataclass
class Crawl:
    """A crawl under way, its site, its server and those who watch it."""

    folder: Path
    site: NginxSite
    server: RunningServer
    api: Api
    job_id: str
    viewers: list[SseViewer]

    @property
    def viewer(self) -> SseViewer:
        """The first viewer, whose record is the one that is checked in full."""
        return self.viewers[0]

    def pages_done(self) -> int:
        """How many pages were completed by the newest event that the first viewer has."""
        for received in reversed(self.viewer.received):
            if "totals" in received.message.data:
                return int(received.message.data["totals"]["completed"])
        return 0

    def wait_for_pages(self, count: int, timeout_seconds: float = 120) -> None:
        """Returns once that many pages are done."""
        wait_until(lambda: self.pages_done() >= count, f"{count} pages", timeout_seconds)

    def owner(self) -> dict[str, Any]:
        """`{host, pid, epoch}` of the worker that orchestrates, waited for while there is none."""
        found: list[dict[str, Any]] = []

        def has_owner() -> bool:
            owner = self.api.show(self.job_id)["owner"]
            found.extend([owner] if owner else [])
            return bool(owner)

        wait_until(has_owner, "somebody orchestrates")
        return found[-1]

    def wait_for_end(self) -> dict[str, Any]:
        """The job, completed and seen to its end by each viewer."""
        job = self.api.wait(self.job_id, "completed", END_SECONDS)
        for viewer in self.viewers:
            viewer.wait(30)
        return job


@contextmanager
def slow_crawl(requests_per_second: int, viewers: int = 1, **options: Any) -> Iterator[Crawl]:
    """python3-doc, crawled whole at about that many pages a second, with so many viewers."""
    with ExitStack() as stack:
        site = stack.enter_context(NginxSite(PYTHON_DOC, requests_per_second))
        server = stack.enter_context(RunningServer(env=ALLOW_LOOPBACK))
        api = Api(server.url)
        job = api.create(site.url + START_PAGE, **NO_LIMITS, **options)
        watching = [stack.enter_context(api.watch(job["id"])) for _ in range(viewers)]
        yield Crawl(PYTHON_DOC, site, server, api, job["id"], watching)


@cache
def expected_paths(folder: Path) -> frozenset[str]:
    """Paths of all pages of a site, HTML or text, by an independent walk."""
    with NginxSite(folder) as site:
        visits = explore(site.url + START_PAGE)
        return frozenset(url.removeprefix(site.url) for url, v in visits.items() if v.is_page)


def check_everything(crawl: Crawl, job: dict[str, Any], most_repeats: int = 0) -> str:
    """What holds for every crawl; returns the figures in words.

    `most_repeats` is how many pages may have been asked for a second time: those that were in
    hand when a worker was lost. Their first answers are lost, so no page counts twice.
    """
    for viewer in crawl.viewers:
        check_ids(viewer.ids, job["lastEventId"])
    check_events([received.message.data for received in crawl.viewer.received], crawl.job_id)
    rows = check_pages(crawl.api, crawl.job_id, crawl.site.url, expected_paths(crawl.folder))
    repeats = check_requests(crawl.site.log(), rows, most_repeats)
    return f"{len(rows)} pages, events 1…{job['lastEventId']}, {repeats} asked for again"


def check_ids(ids: list[int], last: int) -> None:
    """A viewer saw 1…N in order, none missing, none twice."""
    expect(ids == list(range(1, last + 1)), f"a viewer saw {describe_ids(ids)} of 1…{last}")


def describe_ids(ids: list[int]) -> str:
    """What is wrong with a sequence of ids, in few words."""
    counts = Counter(ids)
    twice = [identity for identity, count in counts.items() if count > 1]
    missing = [i for i in range(1, max(ids, default=0) + 1) if i not in counts]
    order = "in order" if ids == sorted(ids) else "out of order"
    return f"{len(ids)} ids {order}, missing {missing[:10]}, twice {twice[:10]}"


def check_events(all_data: Iterable[dict[str, Any]], job_id: str) -> None:
    """Totals add up in every event, and no page is in two batches."""
    seen: Counter[Any] = Counter()
    for data in all_data:
        expect(data["jobId"] == job_id, f"an event of another job: {data}")
        if "totals" in data:
            totals = data["totals"]
            parts = sum(totals[name] for name in PARTS_OF_DISCOVERED)
            expect(totals["discovered"] == parts, f"totals do not add up: {totals}")
        seen.update(page["id"] for page in data.get("pages", ()) if is_fetched(page))
    twice = [page for page, count in seen.items() if count > 1]
    expect(not twice, f"pages in two batches: {twice[:10]}")


def check_pages(api: Api, job_id: str, origin: str, expected: frozenset[str]) -> list[str]:
    """The job's pages are the expected ones, each once; returns their paths."""
    rows = [page for page in api.pages(job_id) if is_fetched(page)]
    paths = [page["url"].removeprefix(origin) for page in rows]
    twice = [path for path, count in Counter(paths).items() if count > 1]
    missing, extra = sorted(expected - set(paths)), sorted(set(paths) - expected)
    expect(not twice, f"listed twice: {twice[:10]}")
    expect(not missing, f"{len(missing)} pages missing: {missing[:10]}")
    expect(not extra, f"{len(extra)} pages too many: {extra[:10]}")
    return paths


def check_requests(log: list[Request], paths: list[str], most_repeats: int) -> int:
    """The site was asked for each page, and for few a second time; returns for how many."""
    asked = Counter(request.target for request in log if request.target != ROBOTS)
    never = [path for path in paths if not asked[path]]
    repeated = {path: count for path, count in asked.items() if count > 1}
    expect(not never, f"pages that the site was never asked for: {never[:10]}")
    expect(
        len(repeated) <= most_repeats,
        f"{len(repeated)} URLs asked for more than once, at most {most_repeats} expected: "
        f"{dict(list(repeated.items())[:10])}",
    )
    return len(repeated)
