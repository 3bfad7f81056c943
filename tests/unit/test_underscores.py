"""Names with underscores in a page's text are no emphasis in its Markdown."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from crawler.content.markdown import to_markdown
from crawler.content.underscores import escape_underscores

PIECES = st.sampled_from(
    ["_", "__", "a", " ", ".", "é", "&amp;", "<br>", "<code>_</code>", '<a href="/_x_">a</a>']
)


def markdown(html: str) -> str:
    return to_markdown(html, "http://a.example/")


@pytest.mark.parametrize(
    ("html", "expected"),
    [
        ('<p><a href="/j">Lib/json/__init__.py</a></p>',
         r"[Lib/json/\_\_init__.py](http://a.example/j)"),
        ("<h2>__slots__ and __init__</h2>", r"## \_\_slots__ and \_\_init__"),
        ("<p>_a <b>b</b> c_, _d</p>", r"\_a **b** c_, _d"),
        ("<table><tr><th>__a__</th></tr><tr><td>b</td></tr></table>", r"\_\_a__"),
    ],
)  # fmt: skip
def test_what_would_be_emphasis_is_escaped(html: str, expected: str) -> None:
    assert expected in markdown(html)


@pytest.mark.parametrize(
    "html",
    [
        "<p>snake_case, trailing_ and _private</p><p>_one</p><p>two_</p><p>5 _ 6 __ 7</p>",
        "<p><code>__init__</code> <kbd>_<em>a</em>_</kbd></p><pre>__x__</pre>",
        '<p id="_a_"><a href="/_a_/__init__.py" title="_t_">a</a></p>',
        "<p>Name:____<br>Date:____</p>",
        "<p>_a <code>b_</code></p>",
    ],
)
def test_all_else_stays(html: str) -> None:
    assert escape_underscores(html) == html


def test_a_formula_keeps_its_indices() -> None:
    assert r"$`\sum_{i} _x_`$" in markdown(r"<p>\(\sum_{i} _x_\) is</p>")


@given(st.lists(PIECES, max_size=30).map("".join))
def test_no_text_makes_emphasis_of_underscores(text: str) -> None:
    shown = MarkdownIt().render(markdown(f"<p>{text}</p>"))
    assert "<em>" not in shown and "<strong>" not in shown


@pytest.mark.parametrize("text", ["_a ", "a_ ", "<code>_ ", "<p>_a", "_a<b>", "<_", "_"])
def test_time_grows_with_the_length_alone(text: str) -> None:
    began = time.process_time()
    escape_underscores(text * 100_000)
    assert time.process_time() - began < 2
