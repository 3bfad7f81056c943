"""The HTTP API as another program uses it: jobs, their events, their pages."""

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from itertools import count
from typing import Any

import psycopg2
import psycopg2.extensions
import pytest
import redis
import requests

from tests.api import Api, ApiError, Json
from tests.e2e.crawls import Crawled, crawl, ended
from tests.e2e.linked_site import LinkedSite
from tests.server import RunningServer, wait_until
from tests.site import Graph, Site

PAGES = {"/": ["/a", "/b", "/missing"], "/a": ["/c"], "/b": [], "/c": []}
SEEDS = count(1_000)
SLOW = {"delayMs": 300, "maxDepth": None, "timeLimitSeconds": None}
DEFAULTS = {
    "maxDepth": 2,
    "maxPages": 1000,
    "timeLimitSeconds": 300,
    "scope": "host",
    "include": [],
    "exclude": [],
    "sitemap": "include",
    "ignoreRobots": False,
    "maxAgeSeconds": 0,
    "concurrency": None,
    "delayMs": None,
    "headers": [],
    "cookies": [],
    "contentSelector": None,
    "removeSelectors": [],
}


@pytest.fixture(scope="module")
def crawled(api: Api) -> Crawled:
    """A small crawl with a missing page, ended."""
    with LinkedSite(PAGES) as site:
        return crawl(api, site.url("/"))


@pytest.fixture
def slow_job(api: Api, site: Site) -> Iterator[Json]:
    """A crawl that would take minutes, running and past its first page."""
    # Another site each time: the last request for an earlier one's may still be on its way.
    job = api.create(site.url(Graph(seed=next(SEEDS), pages=900).root), **SLOW)
    wait_until(lambda: api.show(job["id"])["totals"]["completed"] > 0, "the first page")
    yield api.show(job["id"])
    api.request("DELETE", f"/api/v4/jobs/{job['id']}")


def test_the_server_is_alive_and_ready(api: Api) -> None:
    assert api.call("GET", "/healthz")["status"] == "alive"
    assert api.call("GET", "/readyz")["engines"] == {"postgres": True, "redis": True}


def test_a_new_job_is_told_with_its_place_and_the_defaults(api: Api) -> None:
    with LinkedSite({"/": []}) as site:
        response = api.request("POST", "/api/v4/jobs", json={"url": site.url("/#top")})
        job = response.json()
        ended(api, job["id"])
    assert response.status_code == 201
    assert response.headers["Location"] == f"/api/v4/jobs/{job['id']}"
    assert job["options"] == DEFAULTS
    assert job["url"] == site.url("/")
    assert job["streamUrl"] == f"/api/v4/jobs/{job['id']}/stream"
    assert job["createdAt"].endswith("Z")
    assert len(job["id"]) >= 20


def test_an_ended_job_shows_its_times_totals_and_no_owner(crawled: Crawled) -> None:
    job = crawled.job
    assert job["status"] == "completed"
    assert job["createdAt"] <= job["startedAt"] <= job["finishedAt"]
    assert (job["owner"], job["error"]) == (None, None)
    assert (job["totals"]["completed"], job["totals"]["failed"]) == (4, 1)


def test_a_running_job_shows_who_orchestrates_it(slow_job: Json, server: RunningServer) -> None:
    assert slow_job["status"] == "running"
    assert slow_job["owner"]["pid"] in server.worker_pids()
    assert slow_job["owner"]["epoch"] == 1


def test_jobs_are_listed_newest_first_a_page_at_a_time(api: Api, crawled: Crawled) -> None:
    with LinkedSite({"/": []}) as site:
        made = [crawl(api, site.url("/")).job["id"] for _ in range(3)]
    listed = [job["id"] for job in api.list()]
    assert listed[:3] == made[::-1]
    assert crawled.job["id"] in listed
    first = api.call("GET", "/api/v4/jobs", params={"limit": 2})
    assert [job["id"] for job in first["jobs"]] == listed[:2]
    rest = api.call("GET", "/api/v4/jobs", params={"cursor": first["nextCursor"]})
    assert [job["id"] for job in rest["jobs"]] == listed[2:]
    assert rest["nextCursor"] is None


def test_a_repeated_idempotency_key_gives_the_same_job(api: Api) -> None:
    headers = {"Idempotency-Key": "again and again"}
    with LinkedSite({"/": []}) as site:
        body = {"url": site.url("/"), "maxDepth": 1}
        first, second = (
            api.request("POST", "/api/v4/jobs", json=body, headers=headers) for _ in range(2)
        )
        with pytest.raises(ApiError) as refused:
            api.create(site.url("/"), headers, maxDepth=2)
        api.delete(ended(api, first.json()["id"]).job["id"])
        reused = api.request("POST", "/api/v4/jobs", json=body, headers=headers)
        ended(api, reused.json()["id"])
    assert (first.status_code, second.status_code, reused.status_code) == (201, 200, 201)
    assert first.json()["id"] == second.json()["id"] != reused.json()["id"]
    assert (refused.value.status, refused.value.code) == (409, "idempotency-conflict")


