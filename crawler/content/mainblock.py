"""The part of a page that is its content, as HTML that the converter can take.

What a page's author marked as its content is believed (`<main>`, role=main, `<article>`), for
losing text is worse than keeping some of the frame. Without such a mark the body is taken, less
what is known to be frame. Elements that are frame wherever they stand are left to the converter,
which drops them natively (`markdown.FRAME`).
"""

import re

from selectolax.lexbor import LexborHTMLParser, LexborNode

from crawler.content.bounds import tame_content
from crawler.content.codeblocks import tidy_code
from crawler.content.formulas import keep_formulas

_MIN_TEXT = 200
"""Characters below which a marked block without a heading is not believed to be the content."""

_HIDDEN = "[hidden], [style*='display:none'], [style*='display: none'], .sr-only, .visually-hidden"
# A page's own table of contents is part of its text; docutils puts it into a `nav`.
_FRAME = f"nav:not(.contents), [role=navigation]:not(.contents), {_HIDDEN}"
# Outside of a marked block only: within one, these belong to the text.
_OUTER_FRAME = (
    "body > header, body > div > header, [role=banner], [role=complementary], [role=contentinfo], "
    "aside, .sidebar, #sidebar"
)

# Spans carry colours; without them the converter has a third less to read.
_SPAN = re.compile(r"</?span(?: [^<>]*)?>")
# Permalinks of headings, and titles of links, which repeat in words where the link goes.
_LINK_NOISE = re.compile(
    r"<a(?: [^<>]*)?>\s*(?:[¶#§🔗\u200b\uf0c1]\s*)?</a>|(<a [^<>]*?) title=\"[^\"]*\""
)
# Links that run something where they are followed (`javascript:`), tabs within included.
_UNSAFE = re.compile(r' href="\s*+(?!(?:https?|mailto|tel|ftp):)[^"/?#:]*+:[^"]*+"', re.I)


def main_block(tree: LexborHTMLParser, html: str) -> str:
    """The content of a page as HTML; `html` is the text that `tree` was parsed from."""
    main = _marked(tree)
    if main is None:
        main = tree.body
        if main is None:
            return ""
        _drop(main, _OUTER_FRAME)
    _tidy(tree, main, html)
    return _slim(tame_content(main.html or ""))


def _marked(tree: LexborHTMLParser) -> LexborNode | None:
    """The block that the page's author marked as its content."""
    for selector in ("main, [role=main]", "article"):
        marked = tree.css(selector)
        if len(marked) == 1 and _is_content(marked[0]):
            return marked[0]
    return None


def _is_content(block: LexborNode) -> bool:
    return len(block.text()) >= _MIN_TEXT or block.css_first("h1, h2") is not None


def _drop(main: LexborNode, selector: str) -> None:
    for node in main.css(selector):
        if not node.css_first("h1"):
            node.decompose()


def _tidy(tree: LexborHTMLParser, main: LexborNode, html: str) -> None:
    for node in main.css(_FRAME):
        node.decompose()
    tidy_code(main, html)
    if "<math" in html or "math/tex" in html:
        keep_formulas(tree, main)


def _slim(html: str) -> str:
    return _UNSAFE.sub("", _LINK_NOISE.sub(r"\1", _SPAN.sub("", html)))
