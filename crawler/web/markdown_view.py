"""Markdown as text with its structure set apart: it stays text, so nothing in it can act.

A reader sees headings, code and quotes at a glance; Copy takes exactly what the file holds,
because the blocks' texts, joined, are the Markdown itself.
"""

import re
from collections.abc import Iterator
from itertools import groupby
from typing import NamedTuple

_FENCE = re.compile(r" {0,3}(`{3,}|~{3,})")
_HEADING = re.compile(r" {0,3}#{1,6}(\s|$)")
_QUOTE = re.compile(r" {0,3}>")
_TABLE = re.compile(r" {0,3}\|")


class Block(NamedTuple):
    """Lines of one kind: text, heading, code, quote or table."""

    kind: str
    text: str


def blocks(markdown: str) -> list[Block]:
    """The Markdown in blocks; their texts joined give it back to the letter."""
    lines = markdown.splitlines(keepends=True)
    kinds = zip(_kinds(lines), lines, strict=True)
    grouped = groupby(kinds, key=lambda pair: pair[0])
    return [Block(kind, "".join(line for _, line in pairs)) for kind, pairs in grouped]


def _kinds(lines: list[str]) -> Iterator[str]:
    """Each line's kind. A fence closes with at least as many of the same mark (CommonMark 4.5)."""
    open_fence = ""
    for line in lines:
        fence = _FENCE.match(line)
        if open_fence:
            yield "code"
            if fence and fence[1].startswith(open_fence) and not line[fence.end() :].strip():
                open_fence = ""
        elif fence:
            open_fence = fence[1]
            yield "code"
        else:
            yield _plain_kind(line)


def _plain_kind(line: str) -> str:
    if _HEADING.match(line):
        return "heading"
    if _QUOTE.match(line):
        return "quote"
    return "table" if _TABLE.match(line) else "text"
