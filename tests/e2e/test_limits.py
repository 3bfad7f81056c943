"""The time limit: the job ends as told, nothing follows, and it goes on with a fresh limit."""

import time
from datetime import datetime

from tests.api import Api
from tests.e2e.crawls import UNLIMITED, check_graph, crawl, ended, repeats
from tests.e2e.linked_site import NO_PAGES, LinkedSite
from tests.server import wait_until
from tests.site import Graph, Site

LIMIT_SECONDS = 2
MOST_IN_FLIGHT = 40
"""URLs in calls that may be under way: four calls of ten."""


def seconds_between(earlier: dict[str, str], later: dict[str, str]) -> float:
    """Seconds from one event's data to another's."""
    first, second = (datetime.fromisoformat(data["at"]) for data in (earlier, later))
    return (second - first).total_seconds()


def test_a_job_that_ran_out_of_time_goes_on_until_it_is_complete(api: Api, site: Site) -> None:
    graph = Graph(seed=31, pages=230, delay_milliseconds=200)
    limits = UNLIMITED | {"timeLimitSeconds": LIMIT_SECONDS}
    job_id = api.create(site.url(graph.root), **limits)["id"]
    timed_out = ended(api, job_id, "timeout")
    started, out = timed_out.named("job_started")[0], timed_out.named("job_timeout")[0]
    assert LIMIT_SECONDS - 0.1 < seconds_between(started, out) < LIMIT_SECONDS + 4
    assert timed_out.job["totals"]["processing"] == 0
    resumes = 0
    while api.show(job_id)["status"] == "timeout":
        resumes += 1
        api.resume(job_id)
        api.wait(job_id, ("timeout", "completed"))
    crawled = ended(api, job_id)
    check_graph(crawled, site, graph)
    assert len(crawled.named("job_timeout")) == resumes >= 1
    assert len(repeats(site)) <= MOST_IN_FLIGHT * resumes


def test_nothing_follows_a_timeout(api: Api, site: Site) -> None:
    graph = Graph(seed=32, pages=400, delay_milliseconds=100)
    job = crawl(api, site.url(graph.root), "timeout", maxDepth=None, timeLimitSeconds=1).job
    assert job["totals"]["queued"] > 0
    with LinkedSite({"/": ["/a"], "/a": ["/b"], "/b": []}) as other:
        crawl(api, other.url("/"))
    assert api.show(job["id"]) == job
    # Calls under way come to their end; no other is made.
    assert len(site.paths()) <= job["totals"]["completed"] + MOST_IN_FLIGHT + len(NO_PAGES)


def test_a_paused_job_uses_up_no_time(api: Api, site: Site) -> None:
    graph = Graph(seed=33, pages=60, delay_milliseconds=100)
    limits = UNLIMITED | {"timeLimitSeconds": 5}
    began = time.monotonic()
    job_id = api.create(site.url(graph.root), **limits, concurrency=2)["id"]
    wait_until(lambda: api.show(job_id)["totals"]["completed"] > 0, "the first page")
    api.pause(job_id)
    wait_until(lambda: time.monotonic() - began > 5.5, "the limit's length has passed")
    api.resume(job_id)
    check_graph(ended(api, job_id), site, graph)


def test_a_limit_lifted_in_mid_crawl_holds_no_more(api: Api, site: Site) -> None:
    graph = Graph(seed=34, pages=150, delay_milliseconds=100)
    limits = UNLIMITED | {"timeLimitSeconds": 2}
    job_id = api.create(site.url(graph.root), **limits, concurrency=2)["id"]
    api.change(job_id, timeLimitSeconds=None)
    crawled = ended(api, job_id)
    check_graph(crawled, site, graph)
    assert seconds_between(crawled.named("job_started")[0], crawled.events[-1]["data"]) > 2
