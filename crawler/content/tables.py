"""Tables of a page: those of data as the converter can take them, the others taken apart.

A cell of Markdown is one line. Blocks in it are set off by `<br>`, as GitHub does it; of program
text each line becomes a code span, so that the spans' text, line by line, is the text to the
letter. A table within a cell becomes lines. A table that only puts text side by side (it has no
header, and holds other tables or headings, or is a single row or column) becomes its cells, one
block after the other.
"""

from collections.abc import Iterator

from selectolax.lexbor import LexborHTMLParser, LexborNode

from crawler.content.codeblocks import unite_lines
from crawler.content.marks import EDGE, gap
from crawler.content.tree import ancestors, attribute

_PARTS = frozenset(("thead", "tbody", "tfoot"))
_CELLS = frozenset(("td", "th"))
_TABLES_WITHIN = "td table, th table"
_NOT_IN_CELLS = f"{_TABLES_WITHIN}, td h1, td h2, td h3, td h4, td h5, td h6"
_FRAME = frozenset(("navheader", "navfooter"))
"""What DocBook puts its links to other pages in, which are tables."""
_AROUND = 7
_NO_TABLE = frozenset(("presentation", "none"))


def tidy_tables(tree: LexborHTMLParser, tables: list[LexborNode], *, has_code: bool) -> None:
    """Prepare tables for the converter; the outer ones stand before those within them.

    `has_code`: whether there may be program text in them.
    """
    done: set[int] = set()
    for table in tables:
        if table.mem_id in done or attribute(table.parent, "class") in _FRAME:
            continue
        if _is_code(table) and unite_lines(tree, table):
            continue
        has_blocks = table.css_first(_NOT_IN_CELLS) is not None
        if _is_layout(table, has_blocks):
            _take_apart(tree, table)
            continue
        _set_off(tree, table)
        for block in table.css("pre") if has_code else ():
            _put_in_cell(tree, block)
        if has_blocks:
            within = table.css(_TABLES_WITHIN)
            done.update(inner.mem_id for inner in within)
            for inner in reversed(within):
                _put_rows_in_cell(tree, inner)


def _set_off(tree: LexborHTMLParser, table: LexborNode) -> None:
    """Tell the converter that it is a table, and where it ends."""
    if table.css_first("th") is None:
        # Without a header or a caption the converter takes some for layout, too.
        table.insert_child(tree.create_node("caption"), move=True)
    if _is_in_quote(table):
        table.insert_after(gap(tree), move=True)


def _is_in_quote(table: LexborNode) -> bool:
    """The converter would make a row of a text after it."""
    return any(node.tag == "blockquote" for node in ancestors(table, _AROUND))


def _is_code(table: LexborNode) -> bool:
    return "highlight" in attribute(table, "class")


def _rows(table: LexborNode) -> Iterator[LexborNode]:
    for part in table.iter():
        if part.tag in _PARTS:
            yield from part.iter()
        elif part.tag == "tr":
            yield part


def _cells(row: LexborNode) -> list[LexborNode]:
    return [cell for cell in row.iter() if cell.tag in _CELLS]


def _is_layout(table: LexborNode, has_blocks: bool) -> bool:
    if attribute(table, "role") in _NO_TABLE:
        return True
    if has_blocks:
        first = next(_rows(table), None)
        return first is None or all(cell.tag == "td" for cell in _cells(first))
    return _is_line(table) and table.css_first("th") is None


def _is_line(table: LexborNode) -> bool:
    """Whether it has a single row, or a single column."""
    is_wide = False
    for count, row in enumerate(_rows(table)):
        is_wide = is_wide or len(_cells(row)) > 1
        if is_wide and count:
            return False
    return True


def _take_apart(tree: LexborHTMLParser, table: LexborNode) -> None:
    whole = tree.create_node("div")
    for part in list(table.iter()):
        if part.tag == "caption":
            _move(part, _new_block(tree, whole))
    for row in _rows(table):
        for cell in _cells(row):
            _move(cell, _new_block(tree, whole))
    table.replace_with(whole, move=True)


def _put_rows_in_cell(tree: LexborHTMLParser, table: LexborNode) -> None:
    whole = tree.create_node("div")
    for row in _rows(table):
        line = _new_block(tree, whole)
        for cell in _cells(row):
            _move(cell, line)
            line.insert_child(" ")
    table.replace_with(whole, move=True)


def _put_in_cell(tree: LexborHTMLParser, block: LexborNode) -> None:
    lines = tree.create_node("div")
    text = block.text().removesuffix("\n").replace(EDGE, "\n")
    for number, line in enumerate(text.split("\n")):
        if number:
            lines.insert_child(tree.create_node("br"), move=True)
        if line:
            code = tree.create_node("code")
            code.insert_child(line)
            lines.insert_child(code, move=True)
    block.replace_with(lines, move=True)


def _new_block(tree: LexborHTMLParser, whole: LexborNode) -> LexborNode:
    block = tree.create_node("div")
    whole.insert_child(block, move=True)
    return block


def _move(cell: LexborNode, block: LexborNode) -> None:
    for node in list(cell.iter(include_text=True)):
        block.insert_child(node, move=True)
