"""The HTTP API: jobs, their events, their pages (docs/api.md)."""

import json
from collections.abc import Iterator
from typing import Any

from flask import Blueprint, Response, jsonify, request, url_for

from crawler.domain.errors import FieldError, InvalidRequest, Problem
from crawler.domain.model import Job, StoredPage, iso
from crawler.domain.options import parse_resume
from crawler.domain.reasons import is_reason
from crawler.storage.pages import PageFilter
from crawler.web import comparison, exporting, report, search_views, selecting
from crawler.web.cursors import job_cursor, read_job_cursor
from crawler.web.page_metadata import metadata_json
from crawler.web.requests import json_body, number, optional_json_body, row_limit
from crawler.web.services import change_job, new_job, services

blueprint = Blueprint("api", __name__, url_prefix="/api/v4")

_OUTCOMES = ("fetched", "cached", "failed", "skipped", "pending")
_INCLUDES = frozenset({"markdown", "metadata", "links"})
_MOST_CHARACTERS = 8 * 2**20
"""Of an answer with whole pages; then it is continued by `nextCursor`."""

_PAGES_A_READ = 25


def job_json(job: Job) -> dict[str, Any]:
    """A job as the API shows it."""
    owner = job.owner
    return {
        "id": job.id,
        "url": job.url,
        "urls": list(job.urls),
        "status": str(job.status),
        "options": job.options.as_json(),
        "totals": job.totals.as_json(),
        "lastEventId": job.last_event_id,
        "owner": owner and {"host": owner.host, "pid": owner.pid, "epoch": owner.epoch},
        "createdAt": iso(job.created_at),
        "startedAt": job.started_at and iso(job.started_at),
        "finishedAt": job.finished_at and iso(job.finished_at),
        "error": job.error,
        "basedOn": job.based_on,
        "streamUrl": url_for("stream.events", job_id=job.id),
    }


@blueprint.post("/jobs")
def create() -> tuple[Response, int, dict[str, str]]:
    """A new job: 201, or 200 for a repeated Idempotency-Key."""
    job, is_new = new_job(json_body(), request.headers.get("Idempotency-Key"))
    location = {"Location": url_for("api.show", job_id=job.id)}
    return jsonify(job_json(job)), 201 if is_new else 200, location


@blueprint.get("/jobs")
def newest() -> Response:
    """All jobs, newest first."""
    limit = row_limit()
    cursor = request.args.get("cursor")
    jobs = services().jobs.newest(limit + 1, None if cursor is None else read_job_cursor(cursor))
    more = len(jobs) > limit
    shown = jobs[:limit]
    return jsonify(
        jobs=[job_json(job) for job in shown],
        nextCursor=job_cursor(shown[-1]) if more else None,
    )


@blueprint.get("/jobs/<job_id>")
def show(job_id: str) -> Response:
    """One job."""
    return jsonify(job_json(services().jobs.get(job_id)))


@blueprint.post("/jobs/<job_id>/pause")
def pause(job_id: str) -> Response:
    """Pauses a job."""
    optional_json_body()
    services().jobs.pause(job_id)
    return show(job_id)


@blueprint.post("/jobs/<job_id>/resume")
def resume(job_id: str) -> Response:
    """Goes on with a job."""
    services().jobs.resume(job_id, retry_failed=parse_resume(optional_json_body()))
    services().runtime.wake(job_id)
    return show(job_id)


@blueprint.post("/jobs/<job_id>/cancel")
def cancel(job_id: str) -> Response:
    """Ends a job."""
    optional_json_body()
    services().jobs.cancel(job_id)
    return show(job_id)


@blueprint.patch("/jobs/<job_id>")
def change(job_id: str) -> Response:
    """Changes limits and selectors, and adds exclude rules."""
    change_job(job_id, json_body())
    return show(job_id)


@blueprint.delete("/jobs/<job_id>")
def delete(job_id: str) -> tuple[str, int]:
    """Removes a job with all its data."""
    services().jobs.delete(job_id)
    services().runtime.forget(job_id)
    return "", 204


@blueprint.get("/jobs/<job_id>/events")
def events(job_id: str) -> Response:
    """Stored events after an id."""
    limit = row_limit()
    job = services().jobs.get(job_id)
    after = number("after", 0)
    if after > job.last_event_id:
        raise InvalidRequest(FieldError("after", f"is above the last id, {job.last_event_id}"))
    listed = services().jobs.events(job_id, after, limit)
    last = listed[-1].id if listed else after
    following = str(last) if last < job.last_event_id else "null"
    texts = ",".join(event.text for event in listed)
    return Response(
        f'{{"events":[{texts}],"nextCursor":{following}}}', mimetype="application/json"
    )


