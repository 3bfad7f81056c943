"""What people type into a search field, read: words, "phrases", -exclusions, `or`.

    list comprehension        pages with both words
    "list comprehension"      … one right after the other
    list -generator           … without the other word; -"two words" likewise
    tuple or list             … with either; it binds looser than what stands beside it
    os.path.join              a phrase: its words in this order

The syntax is that of PostgreSQL's `websearch_to_tsquery`, the reading of words is that of pages
(`terms`). Whatever else is typed stands between words: nothing in it is a command, and no query is
wrong but an empty or an endless one.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from crawler.domain.errors import FieldError, InvalidRequest
from crawler.domain.terms import words

MOST_CHARACTERS = 1_000
MOST_WORDS = 50

_TERM = re.compile(r'(?P<without>(?<!\S)-)?(?:"(?P<phrase>[^"]*)(?:"|$)|(?P<text>[^\s"]+))')


@dataclass(frozen=True, slots=True)
class Term:
    """Words that are sought one right after the other, or that pages must not have."""

    words: tuple[str, ...]
    is_excluded: bool = False


@dataclass(frozen=True, slots=True)
class Query:
    """A query: pages match that match all terms of at least one of the `ways`."""

    ways: tuple[tuple[Term, ...], ...]

    @property
    def terms(self) -> tuple[Term, ...]:
        """All terms of all ways."""
        return tuple(term for way in self.ways for term in way)


@dataclass(frozen=True, slots=True)
class Reading:
    """A term in a language of the index: a query for the database, and its lexemes.

    Each lexeme comes with its place in the term. `query` is empty where nothing is left of it.
    """

    query: str
    lexemes: tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class Composed:
    """A whole query in a language: for the database, and what its results show."""

    query: str
    shown: tuple[tuple[tuple[str, int], ...], ...]


def compose(
    query: Query, usual: Mapping[Term, Reading], with_all: Mapping[Term, Reading]
) -> Composed:
    """The query out of its terms' readings.

    Words that are in every text are left out of what is sought (`usual`), unless nothing else is.
    What is excluded is excluded, whatever it is.
    """
    ways: list[str] = []
    shown: list[tuple[tuple[str, int], ...]] = []
    for way in query.ways:
        sought = [term for term in way if not term.is_excluded]
        readings = [usual[term] for term in sought if usual[term].query]
        readings = readings or [with_all[term] for term in sought]
        without = [(usual if usual[term].query else with_all)[term] for term in way
                   if term.is_excluded]
        ways.append(" & ".join(
            [f"({each.query})" for each in readings] + [f"!({each.query})" for each in without]
        ))
        shown += [each.lexemes for each in readings]
    return Composed(" | ".join(f"({way})" for way in ways), tuple(shown))


def parse_query(text: str) -> Query:
    """Reads a query.

    Raises:
        InvalidRequest: for `q`, when it holds no word, or is too long.
    """
    if len(text) > MOST_CHARACTERS:
        raise _wrong(f"has {len(text):,} characters, {MOST_CHARACTERS:,} at most are sought")
    ways: list[list[Term]] = [[]]
    for match in _TERM.finditer(text):
        if match["text"] and match["text"].lower() == "or" and not match["without"]:
            ways.append([])
        elif found := words(match["phrase"] or match["text"] or ""):
            ways[-1].append(Term(tuple(found), bool(match["without"])))
    query = Query(tuple(tuple(way) for way in ways if way))
    count = sum(len(term.words) for way in query.ways for term in way)
    if count > MOST_WORDS:
        raise _wrong(f"has {count:,} words, {MOST_WORDS} at most are sought")
    if not count:
        raise _wrong("holds no word to search for")
    return query


def _wrong(message: str) -> InvalidRequest:
    return InvalidRequest(FieldError("q", message))
