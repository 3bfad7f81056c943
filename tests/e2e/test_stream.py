"""Event streams: replay after a resume point, then live, each event once, to the end."""

import random
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from bench.drills.crawling import check_ids
from tests.api import Api, Json
from tests.e2e.crawls import UNLIMITED, Crawled, crawl, ended
from tests.e2e.linked_site import LinkedSite
from tests.server import RunningServer, wait_until
from tests.site import Graph, Site
from tests.sse import Message, SseClient, SseViewer

SLACK_SECONDS = 2.5
"""What a busy machine may add to a promise."""
SLOW = {"maxDepth": None, "maxPages": None, "timeLimitSeconds": None, "delayMs": 100}


@pytest.fixture(scope="module")
def crawled(api: Api) -> Crawled:
    """A small crawl, ended."""
    with LinkedSite({"/": ["/a", "/b"], "/a": [], "/b": ["/c"], "/c": []}) as site:
        return crawl(api, site.url("/"))


@pytest.fixture
def slow_job(api: Api, site: Site) -> Iterator[Json]:
    """A crawl that would take minutes, past its first page."""
    job = api.create(site.url(Graph(seed=41, pages=900).root), **SLOW)
    wait_until(lambda: api.show(job["id"])["totals"]["completed"] > 0, "the first page")
    yield job
    api.request("DELETE", f"/api/v4/jobs/{job['id']}")


@pytest.fixture(scope="module", autouse=True)
def idle_viewer(api: Api, whole_site: Site) -> Iterator[SseViewer]:
    """Watches a paused job while the other tests take their time."""
    job = api.create(whole_site.url(Graph(seed=45, pages=50).root), **SLOW)
    api.pause(job["id"])
    with api.watch(job["id"]) as viewer:
        yield viewer


def as_event(message: Message) -> Json:
    """A message as the API's list of events has it."""
    return {"id": message.id, "event": message.event, "data": message.data}


def test_a_stream_begins_by_saying_where_the_job_stands(api: Api, crawled: Crawled) -> None:
    job = crawled.job
    with api.stream(job["id"]) as client:
        assert client.headers["Content-Type"].startswith("text/event-stream")
        assert client.headers["Cache-Control"] == "no-store"
        assert client.headers["X-Accel-Buffering"] == "no"
        first = next(iter(client))
    assert (first.id, first.event) == (None, "stream_connected")
    told = {name: first.data[name] for name in ("jobId", "url", "status", "lastEventId")}
    assert told == {
        "jobId": job["id"],
        "url": job["url"],
        "status": "completed",
        "lastEventId": job["lastEventId"],
    }


def test_asking_for_the_head_of_a_stream_is_answered_at_once(api: Api, slow_job: Json) -> None:
    response = api.request("HEAD", f"/api/v4/jobs/{slow_job['id']}/stream", timeout=5)
    assert (response.status_code, response.content) == (200, b"")


def test_every_resume_point_is_followed_by_exactly_the_rest(api: Api, crawled: Crawled) -> None:
    job_id, last = crawled.job["id"], crawled.job["lastEventId"]
    for point in range(last + 1):
        for query, header in ((point, None), (None, point), (point, 0), (0, point)):
            with api.stream(job_id, query, header) as client:
                messages = list(client)
            if header == last:
                assert client.status == 204
                continue
            events = [as_event(each) for each in messages if each.id is not None]
            assert events == crawled.events[point:]
            assert [each.event for each in messages[:1] + messages[-1:]] == [
                "stream_connected",
                "done",
            ]


def test_only_a_header_at_the_end_of_an_ended_job_gets_204(
    api: Api, crawled: Crawled, slow_job: Json
) -> None:
    last = crawled.job["lastEventId"]
    with api.stream(crawled.job["id"], last_event_id=last) as client:
        assert (client.status, list(client)) == (204, [])
    with api.stream(crawled.job["id"], after=last) as client:
        assert [message.event for message in client] == ["stream_connected", "done"]
    api.pause(slow_job["id"])
    last = api.show(slow_job["id"])["lastEventId"]
    with api.stream(slow_job["id"], last_event_id=last) as client:
        assert next(iter(client)).event == "stream_connected"


