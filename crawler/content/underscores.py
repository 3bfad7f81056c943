"""Underscores in a page's text that a reader of Markdown would take for emphasis: `__init__`.

CommonMark 0.31, section 6.2: a run of underscores opens emphasis where no word is before it and
no space after it, and one that ends a word closes it, anywhere in the same block. Only what opens
and is closed is escaped, and only its beginning, after which nothing is left to close:
`snake_case`, `_private` and all code stay as they are.
"""

import re
from collections.abc import Iterator

from crawler.content.marks import UNDERSCORE

# Within a word, as in most names, it is neither; what begins with a letter is searched for fast.
_RUN = re.compile(r"_(?:(?<!\w_)_*+|_*+(?!\w))")
_OPENS = re.compile(r"(?<!\w)_++(?=[^\s<\0]|<(?!/|br\b))")
_CLOSES = re.compile(r"(?<=\S)_++(?!\w)")

_CODE = ("code", "kbd", "samp", "tt", "pre")
_IN_CODE = tuple(f"<{name}" for name in _CODE)
_INLINE = "a|abbr|b|br|cite|del|dfn|em|font|i|img|ins|mark|q|s|small|span|strong|su[bp]|u|var"
_MARK = re.compile(rf"\0|<(/?)(?!/?(?:{_INLINE})\b)({'|'.join(_CODE)})?")


def escape_underscores(html: str) -> str:
    """Serialised HTML with a mark in place of each underscore that would begin emphasis.

    NUL stands for a block in it. Takes time in proportion to its length.
    """
    parts: list[str] = []
    here = 0
    for run in _emphasising(html):
        parts += html[here : run.start()], UNDERSCORE * len(run[0])
        here = run.end()
    return "".join((*parts, html[here:])) if parts else html


def _emphasising(html: str) -> Iterator[re.Match[str]]:
    """Runs that open emphasis which another one of the same block closes."""
    waiting: list[re.Match[str]] = []
    seen = codes = 0
    for run in _in_text(html):
        for mark in _MARK.finditer(html, seen, run.start()):
            if mark[2]:
                codes += -1 if mark[1] else 1
            else:
                waiting.clear()
        seen = run.start()
        if codes > 0:
            continue
        if waiting and _CLOSES.match(html, seen):
            yield from waiting
            waiting.clear()
        if _OPENS.match(html, seen):
            waiting.append(run)


def _in_text(html: str) -> Iterator[re.Match[str]]:
    """Runs at a word's edge that are neither part of a tag nor first in code."""
    seen, opened, closed = 0, -1, -1
    for run in _RUN.finditer(html):
        begin = run.start()
        opened = max(opened, html.rfind("<", seen, begin))
        closed = max(closed, html.rfind(">", seen, begin))
        seen = begin
        if opened <= closed and not (opened >= 0 and html.startswith(_IN_CODE, opened)):
            yield run
