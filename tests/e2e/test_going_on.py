"""Crawls that go on: with raised limits, after failures, at another pace. Nothing twice."""

import pytest

from tests.api import Api, ApiError
from tests.e2e.crawls import (
    UNLIMITED,
    Crawled,
    check_apart,
    check_graph,
    crawl,
    ended,
    repeats,
)
from tests.e2e.linked_site import NO_PAGES, LinkedSite
from tests.server import wait_until
from tests.site import Graph, Site

TREE = {
    "/": ["/a", "/b"],
    "/a": ["/a/1"],
    "/b": ["/b/1"],
    "/a/1": ["/a/1/x"],
    "/b/1": [],
    "/a/1/x": [],
}


def test_depth_two_raised_to_four_equals_four_at_once(api: Api, site: Site) -> None:
    graph = Graph(seed=21, pages=500, delay_milliseconds=20)
    url = site.url(graph.root)
    job_id = crawl(api, url, maxDepth=2).job["id"]
    api.change(job_id, maxDepth=4)
    api.resume(job_id)
    raised = ended(api, job_id)
    assert repeats(site) == {}
    check_graph(raised, site, graph, depth=4)
    assert crawl(api, url, maxDepth=4).pages == raised.pages


def test_a_raised_depth_without_anything_deeper_has_nothing_to_do(api: Api) -> None:
    with LinkedSite({"/": ["/a"], "/a": ["/"]}) as site:
        job_id = crawl(api, site.url("/")).job["id"]
        api.change(job_id, maxDepth=None)
        with pytest.raises(ApiError) as refused:
            api.resume(job_id)
    assert (refused.value.status, refused.value.code) == (409, "nothing-to-do")


def test_a_depth_lowered_in_mid_crawl_leaves_deeper_urls_out(api: Api, site: Site) -> None:
    graph = Graph(seed=22, pages=400)
    job_id = api.create(site.url(graph.root), **UNLIMITED, delayMs=200)["id"]
    wait_until(lambda: done(api, job_id) > 0, "the first page")
    api.change(job_id, maxDepth=1, delayMs=0)
    crawled = ended(api, job_id)
    queued = [row for row in crawled.rows if row["depth"] > 1 and row["outcome"] != "fetched"]
    assert queued == []
    at_once = {url for url, depth in crawl(api, site.url(graph.root), maxDepth=1).pages.items()}
    assert at_once <= set(crawled.pages)


def test_a_raised_page_limit_takes_up_what_was_skipped(api: Api, site: Site) -> None:
    graph = Graph(seed=23, pages=150)
    limited = crawl(api, site.url(graph.root), **(UNLIMITED | {"maxPages": 20}))
    assert limited.job["totals"]["skipped"] > 0
    api.change(limited.job["id"], maxPages=60)
    api.resume(limited.job["id"])
    assert len(ended(api, limited.job["id"]).pages) == 60
    api.change(limited.job["id"], maxPages=None)
    api.resume(limited.job["id"])
    check_graph(ended(api, limited.job["id"]), site, graph)
    assert repeats(site) == {}


def test_a_failed_job_goes_on_once_its_site_works_again(api: Api) -> None:
    with LinkedSite({**TREE, "/": 404}) as site:
        failed = crawl(api, site.url("/"), status="failed")
        assert failed.outcome(site.url("/")) == ("failed", "http-404")
        assert failed.job["error"]
        site.pages["/"] = TREE["/"]
        api.resume(failed.job["id"])
        crawled = ended(api, failed.job["id"])
        assert set(crawled.pages) == site.urls("/", "/a", "/b", "/a/1", "/b/1")
    assert crawled.job["error"] is None
    assert crawled.job["totals"]["failed"] == 0


def test_failed_urls_are_tried_again_when_asked(api: Api) -> None:
    with LinkedSite({**TREE, "/a": 500, "/b/1": 404}) as site:
        first = crawl(api, site.url("/"), **UNLIMITED)
        assert set(first.pages) == site.urls("/", "/b")
        site.pages["/a"] = TREE["/a"]
        asked = len(site.pages_asked())
        api.resume(first.job["id"], retry="failed")
        second = ended(api, first.job["id"])
        assert set(second.pages) == site.urls("/", "/a", "/b", "/a/1", "/a/1/x")
        assert second.outcome(site.url("/b/1")) == ("failed", "http-404")
        assert sorted(site.pages_asked()[asked:]) == ["/a", "/a/1", "/a/1/x", "/b/1"]


def test_a_job_paused_and_resumed_again_and_again_misses_and_repeats_nothing(
    api: Api, site: Site
) -> None:
    graph = Graph(seed=28, pages=150, delay_milliseconds=40)
    job_id = api.create(site.url(graph.root), **UNLIMITED, concurrency=2)["id"]
    for pages in range(0, 80, 10):
        wait_until(lambda n=pages: done(api, job_id) >= n, f"{pages} pages")
        api.pause(job_id)
        api.resume(job_id)
    crawled = ended(api, job_id)
    check_graph(crawled, site, graph)
    assert repeats(site) == {}
    assert len(crawled.named("job_resumed")) == 8
    assert crawled.named("orchestrator_replaced") == []


def done(api: Api, job_id: str) -> int:
    """How many pages a job has."""
    count: int = api.show(job_id)["totals"]["completed"]
    return count


def test_a_cancelled_job_goes_on_where_it_stood(api: Api, site: Site) -> None:
    graph = Graph(seed=24, pages=120, delay_milliseconds=50)
    job_id = api.create(site.url(graph.root), **UNLIMITED, concurrency=2)["id"]
    wait_until(lambda: done(api, job_id) >= 20, "20 pages")
    api.cancel(job_id)
    stopped = ended(api, job_id, "cancelled")
    in_hand = stopped.job["totals"]["queued"]
    api.resume(job_id)
    check_graph(ended(api, job_id), site, graph)
    assert in_hand > 0
    assert len(repeats(site)) <= 20


@pytest.mark.parametrize("concurrency", [1, 2, 5])
def test_never_more_fetches_at_once_than_the_job_allows(
    api: Api, site: Site, concurrency: int
) -> None:
    graph = Graph(seed=25, pages=90, delay_milliseconds=60)
    crawl(api, site.url(graph.root), **UNLIMITED, concurrency=concurrency)
    assert concurrency / 2 < site.peak() <= concurrency


def test_fetches_start_no_closer_than_the_delay(api: Api, site: Site) -> None:
    graph = Graph(seed=26, pages=60)
    crawl(api, site.url(graph.root), **(UNLIMITED | {"maxPages": 30}), delayMs=50, concurrency=8)
    times = sorted(request.at for request in site.log() if request.path not in NO_PAGES)
    assert len(times) == 30
    check_apart(times, 0.05)


def test_a_changed_delay_takes_effect_in_mid_crawl(api: Api, site: Site) -> None:
    graph = Graph(seed=27, pages=200)
    job_id = api.create(site.url(graph.root), **UNLIMITED, delayMs=2_000)["id"]
    wait_until(lambda: done(api, job_id) >= 1, "the first page")
    api.change(job_id, delayMs=0)
    crawled: Crawled = ended(api, job_id)
    check_graph(crawled, site, graph)
