"""One page, one URL: canonical forms, what callers type, what the form completes."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from crawler.domain import urls
from crawler.domain.urls import MAX_URL_LENGTH, InvalidUrl

BASE = "http://site/a/b?c"

urlish = st.text(alphabet="htps:/?#@.[]%\\&=;~ \t\n01aZé\ud800", max_size=40)
"""Text of the characters on which URL parsers disagree."""


@pytest.mark.parametrize(
    ("url", "form"),
    [
        # URL Standard, section 4.4: case, default ports, dots, percent-encoding
        ("HTTP://Example.COM", "http://example.com/"),
        ("http://site:80/", "http://site/"),
        ("https://site:443/", "https://site/"),
        ("https://site:80/", "https://site:80/"),
        ("http://site:00080/", "http://site/"),
        ("http://site/a/../b/./c", "http://site/b/c"),
        ("http://site/a/%2e%2E/b", "http://site/b"),
        ("http://site/a b?c d", "http://site/a%20b?c%20d"),
        ("http://site/ü?ü", "http://site/%C3%BC?%C3%BC"),
        ("http://site/%7Ea", "http://site/~a"),
        ("http://site//a//", "http://site//a//"),
        ("http://münchen.de/", "http://xn--mnchen-3ya.de/"),
        ("http://site\\a\\b", "http://site/a/b"),
        (" http://site/a\n\tb ", "http://site/ab"),
        ("http://0x7f.1/", "http://127.0.0.1/"),
        ("http://[::0:1]:80/", "http://[::1]/"),
        ("http://site./", "http://site./"),
        # what no server sees as another page
        ("http://site/a#b", "http://site/a"),
        ("http://site/a?", "http://site/a"),
        ("http://site/a?#b", "http://site/a"),
        ("http://site/a#b?c", "http://site/a"),
        ("http://site/a??", "http://site/a??"),
        ("http://site/a?b?", "http://site/a?b?"),
        ("http://site/a#" + "b" * 3_000, "http://site/a"),
        ("http://:@site/", "http://site/"),
        ("http://site/@a", "http://site/@a"),
        # no address of a page
        ("http://user@site/", None),
        ("http://user:secret@site/", None),
        ("http://:secret@site/", None),
        ("ftp://site/", None),
        ("mailto:a@b", None),
        ("javascript:alert(1)", None),
        ("data:text/html,x", None),
        ("//site/", None),
        ("/a", None),
        ("", None),
        ("http://", None),
        ("http://[::1/", None),
        ("http://site:99999/", None),
        ("http://a b/", None),
        ("http://site/\ud800", None),
        ("http://site/" + "a" * MAX_URL_LENGTH, None),
    ],
)
def test_a_page_has_one_canonical_url(url: str, form: str | None) -> None:
    assert urls.canonical(url) == form


@pytest.mark.parametrize(
    ("href", "form"),
    [
        ("x", "http://site/a/x"),
        ("../x", "http://site/x"),
        ("/x", "http://site/x"),
        ("//other/x", "http://other/x"),
        ("\\\\other\\x", "http://other/x"),
        ("?q", "http://site/a/b?q"),
        ("#f", "http://site/a/b?c"),
        ("", "http://site/a/b?c"),
        ("HTTPS://Other", "https://other/"),
        ("http:x", "http://site/a/x"),
        ("mailto:a@b", None),
        ("https://user@other/", None),
        ("https://[", None),
    ],
)
def test_an_href_means_what_it_means_to_a_browser(href: str, form: str | None) -> None:
    assert urls.resolve(href, BASE) == form


@given(urlish | urlish.map("http://".__add__) | st.text(max_size=30))
@example("http://a/??")
@example("http://a/#?")
def test_a_canonical_url_is_its_own_canonical_form(text: str) -> None:
    form = urls.canonical(text)
    if form is not None:
        assert urls.canonical(form) == form
        # In a query a backslash is a character like others; typed it looks like a trick.
        assert "\\" in form or urls.parse_typed(form) == form
        assert form.isascii() and "#" not in form
        assert form.startswith(urls.origin(form) + "/")
        assert urls.path(form).startswith("/")


@given(urlish | st.text(max_size=30))
def test_resolving_gives_a_canonical_url_or_none(href: str) -> None:
    form = urls.resolve(href, BASE)
    assert form is None or urls.canonical(form) == form


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("ftp://site/", "has the scheme ftp:"),
        ("MAILTO:a@b.c", "has the scheme mailto:"),
        ("javascript:alert(1)", "has the scheme javascript:"),
        ("example.com", "is not an absolute URL"),
        ("/docs", "is not an absolute URL"),
        ("", "is empty"),
        ("   ", "is empty"),
        ("http://", "names no host"),
        ("http:///docs", "names no host"),
        ("http://?q", "names no host"),
        ("http://#f", "names no host"),
        ("http:site", "names no host"),
        ("https:/site", "names no host"),
        ("http://site/" + "a" * 3_000, "is longer than 2,000 characters"),
        ("http://site/" + "é" * 1_900, "is longer than 2,000 characters once encoded"),
        ("http://site/\x00", "contains control characters"),
        ("http://site/a\nb", "contains control characters"),
        ("http://si\tte/", "contains control characters"),
        ("http://site/\x7f", "contains control characters"),
        ("http://127.0.0.1\\@example.com/", "contains a backslash"),
        ("http://site\\a", "contains a backslash"),
        ("http://user:secret@site/", "contains credentials"),
        ("http://user@site/", "contains credentials"),
        ("http://[::1/", "is not a valid URL"),
        ("http://site:99999/", "is not a valid URL"),
        ("http://a b/", "is not a valid URL"),
        ("http://\ud800/", "is not a valid URL"),
    ],
)
def test_a_wrong_url_is_refused_by_what_is_wrong(text: str, complaint: str) -> None:
    with pytest.raises(InvalidUrl, match="^" + complaint.replace("(", r"\(")):
        urls.parse_typed(text)


@given(urlish | urlish.map("https://".__add__) | st.text(max_size=30))
def test_typed_text_is_a_canonical_url_or_an_explained_mistake(text: str) -> None:
    try:
        form = urls.parse_typed(text)
    except InvalidUrl as mistake:
        assert str(mistake)
    else:
        assert urls.canonical(form) == form


@pytest.mark.parametrize(
    ("text", "completed"),
    [
        ("example.com", "https://example.com"),
        (" example.com/docs ", "https://example.com/docs"),
        ("//example.com", "https://example.com"),
        ("localhost:8000/docs", "https://localhost:8000/docs"),
        ("example.com:8080", "https://example.com:8080"),
        ("192.168.0.1:80", "https://192.168.0.1:80"),
        ("[::1]:80", "https://[::1]:80"),
        ("example.com/a:b", "https://example.com/a:b"),
        ("example.com/?next=http://other/", "https://example.com/?next=http://other/"),
        ("http://example.com", "http://example.com"),
        ("HTTPS://example.com", "HTTPS://example.com"),
        ("ftp://example.com", "ftp://example.com"),
        ("mailto:a@b.c", "mailto:a@b.c"),
        ("javascript:alert(1)", "javascript:alert(1)"),
        ("", ""),
        ("  ", ""),
    ],
)
def test_the_form_adds_the_scheme_that_people_leave_out(text: str, completed: str) -> None:
    assert urls.complete_typed(text) == completed


@given(urlish | st.text(max_size=30))
def test_completing_twice_is_completing_once(text: str) -> None:
    completed = urls.complete_typed(text)
    assert urls.complete_typed(completed) == completed


@pytest.mark.parametrize(
    ("url", "origin", "host", "path"),
    [
        ("http://site/", "http://site", "site", "/"),
        ("https://site:8443/a/b?c/d", "https://site:8443", "site", "/a/b"),
        ("http://[::1]:81/a?b", "http://[::1]:81", "[::1]", "/a"),
    ],
)
def test_a_canonical_url_falls_into_its_parts(url: str, origin: str, host: str, path: str) -> None:
    assert (urls.origin(url), urls.host(url), urls.path(url)) == (origin, host, path)
