"""Hostile pages: nothing is raised, nothing hangs, no stack overflows, all output is bounded."""

import subprocess
import sys
import threading
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from selectolax.lexbor import LexborHTMLParser

from crawler.content import bounds, nesting
from crawler.content.document import make_document
from crawler.content.page import read_page
from tests.cpu import within

URL = "http://site/"
HTML = "text/html"
N = 100_000
MOST_SECONDS = 10.0
"""Far above what each takes (below 1 s), far below what each would take without bounds."""

HOSTILE = {
    "deep elements": "<div>" * N + "text",
    "deep elements, closed": "<div>" * N + "text" + "</div>" * N,
    "deep elements among stray end tags": "<div></x>" * N,
    "deep formatting": "<b><i>" * N,
    "deep lists": "<ul><li>" * N,
    "deep definitions": "<dl><dt>a<dd>" * N,
    "deep tables": "<table><tr><td>" * N,
    "deep program text": "<pre>" * N,
    "unlike fonts": "".join(f"<font size={n}>" for n in range(N)),
    "deep quotes of many lines": "<blockquote>" * 300 + "x<br>\n" * N,
    "an element of many attributes": "<p " + " ".join(f"a{n}" for n in range(N)) + ">x",
    "attributes behind quotes": '<p x"a="> ' + " ".join(f"a{n}" for n in range(N)) + ">x",
    "attributes behind a script": "<script>'</script><p b='>' " + "c='>' " * N + ">x",
    "end tags in comments": "<div><!--</div>-->" * 30_000,
    "end tags in attributes": "<div title='</div>'>" * 30_000,
    "end tags in program text": "<div><script></div></script>" * 30_000,
    "end tags in escaped text": "<div><script><!--<script></script></div>--></script>" * 30_000,
    "end tags in tables": "<div><table></div></table>" * 30_000,
    "end tags in SVG": "<svg><g><![CDATA[></g>]]>" * 30_000,
    "end tags that close nothing": "<span><div></span></div>" * 30_000,
    "ends of forms": "<form><div></form>" * 30_000,
    "behind a comment that has ended": "<!-->" + "<div>" * 30_000,
    "behind a title in SVG": "<svg><title>" + "<div>" * 30_000,
    "behind what only begins like a script": "<script<x>" + "<div>" * 30_000,
    "many bodies": "".join(f"<body a{n}>" for n in range(N)),
    "many options": "<select>" + "<option>x" * N,
    "a megabyte of attribute": "<p title='" + "x" * 1_000_000 + "'>x",
    "a megabyte of link": "<a href='" + "x" * 1_000_000 + "'>x",
    "a megabyte of data": "<img src='data:image/png;base64," + "A" * 1_000_000 + "'>x",
    "cells over all columns": "<table>" + "<tr><td colspan=1000 rowspan=65534>x" * N,
    "unclosed comments": "<!--" * N,
    "comments in a style": "<style>" + "<b><!--" * N,
    "unclosed scripts": "<script>" * N,
    "unclosed tags": "<a href=x " * N,
    "half entities": "&#x" * N + "&notit" * N,
    "NUL": "\0" * N + "<p>\0x",
    "control characters": "<p>" + "\x01" * N,
    "backticks": "<pre>" + "`" * N,
    "spaces": "<p>a" + " " * 1_000_000 + "b",
    "anchors": "".join(f"<a href={n}>x</a>" for n in range(N)),
    "pictures in a paragraph": "<p>" + "<img src='a'>x" * N,
    "bold words in a paragraph": "<p>" + "<b>x</b> y" * N,
    "unclosed titles": "<a title=" * N,
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_page_is_read_in_bounded_time_and_size(name: str) -> None:
    body = HOSTILE[name].encode()
    within(MOST_SECONDS, read_page, body, HTML, URL)
    document = within(MOST_SECONDS, make_document, body, HTML, URL)
    assert len(document.markdown) <= bounds.MAX_MARKDOWN


# gevent's pool starts its threads with the system's stack; musl's and macOS's are small.
IN_A_POOL = """
import gevent, threading
threading.stack_size(512 * 1024)
from gevent.threadpool import ThreadPool
from crawler.content.document import make_document
from crawler.content.page import read_page
pool = ThreadPool(2)
for tag in "div", "b", "ul><li", "blockquote", "table><tr><td", "pre", "svg><g", "math><mi":
    for times in 300, 5_000, 100_000:
        body = f"<{tag}>".encode() * times + b"text"
        pool.apply(read_page, (body, None, "http://site/"))
        pool.apply(make_document, (body, None, "http://site/"))
print("whole")
"""


def test_deep_nesting_overflows_no_stack_in_a_pool_of_threads() -> None:
    root = Path(__file__).parents[2]
    result = subprocess.run(
        [sys.executable, "-c", IN_A_POOL], cwd=root, capture_output=True, text=True, timeout=100
    )
    assert (result.returncode, result.stdout) == (0, "whole\n"), result.stderr


def test_threads_do_not_disturb_one_another() -> None:
    bodies = [
        f"<title>{n}</title><h1>{n}</h1><pre>{n}</pre>{'<p>x' * n}".encode() for n in range(60)
    ]
    expected = [make_document(body, HTML, URL) for body in bodies]
    results: list[list[object]] = [[], [], [], []]

    def work(mine: list[object]) -> None:
        for _ in range(5):
            mine[:] = [make_document(body, HTML, URL) for body in bodies]

    threads = [threading.Thread(target=work, args=(mine,)) for mine in results]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == [expected] * 4


def test_text_beyond_the_depth_is_kept() -> None:
    html = "<div>" * N + "<p>inner</p>" + "</div>" * N + "<p>outer</p>"
    assert make_document(html.encode(), HTML, URL).markdown == "inner\n\nouter"


def test_links_beyond_the_depth_are_kept() -> None:
    html = "<b>" * N + "<a href=inner>x</a>"
    assert [link.url for link in read_page(html.encode(), HTML, URL).links] == ["http://site/inner"]


def test_an_element_with_too_many_attributes_keeps_its_text() -> None:
    html = f"<p>a</p><p {' '.join(f'b{n}' for n in range(50_000))}>c</p><p class=d>e</p>"
    assert bounds.tame(html) == "<p>a</p><p>c</p><p class=d>e</p>"


@pytest.mark.parametrize(
    "html",
    [
        "<p class='a'>b</p>" * 20_000,
        '<p title="a>b">c</p>' * 20_000,
        "<p>" + "1 < 2 & 'x' \" " * 20_000,
        "<script>" + 'if (a<b && "c">d) { e = "</div>" } ' * 5_000 + "</script><p>x",
        "<!-- " + "<div> " * 30_000 + "--><p>x",
        '<img alt="broken"" src="x">' * 10_000,
    ],
)
def test_long_ordinary_pages_are_left_as_they_are(html: str) -> None:
    assert bounds.tame(html) == html


@pytest.mark.parametrize(
    ("html", "tamed"),
    [
        ('<td colspan="2" rowspan="99">', '<td colspan="2" rowspan="99">'),
        ('<td colspan="1000" rowspan="0100">', "<td>"),
        ('<td colspan="abc">', "<td>"),
        ('<td colspan="-1">', "<td>"),
        ('<td colspan="">', '<td colspan="">'),
        ('<td colspan="1000">a colspan="1000"', '<td>a colspan="1000"'),
        (
            "<blockquote>" * 14 + "x" + "</blockquote>" * 14,
            "<blockquote>" * 8 + "x" + "</blockquote>" * 8,
        ),
        ("<blockquote>x</blockquote>" * 20, "<blockquote>x</blockquote>" * 20),
    ],
)  # fmt: skip
def test_content_is_not_multiplied(html: str, tamed: str) -> None:
    assert bounds.tame_content(html) == tamed


def test_of_an_endless_paragraph_the_text_and_the_links_are_kept() -> None:
    words = '<b>x</b> <a href="/y">y</a><br>'
    tamed = bounds.tame_content(f"<p>{words * 12_000}</p>")
    assert tamed.count('<a href="/y">y</a><br>') == tamed.count("x ") == 12_000
    assert tamed.count("<b>") < 12_000 and "<div></div>" in tamed


@pytest.mark.parametrize(
    "html",
    [
        f"<pre>{'<b>x</b>' * 12_000}</pre>",
        "<p>a <b>x</b> <i>y</i></p>" * 12_000,
        f"<p>{'<span>x</span> ' * 12_000}</p>",
        f"<ul>{'<li><a href=x>y</a><img src=z></li>' * 12_000}</ul>",
    ],
)
def test_what_has_its_ends_is_left_as_it_is(html: str) -> None:
    assert bounds.tame_content(html) == html


@pytest.mark.parametrize(
    ("markdown", "clipped"),
    [
        ("a\n" * 10, "a\n" * 10),
        ("a\n" * bounds.MAX_MARKDOWN, ("a\n" * (bounds.MAX_MARKDOWN // 2))[:-1]),
        ("a" * (bounds.MAX_MARKDOWN + 1), "a" * bounds.MAX_MARKDOWN),
    ],
)
def test_markdown_is_cut_at_a_line(markdown: str, clipped: str) -> None:
    assert bounds.clip(markdown) == clipped


@given(
    st.lists(st.sampled_from(["<b>", "</b>", "<a x='", "'>", ">", '"', "=", "t", "<!--"])).map(
        "".join
    )
)
def test_short_pages_are_left_as_they_are(html: str) -> None:
    assert bounds.tame(html) == html


PIECES = (
    "<div>", "</div>", "<span>", "</span>", "<b>", "</b>", "<font a>", "</font>", "<table>", "<td>",
    "</td>", "</table>", "<p>", "<ul>", "</ul>", "<li>", "<dd>", "<a href=x>", "</a>", "<svg>",
    "<g>", "</g>", "</svg>", "<math>", "<mi>", "<title>", "</title>", "<style>", "</style>",
    "<script>", "</script>", "<!--", "-->", "<!-->", "--!>", "<select>", "</select>", "<object>",
    "</object>", "<form>", "</form>", "<button>", "</button>", "<h1>", "<h2>", "</h1>",
    "<textarea>", "<rt>", "</textarea>", "<![CDATA[", "]]>", "<?", "</ ", " y='", "'>", "<body>",
    "</body>", "<optgroup>",
)  # fmt: skip


@given(
    st.lists(st.sampled_from(PIECES), max_size=3),
    st.lists(st.sampled_from(PIECES), min_size=1, max_size=8),
)
def test_no_more_elements_are_open_than_are_reckoned_with(
    before: list[str], unit: list[str]
) -> None:
    html = "".join(before) + "".join(unit) * 150
    if not nesting.is_deep(html, 50):
        assert depth_of(html) < 250


def depth_of(html: str) -> int:
    """How many elements stand within one another in what the parser makes of a source."""
    deepest, waiting = 0, [(LexborHTMLParser(html).root, 1)]
    while waiting:
        node, depth = waiting.pop()
        deepest = max(deepest, depth)
        child = node.child if node else None
        while child is not None:
            waiting.append((child, depth + 1))
            child = child.next
    return deepest
