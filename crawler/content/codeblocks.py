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
_AROUND = 3
"""How many elements around a block may name its language."""

_LINE_NUMBERS = (
    "td.linenos, td.lineno, td.gutter, td.rouge-gutter, td.hljs-ln-numbers, td.blob-num, "
    "td.line-numbers, td.linenumbers, .linenodiv, .line-numbers-rows, "
    "pre .lineno, pre .linenos, pre .linenumber, pre .line-number"
)
_NUMBERED = ("lineno", "line-number", "linenumber", "gutter", "hljs-ln", "blob-num")


def tidy_code(main: LexborNode, html: str) -> None:
    """Name the language of each block in its class, and take line numbers away.

    `html` is the page's source: what it does not mention need not be looked for.
    """
    if "<pre" not in html and "<PRE" not in html:
        return
    if any(mark in html for mark in _NUMBERED):
        for numbers in main.css(_LINE_NUMBERS):
            numbers.decompose()
    for block in main.css("pre"):
        _name_language(block, _language_of(block))
        _free_from_table(block)


def _name_language(block: LexborNode, language: str) -> None:
    """Leave the converter one mark to find, and none that could break the fence."""
    inner = block.first_child
    for node in (block, inner):
        if node is not None and node.tag in ("pre", "code") and "class" in node.attrs:
            del node.attrs["class"]
    if language:
        block.attrs["class"] = f"language-{language}"


def _language_of(block: LexborNode) -> str:
    inner = block.first_child
    if inner and inner.tag == "code" and (language := _named_by(inner)):
        return language
    node: LexborNode | None = block
    for _ in range(_AROUND + 1):
        if node is None or node.tag == "body":
            break
        if language := _named_by(node):
            return language
        node = node.parent
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


def _free_from_table(block: LexborNode) -> None:
    """Highlighters put code beside its line numbers in a table; without them it is no table."""
    cell = _ancestor(block, "td", 4)
    table = _ancestor(cell, "table", 4) if cell else None
    if table is None or len(table.css("td, th")) != 1 or len(table.css("pre")) != 1:
        return
    table.replace_with(block, move=True)


def _ancestor(node: LexborNode, tag: str, most: int) -> LexborNode | None:
    found = node.parent
    for _ in range(most):
        if found is None or found.tag == tag:
            return found
        found = found.parent
    return None
