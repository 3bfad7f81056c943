"""Notes, tips and warnings of a page as quotes under their title in bold letters.

That is how they read in every kind of Markdown; what GitHub has of its own (`> [!NOTE]`) would be
shown as it is written by most.
"""

from selectolax.lexbor import LexborHTMLParser, LexborNode

from crawler.content.tree import attribute, fold

FAMILY = ("admonition", "admonitionblock", "theme-admonition")
"""Classes of Sphinx, docutils and MkDocs; of Asciidoctor; of Docusaurus."""

_OTHERS = (
    "markdown-alert", "custom-block", "custom-container", "notecard", "starlight-aside", "callout"
)  # fmt: skip
"""Classes of GitHub, VitePress, VuePress, MDN, Starlight and Quarto."""

_KINDS = (
    "note", "tip", "hint", "info", "important", "warning", "caution", "danger", "attention",
    "error",
)  # fmt: skip
"""By these alone DocBook and old docutils name them, but others name anything so."""

NAMES = (*_OTHERS, *_KINDS)

_CERTAIN = frozenset((*FAMILY, *_OTHERS))
_MOST_TITLE = 200
_TAGS = frozenset(("div", "aside", "section"))
_HEADINGS = frozenset(("h1", "h2", "h3", "h4", "h5", "h6"))
_TITLE_MARKS = ("title", "heading", "Heading")


def keep_admonitions(tree: LexborHTMLParser, main: LexborNode, names: frozenset[str]) -> None:
    """Put each note of the classes `names` into a quote, its title in bold letters."""
    seen: set[int] = set()
    for note in main.css(", ".join(f".{name}" for name in sorted(names))):
        if note.mem_id not in seen and note.tag in _TAGS and note.parent is not None:
            seen.add(note.mem_id)
            _quote(tree, note)


def _quote(tree: LexborHTMLParser, note: LexborNode) -> None:
    if "admonitionblock" in _classes(note):
        _unpack_table(note)
    title = _title_of(note)
    if title is None and _classes(note).isdisjoint(_CERTAIN):
        return  # any site may call a block so
    quote = tree.create_node("blockquote")
    note.insert_before(quote, move=True)
    if title is not None:
        _embolden(tree, title, quote)
    quote.insert_child(note, move=True)


def _classes(node: LexborNode) -> set[str]:
    return set(attribute(node, "class").split())


def _title_of(note: LexborNode) -> LexborNode | None:
    """The first element, where it is a title or a heading."""
    first = next((node for node in note.iter() if node.is_element_node), None)
    if first is None:
        return None
    classes = attribute(first, "class")
    is_title = first.tag in _HEADINGS or any(mark in classes for mark in _TITLE_MARKS)
    return first if is_title and len(first.text()) <= _MOST_TITLE else None


def _embolden(tree: LexborHTMLParser, title: LexborNode, quote: LexborNode) -> None:
    text = fold(title.text(), _MOST_TITLE)
    title.decompose()
    if text:
        line, bold = tree.create_node("p"), tree.create_node("strong")
        bold.insert_child(text)
        line.insert_child(bold, move=True)
        quote.insert_child(line, move=True)


def _unpack_table(note: LexborNode) -> None:
    """Asciidoctor puts the title, or its icon, into a cell beside the text."""
    title, icon = note.css_first("td.icon .title"), note.css_first("td.icon i[title]")
    content = note.css_first("td.content")
    table = note.css_first("table")
    if content is None or table is None:
        return
    if title is not None:
        table.insert_before(title, move=True)
    elif icon is not None:
        icon.attrs["class"] = "title"
        icon.insert_child(attribute(icon, "title"))
        table.insert_before(icon, move=True)
    for node in list(content.iter(include_text=True)):
        table.insert_before(node, move=True)
    table.decompose()
