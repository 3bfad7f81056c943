"""Mathematics of a page, as the TeX that it was made from.

A formula stands in a page up to three times: as TeX, as MathML and as what is drawn. The TeX is
kept, within a sentence as `$`…`$`, displayed as a block of code whose language is `math`: the forms
in which Markdown leaves what is between alone (GitHub, "Writing mathematical expressions").
"""

import re
from collections.abc import Iterator

from selectolax.lexbor import LexborHTMLParser, LexborNode

from crawler.content.mathml import tex_of
from crawler.content.tree import ancestors, attribute

_TEX = 'annotation[encoding="application/x-tex"]'
# Around the MathML: KaTeX and MediaWiki also hold what is drawn.
_WHOLE = frozenset(("katex", "katex-display", "mwe-math-element", "MathJax", "mjx-container"))
_DISPLAYED = frozenset(("katex-display", "mwe-math-element-block"))
_STEPS = 4
"""How far around a formula, or around its TeX, is looked."""

_RAW_INLINE = re.compile(r"\\\(((?:[^<>\\\0]|\\[^()\0])++)\\\)")
_RAW_DISPLAYED = re.compile(r"\\\[((?:[^<>\\\0]|\\[^\[\]\0])++)\\\]")
_DOLLARS = re.compile(r"(\$\$?+)(?=[^\s$])([^<>$\0]*?\\[a-zA-Z][^<>$\0]*+)\1")


def keep_formulas(tree: LexborHTMLParser, main: LexborNode) -> None:
    """Put TeX in the place of each formula, its own or what its MathML says."""
    for script in main.css('script[type^="math/tex"]'):
        displayed = "display" in attribute(script, "type")
        _replace(tree, script, script.text(), displayed=displayed)
    # From the TeX to its formula: looking for one inside each would take the square of their depth.
    for source in main.css(_TEX):
        math = _formula_of(source)
        if math is not None:
            _replace_math(tree, math, source.text())
    for math in list(_outermost(main.css("math"))):
        _replace_math(tree, math, attribute(math, "alttext") or tex_of(math))


def _outermost(formulas: list[LexborNode]) -> Iterator[LexborNode]:
    """Of formulas in their order, those within none of the others."""
    at = 0
    while at < len(formulas):
        yield formulas[at]
        at += len(formulas[at].css("math"))  # itself and those within it


def _replace_math(tree: LexborHTMLParser, math: LexborNode, tex: str) -> None:
    whole = _whole_of(math)
    displayed = attribute(math, "display") == "block"
    displayed = displayed or not _DISPLAYED.isdisjoint(attribute(whole, "class").split())
    _replace(tree, whole, tex, displayed=displayed)


def _formula_of(source: LexborNode) -> LexborNode | None:
    return next((node for node in ancestors(source, _STEPS) if node.tag == "math"), None)


def _whole_of(math: LexborNode) -> LexborNode:
    whole = math
    for node in ancestors(math, _STEPS):
        if node.tag == "body":
            break
        if not _WHOLE.isdisjoint((node.attributes.get("class") or "").split()):
            whole = node
    return whole


def _replace(tree: LexborHTMLParser, node: LexborNode, tex: str, *, displayed: bool) -> None:
    if node.parent is None or not tex.strip():
        return
    formula = tree.create_node("pre" if displayed else "code")
    formula.insert_child(tex.strip())
    if displayed:
        formula.attrs["class"] = "language-math"
    else:
        node.insert_before("$")
        node.insert_after("$")
    node.replace_with(formula, move=True)


def mark_tex(html: str) -> str:
    """HTML outside of code blocks with the TeX that a script would draw marked as formulas."""
    if "\\" not in html:
        return html
    html = _RAW_INLINE.sub(r"$<code>\1</code>$", html)
    html = _RAW_DISPLAYED.sub(r'<pre class="language-math">\1</pre>', html)
    return _DOLLARS.sub(_dollars, html) if "$" in html else html


def _dollars(tex: re.Match[str]) -> str:
    if tex[1] == "$":
        return f"$<code>{tex[2]}</code>$"
    return f'<pre class="language-math">{tex[2]}</pre>'
