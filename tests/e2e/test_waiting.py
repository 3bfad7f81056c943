"""Crawls that wait end when there is nothing to wait for, and try again what may pass."""

import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack
from select import select

import pytest

from tests.api import Api
from tests.e2e.crawls import crawl, ended
from tests.server import wait_until
from tests.site import Site

A_DAY = "86400"


@pytest.fixture
def other() -> Iterator[Site]:
    """A second host, and one whose robots.txt no worker has read yet."""
    with Site() as running:
        yield running


def test_a_root_is_fetched_once_though_robots_txt_has_no_turn_then(api: Api, other: Site) -> None:
    crawled = crawl(api, other.url("/leaf/1"), maxDepth=0, ignoreRobots=True, delayMs=2_500)
    assert set(crawled.pages) == {other.url("/leaf/1")}
    assert other.paths() == ["/leaf/1"]


def test_hosts_that_never_answer_hold_up_none_that_does(api: Api, site: Site) -> None:
    with ExitStack() as listening:
        silent = [
            listening.enter_context(socket.create_server(("127.0.0.1", 0))) for _ in range(16)
        ]
        ports = [server.getsockname()[1] for server in silent]
        links = [f"http://127.0.0.1:{port}/" for port in ports]
        links += [site.url(f"/leaf/{number}") for number in range(30)]
        site.set_page("/start", "".join(f'<a href="{link}">one</a>' for link in links))
        job = api.create(url=site.url("/start"), scope="any", maxDepth=1, sitemap="skip")
        wait_until(lambda: api.show(job["id"])["totals"]["completed"] == 31, "the leaves")
        asked, _, _ = select(silent, [], [], 0)
        assert len(asked) == 8, "half of the calls"
        api.cancel(job["id"])


def test_a_limit_that_is_reached_ends_the_wait_for_a_host(
    api: Api, site: Site, other: Site
) -> None:
    other.refuse(503, retry_after="60", times=9)
    began = time.monotonic()
    urls = [other.url("/leaf/1"), site.url("/leaf/2")]
    crawled = crawl(api, urls=urls, maxDepth=0, maxPages=1)
    assert time.monotonic() - began < 50, "the host asks for a minute"
    assert set(crawled.pages) == {site.url("/leaf/2")}
    assert crawled.outcome(other.url("/leaf/1")) == ("skipped", "page-limit")


def test_a_rule_that_leaves_out_what_waits_ends_the_wait(
    api: Api, site: Site, other: Site
) -> None:
    other.refuse(503, retry_after="60", times=9)
    job = api.create(urls=[other.url("/leaf/1"), site.url("/leaf/2")], maxDepth=0)
    waiting = f"*:{other.port}/*"
    wait_until(lambda: api.show(job["id"])["totals"]["completed"] == 1, "the other page")
    api.change(job["id"], exclude=[waiting])
    assert ended(api, job["id"]).outcome(other.url("/leaf/1")) == ("skipped", "excluded")


def test_a_sitemaps_host_that_asks_for_a_day_keeps_no_crawl_up(api: Api, other: Site) -> None:
    other.set_robots(f"Sitemap: {other.url('/a.xml')}\nSitemap: {other.url('/b.xml')}\n")
    other.set_page("/a.xml", "later", 429, {"Retry-After": A_DAY})
    crawled = crawl(api, other.url("/leaf/1"), timeLimitSeconds=None)
    assert set(crawled.pages) == {other.url("/leaf/1")}


def test_a_redirect_to_a_host_in_trouble_is_tried_again(
    api: Api, site: Site, other: Site
) -> None:
    other.set_robots("later", 503)
    site.set_page("/moved", "", 302, {"Location": other.url("/leaf/1")})
    job = api.create(url=site.url("/moved"), maxDepth=0)
    wait_until(lambda: api.pages(job["id"])[0]["attempts"] == 1, "the first try")
    (row,) = api.pages(job["id"])
    assert (row["outcome"], row["reason"]) == (None, "robots-unreachable")
    api.cancel(job["id"])


def test_a_redirect_to_a_host_that_is_not_there_failed(api: Api, site: Site) -> None:
    gone = "http://127.0.0.1:9/leaf/1"
    site.set_page("/gone", "", 302, {"Location": gone})
    crawled = crawl(api, urls=[site.url("/gone"), site.url("/leaf/1")], maxDepth=0)
    assert crawled.outcome(site.url("/gone")) == ("failed", "blocked-address")
