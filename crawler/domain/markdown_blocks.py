"""Where a Markdown text is text: the parts in which a link is a link, code blocks left out.

Follows CommonMark 0.31.2 as far as that takes: fences (4.5) and indented code (4.4), in quotes
(5.1) and list items (5.2). Each part is a block's text, or that of a line where a block has one
line only (a heading, a row of a table), so that no code span reaches from one into another.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

_LINE = re.compile(r"[^\n]*\n?")
_QUOTE = re.compile(r"[ ]*>[ ]?")
_FENCE = re.compile(r"(`{3,}+)(?![^\n]*`)|(~{3,}+)")
_ITEM = re.compile(r"(?:[-*+]|[0-9]{1,9}[.)])(?:[ \t]++|(?=\n|$))")
_ONE_LINE = re.compile(r"#{1,6}[ \t]|\|")
_INDENT = re.compile(r"[ \t]*")


@dataclass(frozen=True, slots=True)
class _Fence:
    """A code block that is open: by which marks, in how many quotes, at which column."""

    marks: str
    quotes: int
    column: int

    def is_closed_by(self, text: str) -> bool:
        """Whether a line, without its indent, is the closing fence."""
        marks = text.rstrip()
        return len(marks) >= len(self.marks) and not marks.strip(self.marks[0])


@dataclass(slots=True)
class _Blocks:
    """What is open at a line: list items (where their text begins) by depth of quotes; code."""

    items_by_quote: list[list[int]] = field(default_factory=lambda: [[]])
    fence: _Fence | None = None
    after_blank: bool = True
    in_indented: bool = False

    @property
    def quotes(self) -> int:
        """How many quotes are open."""
        return len(self.items_by_quote) - 1

    @property
    def items(self) -> list[int]:
        """Items within the innermost quote."""
        return self.items_by_quote[-1]

    @property
    def column(self) -> int:
        """Where text of the innermost list item begins."""
        return self.items[-1] if self.items else 0


def prose(markdown: str) -> Iterator[tuple[int, int]]:
    """The parts of a text that are not code blocks, as (start, end), in time that grows with it."""
    blocks = _Blocks()
    start = end = 0
    for line in _LINE.finditer(markdown):
        if line.start() == line.end():
            break
        text_at, goes_on = _read(blocks, markdown, line.start(), line.end())
        if not goes_on and start < end:
            yield start, end
        if not goes_on:
            start = end = text_at
        if text_at < line.end():
            end = line.end()
            if _ONE_LINE.match(markdown, text_at):
                yield text_at, end
                start = end
    if start < end:
        yield start, end


def _read(blocks: _Blocks, markdown: str, start: int, end: int) -> tuple[int, bool]:
    """Where a line's text begins (its end: it has none), and whether it goes on with a block."""
    if blocks.fence is not None:
        if _is_within(blocks, blocks.fence, markdown, start, end):
            return end, False
        blocks.fence = None
    quotes = blocks.quotes
    at = _enter_quotes(blocks, markdown, start, end)
    goes_on = quotes == blocks.quotes and not blocks.after_blank and not blocks.in_indented
    return _read_content(blocks, markdown, at, end, goes_on)


def _read_content(
    blocks: _Blocks, markdown: str, at: int, end: int, goes_on: bool
) -> tuple[int, bool]:
    first = _INDENT.match(markdown, at, end)
    text_at = first.end() if first else at
    if not markdown[text_at:end].strip():
        blocks.after_blank = True
        return end, False
    indent = len(markdown[at:text_at].expandtabs(4))
    _leave_items(blocks.items, indent)
    if indent - blocks.column >= 4 and (blocks.after_blank or blocks.in_indented):
        blocks.in_indented, blocks.after_blank = True, False
        return end, False
    blocks.in_indented = blocks.after_blank = False
    is_deep = indent - blocks.column >= 4
    item_at = _open_items(blocks, markdown, text_at, end, indent)
    fence = _FENCE.match(markdown, item_at, end)
    if fence and (item_at > text_at or not is_deep):
        blocks.fence = _Fence(fence[1] or fence[2], blocks.quotes, blocks.column)
        return end, False
    is_alone = item_at > text_at or _ONE_LINE.match(markdown, item_at) is not None
    return item_at, goes_on and not is_alone


def _open_items(blocks: _Blocks, markdown: str, at: int, end: int, indent: int) -> int:
    """Opens the list items that a line begins; where the text of the innermost begins."""
    while marker := _ITEM.match(markdown, at, end):
        width = len(marker[0])
        blocks.items.append(indent + (width if width <= 6 else 2))
        indent += width
        at = marker.end()
    return at


def _is_within(blocks: _Blocks, fence: _Fence, markdown: str, start: int, end: int) -> bool:
    """Whether a line belongs to an open code block; one that closes it does."""
    at = start
    for _ in range(fence.quotes):
        quote = _QUOTE.match(markdown, at, end)
        if quote is None:
            return False
        at = quote.end()
    text = markdown[at:end].expandtabs(4)
    inner = text.lstrip(" ")
    if not inner.strip():
        return True
    indent = len(text) - len(inner)
    if indent < fence.column:
        return False
    if indent - fence.column <= 3 and fence.is_closed_by(inner):
        blocks.fence, blocks.after_blank = None, True
    return True


def _enter_quotes(blocks: _Blocks, markdown: str, at: int, end: int) -> int:
    """Opens and closes quotes as a line's marks tell; where the text within them begins."""
    depth = 0
    while quote := _QUOTE.match(markdown, at, end):
        items = blocks.items_by_quote[depth]
        indent = quote[0].index(">")
        if indent > (items[-1] if items else 0) + 3:
            break
        _leave_items(items, indent)
        at, depth = quote.end(), depth + 1
        if depth == len(blocks.items_by_quote):
            blocks.items_by_quote.append([])
    del blocks.items_by_quote[depth + 1 :]
    return at


def _leave_items(items: list[int], indent: int) -> None:
    while items and indent < items[-1]:
        items.pop()
