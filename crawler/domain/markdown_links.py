"""Links in Markdown: where their destinations stand, and the same text with others in their place.

Inline links and images, reference definitions, autolinks and the `href` of HTML anchors
(CommonMark 0.31.2, sections 4.7, 6.3 to 6.6); never in code blocks or code spans.
"""

import html
import re
from bisect import bisect_left
from collections.abc import Callable
from enum import Enum, auto
from typing import NamedTuple

from crawler.domain.markdown_blocks import prose
from crawler.domain.urls import resolve

_NESTED = 4
"""Parentheses within parentheses of a destination that are read."""

_PUNCTUATION = r"[!-/:-@\[-`{-~]"
_TOKEN = re.compile(rf"\\{_PUNCTUATION}|`+|!?\[|\]|<")
_TICKS = re.compile(r"`+")
_ANGLE = re.compile(r"<(?:[^<>\\\n]|\\.)*+>")
_PLAIN = r"[^\s()\\\x00-\x1f]++|\\.|\\"
_PARENTHESES = r"(?!)"
for _ in range(_NESTED):
    # Possessive throughout: what fails is not tried in another way, or time would grow with it.
    _PARENTHESES = rf"\((?:{_PLAIN}|{_PARENTHESES})*+\)"
_BARE = re.compile(rf"(?:{_PLAIN}|{_PARENTHESES})++")
_GAP = re.compile(r"[ \t]*+\n?[ \t]*+")
_TITLE = r"\s++(?:\"(?:[^\"\\]|\\.)*+\"|'(?:[^'\\]|\\.)*+'|\((?:[^()\\]|\\.)*+\))"
_TAIL = re.compile(rf"(?:{_TITLE})?+\s*+\)", re.S)
_DEFINITION = re.compile(r"[ \t>]*+\[(?!\^)(?:[^\[\]\\]|\\.){1,999}+\]:[ \t]*+\n?[ \t]*+", re.S)
_BARE_DEFINITION = re.compile(r"[^\s<][^\s]*+")
_DEFINITION_END = re.compile(rf"[ \t]*+(?:\n|\Z)|{_TITLE}[ \t]*+(?:\n|\Z)", re.S)
_AUTOLINK = re.compile(r"<(https?://[^\s<>]*+)>", re.I)
_ANCHOR = re.compile(r"<a\s[^<>]*?\bhref\s*=\s*(?:\"([^\"<>]*+)\"|'([^'<>]*+)')", re.I)
_TAG = re.compile(r"</?[A-Za-z][^<>]*+>")
_ESCAPE = re.compile(rf"\\({_PUNCTUATION})")
_ENTITY = re.compile(r"&(?:#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});")
_TEXT_TO_ESCAPE = re.compile(r"([\\`*_\[\]<|~&])")
_HAS_SCHEME = re.compile(r"[a-zA-Z][a-zA-Z0-9+.-]*:")
# What must not stand in a destination as it is: it would end it, a cell, or an attribute.
_UNSAFE = re.compile(r"[\x00-\x20\x7f\"'()<>\\`|\[\]{}^*]")


class Kind(Enum):
    """What a destination belongs to."""

    LINK = auto()
    IMAGE = auto()
    AUTOLINK = auto()
    ANCHOR = auto()


class Link(NamedTuple):
    """A destination, without its escapes, and the part of the text that it takes."""

    start: int
    end: int
    destination: str
    kind: Kind


def find_links(markdown: str) -> list[Link]:
    """All links and images of a text in their order, in time that grows with it."""
    found: list[Link] = []
    for start, end in prose(markdown):
        _Part(markdown, start, end, found).read()
    return found


def with_destinations(
    markdown: str, links: list[Link], chosen: Callable[[Link], str | None]
) -> str:
    """The text with the destination that `chosen` gives for each link; None leaves it as it is.

    A destination that is given must hold no white space, quotes, brackets, backslash or pipe.
    """
    parts, at = [], 0
    for link in links:
        destination = chosen(link)
        if destination is not None:
            parts += [markdown[at : link.start], _written(link, destination)]
            at = link.end
    parts.append(markdown[at:])
    return "".join(parts)


def is_absolute(destination: str) -> bool:
    """Whether a destination has a scheme, and so means the same wherever it stands."""
    return _HAS_SCHEME.match(destination) is not None


