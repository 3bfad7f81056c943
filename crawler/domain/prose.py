"""Markdown as it is searched: without the addresses of its links, which nobody reads.

The index and the marks in a result both read this text, never the Markdown itself: the n-th word
of the one is then the n-th word of the other.
"""

import re

MOST_CHARACTERS = 1_000_000
"""Of a page's Markdown that are read; what comes after them is not found."""

_LINK = re.compile(
    r"!?\[([^\[\]\n]*)\]"
    r"\((?:https?|mailto|ftp):[^\s()]*(?:\([^\s()]*\)[^\s()]*)*(?:[ ]\"[^\"\n]*\")?\)"
)
_HEADING = re.compile(r"^[ ]{0,3}#{1,6}[ ](.*)", re.MULTILINE)


def prose(markdown: str) -> str:
    """The text of a page; links and images are their text."""
    text = markdown[:MOST_CHARACTERS]
    if "![" in text:  # an image within a link: that is a link once the image is its text
        text = _LINK.sub(_text, text)
    return _LINK.sub(_text, text)


def _text(link: re.Match[str]) -> str:
    return link[1]


def headings(text: str) -> str:
    """The headings of such a text (CommonMark 4.2), one a line."""
    return "\n".join(_HEADING.findall(text))
