"""Puts a job's pages into the index of the search, slice by slice.

Never as part of a crawl: an index entry costs as much as the page's Markdown. A page without its
entry is simply not found yet, and the search says how many there are. What made an entry wrong
takes it away (a page made anew, by a trigger) or makes it old (other furniture).
"""

import hashlib
import secrets
from collections.abc import Callable
from dataclasses import dataclass

from crawler.domain.indexing import IndexText, index_text
from crawler.storage.database import Database, Row, Statements
from crawler.storage.furniture import markdown_of, read_furniture
from crawler.storage.jobs import read_job

_PAGES_A_SLICE = 25
_CHARACTERS_A_SLICE = 500_000

QUIET_SECONDS = 10.0
"""How long nothing has to be crawled before pages go into the index unasked."""


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a pass over a job's pages has come: up to `after`, over so many `pages`."""

    after: int = 0
    pages: int = 0


def _here(
    make: Callable[[list[Row], frozenset[bytes]], list[IndexText]],
    rows: list[Row],
    furniture: frozenset[bytes],
) -> list[IndexText]:
    return make(rows, furniture)


class SearchIndex:
    """Writes the index."""

    def __init__(self, database: Database, work: Callable[..., list[IndexText]] = _here) -> None:
        """`work` runs a function with its arguments where it holds nobody up: in a thread."""
        self._database = database
        self._work = work
        self._holder = secrets.token_hex(8)

    def waiting_job(self) -> str | None:
        """A job that has ended and is not in the index, if no job runs; the newest of them."""
        rows = self._database.read("unsearchable_job", seconds=QUIET_SECONDS)
        return rows[0]["id"] if rows else None

    def add_slice(self, job_id: str, progress: Progress) -> Progress | None:
        """Puts the next pages into the index; None: the pass is over, or another worker's.

        No transaction is open while texts are read: a large one takes longer than it may be idle.

        Raises:
            UnknownJob: when the job is gone.
        """
        with self._database.transaction() as statements:
            read_job(statements, job_id)
            if not statements.run("hold_index", job_id=job_id, holder=self._holder):
                return None
            furniture = read_furniture(statements, job_id)
            cut = _fingerprint(furniture)
            rows = _next_pages(statements, job_id, cut, progress.after)
            if not rows:
                return _end_pass(statements, job_id, cut, progress)
        texts = self._work(_texts, rows, furniture)
        with self._database.transaction() as statements:
            _insert(statements, job_id, cut, rows, texts)
        return Progress(rows[-1]["id"], progress.pages + len(rows))

    def settle(self) -> None:
        """What was added is put in its place in the index: searches are fast from then on."""
        self._database.read("merge_search")


def _fingerprint(furniture: frozenset[bytes]) -> str:
    """Another one for other furniture: a UUID in hex."""
    return hashlib.blake2b(b"".join(sorted(furniture)), digest_size=16).hexdigest()


def _next_pages(statements: Statements, job_id: str, cut: str, after: int) -> list[Row]:
    return statements.run(
        "pages_to_index",
        job_id=job_id,
        after=after,
        furniture=cut,
        limit=_PAGES_A_SLICE,
        most_characters=_CHARACTERS_A_SLICE,
    )


def _end_pass(
    statements: Statements, job_id: str, cut: str, progress: Progress
) -> Progress | None:
    """Pages are not processed in the order of their ids: what came in behind is another pass."""
    all_are_in = statements.one("mark_searchable", job_id=job_id, furniture=cut)
    statements.run("release_index", job_id=job_id)
    return None if all_are_in or not progress.after else Progress(0, progress.pages)


def _texts(rows: list[Row], furniture: frozenset[bytes]) -> list[IndexText]:
    return [
        index_text(
            row["title"],
            row["description"],
            row["language"],
            row["url"],
            markdown_of(row, furniture) or "",
        )
        for row in rows
    ]


def _insert(
    statements: Statements, job_id: str, cut: str, rows: list[Row], texts: list[IndexText]
) -> None:
    statements.run(
        "insert_search",
        job_id=job_id,
        furniture=cut,
        ids=[row["id"] for row in rows],
        versions=[row["version"] for row in rows],
        languages=[text.language for text in texts],
        titles=[text.title for text in texts],
        headings=[text.headings for text in texts],
        abouts=[text.about for text in texts],
        frequents=[text.frequent for text in texts],
        bodies=[text.body for text in texts],
    )
