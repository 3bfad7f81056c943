"""What a crawl finds: pages, depth, limits, outcomes, by the site's own log."""

from collections.abc import Iterator

import pytest

from tests.api import Api
from tests.e2e.crawls import UNLIMITED, check_graph, check_once, crawl, ended
from tests.e2e.linked_site import NO_PAGES, LinkedSite
from tests.server import wait_until
from tests.site import Graph, Site

CHAIN = {
    "/": ["/one"],
    "/one": ["/two", "/"],
    "/two": ["/three", "#here", "mailto:a@example.org"],
    "/three": ["/one"],
}

FAULTS = {
    "/status/404": ("failed", "http-404"),
    "/status/500": ("failed", "http-500"),
    "/status/204": ("failed", "empty"),
    "/pdf": ("skipped", "not-html"),
    "/png": ("skipped", "not-html"),
    "/text": ("fetched", None),
    "/markdown": ("fetched", None),
    "/drop": ("failed", "refused"),
    "/reset": ("failed", "refused"),
    "/reset-body": ("failed", "broken-response"),
    "/junk": ("failed", "broken-response"),
    "/partial": ("failed", "broken-response"),
    "/two-lengths": ("failed", "broken-response"),
    "/broken-chunk": ("failed", "broken-response"),
    "/cut-chunks": ("failed", "broken-response"),
    "/coding/gzip?cut=1": ("failed", "broken-response"),
    "/coding/br?plain=1": ("failed", "broken-response"),
    "/coding/zstd": ("fetched", None),
    "/header-flood": ("failed", "broken-response"),
    "/long-header": ("failed", "broken-response"),
    "/endless": ("failed", "too-large"),
    "/huge/11": ("failed", "too-large"),
    "/bomb/gzip": ("failed", "too-large"),
    "/bomb/br": ("failed", "too-large"),
    "/redirect/5": ("fetched", None),
    "/redirect/20": ("failed", "redirect-loop"),
    "/redirect-loop": ("failed", "redirect-loop"),
    "/redirect-to": ("failed", "bad-redirect"),
    "/redirect-to?url=ftp://127.0.0.1/": ("failed", "bad-redirect"),
    "/poison/nesting": ("fetched", None),
    "/poison/attribute": ("fetched", None),
    "/poison/entities": ("fetched", None),
    "/poison/control": ("fetched", None),
    "/poison/nul": ("fetched", None),
    "/charset/shift_jis?declare=meta": ("fetched", None),
    "/excess": ("fetched", None),
    "/keep-then-drop": ("fetched", None),
    "/continue-flood": ("failed", "broken-response"),
    "/minus-one": ("failed", "broken-response"),
    "/trailer-flood": ("failed", "broken-response"),
    "/extension-flood": ("failed", "broken-response"),
    "/silent": ("failed", "timeout"),
    "/slow-headers": ("failed", "broken-response"),
    "/slow-body": ("failed", "timeout"),
}


@pytest.fixture(scope="module", autouse=True)
def faulty(api: Api) -> Iterator[tuple[Site, str]]:
    """A site and the job that crawls its faults: it takes 20 s, and the other tests their time."""
    with Site() as site:
        listed = [site.url(path) for path in FAULTS]
        job = api.create(urls=listed, maxDepth=0, concurrency=40)
        yield site, job["id"]


@pytest.mark.parametrize(("depth", "paths"), [(0, "/"), (1, "/ /one"), (2, "/ /one /two")])
def test_a_depth_leaves_out_what_is_more_clicks_away(api: Api, depth: int, paths: str) -> None:
    with LinkedSite(CHAIN) as site:
        crawled = crawl(api, site.url("/"), maxDepth=depth)
        assert set(crawled.pages) == site.urls(*paths.split())
        assert sorted(site.pages_asked()) == paths.split()
    assert crawled.left_out()["depth"] == 1


