"""Footnotes as Markdown has them (GitHub, "Footnotes"): `[^1]` in the text, `[^1]: …` below.

A footnote is what an element of a known kind says, to which a link in the text leads. Blocks
after its first are not indented: where footnotes are not known, they would read as program text.
"""

import re
from itertools import count

from selectolax.lexbor import LexborHTMLParser, LexborNode

from crawler.content.tree import ancestors, attribute

# Sphinx now and before; Pandoc, markdown-it, GitHub, kramdown; Python-Markdown; DocBook; MediaWiki.
_NOTES = (
    "aside.footnote[id], dl.footnote > dt[id], .footnotes > ol > li[id], "
    "div.footnote > ol > li[id], .footnotes > div.footnote[id], .references > li[id]"
)
_LINKS = 'a[href^="#"], a.footnoteref'
_BACKLINKS = (
    "a[role=doc-backlink], a.footnote-backref, a.footnote-back, a.fn-backref, a.reversefootnote, "
    "a[data-footnote-backref], .mw-cite-backlink, a.para, .label, .backrefs"
)
_LABEL = re.compile(r"[\w-]{1,20}")
_AROUND = 6
_BRACKETS = "[]() \n\u00a0"


def keep_footnotes(tree: LexborHTMLParser, main: LexborNode) -> None:
    """Put the footnotes of a page, and what leads to them, into their form in Markdown."""
    notes = main.css(_NOTES)
    if not notes:
        return
    links: dict[str, list[LexborNode]] = {}
    for link in main.css(_LINKS):
        links.setdefault(attribute(link, "href").rpartition("#")[2], []).append(link)
    labels = _Labels()
    for note in notes:
        calls = links.pop(attribute(note, "id"), None)
        if calls and not _is_in_table(note):
            label = labels.label_of(calls[0])
            for call in calls:
                _whole_of(call).replace_with(f"[^{label}]")
            _set_off(tree, note, label)


def _is_in_table(note: LexborNode) -> bool:
    """DocBook puts a table's own into its last row."""
    return any(node.tag == "table" for node in ancestors(note, _AROUND))


class _Labels:
    """What the footnotes of a page are called: as the page does, each otherwise."""

    def __init__(self) -> None:
        self._used: set[str] = set()
        self._numbers = count(1)

    def label_of(self, call: LexborNode) -> str:
        """What the page calls it by, or a number where that is no label or names another one."""
        text = call.text().strip(_BRACKETS)
        while text in self._used or not _LABEL.fullmatch(text):
            text = str(next(self._numbers))
        self._used.add(text)
        return text


def _whole_of(call: LexborNode) -> LexborNode:
    """The link, or what is raised of the text around it."""
    around, before, after = call.parent, call.prev, call.next
    if around is None or around.tag != "sup":
        return call
    is_first = before is None or (before.prev is None and _is_bracket(before))
    is_last = after is None or (after.next is None and _is_bracket(after))
    return around if is_first and is_last else call


def _is_bracket(node: LexborNode) -> bool:
    return node.is_text_node and not node.text().strip(_BRACKETS)


def _set_off(tree: LexborHTMLParser, note: LexborNode, label: str) -> None:
    """Make a block of a footnote, before the list that it stood in."""
    is_item = note.tag in ("li", "dt")
    place = note.parent if is_item and note.parent is not None else note
    source = _text_of_term(note) if note.tag == "dt" else note
    for link in source.css(_BACKLINKS):
        link.decompose()
    block = tree.create_node("div")
    place.insert_before(block, move=True)
    for node in list(source.iter(include_text=True)):
        block.insert_child(node, move=True)
    _begin(block, f"[^{label}]: ")
    source.decompose()
    note.decompose()
    if is_item and next(place.iter(), None) is None:
        place.decompose()


def _text_of_term(term: LexborNode) -> LexborNode:
    node = term.next
    while node is not None and node.tag != "dd":
        node = node.next
    return node or term


def _begin(block: LexborNode, text: str) -> None:
    first = next(block.iter(), None)
    if first is not None and first.tag in ("p", "div"):
        block = first
    if block.first_child is None:
        block.insert_child(text)
    else:
        block.first_child.insert_before(text)
