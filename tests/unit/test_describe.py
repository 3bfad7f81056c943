"""A crawl in words: what it covers, how it goes about it, what it left out."""

import pytest

from crawler.domain.model import JobOptions, ScopeKind, SitemapUse
from crawler.web import describe

DOCS = "https://docs.python.org/3/library/os.html"
SECTION = JobOptions(max_depth=None, scope=ScopeKind.PATH)


@pytest.mark.parametrize(
    ("urls", "options", "sentence"),
    [
        (
            (DOCS,),
            SECTION,
            "Every page of docs.python.org under /3/library/, at most 1,000 pages,"
            " for at most 5 minutes.",
        ),
        (
            (DOCS,),
            JobOptions(max_depth=1, max_pages=1),
            "docs.python.org/3/library/os.html and every page of docs.python.org up to 1 click"
            " away from it, at most 1 page, for at most 5 minutes.",
        ),
        (
            ("https://a.example/",),
            JobOptions(max_depth=None, max_pages=None, time_limit_seconds=None),
            "Every page of a.example, however many there are, for as long as it takes.",
        ),
        (
            ("https://a.example/",),
            JobOptions(max_depth=None, scope=ScopeKind.PATH, time_limit_seconds=5_400),
            "Every page of a.example, at most 1,000 pages, for at most 1 hour 30 minutes.",
        ),
        (
            ("https://a.example/x",),
            JobOptions(max_depth=0, max_pages=None, time_limit_seconds=None),
            "Only this page: a.example/x.",
        ),
        (
            ("https://a.example/x", "https://b.example/"),
            JobOptions(max_depth=0),
            "These 2 pages and no other, for at most 5 minutes.",
        ),
        (
            ("https://a.example/x", "https://b.example/"),
            JobOptions(max_depth=0, max_pages=1, time_limit_seconds=1),
            "These 2 pages and no other, at most 1 page, for at most 1 second.",
        ),
        (
            ("https://a.example/",),
            JobOptions(max_depth=0, delay_ms=1500, concurrency=1),
            "Only this page: a.example, for at most 5 minutes. Fetches start 1,500 ms"
            " apart. Up to 1 page at once.",
        ),
        (
            ("https://a.example/",),
            JobOptions(max_depth=0, content_selector="main", remove_selectors=(".ad", "ul")),
            "Only this page: a.example, for at most 5 minutes. Of a page what main matches,"
            " without .ad and ul.",
        ),
        (
            ("https://a.example/",),
            JobOptions(max_depth=0, content_selector="main > p"),
            "Only this page: a.example, for at most 5 minutes. Of a page what main > p matches.",
        ),
        (
            ("https://a.example/",),
            JobOptions(max_depth=0, remove_selectors=("a", "b", "i", "u")),
            "Only this page: a.example, for at most 5 minutes. Pages without what 4 selectors"
            " match.",
        ),
        (
            ("https://docs.example.co.uk/x",),
            JobOptions(max_depth=None, scope=ScopeKind.DOMAIN),
            "Every page of example.co.uk with its subdomains, at most 1,000 pages,"
            " for at most 5 minutes.",
        ),
        (
            ("http://127.0.0.1:8000/",),
            JobOptions(max_depth=None, scope=ScopeKind.DOMAIN, time_limit_seconds=1),
            "Every page of 127.0.0.1:8000, at most 1,000 pages, for at most 1 second.",
        ),
        (
            ("https://a.example/",),
            JobOptions(scope=ScopeKind.ANY, time_limit_seconds=1),
            "a.example and every page up to 2 clicks away from it, on any site,"
            " at most 1,000 pages, for at most 1 second.",
        ),
        (
            ("https://a.example/", "https://b.example/"),
            JobOptions(max_depth=None, scope=ScopeKind.ANY, time_limit_seconds=1),
            "2 start pages and every page that links lead to, on any site,"
            " at most 1,000 pages, for at most 1 second.",
        ),
        (
            ("https://a.example/", "https://b.example/"),
            JobOptions(max_depth=1, time_limit_seconds=1),
            "2 start pages and every page of their sites up to 1 click away from them,"
            " at most 1,000 pages, for at most 1 second.",
        ),
        (
            ("https://a.example/docs/",),
            JobOptions(scope=ScopeKind.PATH, sitemap=SitemapUse.ONLY, time_limit_seconds=1),
            "a.example/docs and the pages of a.example under /docs/ that its sitemaps list,"
            " at most 1,000 pages, for at most 1 second.",
        ),
        (
            ("https://a.example/",),
            JobOptions(
                max_depth=None,
                max_pages=9,
                time_limit_seconds=1,
                sitemap=SitemapUse.SKIP,
                include=("/a/*", "/b/*"),
                exclude=("/1", "/2", "/3", "/4"),
                max_age_seconds=3_600,
                headers=("Authorization",),
                cookies=("a", "b"),
            ),
            "Every page of a.example, at most 9 pages, for at most 1 second."
            " Only URLs that match /a/* or /b/*. Without URLs that match one of 4 rules."
            " Sitemaps are not read. Pages read in the last 1 hour are not asked for again."
            " Sent along: the header Authorization and the cookies a and b.",
        ),
    ],
)
def test_a_crawl_in_a_sentence(urls: tuple[str, ...], options: JobOptions, sentence: str) -> None:
    assert describe.describe_crawl(urls, options) == sentence


def test_what_was_left_out_names_the_limits_and_begins_with_what_waited() -> None:
    left = {"robots": 1, "depth": 900, "page-limit": 340, "http-410": 2, "duplicate": 0}
    assert describe.left_out_phrases(JobOptions(max_pages=50), left, waiting=7) == [
        "7 URLs that still waited",
        "900 URLs deeper than 2 clicks",
        "340 over the limit of 50 pages",
    ]
    assert describe.left_out_phrases(JobOptions(max_depth=None, max_pages=None), left) == []


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (JobOptions(), []),
        (JobOptions(concurrency=3, delay_ms=100), []),
        (JobOptions(ignore_robots=True), ["ignores robots.txt"]),
        (JobOptions(concurrency=8), ["8 pages at once, where 3 are polite"]),
        (JobOptions(delay_ms=0), ["no pause between fetches, where 100 ms are polite"]),
        (JobOptions(delay_ms=50), ["50 ms between fetches, where 100 ms are polite"]),
    ],
)
def test_choices_that_sites_may_mind_are_told(options: JobOptions, told: list[str]) -> None:
    assert describe.bold_choices(options) == told
