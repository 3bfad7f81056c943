"""Markdown of strangers as HTML that can't act: parsed by markdown-it-py, cleaned by nh3.

Nothing of it is trusted. What comes out has the elements and attributes of `cleaning` and no
others. It is bounded: so much text, so much time, so many characters of addresses. What is beyond
the first is left to be shown as text; where the second is not kept, all is.

    parse      in a thread: tokens, the outline, the pages that links lead to
    (storage)  which of those are pages of the crawl
    to_html    in a thread: links led to their pages, HTML made and cleaned
"""

import re
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote, urljoin

from markdown_it import MarkdownIt
from markdown_it.rules_block import StateBlock
from markdown_it.rules_inline import StateInline
from markdown_it.token import Token
from mdit_py_plugins.deflist import deflist_plugin
from mdit_py_plugins.footnote import footnote_plugin

from crawler.domain.urls import MAX_URL_LENGTH, resolve
from crawler.web.cleaning import ANCHOR, clean
from crawler.web.elements import settle_elements

MOST_CHARACTERS = 300_000
"""Characters of Markdown that are rendered; the longest text of Python's manual has 205,000."""

MOST_SECONDS = 1.5
"""Processor time that parsing may take; those 205,000 characters take a fifth of a second."""

_MOST_ADDRESSES = 4_000_000
_DEADLINE = "deadline"
_NOT_IN_SLUGS = re.compile(r"[^\w\- ]")
_DEEPEST = 6


class _TooSlow(Exception):
    """The Markdown takes longer to be read than it may."""


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading of the text: its level on the page (2 to 6), its words, its id."""

    level: int
    text: str
    id: str


@dataclass(frozen=True, slots=True)
class Parsed:
    """Markdown that was read; `rest` is what lies beyond the bound, as it is.

    `targets` are the canonical URLs that its links lead to, each once.
    """

    tokens: list[Token]
    notes: dict[str, Any]
    base_url: str
    headings: tuple[Heading, ...]
    targets: tuple[str, ...]
    rest: str


def parse(markdown: str, base_url: str, most_seconds: float = MOST_SECONDS) -> Parsed | None:
    """Reads the Markdown of a page whose URL is `base_url`.

    None when that takes more than so many seconds of processor time.
    """
    text, rest = _split(markdown)
    notes: dict[str, Any] = {_DEADLINE: time.thread_time() + most_seconds}
    try:
        tokens = _PARSER.parse(text, notes)
    except (_TooSlow, RecursionError):
        return None
    targets = (resolve(href, base_url) for _, href in _links(tokens))
    return Parsed(
        tokens,
        notes,
        base_url,
        tuple(_name_headings(tokens)),
        tuple(dict.fromkeys(url for url in targets if url)),
        rest,
    )


def to_html(parsed: Parsed, pages: Mapping[str, int], folder: str) -> str:
    """HTML of what `parse` read, fit to stand in a page.

    `pages` has the ids of the crawl's pages by their URLs: links to these lead to `folder`, the
    path under which the viewer has pages by their ids; all others lead outward.
    """
    left = _MOST_ADDRESSES
    for link, href in _links(parsed.tokens):
        address = _address(href, parsed.base_url, pages, folder)
        left -= len(address or "")
        if address is None or left < 0:
            del link.attrs["href"]
        else:
            link.attrs = {"href": address}
    html = _PARSER.renderer.render(parsed.tokens, _PARSER.options, parsed.notes)
    return clean(html, folder)


def _split(markdown: str) -> tuple[str, str]:
    """The Markdown up to the bound, at the end of a line if there is one, and the rest."""
    if len(markdown) <= MOST_CHARACTERS:
        return markdown, ""
    end = markdown.rfind("\n", 0, MOST_CHARACTERS) + 1 or MOST_CHARACTERS
    return markdown[:end], markdown[end:]


def _address(href: str, base_url: str, pages: Mapping[str, int], folder: str) -> str | None:
    """Where a link leads: to a page of the crawl, outward, or nowhere (None)."""
    if href.startswith("mailto:"):
        return href
    page = pages.get(resolve(href, base_url) or "")
    fragment = href.partition("#")[2]
    if page is not None:
        return f"{folder}{page}" + (f"#{ANCHOR}{unquote(fragment)}" if fragment else "")
    try:
        url = urljoin(base_url, href)
    except ValueError:
        return None
    return url if len(url) <= MAX_URL_LENGTH and url.startswith(("http:", "https:")) else None


def _links(tokens: Sequence[Token]) -> Iterator[tuple[Token, str]]:
    """Every link that has an address, with it."""
    for token in tokens:
        for child in token.children or ():
            href = child.attrs.get("href")
            if child.type == "link_open" and isinstance(href, str):
                yield child, href


def _name_headings(tokens: Sequence[Token]) -> Iterator[Heading]:
    """Moves headings below that of the page, and gives each an id made of its words."""
    opened = [(i, token) for i, token in enumerate(tokens) if token.type == "heading_open"]
    top = min((int(token.tag[1]) for _, token in opened), default=1)
    taken: dict[str, int] = {}
    for i, token in opened:
        level = min(int(token.tag[1]) - top + 2, _DEEPEST)
        token.tag = tokens[i + 2].tag = f"h{level}"
        text = _words(tokens[i + 1])
        name = _unique(_slug(text), taken)
        token.attrs = {"id": name}
        if text:
            yield Heading(level, text, ANCHOR + name)


def _words(inline: Token) -> str:
    parts = (c.content for c in inline.children or () if c.type in ("text", "code_inline"))
    return " ".join("".join(parts).split())[:200]


def _slug(text: str) -> str:
    """A heading's id as GitHub and Sphinx make it of most: its words in lower case, with dashes."""
    return _NOT_IN_SLUGS.sub("", text.lower()).strip().replace(" ", "-") or "section"


def _unique(name: str, taken: dict[str, int]) -> str:
    count = taken[name] = taken.get(name, -1) + 1
    return f"{name}-{count}" if count else name


def _look_at_the_clock(state: StateBlock | StateInline, *_: object) -> bool:
    """A rule that matches nothing, tried before all others wherever one is sought.

    No input is known that takes long without coming by here.
    """
    if time.thread_time() > state.env[_DEADLINE]:
        raise _TooSlow
    return False


def _parser() -> MarkdownIt:
    """CommonMark and GitHub's extensions, with footnotes and definition lists."""
    parser = MarkdownIt("commonmark", {"tasklists": True, "alerts": True})
    parser.enable(["table", "strikethrough"])
    parser.use(footnote_plugin).use(deflist_plugin)
    parser.block.ruler.before("table", "clock", _look_at_the_clock)
    parser.inline.ruler.before("text", "clock", _look_at_the_clock)
    settle_elements(parser)
    return parser


_PARSER = _parser()
