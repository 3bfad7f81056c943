"""Program text of a page: each block's language where the converter finds it, no line numbers.

Every highlighter marks the language in its own way: on the block, on the `<code>` in it, or on an
element around it.
"""

import re

from selectolax.lexbor import LexborNode

_LANGUAGE = re.compile(
    r"""(?:^|\s)(?:
    (?:language|lang|highlight-source|highlight-text|highlight|code-block|src|sourcecode)-
        ([a-z0-9][a-z0-9+\#._-]{0,29})      # Prism, highlight.js, GitHub, Sphinx, org
    | brush:\s*([a-z0-9+\#._-]{1,30})       # SyntaxHighlighter, MDN
    | (?:sourceCode|hljs)\s+([a-z0-9+\#._-]{1,30})  # pandoc, highlight.js
    | ([a-z0-9+\#._-]{1,30})\s+hljs
    )(?=[\s;]|$)""",
    re.I | re.X,
)
_NO_LANGUAGE = frozenset(
    (
        "default", "none", "text", "txt", "plain", "plaintext", "auto", "nohighlight",
        "no-highlight", "highlighter-rouge",
    )
)  # fmt: skip
_ATTRIBUTES = ("data-lang", "data-language")
_AROUND = 7
"""Elements around a block that are looked at: td, tr, tbody, table and some for its looks."""

_NAMING = 4
"""Of these, how many may name its language."""

NUMBERED = ("lineno", "line-num", "linenum")
_NUMBERS = "pre .lineno, pre .linenos, pre .linenumber, pre .line-number, .line-numbers-rows"
_NUMBER_CELLS = (
    "td.linenos, td.lineno, td.gutter, td.rouge-gutter, td.hljs-ln-numbers, td.blob-num, "
    "td.line-numbers, td.linenumbers"
)


def tidy_code(main: LexborNode, *, is_numbered: bool) -> None:
    """Name the language of each block in its class, and take line numbers away.

    `is_numbered`: the page's source holds one of `NUMBERED`, so they have to be looked for.
    """
    blocks = main.css("pre")
    if blocks and is_numbered:
        for numbers in main.css(_NUMBERS):
            numbers.decompose()
    for block in blocks:
        around = _ancestors(block)
        _name_language(block, _language_of(block, around))
        table = next((node for node in around if node.tag == "table"), None)
        if table is not None:
            _free_from_table(table)


def _ancestors(block: LexborNode) -> list[LexborNode]:
    """The nearest elements around a block, from the inside."""
    found: list[LexborNode] = []
    node = block.parent
    while node is not None and node.is_element_node and len(found) < _AROUND:
        found.append(node)
        node = node.parent
    return found


def _language_of(block: LexborNode, around: list[LexborNode]) -> str:
    inner = block.first_child
    nearest = [inner, block] if inner is not None and inner.tag == "code" else [block]
    for node in (*nearest, *around[:_NAMING]):
        if language := _named_by(node):
            return language
    return ""


def _named_by(node: LexborNode) -> str:
    attributes = node.attrs
    for name in _ATTRIBUTES:
        if value := attributes.get(name):
            return _accepted(value)
    classes = attributes.get("class")
    found = _LANGUAGE.search(classes) if classes else None
    return _accepted(found[found.lastindex or 0]) if found else ""


def _accepted(language: str) -> str:
    language = language.strip().lower()
    if language in _NO_LANGUAGE or not re.fullmatch(r"[a-z0-9+#._-]{1,30}", language):
        return ""
    return language


def _name_language(block: LexborNode, language: str) -> None:
    """Leave the converter one mark to find, and none that could break the fence."""
    inner = block.first_child
    for node in (block, inner):
        if node is not None and node.tag in ("pre", "code") and "class" in node.attrs:
            del node.attrs["class"]
    if language:
        block.attrs["class"] = f"language-{language}"


def _free_from_table(table: LexborNode) -> None:
    """Highlighters put code beside its line numbers in a table; without them it is no table."""
    for numbers in table.css(_NUMBER_CELLS):
        numbers.decompose()
    blocks = table.css("pre")
    if len(blocks) == len(table.css("td, th")) == 1:
        table.replace_with(blocks[0], move=True)
