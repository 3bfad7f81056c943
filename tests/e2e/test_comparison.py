"""A crawl made again from its page: what changed, in the browser and as JSON."""

from itertools import pairwise

from tests.api import Api
from tests.e2e.browser import Viewer
from tests.e2e.crawls import crawl
from tests.e2e.linked_site import LinkedSite


def test_a_crawl_made_again_shows_what_changed(api: Api, viewer: Viewer) -> None:
    page = viewer.page
    with LinkedSite({"/": ["/a", "/b", "/c"], "/a": [], "/b": [], "/c": []}) as site:
        first = crawl(api, site.url("/")).job["id"]
        site.pages |= {"/": ["/a", "/b", "/d"], "/a": ["/b"], "/d": []}
        del site.pages["/c"]
        page.goto(f"{api.url}/jobs/{first}")
        page.click("[data-action=again]")
        page.wait_for_url(lambda url: first not in url)
        job_id = page.url.rpartition("/")[2]
        api.wait(job_id, "completed")

    found = api.call("GET", f"/api/v4/jobs/{job_id}/changes")
    assert found["basedOn"] == first
    assert found["counts"] == {"added": 1, "changed": 2, "removed": 1, "unread": 0, "unchanged": 1}
    assert [(each["kind"], each["url"]) for each in found["changes"]] == [
        ("changed", site.url("/")),
        ("changed", site.url("/a")),
        ("added", site.url("/d")),
        ("removed", site.url("/c")),
    ]
    page.reload()
    page.get_by_role("link", name="What changed since the earlier crawl").click()
    page.locator("tr", has_text="/a").get_by_role("link", name="What changed").click()
    added = page.locator(".difference ins").last.inner_text()  # waits for the page
    assert added == f"- [/b]({site.url('/b')})"
    edges = page.locator(".difference > *").evaluate_all(
        "all => all.map(line => line.getBoundingClientRect()).map(box => [box.top, box.bottom])"
    )
    assert all(below[0] - above[1] < 1 for above, below in pairwise(edges))


def test_a_list_of_changes_comes_in_parts_and_refuses_what_is_none(api: Api) -> None:
    with LinkedSite({"/": ["/a"], "/a": []}) as site:
        first = crawl(api, site.url("/")).job["id"]
        site.pages = {"/": ["/b", "/d"], "/b": [], "/d": []}
        second = crawl(api, basedOn=first).job["id"]

    path = f"/api/v4/jobs/{second}/changes"
    part = api.call("GET", f"{path}?limit=1")
    rest = api.call("GET", f"{path}?cursor={part['nextCursor']}")
    kinds = [each["kind"] for each in (*part["changes"], *rest["changes"])]
    assert kinds == ["changed", "added", "added", "removed"]
    assert "counts" not in rest
    answers = [
        api.request("GET", f"{path}?kind=other"),
        api.request("GET", f"{path}?cursor=x"),
        api.request("GET", f"/api/v4/jobs/{first}/changes"),
        api.request("POST", "/api/v4/jobs", json={"basedOn": "nobody"}),
    ]
    assert [(answer.status_code, answer.json()["code"]) for answer in answers] == [
        (400, "invalid-request"),
        (400, "invalid-request"),
        (409, "nothing-to-compare"),
        (400, "invalid-request"),
    ]
