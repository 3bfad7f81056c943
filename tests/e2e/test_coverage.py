"""What a crawl finds beyond links, what it takes for one page, and what it leaves out."""

from collections.abc import Iterator

import pytest

from tests.api import Api
from tests.e2e.crawls import UNLIMITED, crawl, ended
from tests.e2e.linked_site import LinkedSite
from tests.server import wait_until
from tests.site import Site


@pytest.fixture
def fresh() -> Iterator[Site]:
    """A host whose robots.txt no worker has read yet."""
    with Site() as running:
        yield running


def name_sitemap(site: Site, kind: str) -> None:
    """Lets robots.txt name a sitemap of that kind."""
    site.set_robots(f"User-agent: *\nDisallow:\n\nSitemap: {site.url(f'/sitemap/{kind}')}\n")


# Sitemaps


@pytest.mark.parametrize(
    "kind",
    [
        "urlset", "utf16", "gzip", "text", "rss", "atom", "alternates", "cut", "wrong-type",
        "hostile",
    ],
)  # fmt: skip
def test_a_sitemap_adds_pages_that_nothing_links_to(api: Api, fresh: Site, kind: str) -> None:
    name_sitemap(fresh, f"{kind}?pages=1")
    crawled = crawl(api, fresh.url("/leaf/0"))
    assert crawled.pages == {fresh.url("/leaf/0"): 0, fresh.url("/graph/1/1/0"): 1}


def test_an_index_leads_to_its_sitemaps_whatever_some_of_them_are(api: Api, fresh: Site) -> None:
    name_sitemap(fresh, "index-of-faults")
    crawled = crawl(api, fresh.url("/leaf/0"))
    assert fresh.url("/graph/5/3/2") in crawled.pages
    assert set(crawled.pages.values()) == {0, 1}
    assert [row["foundOn"] for row in crawled.rows if row["depth"]] == [crawled.rows[0]["id"]] * 6


@pytest.mark.parametrize("kind", ["entities", "external", "junk", "html", "empty", "loop", "deep"])
def test_a_bad_sitemap_adds_nothing_and_ends(api: Api, fresh: Site, kind: str) -> None:
    name_sitemap(fresh, kind)
    crawled = crawl(api, fresh.url("/leaf/0"))
    assert list(crawled.pages) == [fresh.url("/leaf/0")]
    asked = [path for path in fresh.paths() if path.startswith("/sitemap")]
    assert len(asked) == len(set(asked)) <= 5


def test_the_usual_place_is_tried_where_robots_txt_names_none(api: Api, fresh: Site) -> None:
    crawl(api, fresh.url("/leaf/0"))
    assert fresh.paths().count("/sitemap.xml") == 1


def test_sitemaps_are_not_asked_for_where_the_user_does_not_want_them(
    api: Api, fresh: Site
) -> None:
    name_sitemap(fresh, "urlset")
    crawl(api, fresh.url("/leaf/0"), sitemap="skip")
    assert sorted(fresh.paths()) == ["/leaf/0", "/robots.txt"]


def test_only_what_the_sitemap_lists_is_crawled_where_the_user_wants_that(
    api: Api, fresh: Site
) -> None:
    name_sitemap(fresh, "urlset?pages=2")
    crawled = crawl(api, fresh.url("/links/5"), sitemap="only")
    listed = {fresh.url("/graph/1/2/0"), fresh.url("/graph/1/2/1")}
    assert listed <= set(crawled.pages) <= listed | {fresh.url("/links/5")}


# One page, once


def test_one_page_under_six_addresses_is_one_page(api: Api, site: Site) -> None:
    crawled = crawl(api, site.url("/same/"), sitemap="skip")
    assert list(crawled.pages) == [site.url("/same/")]
    duplicates = [row for row in crawled.rows if row["reason"] == "duplicate"]
    assert len(duplicates) == 5
    assert {row["duplicateOf"] for row in duplicates} == {crawled.rows[0]["id"]}


def test_tracking_and_session_parameters_make_no_other_page(api: Api, site: Site) -> None:
    crawled = crawl(api, site.url("/tracked"), sitemap="skip")
    assert [row["url"] for row in crawled.rows] == [site.url("/tracked")]
    assert site.paths().count("/tracked") == 1


def test_a_page_counts_under_the_address_that_it_calls_its_own(api: Api, site: Site) -> None:
    print_view = site.url("/canonical/a?to=/canonical/a&print=1")
    by_header = site.url("/canonical/a?to=/canonical/a&by=header")
    links = "".join(f'<a href="{url}">x</a> ' for url in (print_view, by_header, "/canonical/a"))
    site.set_page("/start", f"<title>Start</title><p>Start {links}")
    crawled = crawl(api, site.url("/start"), sitemap="skip")
    assert site.url("/canonical/a") in crawled.pages
    assert {crawled.outcome(url)[1] for url in (print_view, by_header)} == {"duplicate"}


