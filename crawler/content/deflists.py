"""Definition lists as lists of Markdown, which has none of its own.

A term and what defines it become one item: the term, then each definition as a block of the item.
So what is defined within a definition (the methods of a class) stays within it. A list without
terms, by which pages indent, becomes plain blocks.
"""

import re
from dataclasses import dataclass

_TAG = re.compile(r"<(?:/(d[ltd])>|(d[ltd])(?:>|\s[^<>]*+>))")
_DEFINITION_NEXT = re.compile(r"\s*+(?:<div\b[^<>]*+>\s*+)?<dd\b")
# HTML 5 has groups (`<dl><div><dt>…<dd>…</div>`): an item ends with its group.
_GROUP_ENDS = re.compile(r"\s*+</div>")


def as_lists(html: str) -> str:
    """Serialised HTML with its definition lists as `<ul>`."""
    return _TAG.sub(_Lists().rewrite, html) if "<dl" in html else html


@dataclass(slots=True)
class _List:
    has_terms: bool
    is_in_item: bool = False
    is_at_term: bool = False
    """Whether the item has nothing but terms so far."""

    def end_item(self) -> str:
        was_in_item, self.is_in_item = self.is_in_item, False
        return "</li>" if was_in_item else ""


class _Lists:
    """The lists that are open at a point of well-formed HTML."""

    def __init__(self) -> None:
        self._open: list[_List] = []

    def rewrite(self, tag: re.Match[str]) -> str:
        """What becomes of a tag of a definition list."""
        end, start = tag.groups()
        if start == "dl":
            return self._start(has_terms=not _DEFINITION_NEXT.match(tag.string, tag.end()))
        if not self._open or not self._open[-1].has_terms:
            if end == "dl" and self._open:
                self._open.pop()
            return "</div>" if end else "<div>"
        if end == "dl":
            return f"{self._open.pop().end_item()}</ul>"
        if end:
            closed = "</div>" if end == "dd" else ""
            ends_group = _GROUP_ENDS.match(tag.string, tag.end())
            return closed + self._open[-1].end_item() if ends_group else closed
        return self._term() if start == "dt" else self._definition()

    def _start(self, *, has_terms: bool) -> str:
        self._open.append(_List(has_terms))
        return "<ul>" if has_terms else "<div>"

    def _term(self) -> str:
        current = self._open[-1]
        if current.is_in_item and current.is_at_term:
            return "<br>"
        ended = current.end_item()
        current.is_in_item = current.is_at_term = True
        return f"{ended}<li>"

    def _definition(self) -> str:
        current = self._open[-1]
        begun = "" if current.is_in_item else "<li>"
        current.is_in_item, current.is_at_term = True, False
        return f"{begun}<div>"
