"""What changed between two texts, line by line (as `diff -u` shows it), in bounded time."""

from collections.abc import Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher
from enum import StrEnum

_CONTEXT = 3
"""Lines around a change that are shown with it."""

_MOST_PAIRS = 4_000_000
"""Pairs of lines that are compared at most: beyond that a change is told as one."""


class Mark(StrEnum):
    """What a line of a difference is; a gap stands for lines that did not change."""

    SAME = "same"
    ADDED = "added"
    REMOVED = "removed"
    GAP = "gap"


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a difference; of a gap the text is how many lines it leaves out."""

    mark: Mark
    text: str


_Block = tuple[str, int, int, int, int]


def difference(before: str, after: str) -> list[Line]:
    """The lines that changed, with three around them; [] where the texts are equal."""
    if before == after:
        return []
    old, new = (text.split("\n") if text else [] for text in (before, after))
    found: list[Line] = []
    shown_until = 0
    for group in _groups(_blocks(old, new)):
        if left_out := group[0][1] - shown_until:
            found.append(Line(Mark.GAP, str(left_out)))
        for block in group:
            found += _lines(block, old, new)
        shown_until = group[-1][2]
    if left_out := len(old) - shown_until:
        found.append(Line(Mark.GAP, str(left_out)))
    return found


def as_text(lines: list[Line]) -> str:
    """A difference as text: each line with ` `, `+`, `-` or, for a gap, `@` before it."""
    signs = {Mark.SAME: " ", Mark.ADDED: "+", Mark.REMOVED: "-", Mark.GAP: "@"}
    return "\n".join(signs[line.mark] + line.text for line in lines)


def beginning(lines: list[Line], most_lines: int, most_characters: int) -> Iterator[Line]:
    """The first lines of a difference, with so many characters in all; the last one may be cut."""
    left = most_characters
    for line in lines[:most_lines]:
        if left <= 0:
            return
        yield Line(line.mark, line.text[:left])
        left -= len(line.text)


def _blocks(old: list[str], new: list[str]) -> list[_Block]:
    """Equal and changed parts, as difflib's opcodes; what both begin and end with is set apart."""
    start = _common(old, new)
    end = _common(old[start:][::-1], new[start:][::-1])
    inner_old, inner_new = old[start : len(old) - end], new[start : len(new) - end]
    blocks: list[_Block] = [("equal", 0, start, 0, start)]
    if len(inner_old) * len(inner_new) > _MOST_PAIRS:
        blocks.append(("replace", start, len(old) - end, start, len(new) - end))
    else:
        codes = SequenceMatcher(None, inner_old, inner_new).get_opcodes()
        blocks += [(tag, a + start, b + start, c + start, d + start) for tag, a, b, c, d in codes]
    blocks.append(("equal", len(old) - end, len(old), len(new) - end, len(new)))
    return [block for block in blocks if block[1] < block[2] or block[3] < block[4]]


def _common(old: list[str], new: list[str]) -> int:
    for at, (one, other) in enumerate(zip(old, new, strict=False)):
        if one != other:
            return at
    return min(len(old), len(new))


def _groups(blocks: list[_Block]) -> Iterator[list[_Block]]:
    """Changed parts with their context; what is further apart is in groups of its own."""
    group: list[_Block] = []
    for at, (tag, a, b, c, d) in enumerate(blocks):
        if tag != "equal":
            group.append((tag, a, b, c, d))
            continue
        before = min(_CONTEXT, b - a) if at else 0
        behind = min(_CONTEXT, b - a) if at < len(blocks) - 1 else 0
        if at and before + behind >= b - a and at < len(blocks) - 1:
            group.append((tag, a, b, c, d))
            continue
        if group:
            group.append((tag, a, a + before, c, c + before))
            yield group
        group = [(tag, b - behind, b, d - behind, d)] if behind else []
    if group:
        yield group


def _lines(block: _Block, old: list[str], new: list[str]) -> Iterator[Line]:
    tag, a, b, c, d = block
    if tag == "equal":
        yield from (Line(Mark.SAME, text) for text in old[a:b])
        return
    yield from (Line(Mark.REMOVED, text) for text in old[a:b])
    yield from (Line(Mark.ADDED, text) for text in new[c:d])
