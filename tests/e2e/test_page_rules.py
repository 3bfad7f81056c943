"""The form's rules, changes of a running crawl and its report, in a real browser."""

import csv
import io
import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.api import Api
from tests.e2e.browser import Viewer
from tests.e2e.linked_site import LinkedSite
from tests.server import RunningServer
from tests.site import Site

NEWS = [f"/news/{number}" for number in range(40)]
DOCS = [f"/docs/{number}" for number in range(5)]
ROBOTS = "User-agent: *\nDisallow: /closed/\n"


@pytest.fixture
def papers() -> Iterator[LinkedSite]:
    """A site with more news than anybody wants, a page that is closed and one that is missing."""
    start = [*NEWS, *DOCS, "/closed/x", "/gone"]
    pages = {"/": start, **{path: [] for path in (*NEWS, *DOCS)}}
    with LinkedSite(pages, ROBOTS) as site:
        yield site


def test_examples_are_judged_while_rules_are_typed(viewer: Viewer, server: RunningServer) -> None:
    page = viewer.page
    page.goto(server.url)
    page.fill("[name=url]", "docs.example.co.uk/3/")
    page.get_by_text("Which URLs").click()
    page.fill("[name=examples]", "/3/os.html\n/2/os.html\nhttps://www.example.co.uk/")
    page.fill("[name=exclude]", "/2/*")
    expect(page.locator("#tried li").nth(1)).to_contain_text("excluded by /2/*")
    expect(page.locator("#tried li").nth(2)).to_contain_text("outside the part of the site")
    page.select_option("[name=scope]", "domain")
    expect(page.locator("#tried .verdict--in")).to_have_count(2)
    expect(page.locator("#plan")).to_contain_text("example.co.uk with its subdomains")
    page.fill("[name=include]", "regex:(")
    expect(page.locator("#tried")).to_contain_text("is not a regular expression")


def test_without_javascript_examples_are_tried_by_a_button(
    plain_page: Page, server: RunningServer
) -> None:
    page = plain_page
    page.goto(server.url)
    page.fill("[name=url]", "a.example")
    page.get_by_text("Which URLs").click()
    page.fill("[name=exclude]", "/x/*")
    page.fill("[name=examples]", "/x/1\n/y")
    page.get_by_role("button", name="Try the examples").click()
    expect(page.locator("#tried li")).to_have_text(
        [r"out https://a.example/x/1 excluded by /x/*", "in https://a.example/y"]
    )
    assert page.input_value("[name=url]") == "a.example"


def test_urls_are_skipped_and_limits_changed_from_the_live_page(
    viewer: Viewer, server: RunningServer, api: Api, papers: LinkedSite
) -> None:
    job = api.create(papers.url("/"), delayMs=800)
    page = viewer.page
    page.goto(f"{server.url}/jobs/{job['id']}")
    page.locator("#urls tr", has_text="/news/").first.locator(".skip-alike").click()
    dialog = page.get_by_role("dialog")
    chosen = dialog.locator("label", has=page.locator("[name=rule]:checked"))
    expect(chosen).to_contain_text(re.compile(r"\d+ of those that wait"))
    dialog.locator('[name=rule][value="/news/*"]').last.check()
    dialog.get_by_role("button", name="Skip them").click()
    expect(page.locator("#standstill")).to_contain_text("/news/* are skipped")
    expect(page.locator("#totals")).to_contain_text("left out by the rules")
    page.get_by_role("link", name="Change limits").click()
    dialog.locator("[name=delayMs]").fill("soon")
    dialog.get_by_role("button", name="Change them").click()
    expect(dialog).to_contain_text("must be a whole number")
    dialog.locator("[name=delayMs]").fill("0")
    dialog.get_by_role("button", name="Change them").click()
    expect(page.locator("#covers")).to_contain_text("no pause between fetches")
    viewer.wait_for_state("ended")
    expect(page.locator("#standstill")).to_be_empty()
    ended = api.wait(job["id"], "completed")
    assert ended["options"]["exclude"] == ["/news/*"]
    assert ended["totals"]["reasons"]["excluded"] > 20
    assert len(viewer.loads) == 1


def test_without_javascript_urls_are_skipped_and_limits_changed(
    plain_page: Page, server: RunningServer, api: Api, papers: LinkedSite
) -> None:
    job = api.create(papers.url("/"), delayMs=1_000)
    page = plain_page
    page.goto(f"{server.url}/jobs/{job['id']}/limits")
    page.fill("[name=maxPages]", "none")
    page.get_by_role("button", name="Change them").click()
    expect(page.locator("#maxPages-error")).to_contain_text("whole number")
    page.fill("[name=maxPages]", "500")
    page.get_by_role("button", name="Change them").click()
    expect(page.locator("#covers")).to_contain_text("at most 500 pages")
    root = api.pages(job["id"])[0]
    page.goto(f"{server.url}/jobs/{job['id']}/skip/{root['id']}")
    page.get_by_role("radio", name="Another rule").check()
    page.fill("[name=own]", "regex:(")
    page.get_by_role("button", name="Skip them").click()
    expect(page.locator("#own-error")).to_contain_text("is not a regular expression")
    page.fill("[name=own]", "regex:/news/")
    page.get_by_role("button", name="Skip them").click()
    expect(page.locator("#covers")).to_contain_text("Without URLs that match regex:/news/")
    assert api.cancel(job["id"])["options"]["exclude"] == ["regex:/news/"]


def test_the_report_names_reasons_rules_and_links_and_gives_a_table(
    viewer: Viewer, server: RunningServer, api: Api, papers: LinkedSite
) -> None:
    job = api.create(papers.url("/"), exclude=["/news/*"])
    ended = api.wait(job["id"], "completed")
    page = viewer.page
    page.goto(f"{server.url}/jobs/{job['id']}")
    page.get_by_role("link", name="Report").click()
    expect(page.locator(".facts")).to_have_css("display", "flex")  # its counts stand apart
    expect(page.locator('[data-reason="http-404"]')).to_contain_text("1 answered 404")
    expect(page.locator('[data-reason="excluded"]')).to_contain_text("40 left out by the rules")
    expect(page.get_by_role("row", name="/closed/x")).to_contain_text("Disallow: /closed/")
    with page.expect_download() as waiting:
        page.get_by_role("link", name="All URLs as CSV").click()
    rows = list(csv.DictReader(io.StringIO(waiting.value.path().read_text())))
    assert len(rows) == ended["totals"]["discovered"]
    page.locator('[data-reason="robots"] dt a').click()
    expect(page.locator("tbody tr")).to_have_count(1)
    expect(page.locator("tbody tr")).to_contain_text("/closed/x")


def test_a_crawl_that_waits_says_for_whom(
    viewer: Viewer, server: RunningServer, api: Api
) -> None:
    with Site() as busy:
        busy.refuse(503, retry_after="120", times=99)
        job = api.create(busy.url("/leaf/1"))
        viewer.page.goto(f"{server.url}/jobs/{job['id']}")
        expect(viewer.page.locator("#waits")).to_contain_text(f"Waiting for 127.0.0.1:{busy.port}")
        api.cancel(job["id"])
        viewer.wait_for_state("ended")
    expect(viewer.page.locator("#waits")).to_have_count(0)
