"""Which elements are open at a point of a source: never fewer than the parser will have.

The parser's cost grows with the square of the elements that are open at once, and a page can hide
an end tag from it: in a comment, in program text, in an attribute, behind a table that it can't
close over. So an end tag counts here only where it closes for certain (HTML, section 13.2.6.4.7),
and a start tag counts wherever it may be one.
"""

import re
from collections import Counter

ATTRIBUTE = r"""=?[^\s/>=]++(?:\s*+=\s*+(?:"[^"]*+"?|'[^']*+'?|[^\s>"'][^\s>]*+)?+)?+"""
"""One attribute as the tokenizer reads it (13.2.5.32): a quote opens a value only after "="."""

PARTS = rf"(?>[\s/]++|{ATTRIBUTE}|=)"
"""An attribute, or what stands between two."""

_RAW = "script|style|textarea|title|iframe|xmp|noembed|noframes"
TOKEN = re.compile(
    r"<(?:(!--(?:-?>|.*?(?:--!?>|\Z))|[!?][^>]*+>?|/(?![a-z])[^>]*+>?)"
    rf"|({_RAW})(?=[\s/>])({PARTS}*+)>?(.*?)(?=</\2[\s/>]|\Z)"
    rf"|(/?)([a-z][^\s/>]*+)({PARTS}*+)>?)",
    re.I | re.S,
)
"""A comment or what counts as one; an element of text alone (name, attributes, text); or a tag
(whether it is an end tag, name, attributes)."""

_START = re.compile(r"<([a-z][^\s/>]*+)", re.I)
_SCRIPT = re.compile(r"<script", re.I)

# Elements without an end tag, and those whose end tag may be left out: they close one another.
FLAT = frozenset(
    (
        "area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "param",
        "source", "track", "wbr", "p", "td", "th", "tr", "tbody", "thead", "tfoot", "option", "a",
    )
)  # fmt: skip
ROOTS = frozenset(("html", "head", "body"))
"""There is one of each, and no end tag closes it."""
FOREIGN = frozenset(("svg", "math", "frameset"))
"""Within these, nothing is flat, and what is text alone elsewhere may hold tags."""
_APART = FOREIGN | ROOTS
"""What closing one of these takes is more than to close it."""
_BARRIERS = FOREIGN | {"table", "object", "applet", "marquee", "template", "select"}
"""No end tag of another element closes beyond these."""
_BLOCKS = frozenset(
    (
        "address", "article", "aside", "blockquote", "button", "center", "details", "dir", "div",
        "dl", "fieldset", "figcaption", "figure", "footer", "header", "hgroup", "listing", "main",
        "menu", "nav", "ol", "pre", "section", "summary", "ul",
    )
)  # fmt: skip
"""Their end tags close whatever is open within them, up to a barrier."""
_ITEMS = {"li": frozenset(("li",)), **dict.fromkeys(("dd", "dt"), frozenset(("dd", "dt")))}
"""Items, and the items that they close, as far as none of another kind is in between."""
_HEADINGS = frozenset(("h1", "h2", "h3", "h4", "h5", "h6"))
_SPECIAL = (
    _BARRIERS | _BLOCKS | _HEADINGS | _ITEMS.keys()
    | {"caption", "colgroup", "dialog", "form", "frame", "keygen", "noscript", "search"}
)  # fmt: skip
"""End tags of others close none of these."""
_FORMATTING = frozenset(
    ("b", "big", "code", "em", "font", "i", "nobr", "s", "small", "strike", "strong", "tt", "u")
)
_MOST_ALIKE = 3
"""Formatting elements alike, attributes and all, that the parser opens again (13.2.4.3)."""