def test_two_sites_of_one_page_each_are_in_the_scope_of_their_roots(api: Api, site: Site) -> None:
    with LinkedSite({"/": ["/a"], "/a": []}) as other:
        site.set_page("/two", f'<title>Two</title><p>Two <a href="{other.url("/")}">x</a>')
        narrow = crawl(api, site.url("/two"), sitemap="skip")
        wide = crawl(api, site.url("/two"), sitemap="skip", scope="any")
        assert len(narrow.pages) == 1 and narrow.left_out() == {"scope": 1}
        assert set(wide.pages) == {site.url("/two"), other.url("/"), other.url("/a")}


# What is no page


@pytest.mark.parametrize("kind", ["react", "vue", "angular", "next"])
def test_a_shell_that_scripts_would_fill_is_a_failure(api: Api, site: Site, kind: str) -> None:
    crawled = crawl(api, site.url(f"/shell/{kind}"), "failed", sitemap="skip")
    row = crawled.rows[0]
    assert (row["outcome"], row["reason"]) == ("failed", "needs-javascript")
    assert api.page(crawled.job["id"], row["id"])["markdown"] is None


@pytest.mark.parametrize("kind", ["cloudflare", "datadome", "anubis", "aws", "sucuri"])
def test_a_check_for_robots_is_a_failure(api: Api, site: Site, kind: str) -> None:
    crawled = crawl(api, site.url(f"/challenge/{kind}"), "failed", sitemap="skip")
    assert crawled.outcome(site.url(f"/challenge/{kind}")) == ("failed", "challenge")
    assert site.paths().count(f"/challenge/{kind}") == 1


def test_a_job_whose_first_pages_are_all_shells_pauses_and_says_so(api: Api, site: Site) -> None:
    urls = [site.url(f"/shell/react/{number}") for number in range(40)]
    job = api.create(urls=urls, maxDepth=0, concurrency=2, sitemap="skip")
    paused = api.wait(job["id"], "paused")
    assert paused["totals"]["reasons"]["needs-javascript"] >= 10
    assert paused["totals"]["queued"] > 0
    assert "script" in paused["error"].lower()
    api.resume(job["id"])
    assert api.wait(job["id"], "failed")["totals"]["queued"] == 0


# Traps


def test_folders_within_themselves_are_left_after_a_few(api: Api, site: Site) -> None:
    crawled = crawl(api, site.url("/deeper/"), **UNLIMITED, sitemap="skip")
    assert 1 < len(crawled.pages) < 200
    assert crawled.left_out()["trap"] > 0


# Rules in mid-crawl


def test_a_rule_added_in_mid_crawl_takes_waiting_urls_out(api: Api, site: Site) -> None:
    urls = [site.url(f"/leaf/{number}") for number in range(60)]
    job_id = api.create(urls=urls, maxDepth=0, delayMs=200, sitemap="skip")["id"]
    wait_until(lambda: api.show(job_id)["totals"]["completed"] > 0, "the first pages")
    changed = api.change(job_id, exclude=["/leaf/5?*", "/leaf/5*"], delayMs=0)
    assert changed["options"]["exclude"] == ["/leaf/5?*", "/leaf/5*"]
    crawled = ended(api, job_id)
    out = {row["url"] for row in crawled.rows if row["reason"] == "excluded"}
    assert out >= set(urls[50:])
    assert not {site.url(path) for path in site.paths()} & out


@pytest.mark.parametrize(
    ("rules", "expected"),
    [
        ({"exclude": ["/leaf/1*"]}, {0, 2, 3}),
        ({"include": ["/leaf/2", "regex:leaf/3$"]}, {2, 3}),
        ({"include": ["/leaf/*"], "exclude": ["regex:[03]$"]}, {1, 2}),
    ],
)
def test_rules_choose_among_links(
    api: Api, site: Site, rules: dict[str, list[str]], expected: set[int]
) -> None:
    crawled = crawl(api, site.url("/links/4"), sitemap="skip", **rules)
    assert set(crawled.pages) == {site.url("/links/4"), *(site.url(f"/leaf/{n}") for n in expected)}
    assert crawled.left_out()["excluded"] == 4 - len(expected)


# The cache


