"""What a page's structure is, told to the converter in the HTML that it knows.

The converter takes headings, lists, tables, quotes and code as HTML has them. What else pages have
is rewritten here: marks in a page's source tell which of it is worth looking for.
"""

import re

from selectolax.lexbor import LexborHTMLParser, LexborNode

from crawler.content import admonitions
from crawler.content.admonitions import keep_admonitions
from crawler.content.codeblocks import tidy_code
from crawler.content.footnotes import keep_footnotes
from crawler.content.formulas import keep_formulas
from crawler.content.tables import tidy_tables

# Text with a fixed beginning is found fast: the class of a note is nearly always what comes first.
_NOTE = re.compile(rf"""<div class=["']?({"|".join(admonitions.NAMES)})\b""")
_FORMULAS = ("<math", "math/tex")
_FOOTNOTES = frozenset(("footnote", "cite_note"))


def marks_of(html: str) -> frozenset[str]:
    """What a source mentions of what is to be looked for in its tree."""
    marks = set(_NOTE.findall(html))
    if "admonition" in html:
        marks.update(admonitions.FAMILY)
    marks.update(mark for mark in _FOOTNOTES if mark in html)
    if "math" in html and any(mark in html for mark in _FORMULAS):
        marks.add("math")
    return frozenset(marks)


def keep_structure(tree: LexborHTMLParser, main: LexborNode, marks: frozenset[str]) -> None:
    """Rewrite what is in `main` for the converter; `marks` are those of the page's source."""
    keep_marked(tree, main, marks)
    tidy_blocks(tree, main)


def tidy_blocks(tree: LexborHTMLParser, main: LexborNode) -> None:
    """Code and tables of `main` as the converter can take them, and no spans."""
    found = main.css("pre, table")
    blocks = [node for node in found if node.tag == "pre"]
    tidy_code(blocks)
    if len(found) > len(blocks):
        tidy_tables(tree, main.css("table"), has_code=bool(blocks))
    # Spans carry colours; without them the converter has a third less to read.
    main.unwrap_tags(["span"])


def keep_marked(tree: LexborHTMLParser, main: LexborNode, marks: frozenset[str]) -> None:
    """Formulas, footnotes and notes, whose elements would else be taken for something else."""
    if "math" in marks:
        keep_formulas(tree, main)
    if not marks.isdisjoint(_FOOTNOTES):
        keep_footnotes(tree, main)
    if names := marks - _FOOTNOTES - {"math"}:
        keep_admonitions(tree, main, names)
