"""Program text and tables outlive conversion, wherever they stand; read by another reader."""

from html import escape
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.drills.blocks import blocks_of_markdown, blocks_of_page
from crawler.content.document import make_document
from tests.cpu import within

PYTHON_DOC = Path("/usr/share/doc/python3/html")
REAL_PAGES = (
    "c-api/typeobj.html", "howto/curses.html", "library/asyncio-api-index.html", "library/csv.html",
    "reference/lexical_analysis.html", "library/string.html", "tutorial/classes.html",
)  # fmt: skip

PLACES = (
    "<p>a</p>{}<p>b</p>", "<ul><li><p>a</p>{}</li><li>b</li></ul>",
    "<ol><li>a<ul><li>b{}</ul></ol>", "<ol><li>{}</ol>",
    "<blockquote><p>a</p>{}<p>b</p></blockquote>", "<dl><dt>a<dd>{}<dt>b<dd>c</dl>",
    "<div class='admonition note'><p class='admonition-title'>Note</p>{}</div>",
    "<ul><li>a<div class='admonition note'><p class='admonition-title'>N</p>{}</div>b</ul>",
    "<details><summary>a</summary>{}</details>", "<figure>{}<figcaption>a</figcaption></figure>",
    "<table><tr><td>{}</td></tr></table>",
    "<table><tr><td>1</td><td><h2>2</h2>{}</td></tr></table>",
)  # fmt: skip
LOOKS = ("{}", "<code>{}</code>", "<span class=k>{}</span>", "<a href=x><b>{}</b></a>")
CODE = st.text(st.sampled_from("ab \t\n`~>-*_#|\\<&$[](){}1.é"), max_size=40).filter(str.strip)


def markdown_of(html: str) -> str:
    return make_document(html.encode(), "text/html; charset=utf-8", "http://site/page").markdown


@given(CODE, st.sampled_from(PLACES), st.sampled_from(LOOKS))
def test_code_is_the_same_to_the_letter_wherever_it_stands(
    code: str, place: str, look: str
) -> None:
    block = f"<pre>\n{look.format(escape(code))}</pre>"
    markdown = markdown_of(f"<main><h1>T</h1>{place.replace('{}', block)}</main>")
    assert [text.removesuffix("\n") for text in blocks_of_markdown(markdown).code] == [
        code.removesuffix("\n")
    ]


@given(CODE)
def test_code_in_a_cell_is_the_same_line_by_line(code: str) -> None:
    block = f"<pre>\n{escape(code.replace(chr(92), ''))}</pre>"
    html = f"<main><h1>T</h1><table><tr><th>A<th>B<tr><td>{block}<td>c</table></main>"
    page = blocks_of_page(html)
    assert page.missing_in(blocks_of_markdown(markdown_of(html))) in ([], ["tables"])


@pytest.mark.parametrize("name", REAL_PAGES)
def test_real_pages_keep_all_their_code_and_tables(name: str) -> None:
    html = (PYTHON_DOC / name).read_text()
    page = blocks_of_page(html)
    assert page.code or page.tables
    assert not page.missing_in(blocks_of_markdown(markdown_of(html)))


@pytest.mark.parametrize(
    "html",
    [
        "<sup>" + "<a href='#n'>1</a>" * 9_000 + "</sup><div class=footnotes><ol><li id=n>x",
        "".join(f"<sup><a href='#n{n}'>1</a></sup>" for n in range(4_000))
        + "<div class=footnotes><ol>" + "".join(f"<li id=n{n}>x" for n in range(4_000)),
        "<table><tr><td>" * 300 + "<pre>a\n</pre>" * 5_000,
        "<blockquote>a</blockquote>" * 8_000,
        "<pre><ol>" + "<li>a" * 9_000,
    ],
)  # fmt: skip
def test_time_grows_with_the_number_of_what_is_rewritten(html: str) -> None:
    within(2.0, markdown_of, html)
