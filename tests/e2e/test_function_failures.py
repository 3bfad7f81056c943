"""Functions that fail: poison is contained, and an outage is not taken for poison."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.api import Api
from tests.e2e.crawls import ENVIRONMENT, UNLIMITED, check_graph, crawl, ended, repeats
from tests.e2e.faulty_functions import Call, FaultyFunctions
from tests.e2e.linked_site import LinkedSite
from tests.server import RunningServer, wait_until
from tests.site import Graph, Site

POISON = "/poison"
OTHERS = [f"/page/{number}" for number in range(15)]
PAGES: dict[str, list[str]] = {
    "/": [*OTHERS[:5], POISON, *OTHERS[5:]],
    POISON: [],
    **{path: [] for path in OTHERS},
}


@pytest.fixture(scope="module")
def proxy() -> Iterator[FaultyFunctions]:
    """What stands between the orchestrators and the functions."""
    with FaultyFunctions() as running:
        yield running


@pytest.fixture(scope="module")
def server(proxy: FaultyFunctions) -> Iterator[RunningServer]:
    """A server whose functions are called through the proxy."""
    with RunningServer(env=ENVIRONMENT | {"CLEW_FUNCTIONS_URL": proxy.url}) as running:
        proxy.to_port = running.port
        yield running


@pytest.fixture
def functions(proxy: FaultyFunctions, server: RunningServer) -> Iterator[FaultyFunctions]:
    """The proxy, with nothing to break and no calls yet."""
    proxy.calls.clear()
    yield proxy
    proxy.fails_with = lambda call: 0


def break_poison(functions: FaultyFunctions, function: str) -> None:
    """Has the function fail whenever the poison is in its call."""
    functions.fails_with = lambda call: 500 * (call.function == function and POISON in call.paths)


def poisoned(function: str, functions: FaultyFunctions) -> list[Call]:
    """The calls of a function that held the poison."""
    return [call for call in functions.calls if call.function == function and POISON in call.paths]


def test_a_url_that_breaks_its_calls_is_given_up_alone(
    api: Api, functions: FaultyFunctions
) -> None:
    break_poison(functions, "crawl")
    with LinkedSite(PAGES) as site:
        crawled = crawl(api, site.url("/"))
        assert crawled.outcome(site.url(POISON)) == ("failed", "function-error")
        assert set(crawled.pages) == site.urls("/", *OTHERS)
        assert POISON not in site.asked
    calls = poisoned("crawl", functions)
    assert len(calls) == len(crawled.named("batch_error")) == 3
    assert len(calls[0].paths) > 1
    assert calls[-1].paths == [POISON]
    assert all(data["error"] for data in crawled.named("batch_error"))


def test_a_page_that_breaks_the_processor_is_given_up_alone(
    api: Api, functions: FaultyFunctions
) -> None:
    break_poison(functions, "process")
    with LinkedSite(PAGES) as site:
        crawled = crawl(api, site.url("/"))
        totals = crawled.job["totals"]
        assert (totals["processed"], totals["processFailed"]) == (len(OTHERS) + 1, 1)
        row = next(row for row in crawled.rows if row["url"] == site.url(POISON))
    assert row["outcome"] == "fetched"
    assert api.page(crawled.job["id"], row["id"])["markdown"] is None
    calls = poisoned("process", functions)
    assert len(calls) == 3
    assert calls[-1].paths == [POISON]


def test_calls_that_fail_the_first_time_lose_nothing(
    api: Api, functions: FaultyFunctions, site: Site
) -> None:
    known: set[tuple[str, str]] = set()

    def fails_with(call: Call) -> int:
        news = {(call.function, path) for path in call.paths} - known
        known.update(news)
        return 500 if news else 0

    graph = Graph(seed=71, pages=120)
    functions.fails_with = fails_with
    crawled = crawl(api, site.url(graph.root), **UNLIMITED)
    check_graph(crawled, site, graph)
    assert crawled.job["totals"]["processed"] == graph.pages
    assert repeats(site) == {}


def test_functions_that_can_t_work_just_now_are_waited_for(
    api: Api, functions: FaultyFunctions, site: Site
) -> None:
    with mid_crawl(api, site, seed=72) as job_id:
        functions.fails_with = lambda call: 503
        broken_from = len(functions.calls)
        wait_until(lambda: len(functions.calls) > broken_from + 15, "calls fail")
        functions.fails_with = lambda call: 0
    assert ended(api, job_id).named("batch_error")


def test_functions_that_can_t_be_reached_are_waited_for(
    api: Api, functions: FaultyFunctions, site: Site
) -> None:
    with mid_crawl(api, site, seed=73) as job_id:
        functions.close()
        wait_until(
            lambda: sum(e["event"] == "batch_error" for e in api.events(job_id)) > 5, "errors"
        )
        functions.open()
    errors = {data["error"] for data in ended(api, job_id).named("batch_error")}
    assert "the functions can't be reached" in errors


@contextmanager
def mid_crawl(api: Api, site: Site, seed: int) -> Iterator[str]:
    """The id of a job past its first pages; afterwards its whole site must have been crawled."""
    graph = Graph(seed, pages=200, delay_milliseconds=100)
    job_id = api.create(site.url(graph.root), **UNLIMITED)["id"]
    wait_until(lambda: api.show(job_id)["totals"]["completed"] >= 40, "40 pages")
    yield job_id
    check_graph(ended(api, job_id), site, graph)
    assert repeats(site) == {}
