"""HTML to Markdown (CommonMark, with GitHub's tables), by html-to-markdown.

Its classes are taken from the native module: the public function copies 50 options for each page,
which costs a tenth of what a short page's conversion does.
"""

import re

from html_to_markdown import ConversionError
from html_to_markdown._html_to_markdown import (
    ConversionOptions,
    HighlightStyle,
    InlineDataMedia,
    PreprocessingOptions,
    convert,
)

from crawler.content.bounds import clip
from crawler.content.fallback import plain_markdown
from crawler.content.marks import drop_marks
from crawler.content.prose import tidy_prose

FRAME = [
    "dialog", "footer", "button", "select", "textarea", "[role=search]", "[role=dialog]",
    ".navheader", ".navfooter", ".breadcrumb", ".breadcrumbs", ".skip-link", ".mw-editsection",
]  # fmt: skip
"""Elements that are never content: dropped natively, while converting. What no page shows (scripts,
styles, templates, pictures in SVG) the converter drops anyway. Each class costs 1 % of the time."""

_NO_PREPROCESSING = PreprocessingOptions(enabled=False)

# Permalinks of headings by what they show: a sign, a letter of an icon font, or nothing.
_PERMALINK = re.compile(r"<a [^<>]*+>[\s¶§#🔗⚓\ufe0e\ufe0f\u200b\uf0c1]*+</a>")


def to_markdown(html: str, base_url: str, dropped: list[str] = FRAME) -> str:
    """Markdown of well-formed HTML, its links made absolute against `base_url`. Never raises.

    `dropped` are selectors of elements that are left out.
    """
    html = tidy_prose(_PERMALINK.sub("", html))
    try:
        content = convert(html, _options(base_url, dropped)).content or ""
    except (ConversionError, ValueError):
        content = plain_markdown(html)
    return clip(drop_marks(content).strip("\n"))


def from_text(text: str) -> str:
    """Markdown of plain text: as it is, but for what a reader of Markdown would take for HTML."""
    return clip(re.sub(r"<(?=[a-zA-Z/!?])", "&lt;", text))


def _options(base_url: str, dropped: list[str]) -> ConversionOptions:
    return ConversionOptions(
        base_url=base_url,
        extract_metadata=False,
        preprocessing=_NO_PREPROCESSING,
        exclude_selectors=dropped,
        compact_tables=True,
        br_in_tables=True,
        bullets="-",
        escape_asterisks=True,
        sup_symbol="^",
        highlight_style=HighlightStyle.NONE,
        inline_data_media=InlineDataMedia.ALT_TEXT_ONLY,
    )
