"""What the API tells of options, rules and of every URL that gave no page."""

import csv
import io

import pytest

from tests.api import Api
from tests.e2e.crawls import Crawled, ended
from tests.e2e.linked_site import LinkedSite

PAGES = {
    "/": ["/a", "/b", "/closed/x", "/gone", "/no/1", "/no/2", "https://elsewhere.example/"],
    "/a": ["/b"],
    "/b": [],
}
ROBOTS = "User-agent: *\nDisallow: /closed/\n"
OPTIONS = {"exclude": ["/no/*"], "headers": {"X-Key": "s3cret"}, "cookies": {"sid": "s3cret"}}


@pytest.fixture(scope="module")
def crawled(api: Api) -> Crawled:
    """A small crawl, ended, with something left out for most reasons."""
    with LinkedSite(PAGES, ROBOTS) as site:
        job = api.call("POST", "/api/v4/jobs", json={"url": site.url("/"), **OPTIONS})
        return ended(api, job["id"])


def test_a_job_shows_its_rules_and_the_names_of_what_it_sends(api: Api, crawled: Crawled) -> None:
    options = crawled.job["options"]
    assert options["exclude"] == ["/no/*"]
    assert (options["headers"], options["cookies"]) == (["X-Key"], ["sid"])
    answers = [
        api.request("GET", f"/api/v4/jobs/{crawled.job['id']}{path}").text
        for path in ("", "/events", "/report", "/pages?include=metadata")
    ]
    page = api.request("GET", f"/jobs/{crawled.job['id']}").text
    assert not [text for text in (*answers, page) if "s3cret" in text]


def test_reasons_add_up_to_what_gave_no_page(crawled: Crawled) -> None:
    totals = crawled.job["totals"]
    assert totals["reasons"] == {"robots": 1, "http-404": 1}
    assert sum(totals["reasons"].values()) == totals["failed"] + totals["skipped"]


def test_pages_are_filtered_by_reason(api: Api, crawled: Crawled) -> None:
    (row,) = api.pages(crawled.job["id"], reason="robots")
    assert (row["outcome"], row["detail"]) == ("skipped", "Disallow: /closed/")
    assert api.pages(crawled.job["id"], reason="robots", outcome="failed") == []
    assert len(api.pages(crawled.job["id"], reason="http-404", include="links")) == 1


def test_the_report_accounts_for_urls_and_links(api: Api, crawled: Crawled) -> None:
    report = api.call("GET", f"/api/v4/jobs/{crawled.job['id']}/report")
    assert report["totals"] == crawled.job["totals"]
    assert {each["reason"]: each["count"] for each in report["urls"]} == {
        "robots": 1,
        "http-404": 1,
    }
    links = {each["reason"]: each for each in report["links"]}
    assert {reason: each["count"] for reason, each in links.items()} == {"excluded": 2, "scope": 1}
    assert [each["url"] for each in links["scope"]["samples"]] == ["https://elsewhere.example/"]
    (blocked,) = report["robots"]
    assert (blocked["url"][-9:], blocked["rule"]) == ("/closed/x", "Disallow: /closed/")


@pytest.mark.parametrize(
    ("query", "accept"), [("?format=csv", "*/*"), ("", "text/csv"), ("?format=csv", "text/html")]
)
def test_the_report_as_a_table_has_a_line_for_each_url(
    api: Api, crawled: Crawled, query: str, accept: str
) -> None:
    path = f"/api/v4/jobs/{crawled.job['id']}/report{query}"
    response = api.request("GET", path, headers={"Accept": accept})
    assert response.headers["Content-Type"].startswith("text/csv")
    lines = list(csv.DictReader(io.StringIO(response.text)))
    assert [line["url"] for line in lines] == [row["url"] for row in crawled.rows]


def test_rules_added_later_come_to_those_there_are(api: Api, crawled: Crawled) -> None:
    job_id = crawled.job["id"]
    changed = api.change(job_id, exclude=["/b", "/no/*", "/b"])
    assert changed["options"]["exclude"] == ["/no/*", "/b"]
    assert ended(api, job_id).job["totals"] == crawled.job["totals"]