@blueprint.get("/jobs/<job_id>/pages")
def pages(job_id: str) -> Response:
    """Outcomes by URL; with `include` whole pages, as many as fit into an answer."""
    wanted = _filter()
    include = _include()
    after, limit = number("cursor", 0), row_limit()
    if include:
        return _whole_pages(job_id, wanted, include, after, limit)
    rows = services().pages.rows(job_id, wanted, after, limit + 1)
    more = len(rows) > limit
    shown = rows[:limit]
    return jsonify(
        pages=[row.as_json() for row in shown],
        nextCursor=str(shown[-1].id) if more else None,
    )


@blueprint.get("/jobs/<job_id>/pages/<int:page_id>")
def page(job_id: str, page_id: int) -> Response:
    """One page, as JSON or, if that is what is accepted, as Markdown."""
    stored = services().pages.page(job_id, page_id)
    best = request.accept_mimetypes.best_match(["application/json", "text/markdown"])
    if best != "text/markdown":
        shown = page_json(stored, _INCLUDES)
        shown["metadata"]["linksIn"] = services().links.count_links_to(job_id, page_id)
        return jsonify(shown)
    if stored.markdown is None:
        raise Problem(
            "This URL has no Markdown: see its outcome.",
            code="no-markdown",
            status=404,
            errors=(FieldError("pageId", "has no Markdown"),),
        )
    return Response(stored.markdown, content_type="text/markdown; charset=utf-8")


blueprint.add_url_rule("/jobs/<job_id>/report", "report", report.show)
blueprint.add_url_rule("/jobs/<job_id>/changes", "changes", comparison.show)
blueprint.add_url_rule(
    "/jobs/<job_id>/pages/<int:page_id>/changes", "page_changes", comparison.show_page
)
blueprint.add_url_rule("/jobs/<job_id>/export", "export", exporting.export)
blueprint.add_url_rule("/jobs/<job_id>/search", "search", search_views.show)
blueprint.add_url_rule(
    "/jobs/<job_id>/pages/<int:page_id>/try", "try", selecting.try_json, methods=["POST"]
)


def page_json(stored: StoredPage, include: frozenset[str]) -> dict[str, Any]:
    """A page as the API shows it, with the parts that were asked for."""
    shown = stored.row.as_json()
    if "markdown" in include:
        shown["markdown"] = stored.markdown
    if "metadata" in include:
        shown["metadata"] = metadata_json(stored)
    if "links" in include:
        shown["links"] = [
            {"url": link.url, "text": link.text, "rel": link.rel} for link in stored.links
        ]
    return shown


def _whole_pages(
    job_id: str, wanted: PageFilter, include: frozenset[str], after: int, limit: int
) -> Response:
    texts: list[str] = []
    size = 0
    following: str | None = None
    for stored in _read_whole(job_id, wanted, after, limit + 1):
        text = json.dumps(page_json(stored, include), separators=(",", ":"), ensure_ascii=False)
        if texts and (len(texts) == limit or size + len(text) > _MOST_CHARACTERS):
            following = str(after)
            break
        texts.append(text)
        size += len(text)
        after = stored.row.id
    body = f'{{"pages":[{",".join(texts)}],"nextCursor":{json.dumps(following)}}}'
    return Response(body.encode("utf-8", "replace"), mimetype="application/json")


def _read_whole(
    job_id: str, wanted: PageFilter, after: int, limit: int
) -> Iterator[StoredPage]:
    while limit > 0:
        read = services().pages.whole_pages(job_id, wanted, after, min(limit, _PAGES_A_READ))
        yield from read
        if len(read) < min(limit, _PAGES_A_READ):
            return
        limit -= len(read)
        after = read[-1].row.id


def _filter() -> PageFilter:
    outcome = request.args.get("outcome")
    if outcome is not None and outcome not in _OUTCOMES:
        raise InvalidRequest(FieldError("outcome", f"must be one of {', '.join(_OUTCOMES)}"))
    reason = request.args.get("reason")
    if reason is not None and not is_reason(reason):
        raise InvalidRequest(FieldError("reason", "is not one of the list in docs/api.md"))
    return PageFilter(outcome, request.args.get("q") or None, reason)


def _include() -> frozenset[str]:
    given = frozenset(filter(None, request.args.get("include", "").split(",")))
    if not given <= _INCLUDES:
        raise InvalidRequest(
            FieldError("include", f"must be made of {', '.join(sorted(_INCLUDES))}")
        )
    return given
