"""robots.txt: what it allows Clew."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.domain.robots import MAX_BYTES, RobotsRules, rules_for_status
from tests.cpu import within

SITE = "https://example.com"
ALL = "User-agent: *\n"


@pytest.mark.parametrize(
    ("text", "path", "allowed"),
    [
        # RFC 9309, section 2.2.1: the group of the product token, else that of *, else none
        ("User-agent: *\nDisallow: /a", "/a", False),
        ("User-agent: *\nDisallow: /a", "/b", True),
        ("User-agent: clew\nDisallow: /a\n\nUser-agent: *\nDisallow: /", "/b", True),
        ("User-agent: *\nDisallow: /\n\nUser-agent: clew\nDisallow: /a", "/b", True),
        ("User-agent: clew\nUser-agent: *\nDisallow: /a", "/a", False),
        ("User-agent: clew\nDisallow:\n\nUser-agent: *\nDisallow: /", "/a", True),
        ("User-agent: clew\n\nUser-agent: *\nDisallow: /a", "/a", False),
        ("User-agent: CLEW\nDisallow: /a", "/a", False),
        ("User-agent: Clew/1.0\nDisallow: /a", "/a", False),
        ("User-agent: Clew bot\nDisallow: /a", "/a", False),
        ("User-agent: Clewbot\nDisallow: /", "/a", True),
        ("User-agent: Clew-News\nDisallow: /", "/a", True),
        ("User-agent: c\nDisallow: /", "/a", True),
        ("User-agent: Googlebot\nDisallow: /", "/a", True),
        ("User-agent: *bot\nDisallow: /", "/a", True),
        ("User-agent: * and others\nDisallow: /a", "/a", False),
        ("User-agent:\nDisallow: /", "/a", True),
        # groups: several agents share rules, groups of one agent are one
        ("User-agent: other\nUser-agent: clew\nDisallow: /a", "/a", False),
        ("User-agent: other\n\n# words\n\nUser-agent: clew\nDisallow: /a", "/a", False),
        ("User-agent: clew\nDisallow: /a\nUser-agent: other\nDisallow: /b", "/b", True),
        ("User-agent: clew\nDisallow: /a\n\nUser-agent: clew\nDisallow: /b", "/b", False),
        ("User-agent: *\nDisallow: /a\n\nUser-agent: x\nDisallow:\n\nUser-agent: *\nDisallow: /b",
         "/b", False),
        ("User-agent: clew\nAllow: /a/b\n\nUser-agent: clew\nDisallow: /a", "/a/b", True),
        ("User-agent: clew\n\n\nDisallow: /a", "/a", False),
        ("Disallow: /a\nUser-agent: *\nDisallow:", "/a", True),
        # section 2.2.4: other records do not interfere; a crawl delay is a rule
        ("User-agent: clew\nSitemap: /s.xml\nUser-agent: other\nDisallow: /a", "/a", False),
        ("User-agent: clew\nNoindex: /b\nUser-agent: other\nDisallow: /a", "/a", False),
        ("User-agent: clew\nCrawl-delay: 5\nUser-agent: other\nDisallow: /a", "/a", True),
        (ALL + "Disallow: /a\nSitemap: /s.xml\nDisallow: /b", "/b", False),
        # section 2.2: comments, spaces, spellings
        ("useragent: clew # a comment\nDisallow: /a # another", "/a", False),
        ("  User-agent : clew  \n\tDisallow\t:\t/a  ", "/a", False),
        ("user agent clew\ndisallow /a", "/a", False),
        (ALL + "Dissallow: /a", "/a", False),
        (ALL + "DISALLOW: /a", "/a", False),
        (ALL + "Disallow: /a#b", "/a", False),
        (ALL + "# Disallow: /a", "/a", True),
        (ALL + "Disallowed: /a", "/a", True),
        (ALL + "X-Disallow: /a", "/a", True),
        # section 2.2.2: the longest match decides, allow wins a tie
        (ALL + "Disallow: /a\nAllow: /a/b", "/a/b/c", True),
        (ALL + "Allow: /a\nDisallow: /a/b", "/a/b/c", False),
        (ALL + "Disallow: /a\nAllow: /a", "/a", True),
        (ALL + "Allow: /a\nDisallow: /a", "/a", True),
        (ALL + "Disallow: /\nAllow: /$", "/", True),
        (ALL + "Disallow: /\nAllow: /$", "/a", False),
        (ALL + "Disallow: /", "/robots.txt", True),
        (ALL + "Disallow:", "/a", True),
        (ALL + "Disallow: /a", "/abc", False),
        (ALL + "Disallow: /a/", "/a", True),
        (ALL + "Disallow: /A", "/a", True),
        (ALL + "Disallow: a", "/a", True),
        (ALL + "Allow: /a/*\nDisallow: /a/b*c", "/a/bxc", False),
        # section 2.2.2: the table of paths and their encodings
        (ALL + "Disallow: /foo/bar?baz=quz", "/foo/bar?baz=quz", False),
        (ALL + "Disallow: /foo/bar?baz=https://foo.bar",
         "/foo/bar?baz=https%3A%2F%2Ffoo.bar", False),
        (ALL + "Disallow: /foo/bar?baz=https://foo.bar", "/foo/bar?baz=https://foo.bar", False),
        (ALL + "Disallow: /foo/bar/ツ", "/foo/bar/%E3%83%84", False),
        (ALL + "Disallow: /foo/bar/%E3%83%84", "/foo/bar/%E3%83%84", False),
        (ALL + "Disallow: /foo/bar/%e3%83%84", "/foo/bar/%E3%83%84", False),
        (ALL + "Disallow: /foo/bar/%62%61%7A", "/foo/bar/baz", False),
        (ALL + "Disallow: /ü", "/%C3%BC", False),
        (ALL + "Disallow: /~joe", "/%7Ejoe", False),
        (ALL + "Disallow: /a%2Fb", "/a/b", True),
        (ALL + "Disallow: /a b", "/a%20b", False),
        (ALL + "Disallow: /a?b=%2f", "/a?b=/c", False),
        (ALL + "Disallow: /a?b=/", "/a?b=%2Fc", False),
        (ALL + "Disallow: /a%3fb", "/a?b", True),
        (ALL + "Disallow: /a%3fb", "/a%3Fb", False),
        (ALL + "Disallow: /a?b", "/a%3Fb", True),
        (ALL + "Disallow: /a?b?c", "/a?b%3Fc", False),
        (ALL + "Disallow: /a%3Fb", "/a%253Fb", True),
        (ALL + "Disallow: /a%253Fb", "/a%253Fb", False),
        (ALL + "Disallow: /a%253Fb", "/a%3Fb", True),
        (ALL + "Disallow: /a%26b", "/a&b", False),
        (ALL + "Disallow: /a%3Db?x%26y", "/a=b?x&y", False),
        (ALL + "Disallow: /a%", "/a%", False),
        (ALL + "Disallow: /*%", "/a%20b", False),
        (ALL + "Disallow: /a%%361", "/aa", True),
        (ALL + "Disallow: //a", "//a", False),
        (ALL + "Disallow: /a%3F\nAllow: /a*bcd", "/a%3Fbcd", True),
        # section 2.2.3: special characters
        (ALL + "Disallow: /*.pdf$", "/x/y.pdf", False),
        (ALL + "Disallow: /*.pdf$", "/x/y.pdf?z", True),
        (ALL + "Disallow: *.pdf", "/x/y.pdf?z", False),
        (ALL + "Disallow: /a*c", "/abbbc/d", False),
        (ALL + "Disallow: /a**c", "/ac", False),
        (ALL + "Disallow: *", "/a", False),
        (ALL + "Disallow: /a*", "/a", False),
        (ALL + "Disallow: /*?", "/a?b", False),
        (ALL + "Disallow: /*?", "/a", True),
        (ALL + "Disallow: /a$", "/a", False),
        (ALL + "Disallow: /a$", "/ab", True),
        (ALL + "Disallow: /a$b", "/a$b", False),
        (ALL + "Disallow: /a%2A", "/abc", True),
        (ALL + "Disallow: /x?", "/x?y=1", False),
        (ALL + "Disallow: /x?", "/x", True),
        # section 2.2: byte order mark, line ends; section 2.4: errors
        ("\ufeffUser-agent: *\r\nDisallow: /a\r\n", "/a", False),
        ("User-agent: *\rDisallow: /a", "/a", False),
        ("User-agent: *\r\n\r\nDisallow: /a", "/a", False),
        (ALL + "Disallow: /b\x0cDisallow: /a", "/a", True),
        (ALL + "Disallow: /b\u2028Disallow: /a", "/a", True),
        (ALL + "Disallow: /b\0\nDisallow: /a", "/a", False),
        ("<html><body>not found</body></html>", "/a", True),
        ("{}", "/a", True),
        ("", "/a", True),
    ],
)  # fmt: skip
def test_what_a_robots_txt_allows(text: str, path: str, allowed: bool) -> None:
    rules = RobotsRules.parse(text.encode())
    assert rules.allows(SITE + path) is allowed
    assert (rules.blocking_rule(SITE + path) is None) is allowed


@pytest.mark.parametrize(
    ("text", "path", "rule"),
    [
        (ALL + "Disallow: /a", "/a/b", "Disallow: /a"),
        (ALL + "disallow:/a # why", "/a/b", "Disallow: /a"),
        (ALL + "Disallow: /\nDisallow: /a\nDisallow: /a/b", "/a/c", "Disallow: /a"),
        (ALL + "Disallow: /\nDisallow: /*.pdf$", "/a/c.pdf", "Disallow: /*.pdf$"),
        (ALL + "Disallow: /a\nAllow: /", "/a", "Disallow: /a"),
        (ALL + "Disallow: /ü", "/%C3%BC", "Disallow: /ü"),
        (ALL + "Disallow: /%61", "/a", "Disallow: /%61"),
        (ALL + "Disallow: /ab\nDisallow: /ü", "/%C3%BCb", "Disallow: /ü"),
        (ALL + "Disallow: /b\nUser-agent: clew\nDisallow: /", "/b", "Disallow: /"),
        (ALL + "Disallow: /a", "/b", None),
        (ALL + "Disallow: /a\0*", "/a%00", "Disallow: /a*"),
        (ALL + "Disallow: /a$", "/a$b", "Disallow: /a$"),
        (ALL + "Disallow: /%61%62\nDisallow: /abc", "/abcd", "Disallow: /abc"),
        (ALL + "Disallow: /*" + "*" * 500, "/a", "Disallow: /" + "*" * 188 + "…"),
        (ALL + "".join(f"Disallow: /*{n:04}*\n" for n in range(2_500)), "/2100",
         "Disallow: /*2100*"),
    ],
)
def test_the_rule_that_blocks_is_named_as_it_stands_there(
    text: str, path: str, rule: str | None
) -> None:
    assert RobotsRules.parse(text.encode()).blocking_rule(SITE + path) == rule


_PIECES = st.sampled_from(
    ["/a", "/b", "*", "$", "?", "%2F", "%3f", "%61", "%", "ü", "Allow: ", "Disallow: ", "\n",
     "\r\n", "#", " "]
)  # fmt: skip


@given(
    st.binary(max_size=500)
    | st.text(alphabet="User-agnt:*\r\nDislow/$%#\0 ").map(str.encode)
    | st.lists(_PIECES, max_size=40).map(lambda pieces: (ALL + "".join(pieces)).encode())
)
def test_parsing_never_raises_and_what_is_blocked_is_blocked_by_a_rule(text: bytes) -> None:
    rules = RobotsRules.parse(text)
    for path in ("/a?b", "/a/b%2F", "/"):
        blocking = rules.blocking_rule(SITE + path)
        assert rules.allows(SITE + path) is (blocking is None)
        assert blocking is None or re.fullmatch("Disallow: (?!None).+", blocking)
    assert rules.crawl_delay is None or 0 <= rules.crawl_delay <= 60
    assert all(isinstance(sitemap, str) for sitemap in rules.sitemaps)


@given(st.lists(st.sampled_from(["user-agent: x", "disallow: /z", "", "# c", "noindex: /q"])))
def test_groups_of_others_change_nothing_for_clew(lines: list[str]) -> None:
    others = "\n".join(["user-agent: x", *lines, "disallow: /z"])
    rules = RobotsRules.parse(f"user-agent: clew\ndisallow: /a\n{others}".encode())
    assert not rules.allows(f"{SITE}/a")
    assert rules.allows(f"{SITE}/z")


def test_rules_behind_the_first_500_kib_do_not_count() -> None:
    filler = b"# " + b"x" * MAX_BYTES + b"\n"
    head = b"User-agent: *\nDisallow: /a\n"
    rules = RobotsRules.parse(head + filler + b"Disallow: /b\n")
    assert not rules.allows(f"{SITE}/a")
    assert rules.allows(f"{SITE}/b")


def test_rules_within_the_first_500_kib_count() -> None:
    filler = b"# " + b"x" * (MAX_BYTES - 100) + b"\n"
    rules = RobotsRules.parse(b"User-agent: *\n" + filler + b"Disallow: /b\n")
    assert not rules.allows(f"{SITE}/b")


@pytest.mark.parametrize(
    "text",
    [
        b"".join(b"User-agent: bot%d\n" % n for n in range(12_000)) + b"Disallow: /a\n" * 12_000,
        b"User-agent: *\n" + b"Disallow: /" + b"*a" * 200_000,
        b"User-agent: *\n" + b"".join(b"Disallow: /*a%d$\n" % n for n in range(25_000)),
        b"User-agent: *\n" + b"".join(b"Disallow: /aa*%d\n" % n for n in range(25_000)),
        b"user" + b" " * 500_000,
        b"Disallow" + b" " * 500_000 + b"\0",
        b"Disallow:" + b" " * 250_000 + b"x" + b" " * 250_000 + b"y",
        b"Disallow: x " * 40_000,
        (b"Disallow:" + b" " * 5_000 + b"x" + b" " * 5_000 + b"y\n") * 50,
        b"User-agent: *\n"
        + b"".join(
            b"Disallow: /*" + b"a" * (250 - n % 200) + b"b" + b"a" * (250 - n // 200) + b"\n"
            for n in range(1_000)
        ),
        b"User-agent: *\nDisallow: /" + b"*a" * 250_000,
        b"User-agent: *\nDisallow: /" + b"*" * 500_000 + b"$",
        b"Sitemap: x\n" * 45_000,
    ],
    ids=[
        "agents times rules",
        "stars",
        "patterns",
        "near misses",
        "spaces",
        "spaces behind a field",
        "spaces in a value",
        "words",
        "lines of spaces",
        "long near misses",
        "letters and stars",
        "nothing but stars",
        "sitemaps",
    ],
)
def test_a_hostile_robots_txt_costs_little(text: bytes) -> None:
    rules = within(2.0, RobotsRules.parse, text)
    within(2.0, rules.blocking_rule, f"{SITE}/{'a' * 1_900}b")
    assert len(rules.sitemaps) <= 1_000


@pytest.mark.parametrize(
    ("delay", "seconds"),
    [("2", 2.0), ("0.5", 0.5), ("86400", 60.0), ("-1", None), ("soon", None), ("inf", None)],
)
def test_crawl_delay_is_a_bounded_number_of_seconds(delay: str, seconds: float | None) -> None:
    rules = RobotsRules.parse(f"User-agent: *\nCrawl-delay: {delay}".encode())
    assert rules.crawl_delay == seconds


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("User-agent: *\nCrawl-delay: 3\nUser-agent: clew\nDisallow: /a", None),
        ("User-agent: *\nDisallow: /a\nUser-agent: clew\nCrawl-delay: 3", 3.0),
        ("User-agent: other\nCrawl-delay: 3", None),
        ("Crawl-delay: 3", None),
        ("User-agent: *\ncrawl delay 3", 3.0),
        ("User-agent: *\nCrawl-delay: 5\nCrawl-delay: 1", 5.0),
        ("User-agent: *\nCrawl-delay: 1\nCrawl-delay: x\n\nUser-agent: *\nCrawl-delay: 5", 5.0),
        ("User-agent: *\nCrawl-delay: 5\nUser-agent: clew\nCrawl-delay: 1", 1.0),
    ],
)
def test_a_crawl_delay_belongs_to_its_group(text: str, seconds: float | None) -> None:
    assert RobotsRules.parse(text.encode()).crawl_delay == seconds


def test_sitemaps_belong_to_no_group() -> None:
    text = b"Sitemap: https://example.com/a.xml\nUser-agent: x\nDisallow: /\nSitemap: /b.xml"
    assert RobotsRules.parse(text).sitemaps == ("https://example.com/a.xml", "/b.xml")


@pytest.mark.parametrize(
    ("status", "allowed"),
    [
        *((status, False) for status in (200, 203, 206)),
        *((status, True) for status in (300, 301, 304, 400, 401, 403, 404, 410, 429, 451, 499)),
        *((status, None) for status in (500, 502, 503, 504, 599, 999)),
    ],
)
def test_what_a_status_means(status: int, allowed: bool | None) -> None:
    rules = rules_for_status(status, b"User-agent: *\nDisallow: /")
    assert (rules and rules.allows(f"{SITE}/a")) is allowed


@pytest.mark.parametrize(
    ("line", "value"),
    [
        (b"Sitemap:\t /a b.xml \t", "/a b.xml"),
        (b" Sitemap /a.xml", "/a.xml"),
        (b"Site-map :/a.xml # map", "/a.xml"),
        (b"sitemap", None),
        (b"sitemap:  ", None),
        (b"sitemaps:\x0b/a.xml\x0c", "/a.xml"),
        (b"sitemaps/a.xml", None),
    ],
)
def test_a_value_is_what_stands_between_spaces(line: bytes, value: str | None) -> None:
    assert RobotsRules.parse(line).sitemaps == ((value,) if value else ())


def test_a_pattern_weighs_as_much_as_its_wildcards() -> None:
    text = b"User-agent: *\nDisallow: /a\nDisallow: /" + b"*b" * 10_000
    assert RobotsRules.parse(text).size == 10_002


def test_the_rule_is_named_among_any_number_of_them_and_at_once() -> None:
    lines = (f"Disallow: /%C3%BC{n}%2F*x$\nDisallow: /%C3%BC{n}%2Fy" for n in range(7_000))
    rules = RobotsRules.parse((ALL + "\n".join(lines)).encode())
    numbers = range(0, 7_000, 140)
    urls = [f"{SITE}/%C3%BC{n}%2Fyz" for n in numbers]
    named = within(0.5, lambda: [rules.blocking_rule(url) for url in urls])
    assert named == [f"Disallow: /%C3%BC{n}%2Fy" for n in numbers]


def test_half_a_rule_at_the_size_limit_is_no_rule() -> None:
    head, cut = b"User-agent: *\nDisallow: /private\n", b"Disallow: /pub"
    padding = b"#" * (MAX_BYTES - len(head) - len(cut) - 1) + b"\n"
    rules = RobotsRules.parse(head + padding + cut + b"lic-but-long\n")
    assert rules.allows("http://site/pub") and not rules.allows("http://site/private")
