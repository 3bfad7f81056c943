"""What no page may do to the parser and the converter.

Both work in native code that cannot be interrupted, and both have costs that grow with the square
of something that people never write and attackers do: elements within elements (each `<div>` looks
through all open ones for a `<p>`), attributes of one element (each is compared with all others),
quotes within quotes and cells that span columns (the text is written once per level or column).
Such markup is taken out before; its text stays. Ordinary pages pay for a count and a search.
"""

import re
from collections import Counter

MAX_DEPTH = 400
"""Elements within elements that are kept; browsers stop at about 512."""

MAX_ATTRIBUTES = 300
"""Attributes of one element, and the gaps between them; an element with more loses all."""

MAX_QUOTE_DEPTH = 8
"""Quotes or lists within one another that are kept as such."""

MAX_MARKDOWN = 8_000_000
"""Characters of Markdown that are kept of one page."""

# Below these no cost can grow beyond some seconds.
_FEW_TAGS = 20_000
_SHORT_PAGE = 100_000
_LONG_PAGE = 500_000

_NAME = re.compile(r"<(/?[a-zA-Z][^\s/>]*)")
# One attribute, and what stands between two, as the tokenizer reads them (HTML, section 13.2.5.32):
# a quote opens a value only after "=".
_ATTRIBUTE = r"""=?[^\s/>=]++(?:\s*+=\s*+(?:"[^"]*+"?|'[^']*+'?|[^\s>"'][^\s>]*+)?+)?+"""
_PARTS = rf"(?>[\s/]++|{_ATTRIBUTE}|=)"

# The look ahead passes ordinary tags fast: they are short, and each quote in them opens or ends a
# value for certain.
_ORDINARY = r"""[^"'<>=]{0,80}+(?:(?<=[^\s"'<>=/])="[^"<>]*+"[^"'<>=]{0,80}+){0,30}+>"""
# A tag goes on over "<", and a search begins at each one: in a run of them that nothing ends, it
# would look through all the rest from each, which takes minutes for 200 kB. A few are enough.
_RUN = r"[^\s<>]*+(?:<[^\s<>]*+){15}"
_FLOOD = re.compile(rf"<[a-zA-Z](?!{_ORDINARY})(?:{_RUN}|[^\s/>]*+{_PARTS}{{{MAX_ATTRIBUTES}}})")
_MANY = re.compile(rf"{_PARTS}{{{MAX_ATTRIBUTES}}}")
# Program text and comments hold what looks like tags; they are passed over whole.
_TAG = re.compile(
    r"<(?:!--.*?(?:-->|\Z)"
    r"|(script|style|textarea|title|iframe|xmp|noembed|noframes)\b.*?(?:</\1|\Z)"
    rf"|(/?)([a-z][^\s/>]*+)({_PARTS}*+)>?)",
    re.I | re.S,
)
# In serialised HTML only a tag's end is a ">". Spans of 100 and more stand for "all".
_SPAN = re.compile(r""" (?:col|row)span="\s*+0*+(?:[1-9]\d{2,}|\d*+[^\d"])[^"]*+\"""")
_CELL = re.compile(r"<t[dh] [^>]*+>")
_QUOTE = re.compile(r"<(/?)(blockquote|ul|ol)\b[^>]*+>")

# Elements without an end tag, and those whose end tag may be left out: they close one another.
_FLAT = frozenset(
    (
        "area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "param",
        "source", "track", "wbr", "p", "li", "dt", "dd", "td", "th", "tr", "tbody", "thead",
        "tfoot", "option", "optgroup", "rt", "rp", "a",
    )
)  # fmt: skip
_ONCE = frozenset(("html", "head", "body"))


def tame(html: str) -> str:
    """The same page without nesting, tags or repeated roots beyond the bounds above."""
    if _is_deep(html) or (len(html) > _SHORT_PAGE and _FLOOD.search(html)):
        return _TAG.sub(_Nesting().judge, html)
    return html


def _is_deep(html: str) -> bool:
    """Whether elements may be open at once beyond `MAX_DEPTH`, taking each end tag as needed."""
    if html.count("<") <= _FEW_TAGS:
        return False
    depth = 0
    opened: dict[str, int] = {}
    for name in _NAME.findall(html):
        if name[0] != "/":
            opened[name] = opened.get(name, 0) + 1
            depth += 1
            if depth > MAX_DEPTH:
                return True
        elif opened.get(name[1:], 0):
            opened[name[1:]] -= 1
            depth -= 1
    return False


class _Nesting:
    """Which elements are open at a point of the source, roughly: by their names only."""

    def __init__(self) -> None:
        self._depth = 0
        self._open: Counter[str] = Counter()
        self._dropped: Counter[str] = Counter()

    def judge(self, tag: re.Match[str]) -> str:
        """What becomes of one tag: itself, itself without attributes, or nothing."""
        if tag[3] is None:
            return tag[0]
        name = tag[3].lower()
        if name in _FLAT:
            return _short(tag)
        if tag[2]:
            return self._end(name, tag)
        return self._start(name, tag)

    def _start(self, name: str, tag: re.Match[str]) -> str:
        if self._depth >= MAX_DEPTH or (name in _ONCE and self._open[name]):
            self._dropped[name] += 1
            return ""
        self._open[name] += 1
        self._depth += 1
        return _short(tag)

    def _end(self, name: str, tag: re.Match[str]) -> str:
        if self._dropped[name]:
            self._dropped[name] -= 1
            return ""
        if self._open[name]:
            self._open[name] -= 1
            self._depth -= 1
        return tag[0]


def _short(tag: re.Match[str]) -> str:
    if len(tag[4]) > MAX_ATTRIBUTES and _MANY.match(tag[4]):
        return f"<{tag[2]}{tag[3]}>"
    return tag[0]


def tame_content(html: str) -> str:
    """Serialised HTML without spans, quotes and lists that would multiply its text."""
    if 'span="' in html and _SPAN.search(html):
        html = _CELL.sub(lambda cell: _SPAN.sub("", cell[0]), html)
    # Lists only indent, which takes a very long page to grow large.
    lists = html.count("<ul") + html.count("<ol") if len(html) > _LONG_PAGE else 0
    if html.count("<blockquote") + lists > MAX_QUOTE_DEPTH:
        html = _QUOTE.sub(_Levels().judge, html)
    return html


class _Levels:
    """How deep quotes and lists are nested at a point of well-formed HTML."""

    def __init__(self) -> None:
        self._depth = 0

    def judge(self, tag: re.Match[str]) -> str:
        """The tag, or nothing where it is nested too deep."""
        if tag[1]:
            self._depth -= 1
            return tag[0] if self._depth < MAX_QUOTE_DEPTH else ""
        self._depth += 1
        return tag[0] if self._depth <= MAX_QUOTE_DEPTH else ""


def clip(markdown: str) -> str:
    """At most `MAX_MARKDOWN` characters, cut at a line's end; no NUL, which few stores take."""
    markdown = markdown.replace("\0", "\ufffd")
    if len(markdown) <= MAX_MARKDOWN:
        return markdown
    end = markdown.rfind("\n", 0, MAX_MARKDOWN)
    return markdown[: end if end > 0 else MAX_MARKDOWN]
