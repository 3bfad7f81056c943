"""robots.txt: what it allows Clew."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.domain.robots import MAX_BYTES, RobotsRules, rules_for_status

SITE = "https://example.com"


@pytest.mark.parametrize(
    ("text", "path", "allowed"),
    [
        # RFC 9309, section 2.2.1: the group of the product token, else that of *, else none
        ("User-agent: *\nDisallow: /a", "/a", False),
        ("User-agent: *\nDisallow: /a", "/b", True),
        ("User-agent: clew\nDisallow: /a\n\nUser-agent: *\nDisallow: /", "/b", True),
        ("User-agent: CLEW\nDisallow: /a", "/a", False),
        ("User-agent: Clew/1.0\nDisallow: /a", "/a", False),
        ("User-agent: Clewbot\nDisallow: /", "/a", True),
        ("User-agent: c\nDisallow: /", "/a", True),
        ("User-agent: Googlebot\nDisallow: /", "/a", True),
        ("User-agent: other\nUser-agent: clew\nDisallow: /a", "/a", False),
        ("User-agent: clew\nDisallow: /a\nUser-agent: other\nDisallow: /b", "/b", True),
        ("User-agent: clew\nDisallow: /a\n\nUser-agent: clew\nDisallow: /b", "/b", False),
        ("useragent: clew # a comment\nDisallow: /a # another", "/a", False),
        ("Disallow: /a\nUser-agent: *\nDisallow:", "/a", True),
        # section 2.2.2: the longest match decides, allow wins a tie
        ("User-agent: *\nDisallow: /a\nAllow: /a/b", "/a/b/c", True),
        ("User-agent: *\nAllow: /a\nDisallow: /a/b", "/a/b/c", False),
        ("User-agent: *\nDisallow: /a\nAllow: /a", "/a", True),
        ("User-agent: *\nDisallow: /", "/robots.txt", True),
        # section 2.2.3: special characters
        ("User-agent: *\nDisallow: /*.pdf$", "/x/y.pdf", False),
        ("User-agent: *\nDisallow: /*.pdf$", "/x/y.pdf?z", True),
        ("User-agent: *\nDisallow: /x?", "/x?y=1", False),
        ("User-agent: *\nDisallow: /ü", "/%C3%BC", False),
        ("User-agent: *\nDisallow: /%61", "/a", False),
        # section 2.2 and 2.4: byte order mark, line ends, errors
        ("\ufeffUser-agent: *\r\nDisallow: /a\r\n", "/a", False),
        ("User-agent: *\rDisallow: /a", "/a", False),
        ("<html><body>not found</body></html>", "/a", True),
        ("", "/a", True),
    ],
)
def test_what_a_robots_txt_allows(text: str, path: str, allowed: bool) -> None:
    assert RobotsRules.parse(text.encode()).allows(SITE + path) is allowed


@given(st.binary(max_size=500) | st.text(alphabet="User-agnt:*\r\nDislow/$%#\0 ").map(str.encode))
def test_parsing_never_raises(text: bytes) -> None:
    rules = RobotsRules.parse(text)
    assert rules.allows(f"{SITE}/a?b") in (True, False)
    assert rules.crawl_delay is None or 0 <= rules.crawl_delay <= 60
    assert all(isinstance(sitemap, str) for sitemap in rules.sitemaps)


def test_rules_behind_the_first_500_kib_do_not_count() -> None:
    filler = b"# " + b"x" * MAX_BYTES + b"\n"
    head = b"User-agent: *\nDisallow: /a\n"
    rules = RobotsRules.parse(head + filler + b"Disallow: /b\n")
    assert not rules.allows(f"{SITE}/a")
    assert rules.allows(f"{SITE}/b")


@pytest.mark.parametrize(
    "text",
    [
        b"".join(b"User-agent: bot%d\n" % n for n in range(12_000)) + b"Disallow: /a\n" * 12_000,
        b"User-agent: *\n" + b"Disallow: /" + b"*a" * 200_000,
        b"User-agent: *\n" + b"".join(b"Disallow: /*a%d$\n" % n for n in range(25_000)),
    ],
    ids=["agents times rules", "stars", "patterns"],
)
def test_a_hostile_robots_txt_costs_little(text: bytes) -> None:
    started = time.process_time()
    RobotsRules.parse(text).allows(f"{SITE}/{'a' * 1_900}b")
    assert time.process_time() - started < 2


@pytest.mark.parametrize(
    ("delay", "seconds"),
    [("2", 2.0), ("0.5", 0.5), ("86400", 60.0), ("-1", None), ("soon", None), ("inf", None)],
)
def test_crawl_delay_is_a_bounded_number_of_seconds(delay: str, seconds: float | None) -> None:
    rules = RobotsRules.parse(f"User-agent: *\nCrawl-delay: {delay}".encode())
    assert rules.crawl_delay == seconds


def test_sitemaps_belong_to_no_group() -> None:
    text = b"Sitemap: https://example.com/a.xml\nUser-agent: x\nDisallow: /\nSitemap: /b.xml"
    assert RobotsRules.parse(text).sitemaps == ("https://example.com/a.xml", "/b.xml")


@pytest.mark.parametrize(
    ("status", "allowed"),
    [(200, False), (206, False), (301, True), (401, True), (404, True), (429, True), (500, None)],
)
def test_what_a_status_means(status: int, allowed: bool | None) -> None:
    rules = rules_for_status(status, b"User-agent: *\nDisallow: /")
    assert (rules and rules.allows(f"{SITE}/a")) is allowed
