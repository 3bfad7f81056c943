"""Function 3: process content. Bodies become Markdown and metadata, each page's once.

Answers after the content is stored, so that the caller may repeat a call that got no answer:
a page that was processed meanwhile is left as it is.
"""

import logging
from collections.abc import Callable

from crawler.content.document import make_document
from crawler.domain.furniture import fingerprints
from crawler.domain.text import one_line
from crawler.functions.room import Room, is_large
from crawler.storage.bodies import BodyStore
from crawler.storage.packing import pack
from crawler.storage.pages import PageStore
from crawler.storage.results import PageToProcess, ProcessedPage

MOST_BYTES = 8 * 2**20
"""Bytes of bodies that a call has in hand at once, or one body that is larger: a worker answers
several calls."""

TURN_SECONDS = 10.0
"""How long a call waits for its large pages' turns, all together."""

log = logging.getLogger(__name__)


class ProcessFunction:
    """Answers process calls with what a worker has: threads and the database."""

    def __init__(
        self, bodies: BodyStore, pages: PageStore, room: Room, monotonic: Callable[[], float]
    ) -> None:
        self._bodies = bodies
        self._pages = pages
        self._room = room
        self._monotonic = monotonic

    def __call__(self, job_id: str, pages: list[PageToProcess]) -> list[int]:
        """Processes pages and stores what came of them; returns the ids of those it left.

        After large pages it leaves the rest, and large pages whose turn does not come: so it
        answers in time.

        Raises:
            UnknownJob: when the job is gone.
        """
        deadline = self._monotonic() + TURN_SECONDS
        waiting = pages
        while waiting:
            bodies = self._bodies.get([page.content_hash for page in waiting], MOST_BYTES)
            # What is not among them waits for the next round; if none is, none is kept at all.
            read = [page for page in waiting if page.content_hash in bodies] or waiting
            large = [page for page in read if is_large(bodies.get(page.content_hash, b""))]
            self._process(job_id, [page for page in read if page not in large], bodies)
            waiting = [page for page in waiting if page not in read]
            bodies.clear()
            if large:
                late = [page for page in large if not self._process_large(job_id, page, deadline)]
                return [page.id for page in (*late, *waiting)]
        return []

    def _process(self, job_id: str, pages: list[PageToProcess], bodies: dict[bytes, bytes]) -> None:
        if pages:
            self._store(job_id, pages, self._room.work(_documents, pages, bodies))

    def _process_large(self, job_id: str, page: PageToProcess, deadline: float) -> bool:
        """Whether the page's turn came. Its body is read again then: many may wait for theirs."""
        with self._room.turn(deadline - self._monotonic()) as has_turn:
            if has_turn:
                made = self._room.work(_document, page, self._bodies.get([page.content_hash]))
                self._store(job_id, [page], [made])
        return has_turn

    def _store(
        self, job_id: str, pages: list[PageToProcess], made: list[ProcessedPage | None]
    ) -> None:
        processed = [document for document in made if document is not None]
        done = {document.id for document in processed}
        failed = [page.id for page in pages if page.id not in done]
        self._pages.store_processed(job_id, processed, failed)


def _documents(
    pages: list[PageToProcess], bodies: dict[bytes, bytes]
) -> list[ProcessedPage | None]:
    """The documents of a batch, in one visit to a thread."""
    return [_document(page, dict(bodies)) for page in pages]


def _document(page: PageToProcess, bodies: dict[bytes, bytes]) -> ProcessedPage | None:
    """A page's document; None where it can't be made. Takes the page's body out of `bodies`.

    The converter promises not to raise; should it do so after all, one page has no Markdown
    rather than nine others waiting for it.
    """
    if page.content_hash not in bodies:
        log.error("no body is kept for page %d", page.id)
        return None
    try:
        document = make_document(
            bodies.pop(page.content_hash),  # no longer held than it takes to read it
            page.content_type,
            page.url,
            is_parsable=page.is_parsable,
        )
        markdown = document.markdown.encode("utf-8", "replace")
    except Exception:
        log.exception("page %d can't be converted", page.id)
        return None
    return ProcessedPage(
        id=page.id,
        title=one_line(document.title, 300),
        description=one_line(document.description, 1_000),
        language=one_line(document.language, 35),
        markdown=pack(markdown),
        length=len(document.markdown),
        units=fingerprints(document.markdown),
        metadata=document.metadata,
    )
