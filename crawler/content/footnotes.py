"""Footnotes as Markdown has them (GitHub, "Footnotes"): `[^1]` in the text, `[^1]: …` below.

A footnote is what an element of a known kind says, to which a link in the text leads. Blocks
after its first are not indented: where footnotes are not known, they would read as program text.
"""

import re

from selectolax.lexbor import LexborHTMLParser, LexborNode

from crawler.content.tree import attribute

# Sphinx now and before; Pandoc, markdown-it, GitHub, kramdown; Python-Markdown; DocBook; MediaWiki.
_NOTES = (
    "aside.footnote[id], dl.footnote > dt[id], .footnotes li[id], div.footnote li[id], "
    ".footnotes div.footnote[id], .references li[id]"
)
_LINKS = 'a[href^="#"], a.footnoteref'
_BACKLINKS = (
    "a[role=doc-backlink], a.footnote-backref, a.footnote-back, a.fn-backref, a.reversefootnote, "
    "a[data-footnote-backref], .mw-cite-backlink, a.para, .label, .backrefs"
)
_LABEL = re.compile(r"[\w-]{1,20}")
_AROUND = 5
_BRACKETS = "[]() \n\u00a0"


def keep_footnotes(tree: LexborHTMLParser, main: LexborNode) -> None:
    """Put the footnotes of a page, and what leads to them, into their form in Markdown."""
    links: dict[str, list[LexborNode]] = {}
    for link in main.css(_LINKS):
        links.setdefault(attribute(link, "href").rpartition("#")[2], []).append(link)
    labels: set[str] = set()
    for note in main.css(_NOTES):
        calls = links.pop(attribute(note, "id"), None)
        if calls and not _is_in_table(note):
            label = _label_of(calls[0], labels)
            for call in calls:
                _whole_of(call).replace_with(f"[^{label}]")
            _set_off(tree, note, label)


def _is_in_table(note: LexborNode) -> bool:
    """DocBook puts a table's own into its last row."""
    node = note.parent
    for _ in range(_AROUND):
        if node is None or node.tag == "table":
            break
        node = node.parent
    return node is not None and node.tag == "table"


def _label_of(call: LexborNode, labels: set[str]) -> str:
    """What the page calls it by, or a number where that is no label or names another one."""
    text = call.text().strip(_BRACKETS)
    number = len(labels) + 1
    while text in labels or not _LABEL.fullmatch(text):
        text, number = str(number), number + 1
    labels.add(text)
    return text


def _whole_of(call: LexborNode) -> LexborNode:
    """The link, or what is raised of the text around it."""
    around = call.parent
    if around is None or around.tag != "sup":
        return call
    is_alone = around.text().strip(_BRACKETS) == call.text().strip(_BRACKETS)
    return around if is_alone else call


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
