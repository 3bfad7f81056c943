"""Characters that stand in HTML for what the converter would drop, and go from its Markdown.

They are of those that no text holds (Unicode, section 23.7).
"""

from selectolax.lexbor import LexborHTMLParser, LexborNode

EDGE = "\ufdd0"
"""An empty line at the end of a code block."""

GAP = "\ufdd1"
"""An empty line between two blocks."""

UNDERSCORE = "\ufdd3"
"""An underscore that is to be no emphasis; the converter would escape a backslash itself."""

TEXT = "\ufdd4"
"""Text at the start of a line; without it the converter would not indent what is there."""

_AROUND = " >"
"""What a line begins with in lists and quotes."""


def gap(tree: LexborHTMLParser) -> LexborNode:
    """A block that becomes an empty line."""
    block = tree.create_node("p")
    block.insert_child(GAP)
    return block


def drop_marks(markdown: str) -> str:
    """Markdown with what the marks stand for in their place."""
    if GAP in markdown:
        markdown = markdown.replace(f"{GAP}<br>", "").replace(f"<br>{GAP}", "")
        before, *others = markdown.split(GAP)
        parts = []
        for after in others:
            before, after = _open(before, after)
            parts.append(before)
            before = after
        markdown = "".join((*parts, before))
    return markdown.replace(EDGE, "").replace(TEXT, "").replace(UNDERSCORE, r"\_")


def _open(before: str, after: str) -> tuple[str, str]:
    """What was before and after a gap, around one empty line."""
    above, line_break, begin = before.rpartition("\n")
    below = after.removeprefix("\n")
    line, _, lower = below.partition("\n")
    has_empty = not line.strip(_AROUND)
    if has_empty:
        below = lower
    if begin.strip(_AROUND):  # a list's item begins with it
        for _ in range(begin.count(">")):
            below = below.lstrip(" ").removeprefix(">")
        return before, below.lstrip(" ")
    if not line_break:
        return before, below
    higher, line_break, above_line = above.rpartition("\n")
    if line_break and not above_line.strip(_AROUND):
        above = higher
    if has_empty and not line.strip():  # whatever it is in ends with it
        begin = ""
    return f"{above}\n{begin.rstrip()}\n", below
