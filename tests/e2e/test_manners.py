"""How sites are treated: by their own logs, over jobs and workers."""

from collections.abc import Iterator
from urllib.parse import quote

import pytest

from tests.api import Api
from tests.e2e.crawls import check_apart, crawl, ended
from tests.site import Graph, Site

SITEMAP = "/sitemap.xml"
LED_SITEMAP = "/redirect-to?url=/sitemap/urlset%3Fpages=1"


@pytest.fixture
def other() -> Iterator[Site]:
    """A second host, and one whose robots.txt no worker has read yet."""
    with Site() as running:
        yield running


def leaves(site: Site, count: int) -> list[str]:
    """URLs of small pages."""
    return [site.url(f"/leaf/{number}") for number in range(count)]


def asked_at(site: Site) -> list[float]:
    """Unix seconds of the requests that the site was asked, of whatever kind."""
    return sorted(request.at for request in site.log())


def test_two_jobs_at_once_keep_a_sites_crawl_delay(api: Api, other: Site) -> None:
    other.set_robots("User-agent: *\nCrawl-delay: 1\n")
    urls = leaves(other, 4)
    jobs = [api.create(urls=part, maxDepth=1) for part in (urls[:2], urls[2:])]
    for job in jobs:
        assert len(ended(api, job["id"]).pages) == 2
    assert sorted(other.paths()) == sorted(
        ["/robots.txt", SITEMAP, SITEMAP, *(f"/leaf/{number}" for number in range(4))]
    )
    check_apart(asked_at(other), 1.0)


def test_redirects_are_followed_where_every_request_has_to_wait_for_its_turn(
    api: Api, other: Site
) -> None:
    other.set_robots(f"User-agent: *\nCrawl-delay: 2.5\nSitemap: {other.url(LED_SITEMAP)}\n")
    crawled = crawl(api, other.url("/redirect/1"), maxDepth=1, maxPages=2)
    assert set(crawled.pages) == {other.url("/redirect/1"), other.url("/graph/1/1/0")}
    asked = other.paths()
    assert len(asked) == len(set(asked)), "nothing was asked twice"
    check_apart(asked_at(other), 2.5)


def test_a_robots_txt_that_is_led_on_is_read_whatever_the_delay(api: Api, other: Site) -> None:
    other.set_robots("", 301, headers={"Location": "/rules"})
    other.set_page("/rules", "User-agent: *\nDisallow: /leaf/1", content_type="text/plain")
    crawled = crawl(api, urls=leaves(other, 2), maxDepth=0, delayMs=2_200, sitemap="skip")
    assert list(crawled.pages) == [other.url("/leaf/0")]
    assert crawled.outcome(other.url("/leaf/1")) == ("skipped", "robots")
    check_apart(asked_at(other), 2.2)


def test_urls_that_lead_to_a_host_that_waits_are_asked_once(
    api: Api, site: Site, other: Site
) -> None:
    other.set_robots("User-agent: *\nCrawl-delay: 2.5\n")
    urls = [site.url(f"/redirect-to?url={quote(leaf)}") for leaf in leaves(other, 3)]
    crawled = crawl(api, urls=urls, maxDepth=0, sitemap="skip")
    assert set(crawled.pages) == set(urls)
    assert len([path for path in site.paths() if path.startswith("/redirect-to")]) == 3
    assert sorted(other.paths()) == ["/leaf/0", "/leaf/1", "/leaf/2", "/robots.txt"]


def test_a_delay_of_the_users_holds_as_well(api: Api, other: Site) -> None:
    crawled = crawl(api, urls=leaves(other, 8), maxDepth=0, delayMs=300)
    assert len(crawled.pages) == 8
    check_apart(asked_at(other), 0.3)


def test_no_more_requests_are_open_at_a_host_than_the_job_says(api: Api, other: Site) -> None:
    urls = [other.url(f"/delay/{100 + number}") for number in range(20)]
    jobs = [
        api.create(urls=part, maxDepth=0, concurrency=2, sitemap="skip")
        for part in (urls[:10], urls[10:])
    ]
    for job in jobs:
        ended(api, job["id"])
    assert other.peak() <= 2


@pytest.mark.parametrize(("status", "form"), [(429, "seconds"), (503, "date")])
def test_a_host_that_says_when_is_not_asked_before_while_another_goes_on(
    api: Api, site: Site, other: Site, status: int, form: str
) -> None:
    busy = other.url(f"/busy/{status}?after=2&as={form}")
    # The other host's pages last as long as the pause, also where the pause begins late.
    graph = Graph(seed=81, pages=40, delay_milliseconds=120)
    urls = [busy, *leaves(other, 6), *(site.url(graph.path(number)) for number in range(40))]
    crawled = crawl(api, urls=urls, maxDepth=0, concurrency=1, sitemap="skip")
    assert len(crawled.pages) == len(urls)
    log = [request for request in other.log() if request.path != "/robots.txt"]
    refused = next(request for request in log if request.status == status)
    after = [request.at - refused.at for request in log if request.at > refused.at]
    assert len(after) >= 1
    assert min(after) >= 2.0
    asked_meanwhile = [request for request in site.log() if 0 < request.at - refused.at < 2.0]
    assert len(asked_meanwhile) >= 10


def test_what_fails_in_passing_is_tried_again_and_comes(api: Api, site: Site) -> None:
    urls = [site.url(f"/flaky/{status}?times=1") for status in (408, 425, 429, 500, 502, 503, 504)]
    crawled = crawl(api, urls=urls, maxDepth=0, sitemap="skip")
    assert set(crawled.pages) == set(urls)
    assert {row["attempts"] for row in crawled.rows} == {1}
    assert crawled.job["totals"]["failed"] == 0


def test_what_goes_on_failing_is_given_up_after_three_more_times(api: Api, site: Site) -> None:
    urls = {
        "/flaky/500?times=9": 4, "/partial": 4, "/status/404": 1, "/status/501": 1, "/junk": 1
    }  # fmt: skip
    crawled = crawl(api, urls=[site.url(path) for path in urls], maxDepth=0, status="failed")
    asked = {path: site.paths().count(path) for path in urls}
    assert asked == urls
    reasons = crawled.job["totals"]["reasons"]
    assert reasons == {"http-500": 1, "http-404": 1, "http-501": 1, "broken-response": 2}


@pytest.mark.parametrize("kind", ["meta", "header", "agent", "rel"])
def test_links_that_are_not_to_be_followed_are_not(api: Api, site: Site, kind: str) -> None:
    crawled = crawl(api, site.url(f"/nofollow/{kind}"), sitemap="skip")
    assert len(crawled.pages) == 1
    assert crawled.left_out() == {"nofollow": 2}


@pytest.mark.parametrize("kind", ["other", "rel-once"])
def test_links_that_may_be_followed_are(api: Api, site: Site, kind: str) -> None:
    assert len(crawl(api, site.url(f"/nofollow/{kind}"), sitemap="skip").pages) == 3


def test_robots_txt_is_asked_for_once_by_all_workers_and_jobs(api: Api, other: Site) -> None:
    other.set_robots("User-agent: clew\nDisallow: /leaf/3\n", delay_seconds=0.3)
    jobs = [api.create(urls=leaves(other, 6), maxDepth=0, sitemap="skip") for _ in range(3)]
    for job in jobs:
        crawled = ended(api, job["id"])
        assert crawled.outcome(other.url("/leaf/3")) == ("skipped", "robots")
        row = next(row for row in crawled.rows if row["url"] == other.url("/leaf/3"))
        assert row["detail"] == "Disallow: /leaf/3"
    assert other.paths().count("/robots.txt") == 1
