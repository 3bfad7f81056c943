"""How much the parser would copy where text grows in many steps.

Text that comes after text is put into the same node. If anything was kept in between (a cell's text
while text outside the cells goes before the table; a comment there; attributes of a tag that is
ignored), the node moves, and where it was is not used again: 1 MB took 2 s and 2 GB, 10 MB a
hundred times that. So a text counts as a step wherever it may go on another one (HTML, sections
13.2.6.1 and 13.2.6.4); only spaces between elements in a table, outside its cells, are passed over
where little else in a page gives cause to look.
"""

import re

from crawler.content import nesting

MAX_COPIED = 2_000_000_000
"""Characters that may be copied, which takes 0.2 s and 300 MB. What people write stays below a
million."""

_CELLS = frozenset(("td", "th", "caption"))  # within a table, text stays only in these
STRUCTURE = _CELLS | {"table", "tr", "tbody", "thead", "tfoot", "col", "colgroup"}
"""What tables consist of; ignored outside of them."""
_ALONE = frozenset(("form", "select", "noscript"))  # ignored within one of their kind
_FRAMES = frozenset(("frame", "frameset"))
IGNORED = _ALONE | _FRAMES | {"template"}
"""What else may be ignored, or hold what is."""
_HEAD = frozenset(("base", "link", "meta", "noscript", "template"))
_ENDS = nesting.ROOTS | {"template", "svg", "math"}

# Whatever a step may come of.
_STEP = re.compile(
    r"<(?:[!?]|/(?:[^a-zA-Z]|[a-zA-Z][^\s/>]*+[\s/]++[^\s/>])|/?(?i:html|head|body)\b"
    r"|(?i:t[dhr]|tbody|thead|tfoot|caption|col|colgroup|frame|frameset|form|select|noscript|input"
    r"|script|style|template|title|link|meta|base)\b)"
)
_STRETCH = 4_096
_SAMPLE = 256


def is_copied(html: str, tags: int) -> bool:
    """Whether the parser may copy more than `MAX_COPIED` of a source with so many "<"."""
    if tags * len(html) <= MAX_COPIED:
        return False
    most = MAX_COPIED // len(html)
    if _sampled(html) * _STRETCH // _SAMPLE <= most // 2:
        return False
    return len(_STEP.findall(html)) > most and _Steps().copied(html) > MAX_COPIED


def _sampled(html: str) -> int:
    """What steps may come of, in a sixteenth of a source: all of it would cost as parsing does.

    Somewhere in each stretch, by a hash that each process salts: no page can know what is passed
    over.
    """
    found, salted = 0, hash(html)
    for start in range(0, len(html), _STRETCH):
        at = start + hash((salted, start)) % (_STRETCH - _SAMPLE)
        found += len(_STEP.findall(html, at, at + _SAMPLE))
    return found


class _Steps:
    """Follows a source through its tables."""

    def __init__(self) -> None:
        # For each table whether the place is outside its cells; None for what knows no table.
        self._tables: list[bool | None] = []
        self._open: set[str] = set()
        self._is_after_head = False
        self._is_unsure = False
        self._is_ignored = False
        self._is_structure = False

    def copied(self, html: str) -> int:
        """Characters that may be copied."""
        steps = joined = longest = end = 0
        for token in nesting.TOKEN.finditer(html):
            length = token.start() - end
            if length:
                if self._may_join(html, end, token.start()):
                    steps += 1
                    joined += length
                elif length > longest:
                    longest = length
            end = token.end()
            self._take(token)
        return steps * (joined + max(longest, len(html) - end))

    def _may_join(self, html: str, start: int, end: int) -> bool:
        if self._is_ignored or self._is_after_head or self._is_unsure:
            return True
        if not self._is_outside():
            return False
        # Spaces stay where they are, behind the rows.
        return not (self._is_structure and html[start:end].isspace())

    def _is_outside(self) -> bool:
        """Whether this is within a table, but outside of its cells."""
        return bool(self._tables and self._tables[-1])

    def _take(self, token: re.Match[str]) -> None:
        is_end, name, attributes = token.group(5, 6, 7)
        self._is_structure = False
        if name is None:
            self._is_structure = token[2] is None
            self._is_ignored |= token[2] is None and token[1][:8].lower() == "!doctype"
            return
        name = name.lower()
        if is_end:
            self._is_ignored |= attributes.strip("/ \t\n\r\f") != ""
            self._end(name)
        else:
            self._start(name, attributes)

    def _end(self, name: str) -> None:
        if name in STRUCTURE:
            self._end_structure(name)
        elif name in _ALONE:
            self._open.discard(name)
        elif name in _ENDS:
            self._end_other(name)

    def _end_structure(self, name: str) -> None:
        self._is_structure = True
        if not self._tables:
            return
        if self._tables[-1] is None:
            self._is_unsure = True
        elif name == "table":
            self._tables.pop()
        else:
            self._tables[-1] = True

    def _end_other(self, name: str) -> None:
        if name in nesting.ROOTS:
            self._is_ignored = True
            self._is_after_head = name == "head"
        elif None in self._tables:
            while self._tables.pop() is not None:
                pass

    def _start(self, name: str, attributes: str) -> None:
        if name in STRUCTURE:
            self._start_structure(name)
            return
        self._is_after_head &= name in _HEAD
        self._is_ignored = name in nesting.ROOTS or name in _FRAMES or name in self._open
        if name in _ALONE:
            self._open.add(name)
        elif name == "template" or (name in ("svg", "math") and self._holds(attributes)):
            self._tables.append(None)

    def _holds(self, attributes: str) -> bool:
        """Whether an SVG or formula is not empty, and stands where a table takes it."""
        return not attributes.endswith("/") and not self._is_outside()

    def _start_structure(self, name: str) -> None:
        self._is_structure = True
        if name == "table":
            self._is_after_head = self._is_ignored = False
            if not self._is_outside():
                self._tables.append(True)
        elif not self._tables or self._tables[-1] is None:
            self._is_ignored = True
        else:
            self._tables[-1] = name not in _CELLS
            self._is_ignored = False
