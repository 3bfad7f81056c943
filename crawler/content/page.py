"""Title and links of a page, and what it says of itself: what the crawl needs before it goes on.

This runs once for each page on the crawl's hot path.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from crawler.content.charset import decode
from crawler.content.head import REFRESH, read_head
from crawler.content.links import Link, links_of
from crawler.content.mediatype import Kind, kind_of
from crawler.content.metadata import MAX_TITLE, title_of
from crawler.content.shells import Look, judge_page
from crawler.content.tree import fold, parsable, parse
from crawler.domain.nofollow import header_says_nofollow
from crawler.domain.reasons import Reason
from crawler.domain.urls import resolve


@dataclass(frozen=True, slots=True)
class PageHead:
    """What the crawl keeps of a page; relative links are resolved against `base_url`.

    `canonical` is the URL under which the page says that it is known; `nofollow`: it asks that
    none of its links be followed; `problem`: it is no page but an empty shell or a challenge.
    `is_parsable`: its source may be parsed as it is, which need not be seen to again.
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

    Links are those of `a`, `area`, `iframe`, `frame`, of `link` with rel next, prev and alternate,
    and of a meta refresh (rel `refresh`); each target once, in document order, external ones
    included, without fragments. Plain text and Markdown have a title only. Never raises.
    """
    kind = kind_of(content_type)
    text = decode(body, content_type)
    nofollow = header_says_nofollow(headers)
    if kind in (Kind.TEXT, Kind.MARKDOWN):
        return PageHead(first_line(text), url, (), nofollow=nofollow)
    source = parsable(text, is_xml=kind is Kind.XHTML)
    tree = parse(source)
    marks, title = read_head(tree), title_of(tree)
    base = (resolve(marks.base, url) if marks.base else None) or url
    links = links_of(tree, base, marks.pages)
    look = Look(
        text,
        title,
        links=len(links) - sum(page.rel.startswith("alternate") for page in marks.pages),
        refreshes=any(page.rel == REFRESH for page in marks.pages),
        is_error=not 200 <= status < 300,
    )
    return PageHead(
        title=title,
        base_url=base,
        links=links,
        canonical=resolve(marks.canonical, base) if marks.canonical else None,
        nofollow=nofollow or marks.nofollow,
        problem=judge_page(tree, look),
        is_parsable=source == text,
    )


def first_line(text: str) -> str:
    """The title of a text: its first line that is not empty, without Markdown's `#`."""
    for line in text[:20_000].replace("\0", "").splitlines():
        title = fold(line.strip().lstrip("#") if line.strip("#=-*~_ \t") else "", MAX_TITLE)
        if title:
            return title
    return ""
