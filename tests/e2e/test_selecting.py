"""Selectors tried on a page and used for all: made anew from what was fetched."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.api import Api, ApiError
from tests.e2e.browser import Viewer
from tests.e2e.crawls import ended
from tests.e2e.linked_site import LinkedSite
from tests.server import RunningServer, wait_until

PATHS = [f"/{number}" for number in range(30)]


@pytest.fixture
def site() -> Iterator[LinkedSite]:
    """Thirty pages beside the first one, each with a heading, a sentence and links."""
    with LinkedSite({"/": PATHS, **{path: ["/"] for path in PATHS}}) as linked:
        yield linked


def crawled(api: Api, site: LinkedSite, **options: object) -> str:
    job_id: str = api.create(site.url("/"), **options)["id"]
    api.wait(job_id, "completed")
    return job_id


def markdown(api: Api, job_id: str) -> dict[str, str]:
    rows = api.pages(job_id, include="markdown")
    return {re.sub(r"^https?://[^/]*", "", row["url"]): row["markdown"] for row in rows}


def test_all_pages_of_an_ended_job_are_made_anew_without_a_request(
    api: Api, site: LinkedSite
) -> None:
    job_id = crawled(api, site, contentSelector="p")
    assert markdown(api, job_id) == {path: said(path) for path in ["/", *PATHS]}
    asked, before = list(site.asked), api.show(job_id)["totals"]
    page = api.pages(job_id)[1]["id"]
    tried = api.call(
        "POST", f"/api/v4/jobs/{job_id}/pages/{page}/try", json={"removeSelectors": ["p", "ul"]}
    )
    assert tried == {"markdown": "# Page /0", "matched": 0, "removed": 2}
    api.change(job_id, contentSelector="h1, p", removeSelectors=["p"])
    api.resume(job_id)
    again = ended(api, job_id)
    assert markdown(api, job_id) == {path: f"# Page {path}" for path in ["/", *PATHS]}
    assert again.job["totals"] == before
    assert site.asked == asked
    assert sum(told["count"] for told in again.named("content_queued")) == len(PATHS) + 1
    for event in again.events:
        told = event["data"]["totals"]
        assert 0 <= told["processed"] + told["processFailed"] <= told["completed"]
    with pytest.raises(ApiError, match="nothing-to-do"):
        api.resume(job_id)


def said(path: str) -> str:
    return f"What stands on the page {path}."


def test_selectors_changed_in_mid_crawl_hold_for_all_pages(api: Api, site: LinkedSite) -> None:
    job_id = api.create(site.url("/"), concurrency=1, delayMs=150)["id"]
    wait_until(lambda: api.show(job_id)["totals"]["processed"] > 1, "some Markdown")
    assert api.show(job_id)["status"] == "running"
    api.change(job_id, contentSelector="h1")
    ended(api, job_id)
    assert markdown(api, job_id) == {path: f"# Page {path}" for path in ["/", *PATHS]}
    assert len(site.pages_asked()) == len(PATHS) + 1


def test_selectors_are_tried_while_they_are_typed_and_used_for_all_pages(
    viewer: Viewer, api: Api, server: RunningServer, site: LinkedSite
) -> None:
    job_id = crawled(api, site)
    page = viewer.page
    page.goto(f"{server.url}/jobs/{job_id}/pages/{api.pages(job_id)[1]['id']}")
    page.get_by_text("Choose the content").click()
    page.fill("[name=contentSelector]", "p:first")
    expect(page.locator("#tried-page")).to_contain_text("has :first, which is not supported")
    page.fill("[name=contentSelector]", "main")
    page.fill("[name=removeSelectors]", "h1\nul")
    expect(page.locator("#tried-markdown")).to_have_text(said("/0"))
    page.locator("[data-action=use-selectors]").click()
    expect(page.locator("#thread")).to_contain_text("Markdown of 31 pages is made anew")
    expect(page.locator("#covers")).to_contain_text("what main matches, without h1 and ul.")
    viewer.wait_for_state("ended")
    assert set(markdown(api, job_id).values()) == {said(path) for path in ["/", *PATHS]}


def test_without_javascript_selectors_are_tried_by_a_button(
    plain_page: Page, api: Api, server: RunningServer, site: LinkedSite
) -> None:
    job_id = crawled(api, site)
    page = plain_page
    page.goto(f"{server.url}/jobs/{job_id}/pages/{api.pages(job_id)[1]['id']}")
    page.get_by_text("Choose the content").click()
    page.fill("[name=contentSelector]", "h1")
    page.get_by_role("button", name="Try").click()
    expect(page.locator("#tried-markdown")).to_have_text("# Page /0")
    page.fill("[name=removeSelectors]", "p >")
    page.get_by_role("button", name="Use for all pages").click()
    expect(page.locator("#removeSelectors-error")).to_contain_text('number 1 ends after ">"')
    assert api.show(job_id)["options"]["contentSelector"] is None