def test_the_default_depth_is_two(api: Api) -> None:
    with LinkedSite(CHAIN) as site:
        assert set(crawl(api, site.url("/")).pages) == site.urls("/", "/one", "/two")


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_random_delays_change_nothing_of_what_is_found(api: Api, site: Site, seed: int) -> None:
    graph = Graph(seed, pages=400, delay_milliseconds=40)
    crawled = crawl(api, site.url(graph.root), **(UNLIMITED | {"maxDepth": 5}))
    check_graph(crawled, site, graph, depth=5)
    check_once(crawled, site)


def test_a_whole_site_is_crawled_with_each_page_fetched_once(api: Api, site: Site) -> None:
    graph = Graph(seed=4, pages=300)
    crawled = crawl(api, site.url(graph.root), **UNLIMITED)
    check_graph(crawled, site, graph)
    check_once(crawled, site)
    assert len(crawled.pages) == graph.pages


def test_found_on_leads_from_every_page_to_the_root(api: Api, site: Site) -> None:
    graph = Graph(seed=5, pages=120, delay_milliseconds=20)
    rows = {row["id"]: row for row in crawl(api, site.url(graph.root), **UNLIMITED).rows}
    for row in rows.values():
        if row["depth"] == 0:
            assert row["foundOn"] is None
        else:
            assert rows[row["foundOn"]]["depth"] == row["depth"] - 1


def test_a_site_that_refuses_connections_fails_with_that_reason(api: Api) -> None:
    with LinkedSite({}) as gone:
        url = gone.url("/")
    crawled = crawl(api, url, status="failed")
    assert crawled.outcome(url) == ("failed", "refused")
    assert crawled.job["error"]


def test_addresses_that_are_not_allowed_are_blocked(api: Api) -> None:
    for url in (
        "http://10.0.0.1/",
        "http://169.254.169.254/latest/meta-data/",
        "http://0x0a000001/",
    ):
        crawled = crawl(api, url, status="failed")
        assert [row["reason"] for row in crawled.rows] == ["blocked-address"]


@pytest.mark.parametrize("most", [1, 7, 25])
def test_the_page_limit_is_kept_to_the_page(api: Api, site: Site, most: int) -> None:
    graph = Graph(seed=6, pages=200, delay_milliseconds=30)
    crawled = crawl(api, site.url(graph.root), **(UNLIMITED | {"maxPages": most}))
    assert len(crawled.pages) == most == crawled.job["totals"]["completed"]
    assert len([path for path in site.paths() if path not in NO_PAGES]) == most
    skipped = [row for row in crawled.rows if row["outcome"] == "skipped"]
    assert {row["reason"] for row in skipped} == {"page-limit"}
    assert len(skipped) == crawled.job["totals"]["discovered"] - most


def test_the_page_limit_counts_pages_and_not_failures(api: Api) -> None:
    broken = {f"/broken/{number}": 500 for number in range(12)}
    pages = {f"/page/{number}": [] for number in range(12)}
    with LinkedSite({"/": [*broken, *pages], **broken, **pages}) as site:
        crawled = crawl(api, site.url("/"), maxPages=10)
    assert len(crawled.pages) == 10


def test_a_page_of_ten_thousand_links_is_one_page(api: Api) -> None:
    with LinkedSite({"/": [f"/{number}" for number in range(10_000)]}) as site:
        crawled = crawl(api, site.url("/"), maxPages=1)
    assert crawled.job["totals"]["skipped"] == 10_000


def test_a_list_of_urls_is_crawled_and_each_one_once(api: Api) -> None:
    with LinkedSite({"/a": ["/b"], "/b": ["/c"], "/c": [], "/d": []}) as site:
        listed = [site.url("/a"), site.url("/d"), site.url("/a") + "#part"]
        crawled = crawl(api, urls=listed, maxDepth=0)
        assert set(crawled.pages) == site.urls("/a", "/d")
        assert crawled.job["urls"] == listed[:2]
        deeper = crawl(api, urls=listed, maxDepth=1)
        assert set(deeper.pages) == site.urls("/a", "/b", "/d")