def test_one_of_many_at_the_same_moment_wins(api: Api) -> None:
    with LinkedSite({"/": ["/a"], "/a": []}) as site:
        key, body = {"Idempotency-Key": "race"}, {"url": site.url("/"), "maxDepth": 0}
        made = at_once(api, 8, "POST", "/api/v4/jobs", json=body, headers=key)
        job_id = made[0].json()["id"]
        assert {each.json()["id"] for each in made} == {job_id}
        assert sorted(each.status_code for each in made) == [200] * 7 + [201]
        ended(api, job_id)
        api.change(job_id, maxDepth=1)
        resumed = at_once(api, 8, "POST", f"/api/v4/jobs/{job_id}/resume")
        assert sorted(each.status_code for each in resumed) == [200] + [409] * 7
        assert len(ended(api, job_id).named("job_resumed")) == 1


def at_once(
    api: Api, count: int, method: str, path: str, **arguments: Any
) -> list[requests.Response]:
    """The answers to the same call made by so many clients at the same time."""
    with ThreadPoolExecutor(count) as pool:
        calls = [pool.submit(Api(api.url).request, method, path, **arguments) for _ in range(count)]
        return [call.result() for call in calls]


def test_pause_stops_the_fetching_and_resume_goes_on(api: Api, site: Site, slow_job: Json) -> None:
    paused = api.pause(slow_job["id"])
    assert paused["status"] == "paused"
    wait_until(lambda: api.show(slow_job["id"])["owner"] is None, "the orchestrator lets go")
    before = api.show(slow_job["id"])
    assert before["totals"]["processing"] == 0
    assert api.resume(slow_job["id"])["status"] == "running"
    wait_until(
        lambda: bool(
            api.show(slow_job["id"])["totals"]["completed"] > before["totals"]["completed"]
        ),
        "it goes on",
    )
    names = [event["event"] for event in api.events(slow_job["id"])]
    assert names.count("job_paused") == names.count("job_resumed") == 1
    assert "orchestrator_replaced" not in names


def test_a_paused_job_fetches_nothing(api: Api, site: Site, slow_job: Json) -> None:
    api.pause(slow_job["id"])
    wait_until(lambda: api.show(slow_job["id"])["owner"] is None, "the orchestrator lets go")
    place = slow_job["url"].removeprefix(site.origin).rpartition("/")[0]

    def asked() -> int:
        return sum(path.startswith(place) for path in site.paths())

    before = asked()
    events = api.show(slow_job["id"])["lastEventId"]
    with LinkedSite({"/": ["/a"], "/a": []}) as other:
        crawl(api, other.url("/"))
    assert before > 0 and asked() == before
    assert api.show(slow_job["id"])["lastEventId"] == events


def test_cancel_ends_a_job_and_returns_what_was_in_hand(api: Api, slow_job: Json) -> None:
    assert api.cancel(slow_job["id"])["status"] == "cancelled"
    job = ended(api, slow_job["id"], "cancelled").job
    assert job["totals"]["processing"] == 0
    assert job["totals"]["queued"] > 0


def test_wrong_states_are_refused_and_change_nothing(api: Api, crawled: Crawled) -> None:
    job_id = crawled.job["id"]
    for move in (api.pause, api.cancel, api.resume):
        with pytest.raises(ApiError) as refused:
            move(job_id)
        assert refused.value.status == 409
        assert refused.value.code in ("wrong-state", "nothing-to-do")
    assert api.show(job_id) == crawled.job


def test_limits_can_be_changed_while_a_job_runs(api: Api, slow_job: Json) -> None:
    changed = api.change(slow_job["id"], maxPages=5, delayMs=0)
    assert (changed["options"]["maxPages"], changed["options"]["delayMs"]) == (5, 0)
    assert changed["options"]["maxDepth"] is None
    assert ended(api, slow_job["id"]).job["totals"]["completed"] >= 5


def test_a_deleted_job_is_gone_at_once_in_every_place(api: Api, slow_job: Json) -> None:
    job_id = slow_job["id"]
    api.delete(job_id)
    for path in ("", "/events", "/pages", "/pages/1", "/stream"):
        response = api.request("GET", f"/api/v4/jobs/{job_id}{path}")
        assert (response.status_code, response.json()["code"]) == (404, "unknown-job"), path
    for move in (api.pause, api.resume, api.cancel, api.delete):
        with pytest.raises(ApiError, match="unknown-job"):
            move(job_id)
    assert job_id not in [job["id"] for job in api.list()]


