"""The part of a page that is its content, as HTML that the converter can take.

What a page's author marked as its content is believed (`<main>`, role=main, `<article>`); without
such a mark the body is taken. Of either, what is hidden and what is boilerplate are dropped
(`boilerplate`). Elements that are frame wherever they stand are left to the converter, which drops
them natively (`markdown.FRAME`).
"""

import re
from collections.abc import Iterator
from itertools import groupby

from selectolax.lexbor import LexborHTMLParser, LexborNode

from crawler.content.boilerplate import drop_boilerplate
from crawler.content.bounds import tame_content
from crawler.content.deflists import as_lists
from crawler.content.pieces import pieces_of
from crawler.content.structure import keep_marked, keep_structure, tidy_blocks
from crawler.content.tree import attribute

_MIN_TEXT = 200
"""Characters below which a marked block without a heading is not believed to be the content."""

_MIN_SHARE = 0.2
"""Share of the page's text below which a single `<article>` is not believed to be the content."""

_MIN_PANEL = 200
"""Characters from which on a hidden part of the content is one that readers open: a tab, a step."""

_HIDDEN = ".sr-only, .visually-hidden, [hidden], [style*='display:none'], [style*='display: none']"
# What readers open of a list of questions, of specifications.
_OPENED = re.compile(r"\b(?:faq|answer|accordion)", re.I)
_NOT_SHOWN = re.compile(r"display:\s*none")
NO_CONTENT = ["script", "style", "template", "noscript", "svg", "iframe"]
"""Elements of which nothing is content, wherever they stand."""

# Elements that mean nothing outside of another one.
_AROUND = {"li": "ul", "tr": "table", "thead": "table", "tbody": "table", "tfoot": "table"}

_NOSCRIPT = re.compile(r"</?noscript\b[^<>]*>")

# Titles of links repeat in words where the link goes. Only a tag holds a ">" that is not escaped.
_TITLE = re.compile(r'( href="[^"<>]*") title="[^"<>]*">')
# Addresses that run something where they are followed (`javascript:`), tabs within included.
_SCRIPT = re.compile(r' href="\s*+(?!(?:https?|mailto|tel|ftp):)[^"/?#:]*+:', re.I)


def main_block(tree: LexborHTMLParser, marks: frozenset[str], *, in_pieces: bool) -> list[str]:
    """The content of a page as HTML, to be cleaned; `marks` are those of its source.

    It is one text, or several `in_pieces`, each of them well-formed.
    """
    marked = _marked(tree)
    main = marked or tree.body
    if main is None:
        return []
    keep_marked(tree, main, marks)
    _drop_hidden(main)
    drop_boilerplate(main)
    tidy_blocks(tree, main)
    if not in_pieces:
        return [_serialised(main)]
    _disarm(main)
    return list(pieces_of(main))


def chosen_block(
    tree: LexborHTMLParser, chosen: list[LexborNode], marks: frozenset[str], *, in_pieces: bool
) -> list[str]:
    """What a user chose as the content of a page, as `main_block` gives it: all of it is content,
    what is hidden, too."""
    whole = chosen[0] if chosen[0].tag == "body" else _gathered(tree, chosen)
    for hidden in whole.css(":is([hidden], [style])"):
        _show(hidden)
    keep_structure(tree, whole, marks)
    if not in_pieces:
        return [_serialised(whole)]
    _disarm(whole)
    return list(pieces_of(whole))


def _gathered(tree: LexborHTMLParser, chosen: list[LexborNode]) -> LexborNode:
    """One element with all chosen ones. Each is a block of its own, but items of a list and rows of
    a table stay together."""
    whole = tree.create_node("div")
    for around, nodes in groupby(chosen, key=lambda node: _AROUND.get(node.tag or "")):
        together = tree.create_node(around) if around else None
        for node in nodes:
            block = together or tree.create_node("div")
            block.insert_child(node, move=True)
            if block is not together:
                whole.insert_child(block, move=True)
        if together:
            whole.insert_child(together, move=True)
    return whole


def without_script(page: LexborHTMLParser) -> str:
    """What a page shows to those who run no script, as forums do that are built in the browser;
    to be cleaned."""
    parts = (node.inner_html or "" for node in _outermost(page.css("body noscript")))
    tree = LexborHTMLParser(_NOSCRIPT.sub("", "".join(parts)))
    if tree.body is None:
        return ""
    keep_structure(tree, tree.body, frozenset())
    return _serialised(tree.body)


def _outermost(nodes: list[LexborNode]) -> Iterator[LexborNode]:
    """Of `<noscript>` elements, in their order, those within none of the others."""
    at = 0
    while at < len(nodes):
        yield nodes[at]
        at += len(nodes[at].css("noscript"))  # itself and those within it


def _marked(tree: LexborHTMLParser) -> LexborNode | None:
    """The block that the page's author marked as its content."""
    marked = tree.css("main, [role=main]")
    if len(marked) == 1 and _is_content(marked[0]):
        return marked[0]
    articles = tree.css("article")
    if len(articles) == 1 and _is_content(articles[0]) and _is_large_part(tree, articles[0]):
        return articles[0]
    return None


def _is_content(block: LexborNode) -> bool:
    return block.css_first("h1, h2") is not None or len(block.text()) >= _MIN_TEXT


def _is_large_part(tree: LexborHTMLParser, block: LexborNode) -> bool:
    """Whether a block is more than, say, the teaser of another page."""
    tree.strip_tags(["script", "style", "template"])
    body = tree.body
    return body is None or len(block.text()) >= _MIN_SHARE * len(body.text())


def _drop_hidden(main: LexborNode) -> None:
    """Take hidden parts away, but show those that readers can open."""
    shown: set[int] = set()
    for node in main.css(_HIDDEN):
        # A node stands here once for each selector that it matches.
        if node.mem_id in shown:
            continue
        if _is_hidden(node) and _is_panel(node):
            _show(node)
            shown.add(node.mem_id)
        else:
            node.decompose()


def _is_hidden(node: LexborNode) -> bool:
    return "hidden" in node.attrs or bool(_NOT_SHOWN.search(attribute(node, "style")))


def _is_panel(node: LexborNode) -> bool:
    # React's server sends late parts hidden, and a script puts them in their places.
    if attribute(node, "role") == "tabpanel" or attribute(node, "id").startswith("S:"):
        return True
    if _OPENED.search(attribute(node, "class")):
        return True
    return len(node.text()) >= _MIN_PANEL


def _show(node: LexborNode) -> None:
    for name in ("hidden", "style", "aria-hidden"):
        if name in node.attrs:
            del node.attrs[name]


def _serialised(main: LexborNode) -> str:
    html = main.html or ""
    if _SCRIPT.search(html):
        _disarm(main)
        html = main.html or ""
    return html


def clean(html: str) -> str:
    """Serialised content as the converter can take it. The tree that it is of is needed no more."""
    return _TITLE.sub(r"\1>", tame_content(as_lists(html)))


def _disarm(main: LexborNode) -> None:
    for link in main.css("[href]"):
        # SVG's xlink:href matches, too, under its whole name.
        if _SCRIPT.match(f' href="{attribute(link, "href")}'):
            del link.attrs["href"]
