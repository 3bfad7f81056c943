"""The Markdown form that a page declares of itself: where it is, and what of it is content.

    <link rel="alternate" type="text/markdown" href="/guide.md">
    Link: </guide.md>; rel="alternate"; type="text/markdown"

Whoever writes such a form writes it for readers like us, so it is the page's content, in place of
what can be made of its HTML. It is sought when a page was just fetched, before anything is parsed:
pages that declare none pay for a search in their heads.
"""

import re
from collections.abc import Sequence

from selectolax.lexbor import LexborHTMLParser

from crawler.content.bounds import MAX_MARKDOWN, clip
from crawler.content.charset import decode
from crawler.content.link_header import read_link_headers
from crawler.content.mediatype import Kind, kind_of
from crawler.content.tree import attribute, base_url, parsable, parse
from crawler.domain.markdown_links import Link, absolute, find_links, with_destinations
from crawler.domain.urls import resolve

HEAD_BYTES = 65_536
"""Of a page that are searched: its head, unless that is very long."""

_MOST_LINKS = 200
_SHORT = 200
_LEAST_SHARE = 0.1
_COMPARED = 50_000
_INDEXES = ("/llms.txt", "/llms-full.txt")
"""Of a whole site (llmstxt.org); some declare them on every page."""

# Chinese and Japanese have no spaces between words: characters are compared.
_WORD = re.compile(r"[a-z0-9\u00c0-\u1fff\uac00-\ud7ff]{4,}|[\u3040-\u9fff]")
_TYPE = b"text/markdown"
# Front matter is data about the text (Jekyll, Hugo, Docusaurus), and so no part of it.
_FRONT_MATTER = re.compile(
    r"\s*---[ \t]*\n(?=[\w-]+[ \t]*:)(?:[^\n]{0,2000}\n){1,100}?(?:---|\.\.\.)[ \t]*(?:\n|\Z)"
)
_PAGE = re.compile(r"\s*<(?:!doctype\s+html|html|head|body)\b", re.I)


def declared_markdown(
    body: bytes, content_type: str | None, url: str, headers: Sequence[tuple[str, str]]
) -> str | None:
    """The canonical URL of the Markdown form that an HTML page at `url` declares, the first one;
    None where it declares none but itself, or its site's index. Never raises."""
    if kind_of(content_type) not in (Kind.HTML, Kind.XHTML):
        return None
    declared = _in_headers(headers, url) or _in_head(body, content_type, url)
    if declared is None or declared == url or declared.endswith(_INDEXES):
        return None
    return declared


def alternate_markdown(body: bytes) -> str:
    """The content of a Markdown form, without front matter; "" where it is not in UTF-8, or a page
    of HTML after all. Never raises."""
    try:
        text = body.decode("utf-8-sig")
    except UnicodeDecodeError:
        return ""
    if _PAGE.match(text):
        return ""
    front = _FRONT_MATTER.match(text)
    return clip(text[front.end() if front else 0 :].strip())


def with_absolute_links(markdown: str, url: str, page_url: str) -> str:
    """A Markdown form at `url` whose links and images are absolute, as are those of pages; those
    to a place in the form lead to that of the page. Never raises.

    Where they would make it longer than any page may be, the last ones stay as they are.
    """
    room = MAX_MARKDOWN - len(markdown)

    def chosen(link: Link) -> str | None:
        nonlocal room
        if room <= 0:
            return None
        destination = absolute(link.destination, page_url if link.destination[:1] == "#" else url)
        room -= len(destination or "")
        return destination

    return clip(with_destinations(markdown, find_links(markdown), chosen))


def is_of_page(markdown: str, own: str) -> bool:
    """Whether a Markdown form tells what its page tells, rather than, say, that there is none: it
    is no mere fraction of that, and half the words of one stand in the other. `own` is the page's
    own Markdown; where that is short, scripts may fill the page."""
    if len(own) < _SHORT:
        return True
    if len(markdown) < _LEAST_SHARE * len(own):
        return False
    form, page = _words(markdown), _words(own)
    return 2 * len(form & page) >= min(len(form), len(page))


def _words(text: str) -> set[str]:
    return set(_WORD.findall(text[:_COMPARED].lower()))


def _in_headers(headers: Sequence[tuple[str, str]], url: str) -> str | None:
    if not any(len(name) == 4 and name.lower() == "link" for name, _ in headers):
        return None
    return read_link_headers(headers, url).markdown


def _in_head(body: bytes, content_type: str | None, url: str) -> str | None:
    end = body.find(b"</head", 0, HEAD_BYTES)
    end = end if end >= 0 else HEAD_BYTES
    if body.find(_TYPE, 0, end) < 0:
        return None
    source = decode(body[:end], content_type)
    tree = parse(parsable(source).encode("utf-8", "ignore"))
    href = _href(tree)
    return resolve(href, base_url(tree, url)) if href else None


def _href(tree: LexborHTMLParser) -> str:
    head = tree.head
    for link in head.css("link[rel~=alternate i][href]")[:_MOST_LINKS] if head else ():
        if kind_of(attribute(link, "type")) is Kind.MARKDOWN:
            return attribute(link, "href").partition("#")[0].strip()
    return ""
