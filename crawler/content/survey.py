"""The parts of a page that say what it is made of, found in one pass over its blocks.

Every selector costs a look at every element. One for all but the most frequent of the elements, and
a look at the name of each that is left, cost a third of what a selector for each purpose does.
"""

from dataclasses import dataclass, field

from selectolax.lexbor import LexborNode

TITLES = frozenset(("h1", "h2", "h3", "h4", "h5", "h6"))

_UNSEEN = frozenset(("script", "style", "template", "noscript", "iframe"))
_PICTURES = frozenset(("img", "picture"))
_FREQUENT = "a, b, br, code, dd, dt, em, i, li, p, pre, span, strong, td, tr"
_BLOCKS = f":not({_FREQUENT})"
# Parts of a text are not judged by their names, nor is what holds all of it.
_NO_BLOCKS = frozenset(
    (
        "abbr", "article", "blockquote", "body", "button", "caption", "cite", "col", "colgroup",
        "del", "dfn", "dl", "hr", "html", "input", "ins", "kbd", "label", "link", "main", "mark",
        "math", "meta", "option", "path", "q", "s", "samp", "small", "source", "sub", "sup", "svg",
        "table", "tbody", "tfoot", "th", "thead", "time", "tt", "u", "use", "var", "wbr",
    )
)  # fmt: skip


@dataclass(slots=True)
class Survey:
    """What there is on a page, each in the page's order.

    `titles` are headings of the first rank, `headings` the others, `blocks` what may be dropped for
    its name.
    """

    titles: list[LexborNode] = field(default_factory=list)
    headings: list[LexborNode] = field(default_factory=list)
    navigation: list[LexborNode] = field(default_factory=list)
    blocks: list[LexborNode] = field(default_factory=list)
    pictures: list[LexborNode] = field(default_factory=list)


def survey(main: LexborNode) -> Survey:
    """Looks through a page's main block, and takes out what no page shows as text."""
    found = Survey()
    for node in main.css(_BLOCKS):
        tag = node.tag
        if tag in _NO_BLOCKS:
            continue
        if tag in _UNSEEN:
            node.decompose()
        elif tag in TITLES:
            (found.titles if tag == "h1" else found.headings).append(node)
        elif tag in _PICTURES:
            found.pictures.append(node)
        else:
            _take_block(node, found)
    return found


def _take_block(node: LexborNode, found: Survey) -> None:
    attributes = node.attributes
    if "background-image" in (attributes.get("style") or ""):
        found.pictures.append(node)
    if node.tag == "nav" or attributes.get("role") == "navigation":
        # A page's own table of contents is part of its text; docutils puts it into a `nav`.
        if "contents" not in (attributes.get("class") or "").split():
            found.navigation.append(node)
    else:
        found.blocks.append(node)
