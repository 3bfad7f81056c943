"""What `Link` headers say, in the forms of RFC 8288 and in broken ones."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.content.head import NamedPage
from crawler.content.link_header import read_link_headers
from tests.cpu import within

URL = "http://site/docs/page"


def canonicals(*values: str) -> set[str | None]:
    return read_link_headers([("Link", value) for value in values], URL).canonicals


@pytest.mark.parametrize(
    ("value", "canonical"),
    [
        ('<http://site/a>; rel="canonical"', "http://site/a"),
        ("<http://site/a>;rel=canonical", "http://site/a"),
        ("</a>; REL=Canonical", "http://site/a"),
        ("<b>; rel=canonical", "http://site/docs/b"),
        ("  < http://site/a#x >  ;  rel  =  canonical ; ", "http://site/a"),
        ('<a>; rel="nofollow\tcanonical next"', "http://site/docs/a"),
        ('<a>; rel="can\\onical"', "http://site/docs/a"),
        # a string that the header's end cuts off
        ('<a>; rel="canonical', "http://site/docs/a"),
        ('<a>; rel="canonical\\', "http://site/docs/a"),
        # of names that come twice the first counts; what a string holds is nothing else
        ("<a>; rel=canonical; rel=next", "http://site/docs/a"),
        ("<a>; rel=next; rel=canonical", None),
        ('<a>; title="; rel=canonical, <x>; rel=canonical"; rel=next', None),
        ('<a>; title="a \\" b"; rel=canonical', "http://site/docs/a"),
        ("<a>; crossorigin; rel=canonical", "http://site/docs/a"),
        ("<a>;;; ; rel=canonical;;", "http://site/docs/a"),
        # several in one header
        ("<x>; rel=preload; as=style, </a>; rel=canonical", "http://site/a"),
        (", ,</a>; rel=canonical, ,", "http://site/a"),
        # the bytes of UTF-8, as they arrive
        ("</\xc3\xa9>; rel=canonical", "http://site/%C3%A9"),
        # what it is not
        ("<a>; rev=canonical", None),
        ("<a>; rel=canonical-ish", None),
        ("<a>", None),
        ("<>; rel=canonical", None),
        ("http://site/a; rel=canonical", None),
        ("<a; rel=canonical", None),
        ("<a> rel=canonical", None),
        # a link of something else, or of a part of the page
        ("<a>; rel=canonical; anchor='/other'", None),
        ('<a>; rel=canonical; anchor="#part"', None),
        # as far as it is one
        ('<x>; rel="next"y, <a>; rel=canonical', None),
        ("<a>; rel=canonical, junk, <b>; rel=canonical", "http://site/docs/a"),
        ("", None),
    ],
)
def test_the_canonical_url_is_read_as_the_standard_says(value: str, canonical: str | None) -> None:
    assert canonicals(value) == ({canonical} if canonical else set())


def test_all_link_headers_are_read_and_no_other() -> None:
    headers = [("link", "</a>; rel=canonical"), ("LINK", "</b>; rel=canonical"),
               ("Links", "</c>; rel=canonical"), ("X-Link", "</d>; rel=canonical")]  # fmt: skip
    assert read_link_headers(headers, URL).canonicals == {"http://site/a", "http://site/b"}


def test_a_canonical_address_that_is_none_is_told_from_none_at_all() -> None:
    assert canonicals("<mailto:a@b>; rel=canonical", "</a>; rel=canonical") == {
        None,
        "http://site/a",
    }


@pytest.mark.parametrize(
    ("value", "pages"),
    [
        ('</2>; rel="next"; title=" On "', [("http://site/2", "On", "next")]),
        ("</0>; rel=prev", [("http://site/0", "", "prev")]),
        ("</de>; rel=alternate; hreflang=de", [("http://site/de", "", "alternate")]),
        ('</x>; rel=alternate; type="text/html"', [("http://site/x", "", "alternate")]),
        ("</wp-json/1>; rel=alternate; type=application/json", []),
        ('</dark.css>; rel="alternate stylesheet"', []),
        ("</a.css>; rel=preload; as=style, <//cdn>; rel=preconnect", []),
        ("<mailto:a@b>; rel=next", []),
    ],
)
def test_pages_that_headers_name_are_links(value: str, pages: list[NamedPage]) -> None:
    assert read_link_headers([("Link", value)], URL).pages == pages


@pytest.mark.parametrize(
    "value",
    [
        "<" * 500_000, "<a>" * 200_000, "<a>," * 200_000, "<a>;" + " ;" * 300_000,
        '<a>; a="' + "\\" * 500_000, '<a>; a="' * 70_000, "<a>;a=b" * 80_000, "," * 500_000,
        "<a>; " + "a;" * 300_000, "<a>; rel=canonical, " * 30_000, " " * 500_000,
    ],
)  # fmt: skip
def test_a_flood_costs_little_time(value: str) -> None:
    said = within(0.5, read_link_headers, [("Link", value)], URL)
    assert len(said.canonicals) <= 1


marks = st.sampled_from(
    ["<", ">", "</a>", "; ", "rel", "=", "canonical", '"', "\\", ",", " ", "anchor", "next", "é",
     "\ud800", "\xc3", "title*=UTF-8''", "#"]
)  # fmt: skip


@given(st.lists(marks | st.text(max_size=4), max_size=20).map("".join))
def test_no_header_raises(value: str) -> None:
    said = read_link_headers([("Link", value)], URL)
    assert all(url is None or url.startswith("http") for url in said.canonicals)