def absolute(destination: str, base: str) -> str | None:
    """A relative destination as an absolute one, by the URL at which its text stands; its fragment
    is kept. None where it has a scheme, or leads nowhere."""
    url = None if is_absolute(destination) else resolve(destination, base)
    return None if url is None else safe(url) + fragment(destination)


def fragment(destination: str) -> str:
    """The fragment of a destination with its `#`; "" where it has none."""
    _, mark, name = destination.partition("#")
    return mark + safe(name)


def safe(text: str) -> str:
    """A part of a URL so that it can stand in a destination."""
    return _UNSAFE.sub(lambda match: f"%{ord(match[0]):02X}", text)


def _written(link: Link, destination: str) -> str:
    if link.kind is not Kind.AUTOLINK:
        return destination
    text = _TEXT_TO_ESCAPE.sub(r"\\\1", link.destination)
    return f"[{text}]({destination})"


class _Part:
    """One block's text, read from left to right."""

    def __init__(self, markdown: str, start: int, end: int, found: list[Link]) -> None:
        self._text = markdown
        self._at = start
        self._end = end
        self._found = found
        self._openers: list[bool] = []
        self._runs: dict[int, list[int]] | None = None

    def read(self) -> None:
        """Adds the links of this part."""
        while self._read_definition():
            pass
        while token := _TOKEN.search(self._text, self._at, self._end):
            self._at = token.end()
            match token[0][0]:
                case "`":
                    self._skip_code(len(token[0]))
                case "[" | "!":
                    self._openers.append(token[0] == "![")
                case "]":
                    self._close()
                case "<":
                    self._read_angle(token.start())

    def _skip_code(self, length: int) -> None:
        """Goes on after the code span that backticks open, if as many close it."""
        if self._runs is None:
            self._runs = {}
            for run in _TICKS.finditer(self._text, self._at - length, self._end):
                self._runs.setdefault(len(run[0]), []).append(run.start())
        runs = self._runs.get(length, [])
        following = bisect_left(runs, self._at)
        if following < len(runs):
            self._at = runs[following] + length

    def _close(self) -> None:
        if not self._openers:
            return
        kind = Kind.IMAGE if self._openers.pop() else Kind.LINK
        if self._text[self._at : self._at + 1] != "(" or self._at >= self._end:
            return
        span = self._destination(self._skipped_gap(self._at + 1))
        if span is None:
            return
        tail = _TAIL.match(self._text, span[1], self._end)
        if tail:
            self._add(*span, kind)
            self._at = tail.end()

    def _skipped_gap(self, at: int) -> int:
        gap = _GAP.match(self._text, at, self._end)
        return gap.end() if gap else at

    def _destination(self, at: int) -> tuple[int, int] | None:
        """From where to where a destination reaches; None: there is none."""
        pattern = _ANGLE if self._text.startswith("<", at) else _BARE
        found = pattern.match(self._text, at, self._end)
        return found.span() if found else None

    def _read_angle(self, start: int) -> None:
        if autolink := _AUTOLINK.match(self._text, start, self._end):
            url = autolink[1].replace("\\|", "|")
            self._found.append(Link(start, autolink.end(), url, Kind.AUTOLINK))
            self._at = autolink.end()
        elif tag := _TAG.match(self._text, start, self._end):
            if anchor := _ANCHOR.match(self._text, start, tag.end()):
                group = 1 if anchor[1] is not None else 2
                self._add(anchor.start(group), anchor.end(group), Kind.ANCHOR)
            self._at = tag.end()

    def _read_definition(self) -> bool:
        """Reads `[label]: destination`, which stands at the beginning of a block only."""
        label = _DEFINITION.match(self._text, self._at, self._end)
        if label is None:
            return False
        pattern = _ANGLE if self._text.startswith("<", label.end()) else _BARE_DEFINITION
        destination = pattern.match(self._text, label.end(), self._end)
        if destination is None:
            return False
        end = _DEFINITION_END.match(self._text, destination.end(), self._end)
        if end is None:
            return False
        self._add(*destination.span(), Kind.LINK)
        self._at = end.end()
        return True

    def _add(self, start: int, end: int, kind: Kind) -> None:
        written = self._text[start:end]
        if written.startswith("<"):
            written = written[1:-1]
        if kind is not Kind.ANCHOR:
            written = _ESCAPE.sub(r"\1", written)
        plain = _ENTITY.sub(lambda entity: html.unescape(entity[0]), written)
        self._found.append(Link(start, end, plain, kind))