def test_links_out_of_the_scope_are_counted_and_not_followed(api: Api) -> None:
    with LinkedSite({"/": []}) as other:
        pages = {"/": ["/in", other.url("/"), "https://example.invalid/"], "/in": [other.url("/")]}
        with LinkedSite(pages) as site:
            crawled = crawl(api, site.url("/"))
            assert set(crawled.pages) == site.urls("/", "/in")
        assert other.asked == []
    assert crawled.left_out()["scope"] == 3


def test_the_scope_path_holds_the_folder_and_not_its_namesake(api: Api) -> None:
    pages = {
        "/docs": ["/docs/a", "/docs-old", "/docs/b/c", "/", "/Docs/a"],
        "/docs/a": ["/docs", "/other"],
        "/docs/b/c": ["../d"],
        "/docs/d": [],
        "/docs-old": [],
        "/": [],
        "/other": [],
    }
    with LinkedSite(pages) as site:
        crawled = crawl(api, site.url("/docs"), scope="path")
        assert set(crawled.pages) == site.urls("/docs", "/docs/a", "/docs/b/c", "/docs/d")


def test_robots_txt_is_obeyed_unless_the_job_says_otherwise(api: Api) -> None:
    pages = {"/": ["/open", "/closed"], "/open": [], "/closed": []}
    with LinkedSite(pages, robots="User-agent: clew\nDisallow: /closed\n") as site:
        obedient = crawl(api, site.url("/"))
        assert set(obedient.pages) == site.urls("/", "/open")
        assert obedient.outcome(site.url("/closed")) == ("skipped", "robots")
        assert "/closed" not in site.asked
        assert set(crawl(api, site.url("/"), ignoreRobots=True).pages) == site.urls(*pages)


def test_a_root_that_robots_txt_refuses_fails_the_job_with_that_reason(api: Api) -> None:
    with LinkedSite({"/": []}, robots="User-agent: *\nDisallow: /\n") as site:
        crawled = crawl(api, site.url("/"), status="failed")
        assert crawled.outcome(site.url("/")) == ("skipped", "robots")
        assert site.pages_asked() == []


def test_a_robots_txt_that_fails_forbids_everything_for_now(api: Api) -> None:
    with LinkedSite({"/": []}, robots=503) as site:
        job_id = api.create(site.url("/"))["id"]
        wait_until(lambda: api.pages(job_id)[0]["attempts"] == 1, "the first try")
        (row,) = api.pages(job_id)
        assert (row["outcome"], row["reason"]) == (None, "robots-unreachable")
        assert row["notBefore"] is not None
        api.cancel(job_id)
        assert site.pages_asked() == []


def test_every_page_is_kept_as_markdown_with_its_links(api: Api, site: Site) -> None:
    crawled = crawl(api, site.url(Graph(seed=8, pages=40).root), **UNLIMITED)
    whole = api.pages(crawled.job["id"], include="markdown,metadata,links")
    assert len(whole) == 40
    for page in whole:
        assert "Ariadne gave Theseus a ball of thread" in page["markdown"]
        assert page["metadata"]["language"] == "en"
        assert "http://example.invalid/" in [link["url"] for link in page["links"]]


def test_each_fault_has_its_reason_and_the_job_completes(
    api: Api, faulty: tuple[Site, str]
) -> None:
    site, job_id = faulty
    paths = {site.url(path): path for path in FAULTS}
    api.wait(job_id, "completed", 250)  # three times 20 s without an answer, and pauses
    rows = [row for row in ended(api, job_id).rows if row["url"] in paths]
    assert {paths[row["url"]]: (row["outcome"], row["reason"]) for row in rows} == FAULTS


def test_what_stands_on_most_pages_is_in_the_markdown_of_none(api: Api) -> None:
    paths = [f"/{number}" for number in range(6)]
    with LinkedSite(dict.fromkeys(["/", *paths], paths)) as site:
        crawled = crawl(api, site.url("/"))

    pages = api.pages(crawled.job["id"], include="markdown")
    assert {page["markdown"] for page in pages} == {
        f"# Page {path}\n\nWhat stands on the page {path}." for path in ["/", *paths]
    }
