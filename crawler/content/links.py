"""The links of a page: anchors, areas and frames, and the pages that its head names.

A page of documentation has some 2,500 anchors and 50 distinct targets, so links are made unique as
they stand in the source, and only what is left is resolved.
"""

from collections.abc import Iterable, Mapping
from itertools import islice
from typing import NamedTuple

from selectolax.lexbor import LexborHTMLParser, LexborNode

from crawler.content.head import MAX_LINK_TEXT, NamedPage
from crawler.content.tree import attribute, fold
from crawler.domain.nofollow import rel_says_nofollow
from crawler.domain.urls import MAX_URL_LENGTH, resolve

MAX_LINKS = 50_000
"""Distinct links of one page that are kept, in document order."""

MAX_LINK_CHARACTERS = 1_000_000
"""Characters of all links of one page that are kept, so that no page outweighs thousands."""

_SELECTOR = "[href], [src]"
_FRAMES = frozenset(("iframe", "frame"))
_LINKS = _FRAMES | {"a", "area"}
_NOT_PAGES = ("javascript:", "mailto:", "tel:", "data:")
# Dots and tabs may make a long href a short URL, but not out of anything.
_MAX_HREF = 4 * MAX_URL_LENGTH
# Of what stands in a link; links within links by the thousand would each be read to the last.
_MAX_NODES = 200


class Link(NamedTuple):
    """A link of a page: its canonical URL, its text on one line, its rel tokens in lower case."""

    url: str
    text: str
    rel: str


def links_of(tree: LexborHTMLParser, base: str, named: Iterable[NamedPage]) -> tuple[Link, ...]:
    """The links of a page, each target once, with the first text that is not empty.

    A link is nofollow only where none of those to its target is without it: the page itself
    leads there.
    """
    return _resolved(_distinct_hrefs(tree, named), base)


def named_links(named: Iterable[NamedPage], base: str) -> tuple[Link, ...]:
    """The links of a page that has none of its own."""
    return _resolved(_named_hrefs(named), base)


def _resolved(hrefs: Mapping[str, tuple[str, str]], base: str) -> tuple[Link, ...]:
    found: dict[str, Link] = {}
    characters = 0
    for href, (text, rel) in hrefs.items():
        url = resolve(href, base)
        if url is None:
            continue
        known = found.get(url)
        if known is None:
            characters += len(url) + len(text)
            if characters > MAX_LINK_CHARACTERS:
                break
            found[url] = Link(url, text, rel)
        else:
            found[url] = Link(url, known.text or text, _more_open(known.rel, rel))
    return tuple(found.values())


def _distinct_hrefs(
    tree: LexborHTMLParser, named: Iterable[NamedPage]
) -> dict[str, tuple[str, str]]:
    """Text and rel by href without fragment, as written, in document order.

    One attribute is sought natively, since two elements cost twice as much; then what matters is
    that most anchors repeat a target and are passed over at once.
    """
    found = _named_hrefs(named)
    for node in tree.css(_SELECTOR):
        attributes = node.attrs
        try:
            href = attributes["href"] or ""
        except KeyError:
            if node.tag not in _FRAMES:
                continue
            href = attributes["src"] or ""
        href = href.partition("#")[0].strip()
        known = found.get(href)
        if known is None:
            if node.tag in _LINKS and _may_be_page(href) and len(found) < MAX_LINKS:
                found[href] = (_link_text(node), _rel(node))
        elif not known[0] or "nofollow" in known[1]:
            found[href] = (known[0] or _link_text(node), _more_open(known[1], _rel(node)))
    return found


def _named_hrefs(named: Iterable[NamedPage]) -> dict[str, tuple[str, str]]:
    return {page.href: (page.text, page.rel) for page in named if _may_be_page(page.href)}


def _more_open(known: str, other: str) -> str:
    """Of two rels of one target the known one, unless only the other lets the link be followed."""
    if rel_says_nofollow(known) and not rel_says_nofollow(other):
        return other
    return known


def _may_be_page(href: str) -> bool:
    return 0 < len(href) <= _MAX_HREF and not href[:11].lower().startswith(_NOT_PAGES)


def _link_text(node: LexborNode) -> str:
    if node.tag == "area":
        return fold(attribute(node, "alt"), MAX_LINK_TEXT)
    if node.tag in _FRAMES:
        return fold(attribute(node, "title"), MAX_LINK_TEXT)
    inside = list(islice(node.traverse(include_text=True), _MAX_NODES))
    text = fold("".join(each.text_content or "" for each in inside), MAX_LINK_TEXT)
    return text or fold(_image_text(inside), MAX_LINK_TEXT)


def _image_text(nodes: Iterable[LexborNode]) -> str:
    images = (each.attrs for each in nodes if each.tag == "img")
    return next((image["alt"] or "" for image in images if "alt" in image), "")


def _rel(node: LexborNode) -> str:
    return fold(attribute(node, "rel").lower(), MAX_LINK_TEXT)
