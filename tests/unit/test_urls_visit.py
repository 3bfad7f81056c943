"""What names no page is no part of its URL: escapes' spelling, tracking, sessions."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from crawler.domain import urls

TOKEN = "0123456789abcdef0123456789abcdef"


@pytest.mark.parametrize(
    ("path", "form"),
    [
        # RFC 3986, section 6.2.2: upper-case digits, unreserved characters as themselves
        ("%c3%a9", "%C3%A9"),
        ("%41%5a%61%7A%30%39%2d%2E%5F%7e", "AZaz09-._~"),
        ("?%61=%c3", "?a=%C3"),
        ("a%2fb%3Fc%23d%25e%20f", "a%2Fb%3Fc%23d%25e%20f"),
        # what decoding would turn into another escape, or a bare % into one, stays
        ("%%32E", "%%32E"),
        ("%2%45", "%2%45"),
        ("%252E", "%252E"),
        ("%", "%"),
        ("%4", "%4"),
        ("%gg", "%gg"),
    ],
)
def test_an_escape_has_one_spelling(path: str, form: str) -> None:
    assert urls.canonical("http://site/" + path) == "http://site/" + form


@pytest.mark.parametrize(
    ("rest", "form"),
    [
        # tracking
        ("?utm_source=a&utm_medium=b", ""),
        ("?id=5&utm_source=a", "?id=5"),
        ("?utm_source=a&id=5&gclid=x&b", "?id=5&b"),
        ("?UTM_Source=a&FBCLID=b", ""),
        ("?utm%5fsource=a", ""),
        ("?gclid", ""),
        ("?msclkid=&x=", "?x="),
        ("?hsa_acc=1&mc_eid=2&_ga=3&pk_campaign=4", ""),
        ("?utm=1&utmost=2&gclidx=3&xgclid=4", "?utm=1&utmost=2&gclidx=3&xgclid=4"),
        ("?ref=a&source=b&spm=c", "?ref=a&source=b&spm=c"),
        ("?next=/a?utm_source=b", "?next=/a?utm_source=b"),
        # sessions, by name
        ("?PHPSESSID=abc&id=1", "?id=1"),
        ("?jsessionid=A.b", ""),
        ("?ASPSESSIONIDQQABCD=x", ""),
        ("?CFID=1&CFTOKEN=2&a=3", "?a=3"),
        ("a;jsessionid=0F.node1", "a"),
        ("a;JSESSIONID=0F?b=1", "a?b=1"),
        ("a;jsessionid=1/b;jsessionid=2", "a/b"),
        ("a;v=1;jsessionid=2;w=3", "a;v=1;w=3"),
        ("a?b;jsessionid=1", "a?b;jsessionid=1"),
        # a segment that would be left empty or as dots keeps its session
        (";jsessionid=1", ";jsessionid=1"),
        ("a/..;jsessionid=1/b", "a/..;jsessionid=1/b"),
        # sessions, by name and value
        (f"?sid={TOKEN}&t=1", "?t=1"),
        (f"?s={TOKEN.upper()}", ""),
        ("?session=ab12ab12ab12ab12ab12ab12ab", ""),
        ("?s=word", "?s=word"),
        ("?s=averyverylongwordwithoutdigits", "?s=averyverylongwordwithoutdigits"),
        ("?sid=12345678901234567890123", "?sid=12345678901234567890123"),
        ("?session=507f1f77bcf86cd799439011", "?session=507f1f77bcf86cd799439011"),
        ("?sid=3f2504e0-4f89-11d3-9a0c-0305e82c3301", "?sid=3f2504e0-4f89-11d3-9a0c-0305e82c3301"),
        (f"?token={TOKEN}", f"?token={TOKEN}"),
        # the others keep order and bytes
        ("?b=1&a=2&&b=3&", "?b=1&a=2&&b=3&"),
        ("?b&utm_id=1&&a", "?b&&a"),
        ("?&", "?&"),
    ],
)
def test_tracking_and_sessions_make_no_other_page(rest: str, form: str) -> None:
    assert urls.canonical("http://site/" + rest) == "http://site/" + form
    assert urls.resolve("/" + rest, "http://site/x") == "http://site/" + form
    assert urls.parse_typed("http://site/" + rest) == "http://site/" + form


pieces = st.sampled_from(
    ["utm_a", "sid", "s", "gclid", "jsessionid", ";jsessionid=", "=", "&", "?", "/", ".", "%", "%3",
     "2", "E", "%2e", "%5f", "%c3", TOKEN, "a", "@", ":", "//", "\\", "#"]
)  # fmt: skip


@given(st.lists(pieces, max_size=12).map("".join))
@example("/a;jsessionid=x.;jsessionid=y")
@example("/.;jsessionid=1/;jsessionid=2")
@example("%%%332E")
def test_the_canonical_form_is_found_in_one_step(rest: str) -> None:
    form = urls.canonical("http://site/" + rest)
    assert form is None or urls.canonical(form) == form


@pytest.mark.parametrize(
    ("url", "authority"),
    [
        ("http://site/", "site"),
        ("https://site/a//b?c", "site"),
        ("http://site:81/a", "site:81"),
        ("https://[::1]:81/", "[::1]:81"),
    ],
)
def test_http_and_https_of_a_name_are_one_host(url: str, authority: str) -> None:
    assert urls.authority(url) == authority


@pytest.mark.parametrize(
    ("part", "form"),
    [
        ("/a b/*", "/a%20b/*"),
        ("b\u00fccher/*?q=\u00fc", "b%C3%BCcher/*?q=%C3%BC"),
        ("/%7ea", "/~a"),
        ("/x?utm_a=*", "/x?utm_a=*"),
        ("/x?", "/x?"),
        ("//x", "//x"),
        ("", ""),
    ],
)
def test_a_part_is_spelled_as_in_a_canonical_url(part: str, form: str) -> None:
    assert urls.spelled(part) == form


@pytest.mark.parametrize("host", ["127.1", "0x7f", "site", "169.254.169.254"])
def test_what_looks_like_a_session_in_a_host_stays_in_it(host: str) -> None:
    url = urls.canonical(f"http://{host};jsessionid=0123456789ABCDEF0123456789ABCDEF/x;jsessionid=1")
    assert url == f"http://{host};jsessionid=0123456789abcdef0123456789abcdef/x"
    assert urls.canonical(url) == url