def test_a_deleted_job_leaves_nothing_behind(
    api: Api, server: RunningServer, slow_job: Json
) -> None:
    environment = server.worker_environment()
    with (
        closing(psycopg2.connect(environment["DATABASE_URL"])) as database,
        closing(redis.Redis.from_url(environment["REDIS_URL"])) as copies,
    ):
        database.autocommit = True
        assert rows_of(database, slow_job["id"]) > 0
        assert copies.keys(f"*{slow_job['id']}*")
        api.delete(slow_job["id"])
        wait_until(lambda: rows_of(database, slow_job["id"]) == 0, "its rows are gone")
        wait_until(lambda: not copies.keys(f"*{slow_job['id']}*"), "its copy is gone")


def rows_of(database: psycopg2.extensions.connection, job_id: str) -> int:
    """How many rows of any table belong to a job."""
    count = 0
    with database.cursor() as cursor:
        cursor.execute(
            "SELECT table_name, column_name FROM information_schema.columns"
            " WHERE table_schema = 'public'"
            " AND (column_name = 'job_id' OR (table_name, column_name) = ('jobs', 'id'))"
        )
        for table, column in cursor.fetchall():
            cursor.execute(f"SELECT count(*) FROM {table} WHERE {column} = %s", (job_id,))
            count += cursor.fetchone()[0]
    return count


def test_events_are_read_after_any_id_in_slices(api: Api, crawled: Crawled) -> None:
    job_id, last = crawled.job["id"], crawled.job["lastEventId"]
    names = [event["event"] for event in crawled.events]
    assert (names[0], names[-1]) == ("job_started", "job_completed")
    for after in range(last + 1):
        assert api.events(job_id, after) == crawled.events[after:]
    slice_ = api.call("GET", f"/api/v4/jobs/{job_id}/events", params={"after": 1, "limit": 2})
    assert [event["id"] for event in slice_["events"]] == [2, 3]
    assert slice_["nextCursor"] == 3


def test_pages_are_filtered_by_outcome_and_by_words(api: Api, crawled: Crawled) -> None:
    def paths(**query: str) -> list[str]:
        rows = api.pages(crawled.job["id"], **query)
        return sorted("/" + row["url"].split("/", 3)[3] for row in rows)

    assert paths() == sorted([*PAGES, "/missing"])
    assert paths(outcome="fetched") == sorted(PAGES)
    assert paths(outcome="failed") == ["/missing"]
    assert paths(outcome="skipped") == paths(outcome="pending") == []
    assert paths(q="MISS") == ["/missing"]
    assert paths(q="page /a") == ["/a"]
    assert paths(q="100%_") == []


def test_pages_are_listed_by_cursor_each_once(api: Api, crawled: Crawled) -> None:
    path = f"/api/v4/jobs/{crawled.job['id']}/pages"
    found, query = [], {"limit": "2"}
    while True:
        answer = api.call("GET", path, params=query)
        assert len(answer["pages"]) <= 2
        found += answer["pages"]
        if answer["nextCursor"] is None:
            break
        query["cursor"] = answer["nextCursor"]
    assert found == crawled.rows
    included = api.pages(crawled.job["id"], limit=2, include="metadata")
    assert [page["id"] for page in included] == [page["id"] for page in crawled.rows]


def test_a_list_gives_the_parts_that_were_asked_for(api: Api, crawled: Crawled) -> None:
    for include in ("markdown", "links", "metadata", "markdown,links"):
        wanted = set(include.split(","))
        for page in api.pages(crawled.job["id"], include=include):
            assert {"markdown", "links", "metadata"} & set(page) == wanted


def test_a_page_is_given_as_json_or_as_markdown(api: Api, crawled: Crawled) -> None:
    row = next(row for row in crawled.rows if row["url"].endswith("/a"))
    path = f"/api/v4/jobs/{crawled.job['id']}/pages/{row['id']}"
    page = api.call("GET", path)
    response = api.request("GET", path, headers={"Accept": "text/markdown"})
    assert response.headers["Content-Type"] == "text/markdown; charset=utf-8"
    assert response.content.decode() == page["markdown"]
    assert "What stands on the page /a." in page["markdown"]
    assert page["metadata"]["title"] == "Page /a"
    assert [link["text"] for link in page["links"]] == ["/c"]
    assert page["contentHash"] == row["contentHash"]


def test_a_url_without_a_page_has_no_markdown(api: Api, crawled: Crawled) -> None:
    row = next(row for row in crawled.rows if row["url"].endswith("/missing"))
    path = f"/api/v4/jobs/{crawled.job['id']}/pages/{row['id']}"
    assert api.call("GET", path)["markdown"] is None
    response = api.request("GET", path, headers={"Accept": "text/markdown"})
    assert (response.status_code, response.json()["code"]) == (404, "no-markdown")
    response = api.request("POST", f"{path}/try", json={})
    assert (response.status_code, response.json()["code"]) == (404, "no-body")


def test_json_is_compact_and_its_text_readable(api: Api, site: Site) -> None:
    job = crawl(api, site.url(Graph(seed=2, pages=1).root)).job
    response = api.request("GET", f"/api/v4/jobs/{job['id']}/pages?include=markdown")
    assert "нить" in response.text
    assert json.loads(response.text)["pages"][0]["title"] == "Page 0"
