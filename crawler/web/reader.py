"""One page of a crawl to read, in five views: `?view=` of these, each a link that works by itself.

    read       its Markdown as a text
    markdown   the Markdown itself
    html       what the site sent, as text
    metadata   all that is known of it
    links      where it leads, and what leads to it

What strangers wrote is rendered in `rendering`, in a thread of the viewer's own: neither viewers'
streams nor the processing of pages wait for a long text.
"""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from flask import render_template, request, url_for
from flask.typing import ResponseReturnValue
from markupsafe import Markup

from crawler.aside import aside
from crawler.content.charset import decode
from crawler.domain.errors import FieldError, InvalidRequest, UnknownPage
from crawler.domain.model import Outcome, PageRow, StoredLink, StoredPage
from crawler.domain.reasons import explain
from crawler.storage.reading import KnownPage
from crawler.web import rendering
from crawler.web.download import attachment, file_name
from crawler.web.markdown_view import blocks
from crawler.web.page_facts import facts
from crawler.web.page_views import stored_page
from crawler.web.requests import parse_number
from crawler.web.services import services
from crawler.web.words import clock, counted

VIEWS: Mapping[str, str] = {
    "read": "Read",
    "markdown": "Markdown",
    "html": "Original",
    "metadata": "Metadata",
    "links": "Links",
}
MOST_SHOWN = 1_000_000
"""Characters of a text that a view shows; the files have all of it."""

_MOST_LINKS = 5_000
"""Links of a page that are looked up and listed."""

_MOST_LINKING = 100
_MOST_OUTLINE = 200
_PAGES = (Outcome.FETCHED, Outcome.CACHED)

_Parts = dict[str, Any]


class LinkOut(NamedTuple):
    """A link of a page, and the page of the crawl that it leads to."""

    link: StoredLink
    page: KnownPage | None


def page(job_id: str, page_id: int) -> ResponseReturnValue:
    """The page viewer.

    Raises:
        UnknownJob, UnknownPage.
        InvalidRequest: for a view that there is not.
    """
    here, view = services(), _view()
    job, stored = here.jobs.get(job_id), stored_page(job_id, page_id)
    return render_template(
        "page.html",
        job=job,
        base=url_for("pages.job", job_id=job_id),
        page=stored,
        view=view,
        views=VIEWS,
        around=here.reading.neighbours(job_id, page_id, stored.links),
        missing=_why_missing(stored),
        **_PARTS[view](job_id, stored),
    )


def original(job_id: str, page_id: int) -> ResponseReturnValue:
    """What the site sent, as a file of plain text: never as a page, which would act in our name.

    Raises:
        UnknownJob, UnknownPage: also where the body is not kept.
    """
    stored = stored_page(job_id, page_id)
    text = _body_text(stored.row)
    if text is None:
        raise UnknownPage
    name = file_name(stored.row.url, "html.txt")
    return attachment([text], "text/plain; charset=utf-8", name)


def _view() -> str:
    view = request.args.get("view", "read")
    if view not in VIEWS:
        raise InvalidRequest(FieldError("view", f"must be one of {', '.join(VIEWS)}"))
    return view


def _position() -> int:
    """The page after which the list of those that link here goes on; 0 is its beginning."""
    text = request.args.get("after", "")
    return parse_number("after", text) if text else 0


def _read(job_id: str, stored: StoredPage) -> _Parts:
    """The rendered text; where that takes too long, the Markdown in its place."""
    here, markdown = services(), stored.markdown or ""
    base_url = stored.row.final_url or stored.row.url
    parsed = aside(rendering.parse, markdown, base_url)
    if parsed is None:
        return {"text": None, "outline": (), "rest": blocks(markdown[:MOST_SHOWN])}
    known = here.reading.known(job_id, parsed.targets[:_MOST_LINKS])
    pages = {url: page.id for url, page in known.items() if page.outcome in _PAGES}
    folder = url_for("pages.job", job_id=job_id) + "/pages/"
    text = aside(rendering.to_html, parsed, pages, folder)
    return {
        "text": Markup(text),
        "outline": parsed.headings[:_MOST_OUTLINE],
        "rest": blocks(parsed.rest[:MOST_SHOWN]),
    }


def _markdown(job_id: str, stored: StoredPage) -> _Parts:
    markdown = stored.markdown or ""
    return {"blocks": blocks(markdown[:MOST_SHOWN]), "is_cut": len(markdown) > MOST_SHOWN}


def _html(job_id: str, stored: StoredPage) -> _Parts:
    text = _body_text(stored.row)
    return {
        "source": None if text is None else text[:MOST_SHOWN],
        "is_cut": len(text or "") > MOST_SHOWN,
    }


def _body_text(row: PageRow) -> str | None:
    """What the site sent, decoded; None where it is not kept."""
    if row.content_hash is None:
        return None
    here, key = services(), bytes.fromhex(row.content_hash)
    body = here.runtime.bodies.get([key]).get(key)
    if body is None:
        return None
    text: str = aside(decode, body, row.content_type)
    return text


def _metadata(job_id: str, stored: StoredPage) -> _Parts:
    return {
        "facts": list(facts(stored)),
        "found_on": _other(job_id, stored.row.found_on),
        "duplicate_of": _other(job_id, stored.row.duplicate_of),
    }


def _links(job_id: str, stored: StoredPage) -> _Parts:
    """Links to other pages of the crawl, and those elsewhere, in the page's order; then what links
    here."""
    here, looked_up = services(), stored.links[:_MOST_LINKS]
    known = here.reading.known(job_id, (link.url for link in looked_up))
    found = [LinkOut(link, known.get(link.url)) for link in looked_up]
    return {
        "inside": [each for each in found if each.page and each.page.id != stored.row.id],
        "outside": [each for each in found if not each.page],
        "more": len(stored.links) - len(looked_up),
        "linking": here.links.links_to(job_id, stored.row.id, _MOST_LINKING, _position()),
        "linking_count": here.links.count_links_to(job_id, stored.row.id),
        "most_linking": _MOST_LINKING,
    }


_PARTS: Mapping[str, Callable[[str, StoredPage], _Parts]] = {
    "read": _read,
    "markdown": _markdown,
    "html": _html,
    "metadata": _metadata,
    "links": _links,
}


def _other(job_id: str, page_id: int | None) -> PageRow | None:
    """The page that linked here first, or the same one; it may have gone into another by now."""
    if page_id is None:
        return None
    try:
        return services().pages.page(job_id, page_id).row
    except UnknownPage:
        return None


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
