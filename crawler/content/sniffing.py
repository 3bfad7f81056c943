"""Whether a body is a download, whatever its head says: MIME Sniffing Standard, sections 5 and 7.

Servers label what they don't know as plain text, or not at all, and scripts that send a file are
HTML by default. A browser shows none of these as a page.
"""

import re

from crawler.content.mediatype import Kind, kind_of

HEADER_BYTES = 1_445
"""How much of a body is looked at (section 5.2)."""

_SIGNATURES = (
    b"%PDF-", b"%!PS-Adobe-", b"GIF87a", b"GIF89a", b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff",
    b"PK\x03\x04", b"\x1f\x8b\x08", b"Rar!\x1a\x07", b"\x1aE\xdf\xa3", b"OggS\x00",
)  # fmt: skip
"""Those of sections 6 and 7.1 that no text begins with; `BM`, say, may well be two letters."""

_BINARY = re.compile(rb"[\x00-\x08\x0b\x0e-\x1a\x1c-\x1f]")
"""A binary data byte (section 4.3)."""

_BYTE_ORDER_MARKS = (b"\xfe\xff", b"\xff\xfe", b"\xef\xbb\xbf")

_MARKUP = re.compile(
    rb"[\t\n\f\r ]*+<(?:\?xml|(?:!doctype html|html|head|script|iframe|h1|div|font|table|a|style"
    rb"|title|b|body|br|p|!--)[ >])",
    re.IGNORECASE,
)
"""How a body without a type begins that is HTML (section 7.1)."""

_WIDE = ("utf-16", "utf-32", "ucs-2")
"""Encodings of which every other byte may be zero."""


def is_download(body: bytes, content_type: str | None) -> bool:
    """Whether the body of what may be a page by its Content-Type is none by its first bytes."""
    header = body[:HEADER_BYTES]
    if header.startswith(_SIGNATURES):
        return True
    if content_type and kind_of(content_type) in (Kind.HTML, Kind.XHTML):
        return False
    if header.startswith(_BYTE_ORDER_MARKS) or _is_wide(content_type):
        return False
    if not content_type and _MARKUP.match(header):
        return False
    return _BINARY.search(header) is not None


def _is_wide(content_type: str | None) -> bool:
    return any(name in (content_type or "").lower() for name in _WIDE)
