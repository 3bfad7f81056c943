"""Presentation MathML as TeX (MathML Core, section 3), for formulas that bring none."""

from selectolax.lexbor import LexborNode

_MOST_ELEMENTS = 2_000
"""Elements of a formula; of a larger one the text is kept."""

_MOST_DEPTH = 60

_FORMS = {
    "msup": "{0}^{1}", "msub": "{0}_{1}", "msubsup": "{0}_{1}^{2}",
    "mover": "{0}^{1}", "munder": "{0}_{1}", "munderover": "{0}_{1}^{2}",
    "mfrac": r"\frac{0}{1}", "mroot": r"\sqrt[{1}]{0}",
}  # fmt: skip
"""How an element's arguments are written."""

_BRACED = frozenset(("mfrac", "mroot"))
_SKIPPED = frozenset(("annotation", "annotation-xml", "mphantom", "mspace"))


def tex_of(math: LexborNode) -> str:
    """The TeX of a `<math>` element, "" where it has none, or is too large to be one."""
    for count, _ in enumerate(math.traverse()):
        if count > _MOST_ELEMENTS:
            return ""
    return _row(math, 0).strip()


def _row(node: LexborNode, depth: int) -> str:
    return "".join(_tex(child, depth + 1) for child in node.iter())


def _tex(node: LexborNode, depth: int) -> str:
    name = node.tag or ""
    if depth > _MOST_DEPTH or name in _SKIPPED or not node.is_element_node:
        return ""
    if name in _FORMS:
        return _form(name, [_tex(child, depth + 1) for child in node.iter()])
    if name == "msqrt":
        return rf"\sqrt{{{_row(node, depth)}}}"
    if name == "mtable":
        rows = (" & ".join(_row(cell, depth) for cell in row.iter()) for row in node.iter())
        return r"\begin{matrix}" + r" \\ ".join(rows) + r"\end{matrix}"
    if name == "mtext":
        return rf"\text{{{node.text()}}}"
    return _row(node, depth) or node.text().strip()


def _form(name: str, arguments: list[str]) -> str:
    form = _FORMS[name]
    if len(arguments) != form.count("}"):
        return "".join(arguments)
    if name in _BRACED:
        return form.format(*(f"{{{argument}}}" for argument in arguments))
    return form.format(*map(_grouped, arguments))


def _grouped(argument: str) -> str:
    return argument if len(argument) == 1 else f"{{{argument}}}"
