"""Search in a crawl's pages: for people, live as they type, and for programs."""

from typing import Any

from flask import Response, jsonify, render_template, request, url_for
from flask.typing import ResponseReturnValue

from crawler.domain.errors import InvalidRequest
from crawler.domain.queries import MOST_CHARACTERS, parse_query
from crawler.storage.search import Found, SearchResult
from crawler.web.requests import number
from crawler.web.services import services

_SHOWN = 10
_MOST_SHOWN = 100
_FURTHEST = 10_000
"""How far results are paged through: a query that is more precise leads further."""


def page(job_id: str) -> ResponseReturnValue:
    """The search field and what it finds, a page of it at a time."""
    q = request.args.get("q", "")
    after = number("cursor", 0, high=_FURTHEST)
    result, mistake = None, ""
    try:
        result = _search(job_id, q, after, _SHOWN) if q.strip() else None
    except InvalidRequest as problem:
        mistake = problem.errors[0].message
    job, coverage = services().search.coverage(job_id) if result is None else (
        result.job, result.coverage
    )
    return render_template(
        "search.html",
        job=job,
        base=url_for("pages.job", job_id=job_id),
        q=q,
        most_characters=MOST_CHARACTERS,
        mistake=mistake,
        coverage=coverage,
        result=result,
        after=after,
        next_cursor=result and _following(result, after, _SHOWN),
    )


def show(job_id: str) -> Response:
    """The same as JSON."""
    after = number("cursor", 0, high=_FURTHEST)
    limit = number("limit", _SHOWN, low=1, high=_MOST_SHOWN)
    result = _search(job_id, request.args.get("q", ""), after, limit)
    following = _following(result, after, limit)
    return jsonify(
        results=[_result_json(found) for found in result.found],
        nextCursor=None if following is None else str(following),
        total=result.total,
        searched=result.coverage.searched,
        pages=result.coverage.pages,
    )


def _search(job_id: str, q: str, after: int, limit: int) -> SearchResult:
    """What matches; whoever searches has the pages put into the index that are not there yet.

    Raises:
        UnknownJob: when there is no such job.
        InvalidRequest: when the query holds no word, or is too long.
    """
    here = services()
    result = here.search.search(job_id, parse_query(q), after, limit)
    if not result.coverage.is_complete:
        here.runtime.indexing.wake(job_id)
    return result


def _following(result: SearchResult, after: int, limit: int) -> int | None:
    following = after + limit
    return following if following < min(result.total, _FURTHEST) else None


def _result_json(found: Found) -> dict[str, Any]:
    return {
        "id": found.id,
        "url": found.url,
        "title": found.title,
        "rank": round(found.rank, 6),
        "snippet": [{"text": part.text, "match": part.match} for part in found.snippet],
    }
