"""The parsed page (HTML, section 13.2), by Lexbor."""

import re
from collections.abc import Iterator

from selectolax.lexbor import LexborDocumentOptions, LexborHTMLParser, LexborNode

from crawler.content.bounds import tame
from crawler.domain.urls import resolve

_WHITESPACE = re.compile(r"\s+")
# Tags that XML lets close themselves, and that HTML takes for open ones.
_SELF_CLOSED = re.compile(r"<(a|div|iframe|p|script|span|style|textarea|title)((?:\s[^<>]*)?)/>")

# With its events Lexbor copies selected options about: slow, and nothing that a reader sees.
_OPTIONS = LexborDocumentOptions.WO_EVENTS


def parsable(html: str, *, is_xml: bool = False) -> str:
    """A page's source as the parser may have it: most as they are. To see that takes some time.

    `is_xml` where it was served as XHTML.
    """
    if is_xml:
        html = _SELF_CLOSED.sub(r"<\1\2></\1>", html)
    return tame(html)


def parse(source: str | bytes) -> LexborHTMLParser:
    """The tree of a page, whatever its markup, out of a source that is `parsable`.

    As bytes (UTF-8) it need not be there twice: who has no more use for the text lets it go before.
    """
    tree = LexborHTMLParser(source, options=_OPTIONS)
    tree.raw_html = b""  # the tree has copies of its own, and a page may be of 10 MB
    return tree


def base_url(tree: LexborHTMLParser, url: str) -> str:
    """What relative links are resolved against: the first `<base href>` (HTML, section 4.2.3)."""
    base = in_head(tree, "base[href]")
    href = attribute(base, "href").strip()
    return (resolve(href, url) if href else None) or url


def in_head(tree: LexborHTMLParser, selector: str) -> LexborNode | None:
    """The first such element of `<head>`; to look through the whole page costs as parsing does."""
    head = tree.head
    return head.css_first(selector) if head else None


def ancestors(node: LexborNode, most: int) -> Iterator[LexborNode]:
    """The elements that a node is in, from the inside, at most so many."""
    parent = node.parent
    for _ in range(most):
        if parent is None or not parent.is_element_node:
            return
        yield parent
        parent = parent.parent


def fold(text: str, limit: int) -> str:
    """Text on one line, without spaces around it, at most `limit` characters."""
    # A bound on the input too: folding megabytes to keep a line would be a waste.
    return _WHITESPACE.sub(" ", text[: limit * 8].strip()).strip()[:limit].rstrip()


def text_of(node: LexborNode | None, limit: int) -> str:
    """The folded text of a node, or "" without one."""
    return fold(node.text(), limit) if node else ""


def attribute(node: LexborNode | None, name: str) -> str:
    """An attribute's value, "" where there is none."""
    return (node.attrs.get(name) or "") if node else ""
