"""Searches a job's pages: PostgreSQL finds and ranks them, snippets are made of those shown.

A result says how many of the job's pages it covers: the others are not in the index yet
(`crawler/storage/search_index.py`).
"""

from collections.abc import Mapping
from dataclasses import dataclass

from crawler.domain.indexing import MOST_POSITIONS
from crawler.domain.model import Job
from crawler.domain.prose import prose
from crawler.domain.queries import Composed, Query, Reading, Term, compose
from crawler.domain.snippets import SnippetPart, snippet
from crawler.storage.database import Database, Row, Statements
from crawler.storage.furniture import markdown_of, read_furniture
from crawler.storage.jobs import read_job

_BEST = 100
"""Pages that are ranked by all of their words; those beyond come after them, in the order of
title, headings and most frequent words."""


@dataclass(frozen=True, slots=True)
class Found:
    """A page that matches; the higher its `rank`, the better. Ranks of two queries say nothing."""

    id: int
    url: str
    title: str
    rank: float
    snippet: list[SnippetPart]


@dataclass(frozen=True, slots=True)
class Coverage:
    """Of a job's `pages`, how many are in the index: no other was `searched`."""

    searched: int
    pages: int

    @property
    def is_complete(self) -> bool:
        """Whether there is nothing that was not searched."""
        return self.searched >= self.pages


@dataclass(frozen=True, slots=True)
class SearchResult:
    """A slice of what matches, the best first; `total` pages match in all."""

    job: Job
    coverage: Coverage
    total: int
    found: list[Found]


class SearchStore:
    """Reads the index."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def search(self, job_id: str, query: Query, after: int, limit: int) -> SearchResult:
        """The matches after the first so many, from one moment.

        Raises:
            UnknownJob: when there is no such job.
        """
        with self._database.snapshot() as statements:
            job = read_job(statements, job_id)
            languages, coverage = _coverage(statements, job_id)
            asked = _ask(statements, languages, query)
            ranked = _ranked(statements, job_id, asked, after, limit)
            rows = _read(statements, job_id, asked, [row["id"] for row in ranked])
            furniture = read_furniture(statements, job_id)
        total = ranked[0]["total"] if ranked else 0
        return SearchResult(job, coverage, total, _shown(asked, ranked, rows, furniture))

    def coverage(self, job_id: str) -> tuple[Job, Coverage]:
        """The job, and how many of its pages can be searched now.

        Raises:
            UnknownJob: when there is no such job.
        """
        with self._database.snapshot() as statements:
            return read_job(statements, job_id), _coverage(statements, job_id)[1]


def _coverage(statements: Statements, job_id: str) -> tuple[list[str], Coverage]:
    indexed = statements.run("search_languages", job_id=job_id)
    counted = statements.one("count_documents", job_id=job_id) or {"pages": 0}
    searched = sum(row["pages"] for row in indexed)
    return [row["language"] for row in indexed], Coverage(searched, counted["pages"])


def _ask(statements: Statements, languages: list[str], query: Query) -> dict[str, Composed]:
    """The query in each language."""
    terms = query.terms
    rows = statements.run(
        "search_terms", languages=languages, terms=[" ".join(term.words) for term in terms]
    )
    readings: dict[tuple[str, bool], dict[Term, Reading]] = {}
    for row in rows:
        of_it = readings.setdefault((row["language"], row["with_all"]), {})
        of_it[terms[row["number"] - 1]] = Reading(row["query"], _in_order(row["lexemes"]))
    return {
        language: compose(query, readings[language, False], readings[language, True])
        for language in languages
    }


def _in_order(lexemes: list[tuple[str, list[int]]] | None) -> tuple[tuple[str, int], ...]:
    places = [(lexeme, place) for lexeme, places in lexemes or () for place in places]
    return tuple(sorted(places, key=lambda each: each[1]))


def _ranked(
    statements: Statements, job_id: str, asked: Mapping[str, Composed], after: int, limit: int
) -> list[Row]:
    return statements.run(
        "search",
        job_id=job_id,
        languages=list(asked),
        queries=[each.query for each in asked.values()],
        best=_BEST,
        after=after,
        limit=limit,
    )


def _read(
    statements: Statements, job_id: str, asked: Mapping[str, Composed], ids: list[int]
) -> dict[int, Row]:
    lexemes = {word for each in asked.values() for term in each.shown for word, _ in term}
    rows = statements.run("found_pages", job_id=job_id, ids=ids, lexemes=list(lexemes))
    return {row["id"]: row for row in rows}


def _shown(
    asked: Mapping[str, Composed],
    ranked: list[Row],
    rows: dict[int, Row],
    furniture: frozenset[bytes],
) -> list[Found]:
    return [
        Found(
            row["id"],
            row["url"],
            row["title"],
            float(each["rank"]),
            snippet(
                prose(markdown_of(row, furniture) or ""),
                asked[row["language"]].shown,
                _positions(row),
            ),
        )
        for each in ranked
        if (row := rows.get(each["id"]))
    ]


def _positions(row: Row) -> dict[str, list[int]]:
    """Places within the text: the index has all that are behind the last under that one."""
    return {
        lexeme: [place for place in places if place <= MOST_POSITIONS]
        for lexeme, places in (row["positions"] or {}).items()
    }
