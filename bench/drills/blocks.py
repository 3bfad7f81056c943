"""Code blocks and tables of pages and of Markdown, read by others than the product.

The page is read with the standard library, the Markdown with markdown-it (CommonMark and GitHub's
tables). Both give the same kinds of blocks, in their order.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from markdown_it import MarkdownIt
from markdown_it.token import Token

from bench.drills.main_text import MainText

Row = tuple[str, ...]

_HEADINGS = frozenset(("h1", "h2", "h3", "h4", "h5", "h6"))
_CELLS = frozenset(("td", "th"))
_READER = MarkdownIt("commonmark").enable("table")
_NO_CODE = "\0"
"""Stands for a line of a cell that is something else than code."""


@dataclass
class Table:
    """Rows of cells' letters and digits, spanned cells empty; what tells a layout from a table."""

    rows: list[Row] = field(default_factory=list)
    has_header: bool = False
    holds_blocks: bool = False
    """Headings, or tables."""
    code: list[str] = field(default_factory=list)

    @property
    def is_layout(self) -> bool:
        """Whether it only puts text side by side or below one another."""
        is_line = len(self.rows) < 2 or max(map(len, self.rows)) < 2
        return (is_line or self.holds_blocks) and not self.has_header


@dataclass
class Blocks:
    """What a text holds, in its order."""

    code: list[str] = field(default_factory=list)
    cell_code: list[str] = field(default_factory=list)
    """Of a page the code blocks in tables of data, of a Markdown text the lines of all cells."""
    tables: list[Table] = field(default_factory=list)

    def missing_in(self, markdown: "Blocks") -> list[str]:
        """What of a page its Markdown does not hold, or not to the letter; nothing may be added."""
        missing = []
        if [_lines(code) for code in self.code] != [_lines(code) for code in markdown.code]:
            missing.append("code")
        if not _holds(markdown.cell_code, self.cell_code):
            missing.append("code in cells")
        if [table.rows for table in self.tables] != [table.rows for table in markdown.tables]:
            missing.append("tables")
        return missing


def _lines(code: str) -> list[str]:
    """A block's lines; whether the last one is ended, no fence can tell."""
    return code.removesuffix("\n").split("\n")


def _holds(lines: list[str], blocks: list[str]) -> bool:
    """Whether the lines of all blocks are among others, in their order."""
    at = 0
    for block in blocks:
        wanted = _lines(block)
        while lines[at : at + len(wanted)] != wanted:
            if at == len(lines):
                return False
            at += 1
        at += len(wanted)
    return True


class _Page(MainText):
    """Collects the code blocks and tables of a page's main text."""

    def __init__(self, wants_main: bool) -> None:
        super().__init__(wants_main)
        self.blocks = Blocks()
        self._code: list[str] | None = None
        self._tables: list[_OpenTable] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Called by the parser for each start tag."""
        super().handle_starttag(tag, attrs)
        if not self._is_inside():
            return
        if tag == "pre":
            self._code = []
        elif tag == "br" and self._code is not None:
            self._code.append("\n")
        elif tag == "table":
            self._tables.append(_OpenTable())
        elif self._tables:
            self._tables[-1].start(tag, dict(attrs))

    def handle_endtag(self, tag: str) -> None:
        """Called by the parser for each end tag."""
        super().handle_endtag(tag)
        if tag == "pre" and self._code is not None:
            # The first line break belongs to the tag (HTML, section 13.1.2.5).
            code = "".join(self._code).removeprefix("\n")
            (self._tables[-1].table if self._tables else self.blocks).code.append(code)
            self._code = None
        elif tag == "table" and self._tables:
            self._end_table(self._tables.pop().closed())

    def handle_data(self, data: str) -> None:
        """Called by the parser for text."""
        super().handle_data(data)
        if self._is_inside():
            if self._code is not None:
                self._code.append(data)
            if self._tables:
                self._tables[-1].text(data)

    def _end_table(self, table: Table) -> None:
        if self._tables:
            around = self._tables[-1].table
            around.holds_blocks = True
            around.code += table.code
        elif table.is_layout:
            self.blocks.code += table.code
        else:
            self.blocks.cell_code += table.code
        if not table.is_layout:
            self.blocks.tables.append(table)


class _OpenTable:
    """A table as its tags come."""

    def __init__(self) -> None:
        self.table = Table()
        self._cells: list[list[str]] = []
        self._at = -1
        self._spans: dict[int, int] = {}

    def start(self, tag: str, attrs: dict[str, str | None]) -> None:
        if tag == "tr":
            self._end_row()
        elif tag in _CELLS:
            self.table.has_header |= tag == "th"
            self._start_cell(*(int(attrs.get(name) or 1) for name in ("colspan", "rowspan")))
        elif tag in _HEADINGS:
            self.table.holds_blocks = True

    def text(self, data: str) -> None:
        if self._cells:
            self._cells[self._at].append(data)

    def closed(self) -> Table:
        self._end_row()
        return self.table

    def _start_cell(self, columns: int, rows: int) -> None:
        self._skip_spanned()
        self._at = len(self._cells)
        for column in range(self._at, self._at + columns):
            self._spans[column] = rows
            self._cells.append([])

    def _skip_spanned(self) -> None:
        while self._spans.get(len(self._cells), 0) > 0:
            self._cells.append([])

    def _end_row(self) -> None:
        if self._cells:
            self._skip_spanned()
            self.table.rows.append(tuple(_letters("".join(cell)) for cell in self._cells))
        self._spans = {at: left - 1 for at, left in self._spans.items() if left > 1}
        self._cells = []


def _letters(text: str) -> str:
    """A text's letters and digits alone: what is left of it whatever marks a format adds."""
    return "".join(re.findall(r"[^\W_]+", text))


def blocks_of_page(html: str) -> Blocks:
    """The code blocks and tables in a page's main text, tables that are layout left out."""
    reader = _Page(wants_main='role="main"' in html)
    reader.feed(html)
    return reader.blocks


def blocks_of_markdown(markdown: str) -> Blocks:
    """The fenced code blocks and the tables of a Markdown text."""
    blocks = Blocks()
    in_cell = False
    for token in _READER.parse(markdown):
        if token.type == "fence":
            blocks.code.append(token.content)
        elif token.type == "table_open":
            blocks.tables.append(Table())
        elif token.type == "tr_open":
            blocks.tables[-1].rows.append(())
        elif token.type in ("td_open", "th_open"):
            in_cell = True
        elif token.type == "inline" and in_cell:
            in_cell = False
            blocks.tables[-1].rows[-1] += (_letters("".join(_texts(token))),)
            blocks.cell_code += _lines_of_code(token)
    return blocks


def _texts(inline: Token) -> Iterator[str]:
    for token in inline.children or ():
        if token.type not in ("html_inline", "image"):
            yield token.content


def _lines_of_code(cell: Token) -> Iterator[str]:
    """What stands between `<br>` in a cell: code, nothing, or something else."""
    lines: list[list[Token]] = [[]]
    for token in cell.children or ():
        if token.type == "html_inline" and token.content == "<br>":
            lines.append([])
        elif token.content:
            lines[-1].append(token)
    for line in lines:
        is_code = len(line) == 1 and line[0].type == "code_inline"
        yield line[0].content if is_code else _NO_CODE if line else ""
