"""What `<head>` tells a crawler: the canonical URL, nofollow, and the pages that it names.

One walk over the few elements that can say it: this is on the hot path of every page.
"""

import re
from dataclasses import dataclass
from typing import NamedTuple

from selectolax.lexbor import LexborHTMLParser

from crawler.content.tree import fold
from crawler.domain.mediatypes import is_page
from crawler.domain.nofollow import ROBOTS_NAMES, meta_says_nofollow

MAX_LINK_TEXT = 200
"""Characters of a link's text that are kept."""

REFRESH = "refresh"
"""The `rel` under which the target of a meta refresh is known."""

_MARKS = "link[rel][href], meta[name][content], meta[http-equiv][content]"
_NAMED_PAGES = frozenset(("next", "prev", "alternate"))
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
    """What a head says, as it says it; `canonical` is None where it contradicts itself."""

    canonical: str | None
    nofollow: bool
    pages: list[NamedPage]


def read_head(tree: LexborHTMLParser) -> HeadMarks:
    """The marks of a page's head; `<link>` and `<meta>` elsewhere are not the site's own word."""
    canonicals: set[str] = set()
    marks = HeadMarks(None, False, [])
    head = tree.head
    for node in head.css(_MARKS)[:_MOST_MARKS] if head else ():
        attributes = node.attributes
        if node.tag == "link":
            _take_link(attributes, canonicals, marks)
        else:
            _take_meta(attributes, marks)
    # Two that differ say nothing: one of them was left by a template.
    marks.canonical = canonicals.pop() if len(canonicals) == 1 else None
    return marks


_Attributes = dict[str, str | None]


def _take_link(attributes: _Attributes, canonicals: set[str], marks: HeadMarks) -> None:
    rel = (attributes["rel"] or "").lower()
    href = (attributes["href"] or "").partition("#")[0].strip()
    tokens = rel.split()
    if "canonical" in tokens and href:
        canonicals.add(href)
    elif not _NAMED_PAGES.isdisjoint(tokens) and _is_alternate_page(tokens, attributes):
        text = fold(attributes.get("title") or "", MAX_LINK_TEXT)
        marks.pages.append(NamedPage(href, text, fold(rel, MAX_LINK_TEXT)))


def _is_alternate_page(tokens: list[str], attributes: _Attributes) -> bool:
    """Feeds, style sheets and descriptions for machines are alternates, too, but no pages."""
    return "stylesheet" not in tokens and is_page(attributes.get("type") or None)


def _take_meta(attributes: _Attributes, marks: HeadMarks) -> None:
    content = attributes["content"] or ""
    if (attributes.get("name") or "").strip().lower() in ROBOTS_NAMES:
        marks.nofollow = marks.nofollow or meta_says_nofollow(content)
    elif (attributes.get("http-equiv") or "").strip().lower() == "refresh":
        found = _REFRESH.match(content)
        if found:
            href = (found[1] or found[2] or found[3]).partition("#")[0].strip()
            marks.pages.append(NamedPage(href, "", REFRESH))
