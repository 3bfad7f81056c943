"""Which responses are pages: everything that people read as text, nothing that they download."""

_PAGES = frozenset(
    {
        "text/html",
        "application/xhtml+xml",
        "text/plain",
        "text/markdown",
        "text/x-markdown",
    }
)


def is_page(content_type: str | None) -> bool:
    """Whether a Content-Type (RFC 9110, section 8.3) is a page's; one without it may be one."""
    if not content_type:
        return True
    return content_type.partition(";")[0].strip().lower() in _PAGES
