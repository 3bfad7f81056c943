"""Workers and engines lost in mid-crawl: it goes on by itself, and nothing is lost or doubled."""

import os
import signal
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass

import pytest
import redis

from bench.drills.crawling import check_ids
from tests.api import Api, Json
from tests.e2e.crawls import ENVIRONMENT, UNLIMITED, Crawled, check_graph, ended, repeats
from tests.server import RunningServer, wait_until
from tests.site import Graph, Site
from tests.sse import SseViewer

TAKEOVER_SECONDS = 10
IN_HAND = 50
"""The most URLs that a lost orchestrator may have had in hand: four calls and a batch of ten."""


@pytest.fixture(scope="module")
def server() -> Iterator[RunningServer]:
    """A server to be killed."""
    with RunningServer(env=ENVIRONMENT) as running:
        yield running


@dataclass
class Watched:
    """A crawl of a made site under way, with two viewers."""

    api: Api
    site: Site
    graph: Graph
    job_id: str
    viewers: list[SseViewer]

    def pages_done(self) -> int:
        """How many pages the first viewer knows to be done."""
        told = (each.message.data.get("totals") for each in reversed(self.viewers[0].received))
        return next((int(totals["completed"]) for totals in told if totals), 0)

    def wait_for_pages(self, count: int) -> None:
        """Returns once that many pages are done."""
        wait_until(lambda: self.pages_done() >= count, f"{count} pages")

    def owner(self) -> int:
        """Process id of the worker that orchestrates."""
        pid: int = self.api.show(self.job_id)["owner"]["pid"]
        return pid

    def told(self, event: str) -> list[Json]:
        """Data of the events of that name that were stored so far."""
        events = self.api.events(self.job_id)
        return [each["data"] for each in events if each["event"] == event]

    def wait_for_takeover(self, after_event: int) -> Json:
        """Waits until another orchestrator has applied a batch; returns what was told of it."""
        found: list[Json] = []

        def goes_on() -> bool:
            events = self.api.events(self.job_id, after_event)
            names = [event["event"] for event in events]
            if "orchestrator_replaced" not in names:
                return False
            position = names.index("orchestrator_replaced")
            found[:] = [events[position]["data"]]
            return "batch_completed" in names[position:]

        wait_until(goes_on, "the crawl goes on under another worker", TAKEOVER_SECONDS)
        return found[0]

    def check(self, most_repeats: int) -> Crawled:
        """Waits for the end: the whole site, every viewer saw 1…N, few pages asked for twice."""
        crawled = ended(self.api, self.job_id)
        check_graph(crawled, self.site, self.graph)
        for viewer in self.viewers:
            viewer.wait()
            check_ids(viewer.ids, crawled.job["lastEventId"])
        assert len(repeats(self.site)) <= most_repeats
        return crawled


@contextmanager
def watched(api: Api, site: Site, seed: int, pages: int = 400, **options: int) -> Iterator[Watched]:
    """A crawl that lasts long enough to do something to it."""
    graph = Graph(seed, pages, delay_milliseconds=120)
    job = api.create(site.url(graph.root), **UNLIMITED, **options)
    with ExitStack() as stack:
        viewers = [stack.enter_context(api.watch(job["id"])) for _ in range(2)]
        yield Watched(api, site, graph, job["id"], viewers)


def test_a_killed_orchestrator_is_replaced_within_ten_seconds(api: Api, site: Site) -> None:
    with watched(api, site, seed=51) as crawl:
        crawl.wait_for_pages(60)
        last = api.show(crawl.job_id)["lastEventId"]
        os.kill(crawl.owner(), signal.SIGKILL)
        told = crawl.wait_for_takeover(last)
        assert (told["epoch"], told["planned"]) == (2, False)
        crawl.check(most_repeats=IN_HAND)


def test_a_worker_asked_to_stop_hands_over_without_losing_anything(api: Api, site: Site) -> None:
    with watched(api, site, seed=52) as crawl:
        crawl.wait_for_pages(60)
        last = api.show(crawl.job_id)["lastEventId"]
        os.kill(crawl.owner(), signal.SIGTERM)
        told = crawl.wait_for_takeover(last)
        assert (told["epoch"], told["planned"]) == (2, True)
        crawl.check(most_repeats=0)


def test_a_frozen_orchestrator_comes_back_to_find_its_writes_refused(api: Api, site: Site) -> None:
    with watched(api, site, seed=53, pages=300, concurrency=4) as crawl:
        crawl.wait_for_pages(40)
        owner = crawl.owner()
        last = api.show(crawl.job_id)["lastEventId"]
        os.kill(owner, signal.SIGSTOP)
        try:
            told = crawl.wait_for_takeover(last)
        finally:
            with suppress(ProcessLookupError):
                os.kill(owner, signal.SIGCONT)
        assert (told["epoch"], told["planned"]) == (2, False)
        assert crawl.owner() != owner
        crawled = crawl.check(most_repeats=IN_HAND)
    assert len(crawled.named("orchestrator_replaced")) == 1


def test_everything_killed_goes_on_at_the_next_start(
    server: RunningServer, api: Api, site: Site
) -> None:
    with watched(api, site, seed=54) as crawl:
        crawl.wait_for_pages(60)
        server.kill_everything()
        server.start()
        crawl.check(most_repeats=IN_HAND)
        assert [each["planned"] for each in crawl.told("orchestrator_replaced")] == [False]


def test_a_server_stopped_and_started_goes_on_without_losing_anything(
    server: RunningServer, api: Api, site: Site
) -> None:
    with watched(api, site, seed=55) as crawl:
        crawl.wait_for_pages(60)
        server.restart()
        crawl.check(most_repeats=0)
        assert {each["planned"] for each in crawl.told("orchestrator_replaced")} == {True}


def test_a_flushed_valkey_costs_no_viewer_an_event(
    server: RunningServer, api: Api, site: Site
) -> None:
    client = redis.Redis.from_url(server.worker_environment()["REDIS_URL"])
    with watched(api, site, seed=56) as crawl:
        for pages in (40, 120, 240):
            crawl.wait_for_pages(pages)
            client.flushall()
        crawl.check(most_repeats=0)
    client.close()


def test_a_hung_valkey_slows_neither_crawl_nor_viewers(
    server: RunningServer, api: Api, site: Site
) -> None:
    with watched(api, site, seed=58) as crawl:
        crawl.wait_for_pages(40)
        hung = engine_pid(server, "valkey-server")
        assert hung
        os.kill(hung, signal.SIGSTOP)
        try:
            crawl.check(most_repeats=0)
        finally:
            os.kill(hung, signal.SIGCONT)


@pytest.mark.parametrize(
    ("engine", "sent"),
    [
        ("postgres", signal.SIGINT),
        ("postgres", signal.SIGKILL),
        ("valkey-server", signal.SIGKILL),
    ],
)
def test_an_engine_lost_in_mid_crawl_costs_nothing(
    server: RunningServer, api: Api, site: Site, engine: str, sent: signal.Signals
) -> None:
    with watched(api, site, seed=57) as crawl:
        crawl.wait_for_pages(60)
        lost = engine_pid(server, engine)
        assert lost and crawl.owner()
        os.kill(lost, sent)
        wait_until(lambda: engine_pid(server, engine) not in (0, lost), "it runs again")
        crawl.check(most_repeats=IN_HAND)


def engine_pid(server: RunningServer, name: str) -> int:
    """Process id of the embedded engine whose program has that name; 0 while there is none."""
    for process in server.processes():
        if process.parent == server.pid and process.command.split(" ")[0].endswith(f"/{name}"):
            return process.pid
    return 0
