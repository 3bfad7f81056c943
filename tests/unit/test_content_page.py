"""Title and links of a page, as the crawl takes them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.content.head import MAX_LINK_TEXT
from crawler.content.links import Link
from crawler.content.page import PageHead, read_page
from tests.cpu import least_seconds

URL = "http://site/docs/page.html"
HTML = "text/html; charset=utf-8"

markup = st.lists(
    st.sampled_from(
        [
            "<a href=", "<A HREF='", '<area href="', "'>", '">', ">", "</a>", "<base href=/x/>",
            "<title>", "</title>", "<h1>", "a.html", "#f", "javascript:x", "http://o/?", "//[",
            "..", "&#0;", "&amp;", "\0", "é", " rel=NoFollow ", "<svg>", "<template>", "<!--",
            "-->", "mailto:", "<link rel=", "canonical", "next href=", "<iframe src=",
            "<meta http-equiv=refresh content='", "<meta name=robots content=", "0;url=",
            "<script>", "<noscript>",
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
        # nofollow only where no link to the same page is without it, however it is written
        ("<a href=b rel=nofollow>B</a><a href=b>C</a>", [Link("http://site/docs/b", "B", "")]),
        ("<a href=b rel=x>B</a><a href=./b rel=nofollow>", [Link("http://site/docs/b", "B", "x")]),
        (
            "<a href=b rel=nofollow>B</a><a href=./b rel=me>C</a>",
            [Link("http://site/docs/b", "B", "me")],
        ),
        # frames
        ("<iframe src=b title='the map'></iframe>", [Link("http://site/docs/b", "the map", "")]),
        ("<frameset><frame src=b></frameset>", [Link("http://site/docs/b", "", "")]),
        # pages that the head names
        (
            "<link rel='Next' href=b title=' On '>",
            [Link("http://site/docs/b", "On", "next")],
        ),
        ("<link rel=prev href=b#x>", [Link("http://site/docs/b", "", "prev")]),
        (
            "<link rel=alternate hreflang=de href=/de/>",
            [Link("http://site/de/", "", "alternate")],
        ),
        (
            "<link rel=alternate type='text/html; charset=utf-8' href=b>",
            [Link("http://site/docs/b", "", "alternate")],
        ),
        # a meta refresh, in every spelling that browsers take
        (
            "<meta http-equiv=refresh content='0; url=b'>",
            [Link("http://site/docs/b", "", "refresh")],
        ),
        (
            "<meta http-equiv=Refresh content=\"5;URL='b'\">",
            [Link("http://site/docs/b", "", "refresh")],
        ),
        ("<meta http-equiv=refresh content='.5,b'>", [Link("http://site/docs/b", "", "refresh")]),
        (
            "<meta http-equiv=refresh content='3 url = b#x'>",
            [Link("http://site/docs/b", "", "refresh")],
        ),
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


@pytest.mark.parametrize(
    "html",
    [
        "<link rel=alternate type=application/rss+xml href=feed>",
        "<link rel=alternate type=application/json+oembed href=embed>",
        "<link rel='alternate stylesheet' href=dark.css>",
        "<link rel=stylesheet href=a.css><link rel=icon href=i.png><link rel=preload href=x.js>",
        "<link rel=canonical href=other>",
        "<meta http-equiv=refresh content=300>",
        "<meta http-equiv=refresh content='url=b'>",
        "<meta http-equiv=refresh content='0;url=javascript:alert(1)'>",
        "<body><link rel=next href=b>",
        "<iframe src=about:blank></iframe><iframe srcdoc='<a href=b>'></iframe>",
    ],
)
def test_what_the_head_and_frames_name_beside_pages_is_no_link(html: str) -> None:
    assert page(html).links == ()


@pytest.mark.parametrize(
    ("html", "canonical"),
    [
        ("<link rel=canonical href=/main#x>", "http://site/main"),
        ("<base href=/b/><link href=c rel='nofollow CANONICAL'>", "http://site/b/c"),
        ("<link rel=canonical href=a><link rel=canonical href=' ./a '>", "http://site/docs/a"),
        # two words are none, and only the head has a say
        ("<link rel=canonical href=a><link rel=canonical href=b>", None),
        ("<body><p>x</p><link rel=canonical href=a>", None),
        ("<link rel=canonical href=''>", None),
        ("<link rel=canonical>", None),
        ("<meta rel=canonical content=a href=a><base rel=canonical content=x href=/b/>", None),
        ("<link rel=canonical href='mailto:a@b'>", None),
        ("<p>x", None),
    ],
)
def test_the_canonical_url_is_what_the_head_says_without_contradiction(
    html: str, canonical: str | None
) -> None:
    assert page(html).canonical == canonical


@pytest.mark.parametrize(
    ("html", "headers", "canonical"),
    [
        ("<p>x", ["</a>; rel=canonical"], "http://site/a"),
        ("<p>x", ["<a>; rel=canonical", "<b>; rel=canonical"], None),
        ("<link rel=canonical href=/a>", ["</a>; rel=canonical"], "http://site/a"),
        # neither outweighs the other
        ("<link rel=canonical href=/a>", ["</b>; rel=canonical"], None),
        ("<link rel=canonical href=/a><link rel=canonical href=/b>", ["</a>; rel=canonical"], None),
        ("<link rel=canonical href=/a>", ["<mailto:b>; rel=canonical"], None),
        ("<link rel=canonical href=/a>", ["</b>; rel=next"], "http://site/a"),
        # a base holds for the page, not for its headers
        ("<base href=/b/><link rel=canonical href=c>", ["<c>; rel=canonical"], None),
        ("<base href=/b/>", ["<c>; rel=canonical"], "http://site/docs/c"),
    ],
)
def test_the_canonical_url_may_stand_in_headers_unless_the_head_says_another(
    html: str, headers: list[str], canonical: str | None
) -> None:
    said = [("Link", value) for value in headers]
    assert read_page(html.encode(), HTML, URL, said).canonical == canonical


def test_pages_that_headers_name_come_before_the_links_of_the_page() -> None:
    said = [("Link", "<c>; rel=next, </x.json>; rel=alternate; type=application/json")]
    html = b"<base href=/b/><link rel=next href=d><a href=/docs/c>C</a>"
    assert read_page(html, HTML, URL, said).links == (
        Link("http://site/docs/c", "C", "next"),
        Link("http://site/b/d", "", "next"),
    )


def test_a_text_has_the_canonical_url_and_the_links_of_its_headers() -> None:
    said = [("Link", "</a>; rel=canonical, <2>; rel=next; title=Two")]
    head = read_page(b"# A text", "text/markdown", URL, said)
    assert head.canonical == "http://site/a"
    assert head.links == (Link("http://site/docs/2", "Two", "next"),)


def test_a_shell_that_names_its_other_forms_twice_is_one() -> None:
    shell = "<link rel=alternate hreflang=de href=/de><script></script>"
    said = [("Link", "</de>; rel=alternate; hreflang=de")]
    wants = "<noscript>Please enable JavaScript</noscript>"
    assert read_page((shell + wants).encode(), HTML, URL, said).problem == "needs-javascript"


@pytest.mark.parametrize(
    ("html", "headers", "nofollow"),
    [
        ("<meta name=robots content='noindex, NoFollow'>", [], True),
        ("<meta name=ROBOTS content=none>", [], True),
        ("<meta name=clew content=nofollow>", [], True),
        ("<meta name=robots content=all><meta name=clew content=nofollow>", [], True),
        ("<meta name=robots content=nofollow><meta name=clew content=all>", [], True),
        ("<meta name=robots content='noindex'>", [], False),
        ("<meta name=googlebot content=nofollow>", [], False),
        ("<body><p>x</p><meta name=robots content=nofollow>", [], False),
        ("<p>x", [("X-Robots-Tag", "nofollow")], True),
        ("<p>x", [("X-Robots-Tag", "noindex")], False),
    ],
)
def test_a_page_may_ask_that_no_link_be_followed(
    html: str, headers: list[tuple[str, str]], nofollow: bool
) -> None:
    assert read_page(html.encode(), HTML, URL, headers).nofollow is nofollow


def test_a_text_can_ask_for_nofollow_in_its_headers_only() -> None:
    head = read_page(b"x", "text/plain", URL, [("x-robots-tag", "none")])
    assert head == PageHead("x", URL, (), nofollow=True)


def test_links_stand_in_document_order() -> None:
    html = (
        "<head><link rel=next href=5></head><a href=3>c</a><iframe src=4></iframe>"
        "<map><area href=1></map><nav><a href=2>b</a></nav>"
    )
    assert urls(html) == [f"http://site/docs/{n}" for n in (5, 3, 4, 1, 2)]


@pytest.mark.parametrize(
    ("html", "first"),
    [
        ("<base href='/other/'><a href=b>", "http://site/other/b"),
        ("<base href='//cdn.example/'><a href=b>", "http://cdn.example/b"),
        ("<base target=x><base href=/1/><base href=/2/><a href=b>", "http://site/1/b"),
        ("<base href='javascript:x'><a href=b>", "http://site/docs/b"),
        ("<base href=''><base href=/2/><a href=b>", "http://site/docs/b"),
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


@pytest.mark.parametrize(
    "inside", ["<object>", "<table><tr><td>", "<applet>", "<svg><foreignObject>"]
)
def test_links_within_links_are_not_each_read_to_the_last(inside: str) -> None:
    def read(count: int, enough: float = 0.0) -> float:
        """The CPU time that it takes."""
        body = "".join(f"<a href=/{n}>{inside}" for n in range(count)).encode()
        pages: list[PageHead] = []
        took = least_seconds(lambda: pages.append(read_page(body, "text/html", URL)), enough)
        assert len(pages[-1].links) == count
        return took

    quick = 0.35
    assert (took := read(4_000, quick)) < quick or took < 3 * read(2_000)


def test_of_a_link_its_image_speaks_where_it_has_no_text() -> None:
    body = b"<a href=/a><b> </b><img src=x><img alt='A  picture'><img alt=b></a>"
    assert [link.text for link in read_page(body, None, "http://site.test/").links] == ["A picture"]


def test_a_source_that_the_parser_may_have_need_not_be_seen_to_again() -> None:
    deep = "<div>" * 30_000
    assert read_page(b"<p>page", "text/html", URL).is_parsable
    assert not read_page(deep.encode(), "text/html", URL).is_parsable
    assert not read_page(b"<p/>page", "application/xhtml+xml", URL).is_parsable
