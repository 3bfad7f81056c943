"""One page of a crawl, to read and to take away."""

from flask import render_template, url_for
from flask.typing import ResponseReturnValue

from crawler.domain.errors import UnknownPage
from crawler.domain.model import Outcome, PageRow, StoredPage
from crawler.domain.reasons import explain
from crawler.web.download import attachment, file_name
from crawler.web.markdown_view import blocks
from crawler.web.services import services
from crawler.web.words import clock, counted, host_of

_MOST_LINKS = 500
_LARGEST_ID = 2**63 - 1


def page(job_id: str, page_id: int) -> ResponseReturnValue:
    """The page viewer."""
    here = services()
    job = here.jobs.get(job_id)
    stored = stored_page(job_id, page_id)
    return render_template(
        "page.html",
        job=job,
        base=url_for("pages.job", job_id=job_id),
        page=stored,
        blocks=blocks(stored.markdown or ""),
        missing=_why_missing(stored),
        found_on=_other(job_id, stored.row.found_on),
        duplicate_of=_other(job_id, stored.row.duplicate_of),
        outside=_links_to_other_sites(stored),
        most_links=_MOST_LINKS,
    )


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


def _other(job_id: str, page_id: int | None) -> PageRow | None:
    """The page that linked here first, or the same one; it may have gone into another by now."""
    if page_id is None:
        return None
    try:
        return services().pages.page(job_id, page_id).row
    except UnknownPage:
        return None


def _links_to_other_sites(stored: StoredPage) -> int:
    here = host_of(stored.row.final_url or stored.row.url)
    return sum(host_of(link.url) != here for link in stored.links)


def _why_missing(stored: StoredPage) -> str:
    row = stored.row
    if row.outcome is None:
        return _why_waiting(row)
    if row.outcome in (Outcome.FAILED, Outcome.SKIPPED):
        return f"There is no content: {explain(row.reason or '')}."
    if row.content == "failed":
        return "The page was fetched, but it could not be turned into Markdown."
    if stored.markdown == "":
        return "The page was fetched, and it holds no text."
    return "The page was fetched; its Markdown will be ready in a moment."


def _why_waiting(row: PageRow) -> str:
    if row.not_before is None:
        return "This page waits for its turn."
    tries = counted(row.attempts, "time")
    return f"Tried {tries} without an answer; it is tried again at {clock(row.not_before)} UTC."
