"""Which of the three kinds of readable body a response has."""

from enum import Enum


class Kind(Enum):
    """How a body is read."""

    HTML = "html"
    XHTML = "xhtml"
    MARKDOWN = "markdown"
    TEXT = "text"


_KINDS = {
    "text/plain": Kind.TEXT,
    "text/markdown": Kind.MARKDOWN,
    "text/x-markdown": Kind.MARKDOWN,
    "application/xhtml+xml": Kind.XHTML,
}


def kind_of(content_type: str | None) -> Kind:
    """The kind that a Content-Type header names (RFC 9110, section 8.3); without one, HTML."""
    if not content_type:
        return Kind.HTML
    essence = content_type.partition(";")[0].strip().lower()
    return _KINDS.get(essence, Kind.HTML)
