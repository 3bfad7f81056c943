"""Text as a search sees it: words, one after another.

The same reading serves the index, the query and the marks in a result, so that the n-th word here
is the word at position n there. PostgreSQL's own parser takes `os.path.join` for a host and
`a/b.c` for a file, each one word; here they are the words that people look for.

Scripts without spaces between words (Chinese, Japanese, Thai, …) are read a character at a time: a
word of theirs is then found as the phrase of its characters.
"""

import re
import unicodedata
from collections.abc import Iterator
from itertools import islice

LONGEST = 100
"""Characters of a word: what is longer is data, and cut. PostgreSQL refuses words of 2 kB."""

_UNSPACED = (
    "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff"
    "\uf900-\ufaff\U00020000-\U0003ffff"
)


def _marks() -> str:
    """Signs that belong to the letter before them (categories Mn and Mc), as a regex class."""
    found = (chr(code) for code in range(0x300, 0x1F000))
    return "".join(char for char in found if unicodedata.category(char) in ("Mn", "Mc"))


_MARKS = _marks()
_WORD = re.compile(
    r"[0-9A-Za-z]++(?![^\x00-\x7f])"  # most words, found three times as fast
    rf"|[^\W_{_UNSPACED}]++(?:[{_MARKS}]++[^\W_{_UNSPACED}]*+)*+"
    rf"|(?=[^\W_])[{_UNSPACED}][{_MARKS}]*+"
)


MOST_WORDS = 200_000
"""Of a text: what comes after them is not read."""


def words(text: str) -> list[str]:
    """The words of a text as they are compared: without case, in one spelling (NFKC).

    NUL, lone surrogates and whatever else is no letter or digit stands between words.
    """
    return [_compared(match[0]) for match in islice(_WORD.finditer(text), MOST_WORDS)]


def spans(text: str) -> Iterator[tuple[int, int]]:
    """Where the words of a text begin and end, in their order."""
    for match in _WORD.finditer(text):
        yield match.span()


def _compared(word: str) -> str:
    if word.isascii():
        return word[:LONGEST].lower()
    word = word[:LONGEST]
    if unicodedata.is_normalized("NFKC", word) and word.isalnum():
        return word.casefold()
    plain = unicodedata.normalize("NFKC", word).casefold()
    # One word stays one: ½ becomes 1 and 2 with a sign in between, which would divide it.
    return "".join(char for char in plain if char.isalnum() or char in _MARKS) or "0"
