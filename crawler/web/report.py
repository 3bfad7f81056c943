"""A job's report: every URL and link accounted for, as JSON, as a table (CSV) and as a page."""

from typing import Any

from flask import Response, jsonify, render_template, request, url_for
from flask.typing import ResponseReturnValue

from crawler.domain.errors import FieldError, InvalidRequest
from crawler.exports.wording import why_partial
from crawler.storage.reports import LinksByReason, Report, UrlsByReason
from crawler.storage.sitemap_queue import DEEPEST_LEVEL, MOST_SITEMAPS
from crawler.web.csv_rows import csv_chunks
from crawler.web.describe import bold_choices, describe_crawl
from crawler.web.download import file_name, streamed
from crawler.web.services import services

_TYPES = {"json": "application/json", "csv": "text/csv"}


def show(job_id: str) -> Response:
    """The report as JSON; as CSV, if that is asked for or accepted, a line for each URL."""
    if _format() == "csv":
        return table(job_id)
    return jsonify(report_json(services().reports.report(job_id)))


def page(job_id: str) -> ResponseReturnValue:
    """The report for people."""
    report = services().reports.report(job_id)
    job = report.job
    return render_template(
        "report.html",
        job=job,
        base=url_for("pages.job", job_id=job_id),
        described=describe_crawl(job.urls, job.options),
        bold=bold_choices(job.options),
        report=report,
        most_sitemaps=MOST_SITEMAPS,
        most_indexes=DEEPEST_LEVEL,
    )


def table(job_id: str) -> Response:
    """Every URL of the job as a CSV file, sent slice by slice."""
    here = services()
    job = here.jobs.get(job_id)
    chunks = (text.encode() for text in csv_chunks(here.reports.urls(job_id)))
    name = file_name(job.url, "partial.csv" if why_partial(job) else "csv")
    return streamed(job_id, chunks, "text/csv; charset=utf-8; header=present", name)


def report_json(report: Report) -> dict[str, Any]:
    """A report as the API shows it."""
    job = report.job
    return {
        "jobId": job.id,
        "url": job.url,
        "status": str(job.status),
        "lastEventId": job.last_event_id,
        "totals": job.totals.as_json(),
        "urls": [_urls_json(each) for each in report.urls],
        "links": [_links_json(each) for each in report.links],
        "robots": [{"id": row.id, "url": row.url, "rule": row.detail} for row in report.blocked],
        "beyondDepth": report.beyond,
        "patterns": [
            {"pattern": each.pattern, "urls": each.urls, "leftOut": each.left_out}
            for each in report.patterns
        ],
        "patternCount": report.pattern_count,
        "sitemaps": [
            {
                "url": each.url,
                "state": each.state,
                "reason": each.reason,
                "urls": each.urls,
                "isBroken": each.is_broken,
            }
            for each in report.sitemaps
        ],
        "sitemapCount": report.sitemap_count,
        "sitemapsLeftOut": report.sitemaps_left_out,
    }


def _urls_json(part: UrlsByReason) -> dict[str, Any]:
    return {
        "reason": part.reason,
        "explanation": part.explanation,
        "count": part.count,
        "samples": [row.as_json() for row in part.samples],
    }


def _links_json(part: LinksByReason) -> dict[str, Any]:
    return {
        "reason": part.reason,
        "explanation": part.explanation,
        "count": part.count,
        "samples": [{"url": link.url, "foundOn": link.found_on} for link in part.samples],
    }


def _format() -> str:
    """`format` where it is given, else what `Accept` prefers.

    Raises:
        InvalidRequest: for a format that there is not.
    """
    given = request.args.get("format")
    if given is None:
        best = request.accept_mimetypes.best_match(list(_TYPES.values()))
        return "csv" if best == _TYPES["csv"] else "json"
    if given not in _TYPES:
        raise InvalidRequest(FieldError("format", f"must be {' or '.join(_TYPES)}"))
    return given
