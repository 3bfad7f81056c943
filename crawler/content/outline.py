"""The headings of a Markdown text, in its order: what a page is made of.

Read off the Markdown that people are shown, so that an outline names what is there, and nothing
of the frame around it.
"""

import re
from itertools import islice
from typing import NamedTuple

from crawler.domain.units import Kind, units_of

MAX_HEADINGS = 500
"""Headings of one page that are listed."""

MAX_HEADING = 300
"""Characters of a heading that are kept."""

_MOST_INDENT = 3
"""Columns that a heading may be indented (CommonMark 0.31, section 4.2)."""

_CLOSING = re.compile(r"(?:^|[ \t]+)#+[ \t]*$")
_TARGET = r"[^()\s]*+(?:\([^()\s]*+\)[^()\s]*+)*+"
_LINK = re.compile(rf'!?\[((?:[^\[\]\\]|\\.)*+)\]\({_TARGET}(?: "[^"]*+")?\)')
_CODE = re.compile(r"(`+)(?!`)(.+?)(?<!`)\1(?!`)")
_EMPHASIS = re.compile(r"(?<![\\\w])(\*{1,3}|_{1,3})(?=\S)(.{1,200}?)(?<=[^\s\\])\1(?!\w)")
_SIGN = re.compile(r"([!-/:-@\[-`{-~])")
_ESCAPED = re.compile(r"\\([!-/:-@\[-`{-~])")


class Heading(NamedTuple):
    """A heading: its level, from 1 to 6, and its text without markup."""

    level: int
    text: str


def outline_of(markdown: str) -> list[Heading]:
    """The headings of a text; what looks like one within code is none. Never raises."""
    marked = (
        unit
        for unit in units_of(markdown.split("\n"))
        if unit.kind is Kind.HEADING and unit.indent <= _MOST_INDENT
    )
    headings = (Heading(unit.level, _plain(unit.text[unit.level :])) for unit in marked)
    return list(islice((heading for heading in headings if heading.text), MAX_HEADINGS))


def _plain(text: str) -> str:
    text = _CLOSING.sub("", text[: MAX_HEADING * 2])
    text = _CODE.sub(_as_text, _LINK.sub(r"\1", _LINK.sub(r"\1", text)))
    text = _EMPHASIS.sub(r"\2", text)
    return " ".join(_ESCAPED.sub(r"\1", text).replace("&lt;", "<").split())[:MAX_HEADING]


def _as_text(code: re.Match[str]) -> str:
    """What is in code, its signs escaped: those of `__main__` are no emphasis."""
    return _SIGN.sub(r"\\\1", code[2])
