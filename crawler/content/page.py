"""Title and links of a page: what the crawl needs before it goes on.

This runs once for each page on the crawl's hot path. A page of documentation has some 2,500
anchors and 50 distinct targets, so links are made unique as they stand in the source, and only
what is left is resolved.
"""

from dataclasses import dataclass
from typing import NamedTuple

from selectolax.lexbor import LexborHTMLParser, LexborNode

from crawler.content.charset import decode
from crawler.content.mediatype import Kind, kind_of
from crawler.content.metadata import MAX_TITLE, title_of
from crawler.content.tree import attribute, base_url, fold, parse, text_of
from crawler.domain.urls import MAX_URL_LENGTH, resolve

MAX_LINK_TEXT = 200
"""Characters of a link's text that are kept."""

MAX_LINKS = 50_000
"""Distinct links of one page that are kept, in document order."""

MAX_LINK_CHARACTERS = 1_000_000
"""Characters of all links of one page that are kept, so that no page outweighs thousands."""

_NOT_PAGES = ("javascript:", "mailto:", "tel:", "data:")
# Dots and tabs may make a long href a short URL, but not out of anything.
_MAX_HREF = 4 * MAX_URL_LENGTH


class Link(NamedTuple):
    """A link of a page: its canonical URL, its text on one line, its rel tokens in lower case."""

    url: str
    text: str
    rel: str


@dataclass(frozen=True, slots=True)
class PageHead:
    """What the crawl keeps of a page; relative links are resolved against `base_url`."""

    title: str
    base_url: str
    links: tuple[Link, ...]


def read_page(body: bytes, content_type: str | None, url: str) -> PageHead:
    """Title and links of a body fetched from `url` (canonical), external links included.

    Links are those of `a` and `area`, each target once, in document order, without fragments;
    a link's text is the first that is not empty. Plain text and Markdown have a title only.
    Never raises.
    """
    kind = kind_of(content_type)
    text = decode(body, content_type)
    if kind in (Kind.TEXT, Kind.MARKDOWN):
        return PageHead(first_line(text), url, ())
    tree = parse(text, is_xml=kind is Kind.XHTML)
    base = base_url(tree, url)
    return PageHead(title_of(tree), base, _links(tree, base))


def first_line(text: str) -> str:
    """The title of a text: its first line that is not empty, without Markdown's `#`."""
    for line in text[:20_000].replace("\0", "").splitlines():
        title = fold(line.strip().lstrip("#") if line.strip("#=-*~_ \t") else "", MAX_TITLE)
        if title:
            return title
    return ""


def _links(tree: LexborHTMLParser, base: str) -> tuple[Link, ...]:
    found: dict[str, Link] = {}
    characters = 0
    for href, (text, rel) in _distinct_hrefs(tree).items():
        url = resolve(href, base)
        if url is None:
            continue
        known = found.get(url)
        if known is None:
            characters += len(url) + len(text)
            if characters > MAX_LINK_CHARACTERS:
                break
            found[url] = Link(url, text, rel)
        elif text and not known.text:
            found[url] = known._replace(text=text)
    return tuple(found.values())


def _distinct_hrefs(tree: LexborHTMLParser) -> dict[str, tuple[str, str]]:
    """Text and rel by href without fragment, as written, in document order."""
    found: dict[str, tuple[str, str]] = {}
    for node in tree.css("a[href], area[href]"):
        href = (node.attrs["href"] or "").partition("#")[0].strip()
        known = found.get(href)
        if known is None:
            if len(found) < MAX_LINKS and _may_be_page(href):
                found[href] = (_link_text(node), _rel(node))
        elif not known[0]:
            found[href] = (_link_text(node), known[1])
    return found


def _may_be_page(href: str) -> bool:
    return 0 < len(href) <= _MAX_HREF and not href[:11].lower().startswith(_NOT_PAGES)


def _link_text(node: LexborNode) -> str:
    if node.tag == "area":
        return fold(attribute(node, "alt"), MAX_LINK_TEXT)
    return text_of(node, MAX_LINK_TEXT) or fold(_image_text(node), MAX_LINK_TEXT)


def _image_text(node: LexborNode) -> str:
    return attribute(node.css_first("img[alt]"), "alt")


def _rel(node: LexborNode) -> str:
    return fold(attribute(node, "rel").lower(), MAX_LINK_TEXT)
