"""Program text of a page: each block as text alone, its language where the converter finds it.

Highlighters colour, link and number: what they put into a block is taken out, so that the text is
what a reader copies, to the letter. Every highlighter marks the language in its own way: on the
block, on the `<code>` in it, or on an element around it.
"""

import re

from selectolax.lexbor import LexborHTMLParser, LexborNode

from crawler.content.marks import EDGE
from crawler.content.tree import ancestors, attribute

_LANGUAGE = re.compile(
    r"""(?:^|\s)(?:
    (?:language|lang|highlight-source|highlight-text|highlight|code-block|src|sourcecode)-
        ([a-z0-9][a-z0-9+\#._-]{0,29})      # Prism, highlight.js, GitHub, Sphinx, org
    | brush:\s*([a-z0-9+\#._-]{1,30})       # SyntaxHighlighter, MDN
    | (?:sourceCode|hljs)\s+(?!lang)([a-z0-9+\#._-]{1,30})  # pandoc, highlight.js
    | ([a-z0-9+\#._-]{1,30})\s+hljs
    | blob-wrapper\ data\ type-([a-z0-9+\#._-]{1,30})  # GitHub
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

_OTHER_THAN_COLOURS = ":not(span, pre), [class*=lin], [class^=ln]"
_NUMBERS = (
    ".lineno, .linenos, .linenumber, .line-number, .line-numbers-rows, .ln, .lnt, "
    ".hljs-ln-numbers, .react-syntax-highlighter-line-number"
)
_NUMBER_CELLS = (
    "td.linenos, td.lineno, td.gutter, td.rouge-gutter, td.hljs-ln-numbers, td.blob-num, "
    "td.line-numbers, td.linenumbers"
)

# What a block may hold beside text and elements that only colour it.
_PARTS = re.compile(r"<(?:br|div|li|p|tr|button|svg|style|script|template|select)\b")
_NO_TEXT = re.compile(
    r"<(button|svg|style|script|template|select)\b[^<]*+(?:<(?!/\1>)[^<]*+)*+</\1>|<!--.*?-->", re.S
)
_PIECE = re.compile(
    r"(<br>)|<(/?)(?:div|li|p|tr|ol|ul|tbody|table)\b[^<>]*+>|<[^<>]*+>|([^<]++)"
)


def tidy_code(blocks: list[LexborNode]) -> None:
    """Make each `<pre>` of a page its text alone, its language in its class."""
    tables: dict[int, LexborNode] = {}
    for block in blocks:
        around = list(ancestors(block, _AROUND))
        is_gone = (around[-1] if around else block).parent is None
        if is_gone or any(node.tag == "pre" for node in around):
            continue  # it is in another, whose text it is part of
        _name_language(block, _language_of(block, around))
        _flatten(block)
        table = next((node for node in around if node.tag == "table"), None)
        if table is not None:
            tables[table.mem_id] = table
    for table in tables.values():
        _free_from_table(table)


def unite_lines(tree: LexborHTMLParser, table: LexborNode) -> bool:
    """Make one block of a table with a line of code in each row, as GitHub has it, if it is one."""
    if table.css_first("td table") is not None:
        return False
    lines = table.css("td.blob-code")
    if not lines:
        return False
    block = tree.create_node("pre")
    text = "\n".join(line.text().removesuffix("\n").removeprefix("\n") for line in lines)
    block.insert_child(_with_edges(text))
    _name_language(block, _language_of(table, list(ancestors(table, _AROUND))))
    table.replace_with(block, move=True)
    return True


def _language_of(block: LexborNode, around: list[LexborNode]) -> str:
    inner = block.first_child
    nearest = [inner, block] if inner is not None and inner.tag == "code" else [block]
    figure = [node for node in around[_NAMING:] if node.tag == "figure"]
    for node in (*nearest, *around[:_NAMING], *figure):
        if language := _named_by(node):
            return language
    return ""


def _named_by(node: LexborNode) -> str:
    attributes = node.attributes
    if not attributes:
        return ""
    for name in _ATTRIBUTES:
        if value := attributes.get(name):
            return _accepted(value)
    classes = attributes.get("class")
    if classes and node.tag == "figure":
        classes = classes.replace("highlight ", "language-")  # Hexo
    # A single word, as most are, names none.
    is_telling = classes and ("-" in classes or " " in classes)
    found = _LANGUAGE.search(classes or "") if is_telling else None
    return _accepted(found[found.lastindex or 0]) if found else ""


def _accepted(language: str) -> str:
    language = language.strip().lower()
    if language in _NO_LANGUAGE or not re.fullmatch(r"[a-z0-9+#._-]{1,30}", language):
        return ""
    return language


def _name_language(block: LexborNode, language: str) -> None:
    """Leave the converter one mark to find, and none that could break the fence."""
    said = block.prev
    if said is not None and said.tag == "span" and attribute(said, "class") == "lang":
        said.decompose()  # VitePress shows it
    if language:
        block.attrs["class"] = f"language-{language}"
    elif "class" in block.attrs:
        del block.attrs["class"]


def _flatten(block: LexborNode) -> None:
    first = block.first_child
    if first is None:
        return
    has_parts = not first.is_text_node or first.next is not None
    if has_parts and block.css_first(_OTHER_THAN_COLOURS) is not None:
        _take_parts_out(block)
    text = block.text()
    block.inner_html = ""
    block.insert_child(_with_edges(text))


def _take_parts_out(block: LexborNode) -> None:
    for numbers in block.css(f"{_NUMBERS}, {_NUMBER_CELLS}"):
        if numbers.mem_id != block.mem_id:
            numbers.decompose()
    html = block.inner_html or ""
    if _PARTS.search(html):
        block.inner_html = _lines(html)


def _lines(html: str) -> str:
    """The text of a block that is made of more than one element a line, still escaped."""
    parts: list[str] = []
    was_start = was_end = False
    for piece in _PIECE.finditer(_NO_TEXT.sub("", html)):
        line_break, end, text = piece.groups()
        if text:
            text = text.removeprefix("\n") if was_end else text
        elif line_break or (end and was_start):
            text = "\n"
        elif end is None:
            continue  # what only colours a part of a line
        elif _is_amid_line(parts):
            text = "\n"
        if text:
            parts.append(text)
        was_start, was_end = end == "", end == "/"
    return "".join(parts).removesuffix("\n")


def _is_amid_line(parts: list[str]) -> bool:
    return bool(parts) and not parts[-1].endswith("\n")


def _with_edges(text: str) -> str:
    """The text as it has to be written for its empty lines at both ends to outlive conversion."""
    if text.startswith("\n"):
        text = "\n" + text  # a tag takes the first one (HTML, section 13.1.2.5)
    return text[:-1] + EDGE if text.endswith("\n\n") else text


def _free_from_table(table: LexborNode) -> None:
    """Highlighters put code beside its line numbers in a table; without them it is no table."""
    for numbers in table.css(_NUMBER_CELLS):
        numbers.decompose()
    blocks = [block for block in table.css("pre") if block.first_child is not None]
    if len(blocks) == 1 and table.text().strip() == blocks[0].text().strip():
        table.replace_with(blocks[0], move=True)
