"""What is taken away of one page: its Markdown as a file."""

from flask.typing import ResponseReturnValue

from crawler.domain.errors import UnknownPage
from crawler.domain.model import StoredPage
from crawler.web.download import attachment, file_name
from crawler.web.services import services

_LARGEST_ID = 2**63 - 1


def page_markdown(job_id: str, page_id: int) -> ResponseReturnValue:
    """One page's Markdown as a file."""
    stored = stored_page(job_id, page_id)
    if stored.markdown is None:
        raise UnknownPage
    return attachment(
        [stored.markdown], "text/markdown; charset=utf-8", file_name(stored.row.url, "md")
    )


def stored_page(job_id: str, page_id: int) -> StoredPage:
    """One URL of a job with all that was kept of it.

    Raises:
        UnknownJob, UnknownPage.
    """
    if page_id > _LARGEST_ID:
        raise UnknownPage
    return services().pages.page(job_id, page_id)
