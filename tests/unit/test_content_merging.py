"""Text that grows in many steps takes the parser no time that grows with its square."""

import pytest

from crawler.content import bounds
from crawler.content.document import make_document
from crawler.content.tree import parsable, parse
from tests.cpu import within

SIZE = 1_000_000
MOST_SECONDS = 0.8
"""Each takes 0.4 s at most, and took 1.2 to 4 s without a bound."""

WORD = "a" * 30
FLOODS = {
    "cells without a table": ("", f"<td class=x></b>{WORD}"),
    "attributes of an end tag": ("<p>", f"</b class=x>{WORD}"),
    "attributes of an end tag in SVG": ("<svg>", f"</b class=x>{WORD}"),
    "forms within a form": ("<form>", f"<form class=x>{WORD}"),
    "many bodies": ("<p>", f"<body class=x>{WORD}"),
    "many types": ("<p>", f"<!doctype html public 'x'>{WORD}"),
    "text behind cells": ("<table>", f"<td>a</td>{WORD}"),
    "text behind cells of an inner table": ("<table><td><table>", f"<td>a</td></x>{WORD}"),
    "text behind comments in a table": ("<table>", f"<!---->{WORD}"),
    "text behind fields in a table": ("<table>", f"<input type=hidden>{WORD}"),
    "text behind scripts in a table": ("<table>", f"<script>x</script>{WORD}"),
    "text behind an instruction": ("<table>", f"<?x y>{WORD}"),
    "cells within a template": ("<table><td><template><p>", f"<td class=x>{WORD}"),
    "cells behind a table in a comment": ("<!--<table>-->", f"<td class=x>{WORD}"),
    "cells behind a table in an attribute": ("<p title='<table>'>", f"<td class=x>{WORD}"),
    "comments behind the body": ("<p>", f"</body><!---->{WORD}"),
    "spaces behind the head": ("<head></head>", "<link class=x>" + " " * 30),
}


@pytest.mark.parametrize("name", FLOODS)
def test_text_that_grows_in_many_steps_is_parsed_in_linear_time(name: str) -> None:
    head, unit = FLOODS[name]
    html = head + unit * (SIZE // len(unit))
    within(MOST_SECONDS, lambda: parse(parsable(html).encode()))


def test_text_that_was_to_grow_is_kept_in_lines() -> None:
    rows = "".join(f"<tr><td class=x>cell{n}</td>before{n}" for n in range(60_000))
    markdown = make_document(f"<table>{rows}".encode(), "text/html", "http://site/").markdown
    assert all(f"cell{n}" in markdown and f"before{n}" in markdown for n in (0, 999, 59_999))


@pytest.mark.parametrize(
    "html",
    [
        "<table>" + "<tr class=x>\n <td class=x>a\n <td class=x>b\n" * 40_000 + "</table>",
        "<table>" + "<tr><td class=x><svg><path d='z'/></svg> a</td></tr> " * 40_000 + "</table>",
        "<table><tr><td class=x><table><tr><td>a</table>b</td></tr></table>\n" * 20_000,
        "<table>" + "<!-- row --> <tr><th class=x><b class=y>a</b> b</th></tr>" * 40_000,
        "<form class=x><select class=x><option>a</select> b</form> c" * 40_000,
        "<p>a<!-- -->b<!-- -->" * 80_000,
    ],
)
def test_long_tables_forms_and_comments_are_left_as_they_are(html: str) -> None:
    assert bounds.tame(html) == html
