"""Function 3: process content. Bodies become Markdown and metadata, each page's once.

Answers after the content is stored, so that the caller may repeat a call that got no answer:
a page that was processed meanwhile is left as it is.
"""

import logging
from collections.abc import Callable

from crawler.content.document import make_document, with_alternate
from crawler.domain.furniture import fingerprints
from crawler.domain.selectors import NO_SELECTORS, Selectors
from crawler.domain.text import one_line
from crawler.functions.process_wire import ProcessCall
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

    def __call__(self, call: ProcessCall) -> list[int]:
        """Processes pages and stores what came of them; returns the ids of those it left.

        After large pages it leaves the rest, and large pages whose turn does not come: so it
        answers in time. It also leaves those that it made by selectors which the job no longer has.

        Raises:
            UnknownJob: when the job is gone.
        """
        deadline = self._monotonic() + TURN_SECONDS
        waiting, outdated = call.pages, list[PageToProcess]()
        while waiting:
            bodies = self._bodies.get([page.content_hash for page in waiting], MOST_BYTES)
            # What is not among them waits for the next round; if none is, none is kept at all.
            read = [page for page in waiting if page.content_hash in bodies] or waiting
            bodies.update(self._alternates(read))
            large = [page for page in read if is_large(bodies.get(page.content_hash, b""))]
            small = [page for page in read if page not in large]
            if small and not self._process(call, small, bodies):
                outdated += small
            waiting = [page for page in waiting if page not in read]
            bodies.clear()
            if large:
                late = [page for page in large if not self._process_large(call, page, deadline)]
                return [page.id for page in (*outdated, *late, *waiting)]
        return [page.id for page in outdated]

    def _process(
        self, call: ProcessCall, pages: list[PageToProcess], bodies: dict[bytes, bytes]
    ) -> bool:
        """Whether what came of pages was stored."""
        made = self._room.work(_documents, pages, bodies, call.selectors)
        return self._store(call, pages, made)

    def _process_large(self, call: ProcessCall, page: PageToProcess, deadline: float) -> bool:
        """Whether the page's turn came, and what came of it was stored. Its body is read again
        then: many may wait for theirs."""
        with self._room.turn(deadline - self._monotonic()) as has_turn:
            if not has_turn:
                return False
            bodies = self._bodies.get([page.content_hash]) | self._alternates([page])
            made = self._room.work(_document, page, bodies, call.selectors)
            return self._store(call, [page], [made])

    def _alternates(self, pages: list[PageToProcess]) -> dict[bytes, bytes]:
        """The Markdown forms of pages: small, and few pages have one."""
        hashes = [page.alternate_hash for page in pages if page.alternate_hash]
        return self._bodies.get(hashes) if hashes else {}

    def _store(
        self, call: ProcessCall, pages: list[PageToProcess], made: list[ProcessedPage | None]
    ) -> bool:
        processed = [document for document in made if document is not None]
        done = {document.id for document in processed}
        failed = [page.id for page in pages if page.id not in done]
        return self._pages.store_processed(call.job_id, processed, failed, call.selectors)


def _documents(
    pages: list[PageToProcess], bodies: dict[bytes, bytes], selectors: Selectors
) -> list[ProcessedPage | None]:
    """The documents of a batch, in one visit to a thread."""
    return [_document(page, dict(bodies), selectors) for page in pages]


def _document(
    page: PageToProcess, bodies: dict[bytes, bytes], selectors: Selectors
) -> ProcessedPage | None:
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
            selectors=selectors,
        )
        # Selectors are about HTML: who gave some wants what they choose.
        if page.alternate_hash in bodies and selectors == NO_SELECTORS:
            document = with_alternate(
                document, bodies[page.alternate_hash], page.alternate_url or page.url, page.url
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
        # What a user chose is never taken for what the site has on all of its pages.
        units=b"" if document.matched else fingerprints(document.markdown),
        metadata=document.metadata,
    )
