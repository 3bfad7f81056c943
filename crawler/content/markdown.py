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

UNSEEN = ["script", "style", "template", "noscript", "svg", "iframe"]
"""Elements whose text no page shows."""

FRAME = [
    *UNSEEN, "dialog", "footer", "button", "select", "textarea", "[role=search]", "[role=dialog]",
    ".navheader", ".navfooter", ".breadcrumb", ".breadcrumbs", ".skip-link", ".mw-editsection",
    "a.headerlink", "a.header-anchor", "a.hash-link", "a.anchor-link", "a.anchorjs-link",
]  # fmt: skip
"""Elements that are never content: dropped natively, while converting."""

_NO_PREPROCESSING = PreprocessingOptions(enabled=False)

# Permalinks of headings, where they have none of the classes above.
_PERMALINK = re.compile(r"<a [^<>]*>\s*[¶#§🔗]\s*</a>")

_BROKEN_CODE = re.compile(r"<(?:code|tt|kbd|samp)\b[^<>]*>[^<\n]*\n")
_PRE_OR_CODE = re.compile(r"<(pre\b).*?</pre>|<(?:code|tt|kbd|samp)\b[^<>]*>[^<]*", re.S)
_LINE_BREAK = re.compile(r"(?<![ \t])[ \t]*+\n\s*+")

_TAG_LIKE = re.compile(r"&lt;(?=[a-zA-Z/!?])")
_CODE_OR_TAG_LIKE = re.compile(r"<(pre|code|kbd|samp|tt)\b.*?</\1>|&lt;(?=[a-zA-Z/!?])", re.S)


def to_markdown(html: str, base_url: str, *, keeps_frame: bool = False) -> str:
    """Markdown of well-formed HTML, its links made absolute against `base_url`. Never raises.

    `keeps_frame`: footers, buttons and their like are kept; for pages that have no other text.
    """
    html = _keep_escaped(_join_code(_drop_permalinks(html)))
    try:
        content = convert(html, _options(base_url, UNSEEN if keeps_frame else FRAME)).content or ""
    except (ConversionError, ValueError):
        content = plain_markdown(html)
    return clip(content.strip("\n"))


def from_text(text: str) -> str:
    """Markdown of plain text: as it is, but for what a reader of Markdown would take for HTML."""
    return clip(re.sub(r"<(?=[a-zA-Z/!?])", "&lt;", text))


def _drop_permalinks(html: str) -> str:
    if "headerlink" in html or not any(f"{mark}</a>" in html for mark in "¶#§🔗"):
        return html
    return _PERMALINK.sub("", html)


def _join_code(html: str) -> str:
    """Code within a sentence on one line, wherever its source was broken."""
    if not _BROKEN_CODE.search(html):
        return html
    return _PRE_OR_CODE.sub(
        lambda found: found[0] if found[1] else _LINE_BREAK.sub(" ", found[0]), html
    )


def _keep_escaped(html: str) -> str:
    """Text that looks like a tag (`List<T>`) stays text, instead of becoming one in Markdown."""
    if not _TAG_LIKE.search(html):
        return html
    return _CODE_OR_TAG_LIKE.sub(lambda found: found[0] if found[1] else "&amp;lt;", html)


def _options(base_url: str, dropped: list[str]) -> ConversionOptions:
    return ConversionOptions(
        base_url=base_url,
        extract_metadata=False,
        preprocessing=_NO_PREPROCESSING,
        exclude_selectors=dropped,
        compact_tables=True,
        bullets="-",
        escape_asterisks=True,
        sup_symbol="^",
        highlight_style=HighlightStyle.NONE,
        inline_data_media=InlineDataMedia.ALT_TEXT_ONLY,
    )
