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


def test_sitemaps_that_are_not_read_are_told_and_counted(api: Api) -> None:
    named = "".join(f"Sitemap: /maps/{number}.xml\n" for number in range(510))
    with LinkedSite({"/": []}, named) as site:
        job = api.call("POST", "/api/v4/jobs", json={"url": site.url("/"), "maxDepth": 0})
        crawled = ended(api, job["id"])
    report = api.call("GET", f"/api/v4/jobs/{crawled.job['id']}/report")
    counts = (len(report["sitemaps"]), report["sitemapCount"], report["sitemapsLeftOut"])
    assert counts == (100, 500, 11), "the usual place is one, too"
    assert {(each["state"], each["reason"]) for each in report["sitemaps"]} == {("unread", "depth")}
    page = api.request("GET", f"/jobs/{crawled.job['id']}/report").text
    for told in ("100 of 500", "11 more sitemaps were named", "no further than its start pages"):
        assert told in page


@pytest.mark.parametrize("rules", [{"exclude": ["*"]}, {"include": ["/none"]}])
def test_no_rule_keeps_a_root_out(api: Api, rules: dict[str, list[str]]) -> None:
    with LinkedSite({"/docs/": ["/docs/x"], "/docs/x": []}) as site:
        job = api.call("POST", "/api/v4/jobs", json={"url": site.url("/docs/"), **rules})
        crawled = ended(api, job["id"])
    assert crawled.job["status"] == "completed"
    assert list(crawled.pages) == [site.url("/docs/")]
    assert crawled.left_out() == {"excluded": 1}


def links_left_out(api: Api, job_id: str) -> dict[str, int]:
    links = api.call("GET", f"/api/v4/jobs/{job_id}/report")["links"]
    return {each["reason"]: each["count"] for each in links}


def test_a_raised_depth_leaves_nothing_of_what_it_lets_in(api: Api) -> None:
    pages = {"/": ["/a", "/b"], "/a": ["/c", "/z/1"], "/b": ["/c"], "/c": [], "/z/1": []}
    with LinkedSite(pages) as site:
        job = api.call("POST", "/api/v4/jobs", json={"url": site.url("/"), "maxDepth": 1})
        ended(api, job["id"])
        assert links_left_out(api, job["id"]) == {"depth": 2}
        api.change(job["id"], maxDepth=5, exclude=["/z/*"])
        api.call("POST", f"/api/v4/jobs/{job['id']}/resume")
        ended(api, job["id"])
    assert links_left_out(api, job["id"]) == {"excluded": 1}
    page = api.request("GET", f"/jobs/{job['id']}/report").text
    assert "1</b> left out by the rules" in page
    assert "deeper than the crawl goes" not in page and "too many clicks" not in page
