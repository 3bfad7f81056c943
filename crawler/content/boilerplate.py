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
from crawler.content.frame_words import Doubt, doubt_of, heads_extra, is_aside, is_talk
from crawler.content.sizing import Sizing

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

_LEAST_LEFT = 25
_LEAST_SHARE_LEFT = 0.05
"""Characters, or share of the page's text, that are left, whatever they are called."""

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
# A page's own table of contents is part of its text; docutils puts it into a `nav`.
_NAVIGATION = "nav:not(.contents), [role=navigation]:not(.contents)"
_CANDIDATES = f"{', '.join(_ELEMENTS)}, [class], [id], [role]"
# Parts of a text are not judged by their names, nor is what holds all of it.
_NEVER = frozenset(
    (
        "body", "main", "article", "html", "pre", "code", "p", "span", "h1", "h2", "h3", "h4",
        "h5", "h6", "a", "table", "tr", "td", "th", "thead", "tbody", "tfoot", "caption", "li",
        "strong", "em", "b", "i", "u", "s", "sup", "sub", "small", "cite", "abbr", "time", "var",
        "kbd", "samp", "mark", "dt", "dd", "dl", "button", "img", "input", "label", "svg", "path",
        "blockquote", "br", "hr", "tt", "q",
    )
)  # fmt: skip
_NO_WORD = re.compile(r"\W+")
_DASH = re.compile(r"[-_.]")
_MOST_ID_WORDS = 4
_TITLES = frozenset(("h1", "h2", "h3", "h4", "h5", "h6"))
_FEW = 6
_BOX = "p.sidebar-title"
"""In a box that docutils puts beside a text."""
_HEADINGS = "h2, h3, h4, h5, h6"
_FIELDS = (
    "textarea, select, input:not([type=hidden]):not([type=submit]):not([type=radio])"
    ":not([type=checkbox])"
)

_Groups = dict[tuple[Doubt, str, str], list[LexborNode]]


def drop_boilerplate(main: LexborNode) -> None:
    """Take what is no content out of a page's main block, from which scripts are gone already."""
    cut = _Cut(main)
    for node in main.css(_NAVIGATION):
        cut.drop(node)
    groups = _groups(cut)
    for doubt in _LARGEST_SHARE:
        _drop_by_name(cut, groups, doubt)
    _drop_talk(cut, groups)
    _drop_cards(cut)
    _drop_under_headings(cut)
    cut.carry_out()


class _Cut:
    """What is to be dropped of a page; the tree changes at the end, all at once."""

    def __init__(self, main: LexborNode) -> None:
        self.main = main
        self.sizes = Sizing(main)
        self.left = self.sizes.whole
        """Characters that are not to be dropped."""
        self._gone: set[int] = set()
        self._dropped: dict[int, tuple[int, LexborNode]] = {}
        self._titled = {main.mem_id}
        for title in main.css("h1"):
            self._keep(title)

    def _keep(self, node: LexborNode | None) -> None:
        while node is not None and node.mem_id not in self._titled:
            self._titled.add(node.mem_id)
            node = node.parent

    def holds_title(self, node: LexborNode) -> bool:
        """Whether a node is, or is around, a heading of the first rank, or all of the content."""
        return node.mem_id in self._titled

    def is_gone(self, node: LexborNode) -> bool:
        """Whether a node, or one around it, is to be dropped."""
        return node.mem_id in self._gone

    def standing(self, nodes: Iterable[LexborNode]) -> list[LexborNode]:
        """Those that are not to be dropped so far."""
        return [node for node in nodes if node.mem_id not in self._gone]

    def held_by(self, node: LexborNode) -> int:
        """Characters of a node that are not to be dropped so far."""
        dropped = (self._dropped.get(inner.mem_id) for inner in node.css("*"))
        return self.sizes.of(node) - sum(each[0] for each in dropped if each)

    def drop(self, node: LexborNode) -> None:
        """Put a node on the list, unless it is there or within one that is."""
        if node.mem_id in self._gone:
            return
        size = self.sizes.of(node)
        self.left -= size
        for inner in node.css("*"):
            self._gone.add(inner.mem_id)
            if inner.mem_id in self._dropped:
                self.left += self._dropped.pop(inner.mem_id)[0]
        self._gone.add(node.mem_id)
        self._dropped[node.mem_id] = (size, node)

    def carry_out(self) -> None:
        """Take all that is on the list out of the tree, but for the largest where that is all."""
        dropped = sorted(self._dropped.values(), key=lambda each: each[0])
        least = min(_LEAST_LEFT, _LEAST_SHARE_LEFT * self.sizes.whole)
        while dropped and self.left < least:
            self.left += dropped.pop()[0]
        for _, node in dropped:
            node.decompose()


