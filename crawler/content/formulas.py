"""Mathematics of a page, as the TeX that it was made from.

A formula stands in a page up to three times: as TeX, as MathML and as what is drawn. The TeX is
kept, as `$`…`$`: the form in which Markdown leaves what is between alone (GitHub, "Writing
mathematical expressions").
"""

from selectolax.lexbor import LexborHTMLParser, LexborNode

_TEX = 'annotation[encoding="application/x-tex"]'
# Around the MathML: KaTeX and MediaWiki also hold what is drawn.
_WHOLE = frozenset(("katex", "katex-display", "mwe-math-element", "MathJax", "mjx-container"))


def keep_formulas(tree: LexborHTMLParser, main: LexborNode) -> None:
    """Put TeX in the place of each formula whose TeX the page tells; others keep their text."""
    for script in main.css('script[type^="math/tex"]'):
        _replace(tree, script, script.text())
    for math in main.css("math"):
        source = math.css_first(_TEX)
        tex = source.text() if source else math.attrs.get("alttext")
        if tex and tex.strip():
            _replace(tree, _whole_of(math), tex)


def _whole_of(math: LexborNode) -> LexborNode:
    whole = math
    node = math.parent
    for _ in range(4):
        if node is None or node.tag == "body":
            break
        if not _WHOLE.isdisjoint((node.attributes.get("class") or "").split()):
            whole = node
        node = node.parent
    return whole


def _replace(tree: LexborHTMLParser, node: LexborNode, tex: str) -> None:
    if node.parent is None:
        return
    formula = tree.create_node("code")
    formula.insert_child(tex.strip())
    node.insert_before("$")
    node.insert_after("$")
    node.replace_with(formula, move=True)
