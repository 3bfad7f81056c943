"""What no page may do to the parser and the converter.

Both work in native code that cannot be interrupted, and both have costs that grow with the square
of something that people never write and attackers do: elements within elements (each `<div>` looks
through all open ones for a `<p>`), attributes of one element (each is compared with all others),
quotes within quotes and cells that span columns (the text is written once per level or column),
images and bold words of one paragraph (the paragraph so far is looked through for each), text that
grows in many steps (see `merging`).
Such markup is taken out before; its text stays. Ordinary pages pay for a count and a search.
"""

import re

from crawler.content import merging, nesting

MAX_DEPTH = 400
"""Elements within elements that are kept; browsers stop at about 512."""

MAX_ATTRIBUTES = 300
"""Attributes of one element, and the gaps between them; an element with more loses all."""

MAX_QUOTE_DEPTH = 8
"""Quotes or lists within one another that are kept as such."""

MAX_INLINE = 2_000
"""Tags one after the other that neither begin nor end a block, and are no links; of so many in one
paragraph the text is kept alone."""

MAX_MARKDOWN = 8_000_000
"""Characters of Markdown that are kept of one page."""

# Below these no cost can grow beyond some seconds.
_FEW_TAGS = 20_000
_SHORT_PAGE = 100_000
_LONG_PAGE = 500_000

# The look ahead passes ordinary tags fast: they are short, and each quote in them opens or ends a
# value for certain.
_ORDINARY = r"""[^"'<>=]{0,80}+(?:(?<=[^\s"'<>=/])="[^"<>]*+"[^"'<>=]{0,80}+){0,30}+>"""
# A tag goes on over "<", and a search begins at each one: in a run of them that nothing ends, it
# would look through all the rest from each, which takes minutes for 200 kB. A few are enough.
_RUN = r"[^\s<>]*+(?:<[^\s<>]*+){15}"
_MANY_PARTS = rf"{nesting.PARTS}{{{MAX_ATTRIBUTES}}}"
_FLOOD = re.compile(rf"<[a-zA-Z](?!{_ORDINARY})(?:{_RUN}|[^\s/>]*+{_MANY_PARTS})")
_MANY = re.compile(_MANY_PARTS)
# In serialised HTML only a tag's end is a ">". Spans of 100 and more stand for "all".
_SPAN = re.compile(r""" (?:col|row)span="\s*+0*+(?:[1-9]\d{2,}|\d*+[^\d"])[^"]*+\"""")
_CELL = re.compile(r"<t[dh] [^>]*+>")
_QUOTE = re.compile(r"<(/?)(blockquote|ul|ol)\b[^>]*+>")

_BLOCK = (
    "html|body|main|section|article|div|p|h[1-6]|[uod]l|li|d[td]|table|t[rdh]|pre|blockquote|figure"
    "|details"
)
# Links and line breaks cost what they are long; spans only colour; code stays as it is.
_CHEAP = r"</?(?:span|a|br)\b[^<>]*+>"
_INLINE = rf"<(?!/?(?:{_BLOCK}|span|a|br)\b)[^<>]*+>(?:[^<]++|{_CHEAP})*+"
_INLINE_RUN = re.compile(
    rf"<pre\b.*?</pre>|((?:{_INLINE}){{{MAX_INLINE}}})|(?:{_INLINE})++", re.DOTALL
)
_COSTLY = re.compile(r"<(?!/?(?:span|a|br)\b)[^<>]*+>")

_SHOWN = frozenset(("title", "textarea"))


def tame(html: str) -> str:
    """The same page without nesting, tags or repeated roots beyond the bounds above."""
    tags = html.count("<")
    is_deep = tags > _FEW_TAGS and nesting.is_deep(html, MAX_DEPTH)
    if is_deep or (len(html) > _SHORT_PAGE and _FLOOD.search(html)):
        html = nesting.TOKEN.sub(_Nesting().judge, html)
    if merging.is_copied(html, tags):
        html = nesting.TOKEN.sub(_Unbroken().judge, html)
    return html


class _Nesting:
    """Takes tags out so that the parser has no other elements open than are counted here.

    What it could read in two ways goes with them: comments, program text, SVG, framesets.
    """

    def __init__(self) -> None:
        self._open = nesting.OpenElements()
        self._roots: set[str] = set()

    def judge(self, token: re.Match[str]) -> str:
        """What becomes of a token: itself, itself without attributes, or nothing."""
        if token[6] is None:
            return _text_alone(token)
        name = token[6].lower()
        if name in nesting.FOREIGN or name == "plaintext":
            return ""
        if name in nesting.ROOTS:
            return self._root(name, token)
        if self._open.is_flat(name):
            return _short(token)
        if token[5]:
            return token[0] if self._open.end(name) else ""
        return self._start(name, token)

    def _root(self, name: str, token: re.Match[str]) -> str:
        """The parser has one of each, and gives it the attributes of all."""
        if token[5] or name in self._roots:
            return ""
        self._roots.add(name)
        return _short(token)

    def _start(self, name: str, token: re.Match[str]) -> str:
        if self._open.depth >= MAX_DEPTH:
            return ""
        self._open.start(name, token[7])
        return _short(token)


class _Unbroken(_Nesting):
    """Takes out whatever text could go on behind, too: of tables, lines of text are left."""

    def judge(self, token: re.Match[str]) -> str:
        """What becomes of a token."""
        if token[6] is None:
            return "" if token[1] is not None else _text_alone(token)
        name = token[6].lower()
        if name in merging.STRUCTURE:
            return " " if name in ("td", "th") else "<br>"
        if name in merging.IGNORED:
            return ""
        kept = super().judge(token)
        return f"</{name}>" if kept and token[5] else kept


def _text_alone(token: re.Match[str]) -> str:
    """A comment, or an element that holds no other: of what is shown its text, of a title all."""
    if token[1] is not None and token[1][:8].lower() == "!doctype":
        return token[0]
    if token[2] is None or token[2].lower() not in _SHOWN:
        return ""
    text = token[4].replace("<", "&lt;")
    return f"<title>{text}</title>" if token[2].lower() == "title" else text


def _short(tag: re.Match[str]) -> str:
    if len(tag[7]) > MAX_ATTRIBUTES and _MANY.match(tag[7]):
        return f"<{tag[5]}{tag[6]}>"
    return tag[0]


def tame_content(html: str) -> str:
    """Serialised HTML without spans, quotes and lists that would multiply its text, and without
    endless paragraphs."""
    if 'span="' in html and _SPAN.search(html):
        html = _CELL.sub(lambda cell: _SPAN.sub("", cell[0]), html)
    # Lists only indent, which takes a very long page to grow large.
    lists = html.count("<ul") + html.count("<ol") if len(html) > _LONG_PAGE else 0
    if html.count("<blockquote") + lists > MAX_QUOTE_DEPTH:
        html = _QUOTE.sub(_Levels().judge, html)
    if html.count("<") > _FEW_TAGS:
        html = _INLINE_RUN.sub(_end_paragraph, html)
    return html


def _end_paragraph(run: re.Match[str]) -> str:
    return f"{_COSTLY.sub('', run[0])}<div></div>" if run[1] else run[0]


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