def _groups(cut: _Cut) -> _Groups:
    """The blocks that may be none of the content, those of the same names together."""
    groups: _Groups = {}
    elements = _ELEMENTS if cut.main.tag == "body" else _ELEMENTS_IN_CONTENT
    seen: set[int] = set()
    for node in cut.main.css(_CANDIDATES):
        tag = node.tag or ""
        # A node stands here once for each selector that it matches.
        if tag in _NEVER or node.mem_id in seen or cut.holds_title(node) or cut.is_gone(node):
            continue
        seen.add(node.mem_id)
        attributes = node.attributes
        classes, role = attributes.get("class") or "", attributes.get("role") or ""
        if role == "tabpanel" or (tag == "form" and node.css_first(_FIELDS) is None):
            continue
        names = f"{classes} {_telling_id(node, attributes.get('id') or '')} {role}"
        named = doubt_of(names)
        if is_aside(classes) and (named is not Doubt.FRAME or node.css_first(_BOX) is not None):
            continue
        doubt = min(named, elements.get(tag, Doubt.NONE))
        if doubt is not Doubt.NONE:
            groups.setdefault((doubt, tag, names if is_talk(names) else classes), []).append(node)
    return groups


def _telling_id(node: LexborNode, name: str) -> str:
    """An id, unless it says what a block is about, for links to it: these are long."""
    return name if len(_DASH.split(name)) <= _MOST_ID_WORDS and not _is_section(node) else ""


def _is_section(node: LexborNode) -> bool:
    """Whether a block begins with a heading: its id then says what it is about, for links to it."""
    at: LexborNode | None = node
    for _ in range(_FEW):
        if at is None:
            return False
        if at.tag in _TITLES:
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


def _drop_by_name(cut: _Cut, groups: _Groups, doubt: Doubt) -> None:
    """Blocks whose names say what they are, all of one name or none of them."""
    before = cut.left
    for (each, _, _), group in groups.items():
        if each is not doubt:
            continue
        nodes = cut.standing(group)
        if sum(map(cut.sizes.of, nodes)) > _LARGEST_SHARE[doubt] * before:
            continue
        for node in nodes:
            if doubt is not Doubt.SUSPECT or _is_beside_the_point(cut, node, before):
                cut.drop(node)


def _is_beside_the_point(cut: _Cut, node: LexborNode, before: int) -> bool:
    size = cut.sizes.of(node)
    if size > _LARGEST_SUSPECT * before:
        return False
    return size < _SHORT or cut.sizes.of_links(node) > _LEAST_LINKED * size


def _drop_talk(cut: _Cut, groups: _Groups) -> None:
    """What readers say below a text that stands for itself, however long they speak."""
    for (_, _, names), group in groups.items():
        nodes = cut.standing(group) if is_talk(names) else []
        if cut.left - sum(map(cut.held_by, nodes)) > _LEAST_BESIDE_TALK:
            for node in nodes:
                cut.drop(node)


def _drop_cards(cut: _Cut) -> None:
    """Grids of cards on a page that has a text of its own beside them."""
    own = sum(_prose(cut, cut.standing(cut.main.css("p"))))
    for group in card_groups(cut.main, cut.sizes, cut.holds_title):
        nodes = cut.standing(group)
        beside = own - sum(sum(_prose(cut, node.css("p"))) for node in nodes)
        held = sum(map(cut.sizes.of, nodes))
        if beside >= _LEAST_BESIDE_CARDS and held <= _LARGEST_CARDS * beside:
            own = beside
            for node in nodes:
                cut.drop(node)


def _prose(cut: _Cut, paragraphs: Iterable[LexborNode]) -> Iterator[int]:
    """The sizes of those paragraphs that are sentences rather than labels and links."""
    for node in paragraphs:
        size = cut.sizes.of(node)
        if size >= _LEAST_PARAGRAPH and cut.sizes.of_links(node) <= _MOST_LINKED * size:
            yield size


def _drop_under_headings(cut: _Cut) -> None:
    for heading in cut.main.css(_HEADINGS):
        if not cut.is_gone(heading) and heads_extra(heading.text()) and not _is_linked_to(heading):
            cut.drop(_headed(cut, heading))


def _is_linked_to(heading: LexborNode) -> bool:
    """Whether a heading's own words are the id of it or of its section: a text's own chapter."""
    slug = _NO_WORD.sub("-", heading.text().lower()).strip("-")
    parent = heading.parent
    return slug in (heading.id, parent and parent.id)


def _headed(cut: _Cut, heading: LexborNode) -> LexborNode:
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