class OpenElements:
    """The elements that may be open."""

    def __init__(self) -> None:
        self._names: list[str] = []
        self._marks: list[str] = []
        self._count: dict[str, int] = {}
        self._lingering: Counter[str] = Counter()
        self._foreign = 0
        self.depth = 0
        """How many; formatting that its parent's end closed is opened again in the next one."""

    @property
    def is_foreign(self) -> bool:
        """Whether the next element may be one of SVG or MathML."""
        return self._foreign > 0

    def is_flat(self, name: str) -> bool:
        """Whether an element of that name adds nothing to the depth here."""
        return name in FLAT and not self._foreign

    def start(self, name: str, attributes: str) -> None:
        """A start tag of an element that is not flat."""
        if name in _ITEMS and not self._foreign:
            self._close_item(_ITEMS[name])
        self._names.append(name)
        self._marks.append(attributes)
        self._count[name] = self._count.get(name, 0) + 1
        if name in FOREIGN:
            self._foreign += 1
        self.depth += 1

    def end(self, name: str) -> bool:
        """An end tag; returns whether it closes for certain."""
        if self._names and self._names[-1] == name and name not in _APART:
            # Nearly always; whatever else there is to do on closing, here it is not.
            del self._names[-1], self._marks[-1]
            self._count[name] -= 1
            self.depth -= 1
            return True
        if name in ROOTS or not self._count.get(name):
            return False
        for at in range(len(self._names) - 1, -1, -1):
            each = self._names[at]
            if each == name:
                self._close(at)
                return True
            if not _closes_over(name, each):
                return False
        return False

    def _close_item(self, kinds: frozenset[str]) -> None:
        for at in range(len(self._names) - 1, -1, -1):
            each = self._names[at]
            if each in kinds:
                self._close(at)
                return
            if each in _SPECIAL and each not in ("address", "div"):
                return

    def _close(self, at: int) -> None:
        closed = self._names[at:]
        if len(closed) > 1:
            self._linger(at + 1)
        for name in closed:
            self._count[name] -= 1
            self._foreign -= name in FOREIGN
        self.depth -= len(closed)
        del self._names[at:], self._marks[at:]

    def _linger(self, at: int) -> None:
        for name, marks in zip(self._names[at:], self._marks[at:], strict=True):
            alike = f"{name} {marks}"
            if name in _FORMATTING and self._lingering[alike] < _MOST_ALIKE:
                self._lingering[alike] += 1
                self.depth += 1


def _closes_over(name: str, within: str) -> bool:
    """Whether an end tag closes an element though another one is still open within it."""
    if within in _BARRIERS or name == "form":  # the end of a form leaves what is in it open
        return False
    if name in _HEADINGS:  # closes the next heading, whichever it is
        return within not in _HEADINGS
    if name == "li":
        return within not in ("ol", "ul")
    return name in _BLOCKS or name in _BARRIERS or name in _ITEMS or within not in _SPECIAL


def is_deep(html: str, most: int) -> bool:
    """Whether more than `most` elements may be open at once somewhere in a source."""
    opened = OpenElements()
    for token in TOKEN.finditer(html):
        is_end, name, attributes = token.group(5, 6, 7)
        if name is None:
            if _is_doubtful(token, opened):
                return True
            _take_text(token, opened)
        elif (name := name.lower()) in FLAT and not opened.is_foreign:
            continue
        elif is_end:
            opened.end(name)
        else:
            opened.start(name, attributes)
        if opened.depth > most:
            return True
    return False


def _is_doubtful(token: re.Match[str], opened: OpenElements) -> bool:
    """Whether it can't be told where text that hides tags comes to its end."""
    if token[1] is not None:
        return opened.is_foreign and token[1].startswith("![CDATA[")
    # Program text in which the first end tag may not be the one that counts (13.2.5.27). One
    # search from the first comment on: one from each would take the square of their number.
    escaped = token[4].find("<!--")
    return escaped >= 0 and _SCRIPT.search(token[4], escaped) is not None


def _take_text(token: re.Match[str], opened: OpenElements) -> None:
    """Text alone holds no tags, but in SVG and MathML it is none."""
    if opened.is_foreign and token[2] is not None:
        opened.start(token[2].lower(), token[3])
        for start in _START.finditer(token[4]):
            opened.start(start[1].lower(), "")
