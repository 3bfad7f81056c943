"""Selectors tried on one page: what its stored body becomes by them. Nothing is kept."""

from dataclasses import replace

from crawler.content.document import Document, make_document
from crawler.domain.errors import FieldError, Problem
from crawler.domain.furniture import without_furniture
from crawler.domain.model import Outcome, PageRow
from crawler.domain.selectors import Selectors
from crawler.functions.room import Room, is_large
from crawler.storage.bodies import BodyStore
from crawler.storage.furniture import FurnitureStore

_PAGES = (Outcome.FETCHED, Outcome.CACHED)

TURN_SECONDS = 5.0
"""How long a large page waits for its turn."""


class TryFunction:
    """Makes documents for people who wait for them, in a worker's threads."""

    def __init__(self, bodies: BodyStore, furniture: FurnitureStore, room: Room) -> None:
        self._bodies = bodies
        self._furniture = furniture
        self._room = room

    def __call__(self, job_id: str, row: PageRow, selectors: Selectors) -> Document:
        """The document of a job's fetched page by some selectors, as its readers would see it.

        Raises:
            Problem: `no-body` where nothing was fetched for the URL, `unavailable` where it is
                large and others are in work.
        """
        made = self._document(row, selectors)
        if made.matched:
            return made  # nothing of what a user chose is furniture
        furniture = self._furniture.found(job_id)
        markdown = self._room.work(without_furniture, made.markdown, furniture)
        return replace(made, markdown=markdown)

    def _document(self, row: PageRow, selectors: Selectors) -> Document:
        body = self._body(row)
        if not is_large(body):
            return self._make(body, row, selectors)
        del body  # many may wait for their turn
        with self._room.turn(TURN_SECONDS) as has_turn:
            if has_turn:
                return self._make(self._body(row), row, selectors)
        raise Problem(
            "This page is large, and others are in work: try again in a moment.",
            code="unavailable",
            status=503,
        )

    def _body(self, row: PageRow) -> bytes:
        key = bytes.fromhex(row.content_hash or "")
        body = self._bodies.get([key]).get(key) if row.outcome in _PAGES else None
        if body is None:
            raise Problem(
                "Nothing was fetched for this URL.",
                code="no-body",
                status=404,
                errors=(FieldError("pageId", "has no body"),),
            )
        return body

    def _make(self, body: bytes, row: PageRow, selectors: Selectors) -> Document:
        url = row.final_url or row.url
        return self._room.work(make_document, body, row.content_type, url, selectors=selectors)
