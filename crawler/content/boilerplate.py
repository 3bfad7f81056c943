"""What a page carries beside its content: dropped on the page, before it becomes Markdown.

A block is judged by what its author called it (element, role, classes, id: `frame_words`), by
the heading that it stands under, by how much of it is links, and by how much of the page it is:
whatever it is called, a block that holds most of the text, or the page's title, is the content.
Cards of a grid are dropped where the page has text of its own beside them (`cards`). Blocks of the
same name go or stay together. Where next to nothing would be left, the largest of what was to be
dropped stays.
"""

import re
from collections.abc import Iterable, Iterator

from selectolax.lexbor import LexborNode

from crawler.content.cards import card_groups
from crawler.content.cut import Cut
from crawler.content.frame_words import Doubt, doubt_of, heads_extra, is_aside, is_talk
from crawler.content.survey import TITLES, survey

_LARGEST_SHARE = {Doubt.FRAME: 0.6, Doubt.EXTRA: 0.35, Doubt.BYLINE: 0.15, Doubt.SUSPECT: 0.2}
"""Share of the page's text above which blocks of one name are content, by their doubt."""

_LARGEST_SUSPECT = 0.15
"""The same of a single block whose name is no certain sign."""

_LEAST_LINKED = 0.5
"""Share of links in its text from which on a longer suspect is no content."""

_SHORT = 200
"""Characters of text below which a suspect needs no links to be dropped."""

_LEAST_BESIDE_TALK = 600
"""Characters of text beside comments and reviews from which on these are not the content."""

_LEAST_BESIDE_CARDS = 300
_LARGEST_CARDS = 2.5
"""Characters of prose beside cards from which on these are not the content, unless they hold so
many times as much."""

_LEAST_PARAGRAPH = 60
_MOST_LINKED = 0.3
"""Characters of a paragraph, and share of links in them, that make it prose."""

_LARGEST_UNDER_HEADING = 0.25
"""Share of the page's text above which what is under one heading is content."""

_CLIMB = 4
"""Elements around a heading that may belong to it alone."""

_ELEMENTS = {
    "footer": Doubt.FRAME,
    "dialog": Doubt.FRAME,
    "aside": Doubt.EXTRA,
    "form": Doubt.EXTRA,
    "fieldset": Doubt.EXTRA,
    "header": Doubt.EXTRA,
}
# Within a block that its author marked as the content an `<aside>` is one to the text.
_ELEMENTS_IN_CONTENT = {tag: doubt for tag, doubt in _ELEMENTS.items() if tag != "aside"}
_NO_WORD = re.compile(r"\W+")
_DASH = re.compile(r"[-_.]")
_MOST_ID_WORDS = 4
_FEW = 6
_BOX = "p.sidebar-title"
"""In a box that docutils puts beside a text."""
_FIELDS = (
    "textarea, select, input:not([type=hidden]):not([type=submit]):not([type=radio])"
    ":not([type=checkbox])"
)

_Groups = dict[tuple[Doubt, str, str], list[LexborNode]]


def drop_boilerplate(main: LexborNode) -> None:
    """Take what is no content out of a page's main block; scripts and their like go as well."""
    found = survey(main)
    cut = Cut(main, found.titles)
    for node in found.navigation:
        cut.drop(node)
    groups = _groups(cut, found.blocks)
    for doubt in _LARGEST_SHARE:
        _drop_by_name(cut, groups, doubt)
    _drop_talk(cut, groups)
    _drop_cards(cut, found.pictures)
    _drop_under_headings(cut, found.headings)
    cut.carry_out()


def _groups(cut: Cut, blocks: Iterable[LexborNode]) -> _Groups:
    """The blocks that may be none of the content, those of the same names together."""
    groups: _Groups = {}
    elements = _ELEMENTS if cut.main.tag == "body" else _ELEMENTS_IN_CONTENT
    for node in blocks:
        if cut.holds_title(node) or cut.is_gone(node):
            continue
        tag = node.tag or ""
        attributes = node.attributes
        classes, role = attributes.get("class") or "", attributes.get("role") or ""
        if role == "tabpanel" or (tag == "form" and node.css_first(_FIELDS) is None):
            continue
        names = f"{classes} {role}" if role else classes
        if (name := attributes.get("id")) and _is_telling(name, node):
            names = f"{names} {name}"
        named = doubt_of(names)
        if is_aside(classes) and (named is not Doubt.FRAME or node.css_first(_BOX) is not None):
            continue
        doubt = min(named, elements.get(tag, Doubt.NONE))
        if doubt is not Doubt.NONE:
            groups.setdefault((doubt, tag, names if is_talk(names) else classes), []).append(node)
    return groups


