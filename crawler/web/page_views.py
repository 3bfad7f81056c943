"""What is taken away of a crawl: one page's Markdown, or the whole crawl as one file."""

from collections.abc import Iterator

from flask import Response
from flask.typing import ResponseReturnValue

from crawler.domain.errors import UnknownPage
from crawler.domain.model import StoredPage
from crawler.web.download import document_text, file_name, preamble
from crawler.web.services import services

_LARGEST_ID = 2**63 - 1


def page_markdown(job_id: str, page_id: int) -> ResponseReturnValue:
    """One page's Markdown as a file."""
    stored = stored_page(job_id, page_id)
    if stored.markdown is None:
        raise UnknownPage
    return _markdown_file(iter([stored.markdown]), file_name(stored.row.url))


def crawl_markdown(job_id: str) -> ResponseReturnValue:
    """The crawl so far as one file, sent slice by slice."""
    here = services()
    job = here.jobs.get(job_id)

    def parts() -> Iterator[str]:
        yield preamble(job)
        for document in here.pages.documents(job_id):
            yield document_text(document)

    return _markdown_file(parts(), file_name(job.url))


def _markdown_file(parts: Iterator[str], name: str) -> Response:
    response = Response(parts, content_type="text/markdown; charset=utf-8")
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    response.headers["X-Content-Type-Options"] = "nosniff"
    return response


def stored_page(job_id: str, page_id: int) -> StoredPage:
    """One URL of a job with all that was kept of it.

    Raises:
        UnknownJob, UnknownPage.
    """
    if page_id > _LARGEST_ID:
        raise UnknownPage
    return services().pages.page(job_id, page_id)
