"""What the pages say: crawls, limits, what was left out, sizes and times."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.domain.model import JobOptions, ScopeKind
from crawler.web import words

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
            JobOptions(max_depth=0, delay_ms=1500, concurrency=1, ignore_robots=True),
            "Only this page: a.example, for at most 5 minutes. Fetches start 1,500 ms"
            " apart. Up to 1 page at once. The site's robots.txt is not asked.",
        ),
    ],
)
def test_a_crawl_in_a_sentence(urls: tuple[str, ...], options: JobOptions, sentence: str) -> None:
    assert words.describe_crawl(urls, options) == sentence


def test_what_was_left_out_names_the_limits_and_begins_with_what_waited() -> None:
    left = {"robots": 1, "depth": 900, "page-limit": 340, "http-410": 2, "duplicate": 0}
    assert words.left_out_phrases(JobOptions(max_pages=50), left, waiting=7) == [
        "7 URLs that still waited",
        "900 URLs deeper than 2 clicks",
        "340 over the limit of 50 pages",
        "2: the site answered 410",
        "1 that the site's robots.txt asks crawlers not to fetch",
    ]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, ""),
        (0, "0 bytes"),
        (999, "999 bytes"),
        (1_000, "1.0 kB"),
        (9_940, "9.9 kB"),
        (9_960, "10 kB"),
        (999_499, "999 kB"),
        (999_500, "1.0 MB"),
        (3 * 10**15, "3000 TB"),
    ],
)
def test_sizes(value: int | None, text: str) -> None:
    assert words.size(value) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "less than a second"),
        (1, "1 second"),
        (300, "5 minutes"),
        (3_661, "1 hour 1 minute"),
        (90_000, "1 day 1 hour"),
    ],
)
def test_lengths_of_time(seconds: int, text: str) -> None:
    assert words.duration(seconds) == text


@pytest.mark.parametrize(
    ("url", "path"),
    [
        ("https://a.example/", "/"),
        ("https://a.example/x?y=1", "/x?y=1"),
        ("https://a.example", "/"),
    ],
)
def test_the_path_of_a_url(url: str, path: str) -> None:
    assert words.path_of(url) == path


@given(st.text())
def test_links_lead_to_the_web_or_nowhere(url: str) -> None:
    href = words.web_href(url)
    assert href is None or href.startswith(("http://", "https://"))


def test_a_script_is_no_link() -> None:
    assert words.web_href("javascript:alert(1)") is None