def _is_telling(name: str, node: LexborNode) -> bool:
    """Whether an id says what a block is for, and not what it is about, as anchors of links do."""
    if doubt_of(name) is Doubt.NONE or len(_DASH.split(name)) > _MOST_ID_WORDS:
        return False
    return not _is_section(node)


def _is_section(node: LexborNode) -> bool:
    """Whether a block begins with a heading: its id then says what it is about, for links to it."""
    at: LexborNode | None = node
    for _ in range(_FEW):
        if at is None:
            return False
        if at.tag in TITLES:
            return True
        at = _first_with_text(at)
    return False


def _first_with_text(node: LexborNode) -> LexborNode | None:
    """The element that a node begins with, past anchors that hold nothing."""
    child = node.first_child
    for _ in range(_FEW):
        if child is None or (child.is_element_node and child.first_child is not None):
            break
        child = child.next
    return child


def _drop_by_name(cut: Cut, groups: _Groups, doubt: Doubt) -> None:
    """Blocks whose names say what they are, all of one name or none of them."""
    doubted = [group for (each, _, _), group in groups.items() if each is doubt]
    before = cut.left if doubted else 0
    for group in doubted:
        nodes = cut.standing(group)
        if sum(map(cut.sizes.of, nodes)) > _LARGEST_SHARE[doubt] * before:
            continue
        for node in nodes:
            if doubt is not Doubt.SUSPECT or _is_beside_the_point(cut, node, before):
                cut.drop(node)


def _is_beside_the_point(cut: Cut, node: LexborNode, before: int) -> bool:
    size = cut.sizes.of(node)
    if size > _LARGEST_SUSPECT * before:
        return False
    return size < _SHORT or cut.sizes.of_links(node) > _LEAST_LINKED * size


def _drop_talk(cut: Cut, groups: _Groups) -> None:
    """What readers say below a text that stands for itself, however long they speak."""
    for (_, _, names), group in groups.items():
        nodes = cut.standing(group) if is_talk(names) else []
        if nodes and cut.left - sum(map(cut.held_by, nodes)) > _LEAST_BESIDE_TALK:
            for node in nodes:
                cut.drop(node)


def _drop_cards(cut: Cut, pictures: list[LexborNode]) -> None:
    """Grids of cards on a page that has a text of its own beside them."""
    groups = card_groups(pictures, cut.sizes, cut.holds_title)
    own = sum(_prose(cut, cut.standing(cut.main.css("p")))) if groups else 0
    for group in groups:
        nodes = cut.standing(group)
        beside = own - sum(sum(_prose(cut, node.css("p"))) for node in nodes)
        held = sum(map(cut.sizes.of, nodes))
        if beside >= _LEAST_BESIDE_CARDS and held <= _LARGEST_CARDS * beside:
            own = beside
            for node in nodes:
                cut.drop(node)


def _prose(cut: Cut, paragraphs: Iterable[LexborNode]) -> Iterator[int]:
    """The sizes of those paragraphs that are sentences rather than labels and links."""
    for node in paragraphs:
        size = cut.sizes.of(node)
        if size >= _LEAST_PARAGRAPH and cut.sizes.of_links(node) <= _MOST_LINKED * size:
            yield size


def _drop_under_headings(cut: Cut, headings: Iterable[LexborNode]) -> None:
    for heading in headings:
        if not cut.is_gone(heading) and heads_extra(heading.text()) and not _is_linked_to(heading):
            cut.drop(_headed(cut, heading))


def _is_linked_to(heading: LexborNode) -> bool:
    """Whether a heading's own words are the id of it or of its section: a text's own chapter."""
    slug = _NO_WORD.sub("-", heading.text().lower()).strip("-")
    parent = heading.parent
    return slug in (heading.id, parent and parent.id)


def _headed(cut: Cut, heading: LexborNode) -> LexborNode:
    """The largest block that a heading is the first one of, and that is not most of the page."""
    block = heading
    for _ in range(_CLIMB):
        around = block.parent
        if around is None or around.tag in ("body", "main", "article") or cut.holds_title(around):
            break
        if cut.sizes.of(around) > _LARGEST_UNDER_HEADING * cut.left:
            break
        first = around.css_first(heading.tag or "")
        if first is None or first.mem_id != heading.mem_id:
            break
        block = around
    return block