def test_a_page_that_has_not_changed_comes_out_of_the_cache(api: Api, site: Site) -> None:
    urls = [site.url(f"/kept/{how}/here") for how in ("etag", "weak", "date", "both")]
    unkept = [site.url(f"/kept/{how}/here") for how in ("no-store", "private", "nothing")]
    crawl(api, urls=[*urls, *unkept], maxDepth=0, sitemap="skip")
    again = crawl(api, urls=[*urls, *unkept], maxDepth=0, sitemap="skip")
    assert again.job["totals"]["fromCache"] == 4 and again.job["totals"]["completed"] == 7
    outcomes = {row["url"]: row["outcome"] for row in again.rows}
    assert {outcomes[url] for url in urls} == {"cached"}
    assert {outcomes[url] for url in unkept} == {"fetched"}
    assert [request.status for request in site.log()].count(304) == 4
    whole = api.pages(again.job["id"], include="markdown")
    assert all("Ariadne" in page["markdown"] for page in whole)


def test_a_page_that_is_young_enough_is_not_asked_for(api: Api, site: Site) -> None:
    urls = [site.url(f"/kept/{how}/young") for how in ("etag", "nothing", "no-store")]
    crawl(api, urls=urls, maxDepth=0, sitemap="skip")
    site.clear()
    again = crawl(api, urls=urls, maxDepth=0, sitemap="skip", maxAgeSeconds=3600)
    assert site.paths() == ["/kept/no-store/young"]
    assert again.job["totals"]["fromCache"] == 2


def test_a_page_that_has_changed_is_fetched_though_it_is_known(api: Api, site: Site) -> None:
    path = "/kept/both/changing"
    site.set_page(path, "<title>One</title><p>First", headers={"ETag": '"one"'})
    crawl(api, site.url(path), sitemap="skip")
    site.set_page(path, "<title>Two</title><p>Second", headers={"ETag": '"two"'})
    again = crawl(api, site.url(path), sitemap="skip", maxAgeSeconds=0)
    assert again.rows[0]["outcome"] == "fetched" and again.rows[0]["title"] == "Two"


def test_a_declared_markdown_form_is_a_pages_content_also_out_of_the_cache(
    api: Api, site: Site
) -> None:
    head = '<title>T</title><link rel=alternate type="text/markdown" href="/form.md">'
    body = f"{head}<main><h1>T</h1><p>Some <a href=/form.md>words</a>, <a href=/linked>more</a>"
    site.set_page("/form", body)
    site.set_page("/form.md", "# T\n\nSome *words*, more", content_type="text/markdown")
    site.set_page("/linked", "<title>L</title><p>Linked, with <a href=/form.md>words</a>")
    for age in (0, 3600):
        crawled = crawl(api, site.url("/form"), sitemap="skip", maxAgeSeconds=age)
        rows = {row["url"]: (row["outcome"], row["reason"]) for row in crawled.rows}
        outcome = ("cached" if age else "fetched", None)
        assert rows == {
            site.url("/form"): outcome,
            site.url("/linked"): outcome,
            site.url("/form.md"): ("skipped", "duplicate"),
        }
        page = api.pages(crawled.job["id"], include="markdown,metadata,links")[0]
        assert page["markdown"] == "# T\n\nSome *words*, more"
        assert page["metadata"]["markdownUrl"] == site.url("/form.md")
        assert {link["url"] for link in page["links"]} == site_urls(site, "/form.md", "/linked")
        site.clear()  # the second time nothing is there to be asked for
    assert site.paths() == []


def site_urls(site: Site, *paths: str) -> set[str]:
    return {site.url(path) for path in paths}


# What a user's requests carry


def test_headers_and_cookies_go_to_their_own_origin_and_are_never_shown(
    api: Api, site: Site
) -> None:
    with Site() as other:
        secrets = {
            "headers": {"X-Key": "opensesame", "Authorization": "Bearer opensesame"},
            "cookies": {"session": "opensesame"},
        }
        away = site.url(f"/redirect-to?url={other.url('/echo')}")
        options = {"urls": [site.url("/echo?own"), away], "maxDepth": 0, "scope": "any"}
        job = api.call("POST", "/api/v4/jobs", json={**options, **secrets})
        crawled = ended(api, job["id"])
    whole = {page["finalUrl"] or page["url"]: page for page in api.pages(
        job["id"], include="markdown"
    )}  # fmt: skip
    own, elsewhere = whole[site.url("/echo?own")]["markdown"], whole[other.url("/echo")]["markdown"]
    assert own.count("opensesame") == 3
    assert "opensesame" not in elsewhere
    assert crawled.job["options"]["headers"] == ["X-Key", "Authorization"]
    shown = [str(api.show(job["id"])), str(api.events(job["id"])), str(api.list())]
    assert not any("opensesame" in text for text in shown)
