"""What whoever runs Clew decides binds everybody who uses it."""

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.api import Api, ApiError
from tests.e2e.crawls import ENVIRONMENT
from tests.e2e.linked_site import LinkedSite
from tests.server import RunningServer, wait_until

RULES = {
    "CLEW_MAX_PAGES": "2",
    "CLEW_ALLOW_IGNORE_ROBOTS": "0",
    "CLEW_DENY_HOSTS": "localhost, *.internal, 192.0.2.0/24",
    "CLEW_MAX_RUNNING_JOBS": "1",
}


@pytest.fixture(scope="module")
def server() -> Iterator[RunningServer]:
    """A server with every rule that an operator can make, but for the disk."""
    with RunningServer(env=ENVIRONMENT | RULES) as running:
        yield running


@pytest.fixture
def site() -> Iterator[LinkedSite]:
    """Four pages, two of them linked to under a name that is denied as well."""
    with LinkedSite({"/": [], "/a": [], "/b": [], "/c": []}) as pages:
        pages.pages["/"] = ["/a", "/b", "/c", pages.url("/a", "localhost")]
        yield pages


@pytest.mark.parametrize(
    ("field", "body"),
    [
        ("maxPages", {"maxPages": 3}),
        ("maxPages", {"maxPages": None}),
        ("ignoreRobots", {"ignoreRobots": True}),
        ("url", {"url": "http://localhost/"}),
        ("url", {"url": "http://x.internal/"}),
        ("url", {"url": "http://192.0.2.1/"}),
    ],
)
def test_what_is_not_allowed_is_refused_by_its_field(
    api: Api, field: str, body: dict[str, Any]
) -> None:
    with pytest.raises(ApiError) as refused:
        api.create(**{"url": "http://127.0.0.1:9/", **body})
    assert [each["field"] for each in refused.value.problem["errors"]] == [field]


def test_the_default_is_lowered_and_denied_hosts_are_left_out(api: Api, site: LinkedSite) -> None:
    job = api.wait(api.create(site.url("/"), scope="any")["id"], "completed")
    assert (job["options"]["maxPages"], job["totals"]["completed"]) == (2, 2)
    report = api.call("GET", f"/api/v4/jobs/{job['id']}/report")
    assert [each["reason"] for each in report["links"]] == ["denied-host"]
    with pytest.raises(ApiError) as refused:
        api.change(job["id"], maxPages=3)
    assert refused.value.problem["errors"][0]["field"] == "maxPages"


def test_one_crawl_runs_and_the_next_waits_for_it(api: Api, site: LinkedSite) -> None:
    running = api.create(site.url("/"), delayMs=60_000)
    wait_until(lambda: api.show(running["id"])["status"] == "running", "the first one runs")
    waiting = api.create(site.url("/a"), maxDepth=0)
    assert waiting["status"] == api.show(waiting["id"])["status"] == "queued"
    api.pause(running["id"])
    assert api.wait(waiting["id"], "completed")["totals"]["completed"] == 1
    second = api.create(site.url("/"), delayMs=60_000)
    wait_until(lambda: api.show(second["id"])["status"] == "running", "the second one runs")
    with pytest.raises(ApiError) as refused:
        api.resume(running["id"])
    assert (refused.value.status, refused.value.code) == (409, "too-many-jobs")
    for job in (running, second):
        api.cancel(job["id"])


def test_the_form_offers_only_what_is_allowed(plain_page: Page, server: RunningServer) -> None:
    plain_page.goto(server.url)
    expect(plain_page.locator("[name=maxPages]")).to_have_value("2")
    expect(plain_page.locator("[name=ignoreRobots]")).to_have_count(0)
