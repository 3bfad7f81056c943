"""What `<head>` tells a crawler: the canonical URL, nofollow, and the pages that it names.

One walk over the few elements that can say it: this is on the hot path of every page.
"""

import re
from dataclasses import dataclass, field
from typing import NamedTuple

from selectolax.lexbor import LexborHTMLParser

from crawler.content.tree import fold
from crawler.domain.mediatypes import is_page
from crawler.domain.nofollow import ROBOTS_NAMES, meta_says_nofollow

MAX_LINK_TEXT = 200
"""Characters of a link's text that are kept."""

REFRESH = "refresh"
"""The `rel` under which the target of a meta refresh is known."""

_MARKS = "link[rel][href], meta[content], base[href]"
_NAMED_PAGES = frozenset(("next", "prev", "alternate"))
# What most links of a head are: of no interest here.
_OTHERS = frozenset(
    ("stylesheet", "icon", "preload", "preconnect", "search", "copyright", "author")
)
_MOST_MARKS = 1_000
# HTML, section 4.2.5.3, "shared declarative refresh steps".
_REFRESH = re.compile(
    r"""\s*+[\d.]++(?:\s*+[;,]\s*+|\s++)(?:url\s*+=\s*+)?+(?:"([^"]++)|'([^']++)|([^"'].*))""",
    re.I | re.S,
)


class NamedPage(NamedTuple):
    """A page that the head names: its address as written, its title, its rel in lower case."""

    href: str
    text: str
    rel: str


@dataclass(slots=True)
class HeadMarks:
    """What a head says, as it says it.

    `base` is the first `<base href>`, "" without one; `canonical` is None where the head
    contradicts itself.
    """

    base: str = ""
    canonical: str | None = None
    nofollow: bool = False
    pages: list[NamedPage] = field(default_factory=list)


def read_head(tree: LexborHTMLParser) -> HeadMarks:
    """The marks of a page's head; `<link>` and `<meta>` elsewhere are not the site's own word."""
    canonicals: set[str] = set()
    marks = HeadMarks()
    head = tree.head
    for node in head.css(_MARKS)[:_MOST_MARKS] if head else ():
        tag, attributes = node.tag, node.attributes
        if tag == "link":
            _take_link(attributes, canonicals, marks)
        elif tag == "meta":
            _take_meta(attributes, marks)
        else:
            marks.base = marks.base or (attributes["href"] or "").strip()
    # Two that differ say nothing: one of them was left by a template.
    marks.canonical = canonicals.pop() if len(canonicals) == 1 else None
    return marks


_Attributes = dict[str, str | None]


def _take_link(attributes: _Attributes, canonicals: set[str], marks: HeadMarks) -> None:
    rel = (attributes["rel"] or "").lower()
    if rel in _OTHERS:
        return
    href = (attributes["href"] or "").partition("#")[0].strip()
    tokens = rel.split()
    if "canonical" in tokens and href:
        canonicals.add(href)
    elif not _NAMED_PAGES.isdisjoint(tokens) and _is_alternate_page(tokens, attributes):
        text = fold(attributes.get("title") or "", MAX_LINK_TEXT)
        marks.pages.append(NamedPage(href, text, fold(rel, MAX_LINK_TEXT)))


def _is_alternate_page(tokens: list[str], attributes: _Attributes) -> bool:
    """Feeds, style sheets and descriptions for machines are alternates, too, but no pages."""
    return "stylesheet" not in tokens and is_page(attributes.get("type"))


def _take_meta(attributes: _Attributes, marks: HeadMarks) -> None:
    content = attributes["content"] or ""
    if (attributes.get("name") or "").strip().lower() in ROBOTS_NAMES:
        marks.nofollow = marks.nofollow or meta_says_nofollow(content)
    elif (attributes.get("http-equiv") or "").strip().lower() == "refresh":
        found = _REFRESH.match(content)
        if found:
            href = (found[1] or found[2] or found[3]).partition("#")[0].strip()
            marks.pages.append(NamedPage(href, "", REFRESH))
