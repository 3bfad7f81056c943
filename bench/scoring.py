"""How much of a page's main content a text holds, and how little else: the F1 of their words.

The rule is that of WCXB (Murrough-Foley/web-content-extraction-benchmark): words are the runs of
`\\w` in lower case, and each counts as often as it stands in a text.
"""

import re
from collections import Counter
from typing import NamedTuple

_WORD = re.compile(r"\w+")
_TARGET = r"\((?:<[^<>]*>|(?:[^()\s]|\([^()]*\))*)(?:\s+\"[^\"]*\")?\)"
_IMAGE = re.compile(rf"!\[[^\]]*\]{_TARGET}")
_LINK = re.compile(rf"(?<!!)\[((?:[^\[\]]|\[[^\[\]]*\])*)\]{_TARGET}")


class Score(NamedTuple):
    """Shares of 1: of a text's words that are wanted, of the wanted ones that it holds, and F1."""

    precision: float
    recall: float
    f1: float


def score(text: str, wanted: str) -> Score:
    """How well a text matches the wanted one; two empty ones match."""
    got, want = _words(text), _words(wanted)
    if not got and not want:
        return Score(1.0, 1.0, 1.0)
    shared = (got & want).total()
    precision, recall = shared / max(1, got.total()), shared / max(1, want.total())
    both = precision + recall
    return Score(precision, recall, 2 * precision * recall / both if both else 0.0)


def _words(text: str) -> Counter[str]:
    return Counter(_WORD.findall(text.lower()))


def plain(markdown: str) -> str:
    """Markdown as a reader sees it: without images, and without where its links go."""
    return _LINK.sub(r"\1", _IMAGE.sub("", markdown))
