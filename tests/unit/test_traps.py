"""Endless addresses: shapes, patterns, budgets."""


import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.domain import urls
from crawler.domain.traps import MAX_SEGMENTS, budget, pattern_of, shape_is_trap
from tests.cpu import within


@pytest.mark.parametrize(
    ("rest", "is_trap"),
    [
        ("a/b/a/b/a/b", True),
        ("x/a/b/a/b/a/b/", True),
        ("a/b/c/a/b/c/a/b/c/d", True),
        ("a/b/a/b/", False),
        ("a/x/a/y/a/z", False),
        ("a/x/a/y/a/z/a", True),
        ("a/a/a", False),
        ("a/a/a/a", True),
        ("/////", True),
        ("///", False),
        ("0/0/0/0/0", False),
        ("1/2/1/2/1/2", False),
        ("/".join(map(str, range(MAX_SEGMENTS))) + "/", False),
        ("/".join(map(str, range(MAX_SEGMENTS + 1))), True),
        ("a" * 980, False),
        ("a" * 1_000, True),
        ("?q=" + "a" * 1_500, False),
        ("?a=1&a=1&a=1", True),
        ("?a=1&a=1&a=2&a=3", False),
        ("?a=1&b=2&a=1", False),
        ("?tag[]=x&tag[]=y&tag[]=z", False),
        ("?a/b/a/b/a/b", False),
        ("3/library/xml.etree.elementtree.html", False),
        ("src/main/java/org/site/main/app/main/Main.java", False),
    ],
)
def test_a_shape_that_has_no_end_is_a_trap(rest: str, is_trap: bool) -> None:
    assert shape_is_trap("http://site/" + rest) is is_trap


@pytest.mark.parametrize(
    ("rest", "key", "kind"),
    [
        ("", None, None),
        ("docs/index.html", None, None),
        ("%E6%97%A5", None, None),
        # thousands of these are a site's real pages
        ("news/12345", "news/N", "numbers"),
        ("news/2024/05/17/12345.html", "news/D/N.html", "numbers"),
        ("thread-12-page-3", "thread-N-page-N", "numbers"),
        ("item/3f2a9c00ab12cd34", "item/N", "numbers"),
        ("decade/feedbeefcafe", None, None),
        ("page/5/comments/", "page/N/comments/", "numbers"),
        # versions and sections are the same on all pages below them
        ("3/library/functions.html", None, None),
        ("postgresql-15/intro.html", None, None),
        ("forum/12/thread/345", "forum/12/thread/N", "numbers"),
        ("2024/05/17/", "D/", "dates"),
        ("blog/2024-05/words", "blog/D/words", "dates"),
        ("2031/weeks/of/all/x", "D/weeks/of/all/x", "dates"),
        ("?t=123", "?t", "parameters"),
        ("index.php?title=Words", "index.php?title", "parameters"),
        ("viewtopic.php?f=2&t=3&start=50", "viewtopic.php?f&start&t", "parameters"),
        ("?b=1&a=2&b=3&&", "?a&b", "parameters"),
        ("?x[1]=a&x[2]=b", "?x[N]", "parameters"),
        ("list?sort=price", "list?sort", "parameters"),
        # these are ways to look at them
        ("?option=c&view=a&id=1&catid=2&itemid=3", "?many-parameters", "many-parameters"),
        ("shoes?color=red&brand=x", "shoes?facets", "facets"),
        ("shoes?page=2&sort=price", "shoes?facets", "facets"),
        ("shoes?id=2&Order_By=price", "shoes?facets", "facets"),
        ("?f[0]=a&f[1]=b&q=c", "?facets", "facets"),
        ("?min_price=1&max-price=2", "?facets", "facets"),
        ("calendar/2031/05", "calendar/D", "calendar"),
        ("calendar/9/week/of/room/x", "calendar/N/week/of/room/x", "calendar"),
        ("Kalender?view=x", "Kalender?view", "calendar"),
        ("events?year=2031&month=5", "events?month=D&year=D", "calendar"),
        ("events?from=2031-05-01T00:00", "events?from=D", "calendar"),
        ("calendar/", None, None),
    ],
)  # fmt: skip
def test_what_counts_on_has_a_pattern(rest: str, key: str | None, kind: str | None) -> None:
    pattern = pattern_of(urls.canonical("http://site:81/" + rest) or "")
    assert (pattern and pattern.key) == (key and "site:81/" + key)
    assert (pattern and pattern.kind) == kind


def test_a_budget_ends_calendars_and_spares_forums() -> None:
    budgets = {
        rest: budget(pattern)
        for rest in ("calendar/2031/05", "a?sort=x&color=y", "2024/05/17", "news/1", "?t=1")
        if (pattern := pattern_of("http://site/" + rest))
    }
    assert list(budgets.values()) == [200, 100, 4_000, 10_000, 10_000]


@given(st.text(alphabet="/a1-?&=%f[]2024", max_size=40), st.integers(0, 99))
def test_urls_that_differ_in_a_number_have_one_pattern(rest: str, number: int) -> None:
    url = urls.canonical(f"http://site/{rest}/x-7") or ""
    other = f"{url[:-1]}{number}"
    shape_is_trap(url)
    if "?" not in url:
        pattern = pattern_of(url)
        assert pattern is not None and pattern == pattern_of(other)
        assert budget(pattern) >= 100


@pytest.mark.parametrize("end", ["", "/", "/a/b", "/a/b/"])
@pytest.mark.parametrize(
    "piece",
    ["1", "1a", "1/", "12/", "2024/", "2024/1-", "a1-", "abc123abc123", "/", "?", "?1", "&",
     "?a&1b", "%31", "f[", "calendar/1/"],
)  # fmt: skip
def test_no_address_takes_long_to_judge(piece: str, end: str) -> None:
    for start in ("http://h/", "http://h/?", "http://h/?a="):
        url = urls.canonical(start + piece * ((1_900 - len(start)) // len(piece)) + end)
        assert url is not None and len(url) > 600
        within(0.003, shape_is_trap, url)
        within(0.003, pattern_of, url)
