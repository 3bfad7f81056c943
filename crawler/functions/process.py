"""Function 3: process content. Bodies become Markdown and metadata, each page's once.

Answers after the content is stored, so that the caller may repeat a call that got no answer:
a page that was processed meanwhile is left as it is.
"""

import logging
from contextlib import nullcontext

from gevent.lock import BoundedSemaphore
from gevent.threadpool import ThreadPool

from crawler.content.document import make_document
from crawler.domain.text import one_line
from crawler.storage.bodies import BodyStore
from crawler.storage.packing import pack
from crawler.storage.pages import PageStore
from crawler.storage.results import PageToProcess, ProcessedPage

MOST_BYTES = 8 * 2**20
"""Bytes of bodies that are in hand at once, or one that is larger: a worker answers several calls,
and a document takes several times the size of its page while it is made."""

LARGE_BYTES = 2 * 2**20
"""More than this a worker makes documents of in one thread at a time: it takes twenty times it."""

log = logging.getLogger(__name__)


class ProcessFunction:
    """Answers process calls with what a worker has: threads and the database."""

    def __init__(self, bodies: BodyStore, pages: PageStore, threads: ThreadPool) -> None:
        self._bodies = bodies
        self._pages = pages
        self._threads = threads
        self._large = BoundedSemaphore()

    def __call__(self, job_id: str, pages: list[PageToProcess]) -> None:
        """Processes pages and stores what came of them, large ones a few at a time.

        Raises:
            UnknownJob: when the job is gone.
        """
        waiting = pages
        while waiting:
            bodies = self._bodies.get([page.content_hash for page in waiting], MOST_BYTES)
            # What is not among them waits for the next round; if none is, none is kept at all.
            read = [page for page in waiting if page.content_hash in bodies] or waiting
            self._process(job_id, read, bodies)
            done = {page.id for page in read}
            waiting = [page for page in waiting if page.id not in done]

    def _process(self, job_id: str, pages: list[PageToProcess], bodies: dict[bytes, bytes]) -> None:
        is_large = sum(map(len, bodies.values())) > LARGE_BYTES
        with self._large if is_large else nullcontext():
            made = self._threads.apply(_documents, (pages, bodies))
        processed = [document for document in made if document is not None]
        done = {document.id for document in processed}
        failed = [page.id for page in pages if page.id not in done]
        self._pages.store_processed(job_id, processed, failed)


def _documents(
    pages: list[PageToProcess], bodies: dict[bytes, bytes]
) -> list[ProcessedPage | None]:
    """The documents of a batch, in one visit to a thread."""
    return [_document(page, bodies.get(page.content_hash)) for page in pages]


def _document(page: PageToProcess, body: bytes | None) -> ProcessedPage | None:
    """A page's document; None where it can't be made.

    The converter promises not to raise; should it do so after all, one page has no Markdown
    rather than nine others waiting for it.
    """
    if body is None:
        log.error("no body is kept for page %d", page.id)
        return None
    try:
        document = make_document(
            body, page.content_type, page.url, is_parsable=page.is_parsable
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
    )
