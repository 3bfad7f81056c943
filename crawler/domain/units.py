"""Markdown in units: headings, list items, tables, paragraphs, program text.

Blocks of CommonMark (section 3) as far as telling furniture from content needs them: what begins
where, how far it is indented, and what no unit may be taken out of.
"""

import re
from enum import Enum
from typing import NamedTuple

_FENCE = re.compile(r"(`{3,}+)(?!.*`)|(~{3,}+)")
_HEADING = re.compile(r"(#{1,6})(?:\s|$)")
_ITEM = re.compile(r"(?:[-*+]|\d{1,9}[.)])(?:\s|$)")
_RULE = re.compile(r"(?:\*\s*){3,}$|(?:-\s*){3,}$|(?:_\s*){3,}$")
_CODE_INDENT = 4

BELOW_HEADINGS = 7
"""The level of what is no heading: below all of them."""


class Kind(Enum):
    """What a unit is."""

    TEXT = "text"
    HEADING = "heading"
    ITEM = "item"
    TABLE = "table"
    CODE = "code"
    RULE = "rule"


class Unit(NamedTuple):
    """Lines from `start` up to `end` (not included); `indent` in columns; `level` of a heading."""

    kind: Kind
    start: int
    end: int
    indent: int
    text: str
    level: int = BELOW_HEADINGS


# To look a member up takes as long as to make a unit of it.
_KIND_TEXT = Kind.TEXT
_KIND_HEADING = Kind.HEADING
_KIND_ITEM = Kind.ITEM
_KIND_TABLE = Kind.TABLE
_KIND_CODE = Kind.CODE
_KIND_RULE = Kind.RULE


def units_of(lines: list[str]) -> list[Unit]:
    """The units of Markdown, in order; empty lines belong to none."""
    units: list[Unit] = []
    at, in_list = 0, False
    while at < len(lines):
        line = lines[at]
        text = line.lstrip()
        if not text:
            at += 1
            continue
        unit = _unit_at(lines, at, len(line) - len(text), text, in_list=in_list)
        in_list = unit.kind is _KIND_ITEM or (in_list and unit.indent > 0)
        units.append(unit)
        at = unit.end
    return units


def _unit_at(lines: list[str], at: int, indent: int, text: str, *, in_list: bool) -> Unit:
    mark = text[0]
    if mark in "`~" and (fence := _FENCE.match(text)):
        return Unit(_KIND_CODE, at, _end_of_fence(lines, at, fence[0]), indent, "")
    if indent >= _CODE_INDENT and not in_list:
        return Unit(_KIND_CODE, at, at + 1, indent, "")
    if mark == "#" and (heading := _HEADING.match(text)):
        return Unit(_KIND_HEADING, at, at + 1, indent, text, len(heading[1]))
    if mark == "|":
        end = _end_of_table(lines, at)
        return Unit(_KIND_TABLE, at, end, indent, "\n".join(lines[at:end]))
    if mark in "*-_" and _RULE.match(text):
        return Unit(_KIND_RULE, at, at + 1, indent, text)
    kind = _KIND_ITEM if _ITEM.match(text) else _KIND_TEXT
    end = _end_of_text(lines, at)
    whole = text if end == at + 1 else "\n".join(lines[at:end]).lstrip()
    return Unit(kind, at, end, indent, whole.rstrip())


def _end_of_fence(lines: list[str], at: int, fence: str) -> int:
    for end in range(at + 1, len(lines)):
        if fence not in lines[end]:
            continue
        line = lines[end].strip()
        if line.startswith(fence) and not line.strip(fence[0]):
            return end + 1
    return len(lines)


def _end_of_table(lines: list[str], at: int) -> int:
    end = at + 1
    while end < len(lines) and lines[end].lstrip().startswith("|"):
        end += 1
    return end


def _end_of_text(lines: list[str], at: int) -> int:
    """Up to an empty line, or to one that begins something else."""
    end = at + 1
    while end < len(lines) and (text := lines[end].lstrip()):
        if text[0] in "#|`~-*+0123456789" and _begins(text):
            break
        end += 1
    return end


def _begins(text: str) -> bool:
    is_block = _ITEM.match(text) or _HEADING.match(text) or _FENCE.match(text)
    return text[0] == "|" or bool(is_block)
