"""Bytes to text as browsers do it: WHATWG Encoding Standard, and HTML section 13.2.3.

In order: byte order mark, the header's charset, the page's own declaration in its first
1,024 bytes, then UTF-8 where the bytes are valid UTF-8 and windows-1252 where not.
"""

import codecs
import re
from functools import lru_cache

PRESCAN_BYTES = 1_024
"""How far a page's own declaration is looked for (HTML, section 13.2.3.2)."""

_BOMS = ((b"\xef\xbb\xbf", "utf-8"), (b"\xfe\xff", "utf-16-be"), (b"\xff\xfe", "utf-16-le"))

# Hostile text, so nothing is gone back over: each run of white space is read once.
_LABEL = r"""charset\s*+=\s*+(?:["']\s*+)?+"""
_HEADER = re.compile(_LABEL + r"""([^\s"';,]++)""", re.I)
_COMMENT = re.compile(rb"<!--.*?(?:-->|\Z)", re.S)
_META = re.compile(
    b"<meta\\b(?:(?!<meta\\b)[^>])*?" + _LABEL.encode() + rb"""([^\s"'/>;]++)""", re.I
)
_XML = re.compile(rb"""^\s*+<\?xml\b[^>]*?encoding\s*+=\s*+["']([^"']++)""")

# Where the Encoding Standard reads a label otherwise than Python, or Python does not know it.
_LABELS_OF = {
    "cp1252": "latin-1 latin1 l1 iso-8859-1 iso8859-1 iso88591 iso_8859-1 cp819 ibm819 "
    "csisolatin1 iso-ir-100 ascii us-ascii ansi_x3.4-1968 x-cp1252 x-user-defined",
    "cp1254": "latin5 l5 iso-8859-9 iso8859-9 iso_8859-9 csisolatin5 x-cp1254",
    "cp874": "iso-8859-11 iso8859-11 tis-620 dos-874 windows-874",
    "gb18030": "gb2312 gbk x-gbk chinese gb_2312-80 csgb2312 iso-ir-58",
    "big5hkscs": "big5 big5-hkscs cn-big5 csbig5 x-x-big5",
    "cp932": "shift_jis shift-jis sjis x-sjis windows-31j ms_kanji csshiftjis ms932",
    "euc_jp": "x-euc-jp cseucpkdfmtjapanese",
    "cp949": "euc-kr ks_c_5601-1987 ks_c_5601-1989 ksc5601 ksc_5601 korean windows-949 cseuckr",
    "iso8859-8": "iso-8859-8-i logical visual",
    "cp1250": "x-cp1250", "cp1251": "x-cp1251", "cp1253": "x-cp1253", "cp1255": "x-cp1255",
    "cp1256": "x-cp1256", "cp1257": "x-cp1257", "cp1258": "x-cp1258", "cp866": "dos-866",
    "mac-roman": "macintosh x-mac-roman",
    "mac-cyrillic": "x-mac-cyrillic x-mac-ukrainian",
    "koi8-u": "koi8-ru",
    "koi8-r": "koi",
    "utf-16-le": "unicode utf-16 ucs-2",
    "utf-8": "utf8 unicode-1-1-utf-8 unicode20utf8 x-unicode20utf8",
}  # fmt: skip
_CODEC_OF = {label: codec for codec, labels in _LABELS_OF.items() for label in labels.split()}

# Python's codecs include some that are no encodings of text (rot13, zip): only these are used.
_CODECS = frozenset(
    (
        *_LABELS_OF, "utf-16-be", "iso2022_jp",
        *(f"iso8859-{part}" for part in (2, 3, 4, 5, 6, 7, 10, 13, 14, 15, 16)),
    )
)  # fmt: skip


@lru_cache(maxsize=256)
def codec_for(label: str) -> str | None:
    """Python's codec for an encoding label (Encoding Standard, section 4.2), or None."""
    label = label.strip().lower()
    try:
        name = codecs.lookup(_CODEC_OF.get(label, label)).name
    except (LookupError, ValueError):
        return None
    return name if name in _CODECS else None


def decode(body: bytes, content_type: str | None) -> str:
    """The text of a body with its Content-Type header.

    Bytes that the encoding does not allow become U+FFFD; nothing is raised.
    """
    for mark, codec in _BOMS:
        if body.startswith(mark):
            return body[len(mark) :].decode(codec, "replace")
    named = _from_header(content_type) or _declared(body[:PRESCAN_BYTES])
    if named:
        return body.decode(named, "replace")
    try:
        return body.decode()
    except UnicodeDecodeError:
        return body.decode("cp1252", "replace")


def _from_header(content_type: str | None) -> str | None:
    found = _HEADER.search(content_type) if content_type else None
    return codec_for(found[1]) if found else None


def _declared(head: bytes) -> str | None:
    head = _COMMENT.sub(b"", head)
    found = _META.search(head) or _XML.search(head)
    codec = codec_for(found[1].decode("ascii", "replace")) if found else None
    # A declaration that can be read byte by byte is not in UTF-16 (HTML, section 13.2.3.2).
    return "utf-8" if codec and codec.startswith("utf-16") else codec
