"""Mathematics of a page, as the TeX that it was made from.

A formula stands in a page up to three times: as TeX, as MathML and as what is drawn. The TeX is
kept, as `$`…`$`: the form in which Markdown leaves what is between alone (GitHub, "Writing
mathematical expressions").
"""

from selectolax.lexbor import LexborHTMLParser, LexborNode

_TEX = 'annotation[encoding="application/x-tex"]'
# Around the MathML: KaTeX and MediaWiki also hold what is drawn.
_WHOLE = frozenset(("katex", "katex-display", "mwe-math-element", "MathJax", "mjx-container"))
_STEPS = 4
"""How far around a formula, or around its TeX, is looked."""


def keep_formulas(tree: LexborHTMLParser, main: LexborNode) -> None:
    """Put TeX in the place of each formula whose TeX the page tells; others keep their text."""
    for script in main.css('script[type^="math/tex"]'):
        _replace(tree, script, script.text())
    # From the TeX to its formula: looking for one inside each would take the square of their depth.
    for source in main.css(_TEX):
        math = _formula_of(source)
        if math is not None:
            _replace(tree, _whole_of(math), source.text())
    for math in main.css("math[alttext]"):
        _replace(tree, _whole_of(math), math.attrs.get("alttext") or "")


def _formula_of(source: LexborNode) -> LexborNode | None:
    node = source.parent
    for _ in range(_STEPS):
        if node is None or node.tag == "math":
            return node
        node = node.parent
    return None


def _whole_of(math: LexborNode) -> LexborNode:
    whole = math
    node = math.parent
    for _ in range(_STEPS):
        if node is None or node.tag == "body":
            break
        if not _WHOLE.isdisjoint((node.attributes.get("class") or "").split()):
            whole = node
        node = node.parent
    return whole


def _replace(tree: LexborHTMLParser, node: LexborNode, tex: str) -> None:
    if node.parent is None or not tex.strip():
        return
    formula = tree.create_node("code")
    formula.insert_child(tex.strip())
    node.insert_before("$")
    node.insert_after("$")
    node.replace_with(formula, move=True)
