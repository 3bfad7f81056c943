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

# Sought natively: most elements of a head are style sheets and icons.
_MARKS = (
    "[rel~=canonical i], [rel~=next i], [rel~=prev i], [rel~=alternate i], "
    "[name=robots i], [name=clew i], [http-equiv=refresh i], base[href]"
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

    `base` is the first `<base href>`; `canonicals` are all that it calls canonical.
    """

    base: str | None = None
    canonicals: set[str] = field(default_factory=set)
    nofollow: bool = False
    pages: list[NamedPage] = field(default_factory=list)


def read_head(tree: LexborHTMLParser) -> HeadMarks:
    """The marks of a page's head; `<link>` and `<meta>` elsewhere are not the site's own word."""
    marks = HeadMarks()
    head = tree.head
    for node in head.css(_MARKS)[:_MOST_MARKS] if head else ():
        tag, attributes = node.tag, node.attributes
        if tag == "link":
            _take_link(attributes, marks)
        elif tag == "meta":
            _take_meta(attributes, marks)
        elif tag == "base" and marks.base is None:
            marks.base = (attributes.get("href") or "").strip()
    return marks


_Attributes = dict[str, str | None]


def _take_link(attributes: _Attributes, marks: HeadMarks) -> None:
    href = (attributes.get("href") or "").partition("#")[0].strip()
    rel = (attributes.get("rel") or "").lower()
    tokens = rel.split()
    if not href:
        return
    if "canonical" in tokens:
        marks.canonicals.add(href)
    elif is_page_named(tokens, attributes.get("type")):
        text = fold(attributes.get("title") or "", MAX_LINK_TEXT)
        marks.pages.append(NamedPage(href, text, fold(rel, MAX_LINK_TEXT)))


def is_page_named(tokens: list[str], media_type: str | None) -> bool:
    """Whether a link with these tokens of `rel` and this type leads to a page.

    Feeds, style sheets and descriptions for machines are alternates, too, but no pages.
    """
    return "stylesheet" not in tokens and is_page(media_type)


def _take_meta(attributes: _Attributes, marks: HeadMarks) -> None:
    content = attributes.get("content") or ""
    if (attributes.get("name") or "").lower() in ROBOTS_NAMES:
        marks.nofollow = marks.nofollow or meta_says_nofollow(content)
    elif (attributes.get("http-equiv") or "").lower() == "refresh":
        found = _REFRESH.match(content)
        if found:
            href = (found[1] or found[2] or found[3]).partition("#")[0].strip()
            marks.pages.append(NamedPage(href, "", REFRESH))