def test_viewers_who_come_at_any_time_see_the_same(api: Api, site: Site) -> None:
    graph = Graph(seed=42, pages=200, delay_milliseconds=60)
    job_id = api.create(site.url(graph.root), **UNLIMITED)["id"]
    with ExitStack() as stack:
        viewers = [stack.enter_context(api.watch(job_id)) for _ in range(3)]
        wait_until(lambda: viewers[0].last_id >= 20, "20 events")
        viewers += [stack.enter_context(api.watch(job_id)) for _ in range(3)]
        for viewer in viewers:
            viewer.wait()
    events = ended(api, job_id).events
    for viewer in viewers:
        seen = [each.message for each in viewer.received if each.message.id is not None]
        assert [as_event(message) for message in seen] == events


def test_cuts_at_arbitrary_points_lose_and_repeat_nothing(api: Api, site: Site) -> None:
    chance = random.Random(43)
    graph = Graph(seed=43, pages=250, delay_milliseconds=40)
    job_id = api.create(site.url(graph.root), **UNLIMITED)["id"]
    ids: list[int] = []
    cuts, is_done = 0, False
    while not is_done:
        with api.stream(job_id, last_event_id=ids[-1] if ids else None) as client:
            wanted = chance.randrange(1, 25)
            for message in client:
                ids += [message.id] if message.id is not None else []
                wanted -= 1
                is_done = message.event == "done"
                if wanted == 0:
                    break
            is_done = is_done or client.status == 204
        cuts += 1
    check_ids(ids, ended(api, job_id).job["lastEventId"])
    assert cuts > 5


def test_a_stream_of_a_deleted_job_is_done(api: Api, slow_job: Json) -> None:
    with api.stream(slow_job["id"]) as client:
        events = iter(client)
        assert next(events).event == "stream_connected"
        api.delete(slow_job["id"])
        began = time.monotonic()
        names = [message.event for message in events]
    assert names[-1] == "done"
    assert time.monotonic() - began < 2 + SLACK_SECONDS


def test_a_pause_is_seen_and_takes_effect_within_two_seconds(
    api: Api, site: Site, slow_job: Json
) -> None:
    with api.watch(slow_job["id"]) as viewer:
        wait_until(lambda: viewer.last_id > 3, "the viewer watches")
        api.pause(slow_job["id"])
        paused_at = time.time()
        wait_until(
            lambda: any(each.message.event == "job_paused" for each in viewer.received),
            "the pause is told",
            2 + SLACK_SECONDS,
        )
        wait_until(lambda: api.show(slow_job["id"])["owner"] is None, "the owner lets go")
    assert site.log()[-1].at - paused_at < 2 + SLACK_SECONDS


def test_a_resumed_job_is_followed_beyond_its_first_end(api: Api, site: Site) -> None:
    graph = Graph(seed=44, pages=80)
    job_id = crawl(api, site.url(graph.root), maxDepth=1).job["id"]
    first_end = api.show(job_id)["lastEventId"]
    api.change(job_id, maxDepth=3)
    api.resume(job_id)
    with api.watch(job_id) as viewer:
        viewer.wait()
    job = ended(api, job_id).job
    check_ids(viewer.ids, job["lastEventId"])
    names = [each.message.event for each in viewer.received if each.message.id == first_end + 1]
    assert names == ["job_resumed"]


def test_a_heartbeat_comes_after_ten_seconds_of_a_stream(idle_viewer: SseViewer) -> None:
    def times(event: str) -> list[float]:
        return [each.at for each in idle_viewer.received if each.message.event == event]

    wait_until(lambda: bool(times("heartbeat")), "a heartbeat")
    seconds = times("heartbeat")[0] - times("stream_connected")[0]
    assert 10 - SLACK_SECONDS < seconds < 10 + SLACK_SECONDS
    beats = [each.message for each in idle_viewer.received if each.message.event == "heartbeat"]
    assert {beat.id for beat in beats} == {None}


def test_streams_end_at_once_when_the_server_stops(
    api: Api, server: RunningServer, slow_job: Json
) -> None:
    clients = [api.stream(slow_job["id"]) for _ in range(6)]
    ended_at: list[float] = []

    def drain(client: SseClient) -> None:
        for _ in client:
            pass
        ended_at.append(time.monotonic())

    threads = [threading.Thread(target=drain, args=(client,)) for client in clients]
    for thread in threads:
        thread.start()
    began = time.monotonic()
    server.stop()
    for thread in threads:
        thread.join(10)
    server.start()
    assert len(ended_at) == len(clients)
    assert max(ended_at) - began < 1 + SLACK_SECONDS
