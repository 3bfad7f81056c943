"""What a result shows of its page: the passage that best answers the query, hits marked.

A snippet is a list of texts, each a hit or not; no markup is made here, so whatever a page holds
stays text.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice

from crawler.domain.terms import spans

LENGTH = 40
"""Words of a snippet."""

_BEFORE = 8

_UNMARKED = "\0"
"""Stands for a sign of emphasis, so that all words stay where they are: no text holds it."""

# Signs of the text itself are escaped; of program text most have something else beside them.
_LONGEST_EMPHASIS = 200
_EMPHASIS = re.compile(
    rf"(?<![\\*\w])\*(?=[\w\\])((?:[^*\n]|\n(?!\n)){{0,{_LONGEST_EMPHASIS}}}(?<=[\w.)]))\*(?!\*)"
)

_MARKUP = re.compile(r"\0|`+|\*\*+|\\(?=[!-/:-@\[-`{-~])|(?<=\n)[ ]{0,3}(?:#{1,6}|>|[-*+])[ ]")
_RULES = re.compile(r"\|(?:[ :|-]*\|)*|-{3,}|={3,}|~{3,}")
_BLANKS = re.compile(r"\s+")


@dataclass(frozen=True, slots=True)
class SnippetPart:
    """A piece of a snippet; `match`: it is what was sought."""

    text: str
    match: bool


Lexemes = Sequence[tuple[str, int]]
"""A term as the index knows it: lexemes, each with its place in the term."""


def snippet(
    text: str, wanted: Sequence[Lexemes], positions: Mapping[str, Sequence[int]]
) -> list[SnippetPart]:
    """A passage of a text (of `prose`), with what was sought in it.

    `positions` says where lexemes stand, counted in words from 1. Where nothing of the query
    stands in the text (its title matched, say), it is the beginning, unmarked.
    """
    hits = sorted(_hits(wanted, positions))
    first, marked = _passage(hits)
    # As many as it takes to come there: a long page's other words are never looked at.
    shown = list(islice(spans(text), first - 1, first - 1 + LENGTH))
    if not shown:  # it stands in what the index holds beside the text: title, description, URL
        return snippet(text, (), {}) if first > 1 else []
    parts = [SnippetPart("… ", False)] if first > 1 else []
    text = _unmark(text, shown[0][0], shown[-1][1])
    parts += _parts(text, shown, {each - first for each in marked})
    return parts


def _hits(
    wanted: Iterable[Lexemes], positions: Mapping[str, Sequence[int]]
) -> set[tuple[int, int, int]]:
    """Where a term stands: its first word, its last, and which term it is."""
    hits: set[tuple[int, int, int]] = set()
    for number, term in enumerate(wanted):
        if not term:
            continue
        (head, base), *rest = term
        others = [(set(positions.get(word, ())), offset - base) for word, offset in rest]
        length = max((offset for _, offset in others), default=0)
        for place in positions.get(head, ()):
            if all(place + offset in where for where, offset in others):
                hits.add((place, place + length, number))
    return hits


def _passage(hits: Sequence[tuple[int, int, int]]) -> tuple[int, set[int]]:
    """The first word of the passage that holds most of the terms, then most hits; and its marks."""
    best, best_score = 0, (0, 0)
    end = 0
    for start, (place, _, _) in enumerate(hits):
        end = max(end, start)
        while end < len(hits) and hits[end][1] < place + LENGTH - _BEFORE:
            end += 1
        inside = hits[start:end]
        score = (len({number for _, _, number in inside}), len(inside))
        if score > best_score:
            best, best_score = start, score
    if not hits:
        return 1, set()
    first = max(1, hits[best][0] - _BEFORE)
    marked = {
        place for begin, last, _ in hits[best:] for place in range(begin, last + 1)
        if place < first + LENGTH
    }
    return first, marked


def _parts(
    text: str, shown: Sequence[tuple[int, int]], marked: set[int]
) -> list[SnippetPart]:
    """The passage from its first word to its last, in pieces that are hits or not."""
    parts: list[SnippetPart] = []
    here = shown[0][0]
    for number, (begin, end) in enumerate(shown):
        if number not in marked:
            continue
        between = text[here:begin]
        together = number - 1 in marked and "\n" not in between
        _add(parts, _tidy(between), together)
        _add(parts, text[begin:end], True)
        here = end
    _add(parts, _tidy(text[here : shown[-1][1]]), False)
    return parts


def _unmark(text: str, begin: int, end: int) -> str:
    """The text, of the same length, without signs of emphasis from one place to another."""
    begin = max(0, begin - _LONGEST_EMPHASIS)
    end += _LONGEST_EMPHASIS
    passage = _EMPHASIS.sub(rf"{_UNMARKED}\1{_UNMARKED}", text[begin:end])
    return f"{text[:begin]}{passage}{text[end:]}"


def _add(parts: list[SnippetPart], text: str, match: bool) -> None:
    if not text:
        return
    if parts and parts[-1].match is match:
        parts[-1] = SnippetPart(parts[-1].text + text, match)
    else:
        parts.append(SnippetPart(text, match))


def _tidy(text: str) -> str:
    """Text on one line, without what only makes Markdown of it."""
    return _BLANKS.sub(" ", _RULES.sub(" ", _MARKUP.sub("", text)))
