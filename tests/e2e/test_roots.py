"""A root that redirects still gives the whole site: its scope follows the root, and only it."""

from collections.abc import Iterator

import pytest

from tests.api import Api
from tests.e2e.crawls import ENVIRONMENT, UNLIMITED, crawl, repeats
from tests.e2e.linked_site import LinkedSite
from tests.server import RunningServer
from tests.site import Graph, Site
from tests.site.graph import breadth_first

GRAPH = Graph(seed=11, pages=60)


@pytest.fixture(scope="module")
def secure_site() -> Iterator[Site]:
    """The made site behind TLS, with a certificate of an authority of its own."""
    with Site(tls=True) as running:
        yield running


@pytest.fixture(scope="module")
def server(secure_site: Site) -> Iterator[RunningServer]:
    """A server that trusts that authority."""
    with RunningServer(env=ENVIRONMENT | {"CLEW_CA_BUNDLE": secure_site.ca_path}) as running:
        yield running


def graph_at(origin: str) -> set[str]:
    """The URLs of the made site under an origin."""
    return {origin + path for path in breadth_first(GRAPH)}


def test_to_another_name_of_the_site(api: Api, site: Site) -> None:
    www = f"http://localhost:{site.port}"
    crawled = crawl(api, site.url(f"/redirect-to?url={www}{GRAPH.root}&status=301"), **UNLIMITED)
    assert {row["finalUrl"] for row in crawled.rows} == graph_at(www)
    assert crawled.job["totals"]["completed"] == GRAPH.pages
    assert repeats(site) == {}


def test_to_https(api: Api, secure_site: Site) -> None:
    secure_site.clear()
    with LinkedSite({"/": secure_site.url(GRAPH.root)}) as plain:
        crawled = crawl(api, plain.url("/"), **UNLIMITED)
        assert plain.pages_asked() == ["/"]
    assert {row["finalUrl"] for row in crawled.rows} == graph_at(secure_site.origin)
    assert repeats(secure_site) == {}


def test_an_authority_that_is_not_trusted_is_told(api: Api) -> None:
    with Site(tls=True) as stranger:
        crawled = crawl(api, stranger.url("/"), status="failed")
    assert crawled.rows[0]["reason"] == "tls"


def test_to_another_host_over_several_hops(api: Api, site: Site) -> None:
    with LinkedSite({"/": "/moved", "/moved": site.url(GRAPH.root)}) as old:
        crawled = crawl(api, old.url("/"), **UNLIMITED)
        assert old.pages_asked() == ["/", "/moved"]
        root = next(row for row in crawled.rows if row["depth"] == 0)
        hops = api.page(crawled.job["id"], root["id"])["metadata"]["redirects"]
        assert hops == [{"url": old.url(path), "status": 301} for path in ("/", "/moved")]
    assert {row["finalUrl"] for row in crawled.rows} == graph_at(site.origin)


def test_to_a_folder_of_the_same_host(api: Api) -> None:
    pages = {"/": "/en/", "/en/": ["/en/a", "/de/"], "/en/a": ["/"], "/de/": ["/en/"]}
    with LinkedSite(pages) as site:
        whole = crawl(api, site.url("/"))
        assert {row["finalUrl"] for row in whole.rows} == site.urls("/en/", "/en/a", "/de/")
        assert sorted(site.pages_asked()) == sorted(pages)
        folder = crawl(api, site.url("/"), scope="path")
        fetched = [row["finalUrl"] for row in folder.rows if row["outcome"] == "fetched"]
        assert set(fetched) == site.urls("/en/", "/en/a")
        assert len(fetched) == 2


def test_a_page_that_redirects_counts_once_under_whichever_url(api: Api) -> None:
    pages = {
        "/": ["/old", "/new", "/older", "/away"],
        "/old": "/new",
        "/older": "/old",
        "/new": ["/older", "/"],
    }
    with LinkedSite({"/": []}) as other, LinkedSite(pages) as site:
        site.pages["/away"] = other.url("/")
        crawled = crawl(api, site.url("/"), **UNLIMITED)
        fetched = [row["finalUrl"] for row in crawled.rows if row["outcome"] == "fetched"]
        assert sorted(fetched) == sorted(site.urls("/", "/new"))
        assert crawled.outcome(site.url("/away")) == ("skipped", "scope")
        assert other.asked == []
    skipped = {row["reason"] for row in crawled.rows if row["outcome"] == "skipped"}
    assert skipped == {"duplicate", "scope"}


def test_two_roots_that_lead_to_one_page_are_one_page(api: Api) -> None:
    pages = {"/a": "/home", "/b": "/home", "/home": ["/page"], "/page": []}
    with LinkedSite(pages) as site:
        crawled = crawl(api, urls=[site.url("/a"), site.url("/b")], **UNLIMITED)
    assert crawled.job["totals"]["completed"] == 2
    assert crawled.job["totals"]["skipped"] == 1


def test_a_redirect_to_a_blocked_address_is_not_followed(api: Api) -> None:
    with LinkedSite({"/": ["/in"], "/in": "http://169.254.169.254/"}) as site:
        listed = crawl(api, site.url("/"))
        assert listed.outcome(site.url("/in")) == ("skipped", "scope")
        site.pages["/"] = "http://169.254.169.254/latest/"
        assert crawl(api, site.url("/"), status="failed").rows[0]["reason"] == "blocked-address"
