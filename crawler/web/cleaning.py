"""HTML of strangers, reduced to what may stand in a page: a short list of elements, by nh3.

Everything else goes: scripts, styles, frames, forms, SVG, MathML, images, event handlers, style
attributes. Addresses are of http, https and mailto, or lead to pages of the viewer.
"""

import re
from collections.abc import Callable

import nh3

from crawler.content.bounds import tame

ANCHOR = "at-"
"""What ids in a text begin with, so that none is taken for one of the page around it."""

_TAGS = {
    "a", "abbr", "b", "blockquote", "br", "code", "dd", "del", "details", "div", "dl", "dt", "em",
    "h2", "h3", "h4", "h5", "h6", "hr", "i", "ins", "kbd", "li", "mark", "ol", "p", "pre", "q",
    "s", "samp", "section", "small", "strong", "sub", "summary", "sup", "table", "tbody", "td",
    "tfoot", "th", "thead", "tr", "u", "ul", "var",
}  # fmt: skip
# Their content is no text of the page.
_DROPPED_WHOLE = {"script", "style", "template", "noscript", "iframe", "svg", "math", "select"}
_ALERTS = {f"markdown-alert-{kind}" for kind in ("note", "tip", "important", "warning", "caution")}
_CLASSES = {
    "a": {"footnote-backref"},
    "div": {"wide", "markdown-alert", *_ALERTS},
    "li": {"task"},
    "p": {"markdown-alert-title"},
    "section": {"footnotes"},
    "sup": {"footnote-ref"},
    "td": {"at-center", "at-right"},
    "th": {"at-center", "at-right"},
}
_ATTRIBUTES: dict[str, set[str]] = {
    "*": set(),  # by itself nh3 lets `lang` and `title` through
    "a": {"href", "id"},
    "h2": {"id"}, "h3": {"id"}, "h4": {"id"}, "h5": {"id"}, "h6": {"id"},
    "li": {"id"},
    "ol": {"start"},
    "pre": {"data-language"},
    "td": {"colspan", "rowspan"},
    "th": {"colspan", "rowspan"},
}  # fmt: skip


def clean(html: str, folder: str) -> str:
    """The same reduced to what may stand in a page. Ids get `ANCHOR` in front.

    `folder` is the path that links to other pages of the viewer begin with.
    """
    return nh3.clean(
        tame(html),
        tags=_TAGS,
        clean_content_tags=_DROPPED_WHOLE,
        attributes=_ATTRIBUTES,
        allowed_classes=_CLASSES,
        url_schemes={"http", "https", "mailto"},
        url_relative=_within(folder),
        link_rel="noopener noreferrer",
        id_prefix=ANCHOR,
    )


def _within(folder: str) -> Callable[[str], str | None]:
    """Lets addresses on this server through where they lead to a page of the viewer alone."""
    own = re.compile(rf"(?:{re.escape(folder)}\d+)?(?:#{ANCHOR}.*)?", re.S)
    return lambda url: url if own.fullmatch(url) else None
