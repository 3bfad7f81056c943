"""Title and links of a page, as the crawl takes them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.content.head import MAX_LINK_TEXT
from crawler.content.links import Link
from crawler.content.page import PageHead, read_page

URL = "http://site/docs/page.html"
HTML = "text/html; charset=utf-8"

markup = st.lists(
    st.sampled_from(
        [
            "<a href=", "<A HREF='", '<area href="', "'>", '">', ">", "</a>", "<base href=/x/>",
            "<title>", "</title>", "<h1>", "a.html", "#f", "javascript:x", "http://o/?", "//[",
            "..", "&#0;", "&amp;", "\0", "é", " rel=NoFollow ", "<svg>", "<template>", "<!--",
            "-->", "mailto:",
        ]
    )
    | st.text(max_size=5),
    max_size=30,
).map("".join)  # fmt: skip


def page(html: str, content_type: str | None = HTML) -> PageHead:
    return read_page(html.encode("utf-8", "replace"), content_type, URL)


def urls(html: str) -> list[str]:
    return [link.url for link in page(html).links]


@pytest.mark.parametrize(
    ("html", "links"),
    [
        ('<a href="b.html">B</a>', [Link("http://site/docs/b.html", "B", "")]),
        ("<a href=/b>  B\n <i>c</i>  d </a>", [Link("http://site/b", "B c d", "")]),
        ("<area href=b alt='the map'>", [Link("http://site/docs/b", "the map", "")]),
        ("<a href=b><img alt='to b'></a>", [Link("http://site/docs/b", "to b", "")]),
        (
            "<a href=b rel=' NoFollow\nUGC'>B</a>",
            [Link("http://site/docs/b", "B", "nofollow ugc")],
        ),
        # once each, with the first text that is not empty
        (
            "<a href=b></a><a href=b#x>B</a><a href=b#y>C</a>",
            [Link("http://site/docs/b", "B", "")],
        ),
        ("<a href=b></a><a href=./b>B</a>", [Link("http://site/docs/b", "B", "")]),
        # other sites too
        ("<a href='https://Other.example'>o</a>", [Link("https://other.example/", "o", "")]),
    ],
)
def test_links_carry_url_text_and_rel(html: str, links: list[Link]) -> None:
    assert list(page(html).links) == links


@pytest.mark.parametrize(
    "href",
    [
        "", "#", "#top", " #top", "javascript:alert(1)", "JavaScript:x", "mailto:a@b", "tel:1",
        "data:text/html,x", "ftp://site/x", "http://", "http://user:pass@site/", "http://[::1",
        "x" * 10_000,
    ],
)  # fmt: skip
def test_what_is_no_page_is_no_link(href: str) -> None:
    assert page(f'<a href="{href}">x</a>').links == ()


def test_links_stand_in_document_order() -> None:
    html = "<a href=3>c</a><map><area href=1></map><nav><a href=2>b</a></nav>"
    assert urls(html) == [f"http://site/docs/{n}" for n in (3, 1, 2)]


@pytest.mark.parametrize(
    ("html", "first"),
    [
        ("<base href='/other/'><a href=b>", "http://site/other/b"),
        ("<base href='//cdn.example/'><a href=b>", "http://cdn.example/b"),
        ("<base target=x><base href=/1/><base href=/2/><a href=b>", "http://site/1/b"),
        ("<base href='javascript:x'><a href=b>", "http://site/docs/b"),
        ("<base href=''><a href=b>", "http://site/docs/b"),
    ],
)
def test_the_first_base_is_honoured(html: str, first: str) -> None:
    assert urls(html) == [first]


@pytest.mark.parametrize(
    ("html", "title"),
    [
        ("<title> A\n  page </title><h1>H</h1>", "A page"),
        ("<title></title><meta property=og:title content=' O '><h1>H</h1>", "O"),
        ("<h1>The <i>only</i> heading</h1>", "The only heading"),
        ("<title>A &amp;amp; B</title>", "A & B"),
        ("<title>List&lt;T></title>", "List<T>"),
        ("<body><svg><title>icon</title></svg><h1>H</h1>", "H"),
        ("<p>nothing</p>", ""),
        ("", ""),
    ],
)
def test_the_title_is_the_first_that_says_something(html: str, title: str) -> None:
    assert page(html).title == title


@pytest.mark.parametrize(
    ("text", "content_type", "title"),
    [
        ("\n\n  A letter  \nDear", "text/plain", "A letter"),
        ("# The *guide*\n\n[a](b.html)", "text/markdown; charset=utf-8", "The *guide*"),
        ("=====\nName\n=====", "text/plain", "Name"),
        ("x" * 5_000, "text/plain", "x" * 300),
        ("", "text/plain", ""),
    ],
)
def test_texts_have_a_title_and_no_links(text: str, content_type: str, title: str) -> None:
    assert page(text, content_type) == PageHead(title, URL, ())


def test_xhtml_may_close_any_tag_by_itself() -> None:
    html = "<html><head><title/><script src='x'/></head><body><a id='x'/><a href='b'>B</a></body>"
    assert page(html, "application/xhtml+xml").links == (Link("http://site/docs/b", "B", ""),)


def test_long_link_text_is_cut() -> None:
    assert len(page(f"<a href=b>{'word ' * 1_000}</a>").links[0].text) <= MAX_LINK_TEXT


@given(markup, st.sampled_from([HTML, None, "text/plain", "application/xhtml+xml"]))
def test_links_are_absolute_without_fragment_and_unique(
    html: str, content_type: str | None
) -> None:
    head = page(html, content_type)
    found = [link.url for link in head.links]
    assert len(found) == len(set(found))
    for link in head.links:
        assert link.url.startswith(("http://", "https://"))
        assert "#" not in link.url
        assert len(link.text) <= MAX_LINK_TEXT
    assert "\0" not in head.title


@given(st.binary(max_size=300))
def test_reading_bytes_never_raises(body: bytes) -> None:
    read_page(body, None, URL)
