"""A long page's content in pieces, so that the converter need not have all of it in hand at once.

It takes twenty times the size of what it is given. Where one block ends and the next begins, it
makes the same of both together as of one after the other.
"""

from collections.abc import Iterator

from selectolax.lexbor import LexborNode

from crawler.content.markdown import FRAME
from crawler.content.tree import attribute

PIECE = 200_000
"""Characters from which on a piece ends at the next block."""

_DEEPEST = 12
"""Wrappers within wrappers that are opened: each costs a look at all that is in it."""

# Lists and tables stay whole: the items of a list in two would stand further apart.
_BLOCKS = frozenset(
    (
        "article", "blockquote", "details", "div", "dl", "figure", "form", "h1", "h2", "h3", "h4",
        "h5", "h6", "header", "hr", "main", "nav", "ol", "p", "pre", "section", "table", "ul",
    )
)  # fmt: skip
_WRAPPERS = frozenset(("article", "div", "main", "section"))
_DROPPED = frozenset(selector[1:] for selector in FRAME if selector.startswith("."))


def pieces_of(block: LexborNode, deep: int = 0) -> Iterator[str]:
    """The HTML of what is in a block, in pieces that end between blocks."""
    piece: list[str] = []
    size = 0
    for node in block.iter(include_text=True):
        html = node.html or ""
        opens = len(html) > PIECE and deep < _DEEPEST and _is_wrapper(node)
        if piece and (opens or (size > PIECE and node.tag in _BLOCKS)):
            yield "".join(piece)
            piece, size = [], 0
        if opens:
            del html
            yield from pieces_of(node, deep + 1)
        else:
            piece.append(html)
            size += len(html)
    if piece:
        yield "".join(piece)


def _is_wrapper(node: LexborNode) -> bool:
    """Whether an element means nothing by itself: by its role or class one may be dropped."""
    if node.tag not in _WRAPPERS or attribute(node, "role"):
        return False
    return _DROPPED.isdisjoint(attribute(node, "class").split())
