"""Search as people and programs use it: right after the crawl, live, and without script."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.api import Api
from tests.e2e.browser import Viewer
from tests.e2e.crawls import crawl
from tests.e2e.linked_site import LinkedSite
from tests.server import RunningServer, wait_until

NAMES = [f"/n{number}" for number in range(25)]


@pytest.fixture(scope="module")
def job_id(api: Api) -> str:
    with LinkedSite({"/": NAMES, **{name: [] for name in NAMES}}) as site:
        return str(crawl(api, site.url("/")).job["id"])


def test_the_api_finds_pages_as_soon_as_it_is_asked(api: Api, job_id: str) -> None:
    path = f"/api/v4/jobs/{job_id}/search"

    def all_found() -> bool:
        answer = api.call("GET", path, params={"q": "stands", "limit": 20})
        assert answer["total"] == answer["searched"] <= answer["pages"] == 26
        return bool(answer["total"] == 26)

    wait_until(all_found, "every page is in the index")
    first = api.call("GET", path, params={"q": "stands", "limit": 20})
    following = {"q": "stands", "cursor": first["nextCursor"]}
    rest = api.call("GET", path, params=following)
    assert len({each["id"] for each in first["results"] + rest["results"]}) == 26
    assert rest["nextCursor"] is None
    (found,) = api.call("GET", path, params={"q": '"page n7"'})["results"]
    assert set(found) == {"id", "url", "title", "rank", "snippet"}
    assert {"text": "Page /n7", "match": True} in found["snippet"]
    for wrong in ({}, {"q": " - "}, {"q": "x" * 1_001}, {"q": "x", "limit": 101}):
        response = api.request("GET", path, params=wrong)
        assert (response.status_code, response.json()["code"]) == (400, "invalid-request")
    response = api.request("GET", "/api/v4/jobs/none/search", params={"q": "x"})
    assert response.json()["code"] == "unknown-job"


def test_results_follow_what_is_typed_and_stay_with_the_address(
    server: RunningServer, viewer: Viewer, plain_page: Page, job_id: str
) -> None:
    viewer.page.goto(f"{server.url}/jobs/{job_id}")
    viewer.page.fill("#q", "stands -nothing")
    viewer.page.press("#q", "Enter")
    expect(viewer.page.locator(".hit")).to_have_count(10)
    viewer.page.fill("#q", '"page n7"')
    expect(viewer.page.locator(".hit mark").first).to_have_text("Page /n7")
    expect(viewer.page).to_have_url(re.compile("n7"))
    viewer.page.reload()
    expect(viewer.page.locator(".hit")).to_have_count(1)
    viewer.page.fill("#q", "<b>")
    expect(viewer.page.locator("#found")).to_contain_text("No page matches")

    plain_page.goto(f"{server.url}/jobs/{job_id}/search?q=stands")
    plain_page.get_by_role("link", name="Further pages").click()
    expect(plain_page.locator(".hits[start='11'] .hit")).to_have_count(10)
    plain_page.goto(f"{server.url}/jobs/{job_id}/search?q=-")
    expect(plain_page.locator("#found")).to_contain_text("holds no word to search for")
