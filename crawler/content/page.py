"""Title and links of a page, and what it says of itself: what the crawl needs before it goes on.

This runs once for each page on the crawl's hot path.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from crawler.content.charset import decode
from crawler.content.head import REFRESH, NamedPage, read_head
from crawler.content.link_header import read_link_headers
from crawler.content.links import Link, links_of, named_links
from crawler.content.mediatype import Kind, kind_of
from crawler.content.metadata import MAX_TITLE, title_of
from crawler.content.shells import Look, is_written, judge_page
from crawler.content.tree import fold, parsable, parse
from crawler.domain.nofollow import header_says_nofollow
from crawler.domain.reasons import Reason
from crawler.domain.urls import resolve


@dataclass(frozen=True, slots=True)
class PageHead:
    """What the crawl keeps of a page; relative links are resolved against `base_url`.

    `canonical` is the URL under which the page and its headers say that it is known, where they
    agree on one; `nofollow`: it asks that none of its links be followed; `problem`: it is no page
    but an empty shell or a challenge. `is_parsable`: its source may be parsed as it is, which need
    not be seen to again.
    """

    title: str
    base_url: str
    links: tuple[Link, ...]
    canonical: str | None = None
    nofollow: bool = False
    problem: Reason | None = None
    is_parsable: bool = False


def read_page(
    body: bytes,
    content_type: str | None,
    url: str,
    headers: Sequence[tuple[str, str]] = (),
    status: int = 200,
) -> PageHead:
    """Title, links and marks of a body that was fetched from `url` (canonical).

    Links are those of `a`, `area`, `iframe`, `frame`, of `link` elements and `Link` headers with
    rel next, prev and alternate, and of a meta refresh (rel `refresh`); each target once, those of
    headers first, then in document order, external ones included, without fragments. Plain text
    and Markdown have a title and their headers only. Never raises.
    """
    kind = kind_of(content_type)
    text = decode(body, content_type)
    del body  # of a large page it takes as much as the text
    nofollow, said = header_says_nofollow(headers), read_link_headers(headers, url)
    if kind in (Kind.TEXT, Kind.MARKDOWN):
        links = named_links(said.pages, url)
        return PageHead(first_line(text), url, links, _only(said.canonicals), nofollow)
    source = parsable(text, is_xml=kind is Kind.XHTML)
    is_parsable = source == text
    if is_page := is_written(text):
        text = ""  # needed no more, and a large page's tree takes enough
    encoded = source.encode("utf-8", "ignore")
    del source
    tree = parse(encoded)
    del encoded
    marks, title = read_head(tree), title_of(tree)
    base = (resolve(marks.base, url) if marks.base else None) or url
    named = (*said.pages, *marks.pages)
    links = links_of(tree, base, named)
    shown = len(links) - _alternates(named, base)
    refreshes = any(page.rel == REFRESH for page in marks.pages)
    look = Look(text, title, shown, refreshes, is_error=not 200 <= status < 300)
    return PageHead(
        title=title,
        base_url=base,
        links=links,
        canonical=_only(said.canonicals | {resolve(href, base) for href in marks.canonicals}),
        nofollow=nofollow or marks.nofollow,
        problem=None if is_page else judge_page(tree, look),
        is_parsable=is_parsable,
    )


def _only(canonicals: set[str | None]) -> str | None:
    """Two that differ say nothing: one of them was left by a template, or by a proxy."""
    return next(iter(canonicals)) if len(canonicals) == 1 else None


def _alternates(named: Iterable[NamedPage], base: str) -> int:
    """Other forms of the page that are named beside it, each once."""
    alternates = {resolve(page.href, base) for page in named if page.rel.startswith("alternate")}
    return len(alternates - {None})


def first_line(text: str) -> str:
    """The title of a text: its first line that is not empty, without Markdown's `#`."""
    for line in text[:20_000].replace("\0", "").splitlines():
        title = fold(line.strip().lstrip("#") if line.strip("#=-*~_ \t") else "", MAX_TITLE)
        if title:
            return title
    return ""
