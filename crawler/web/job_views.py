"""A crawl as a page: live, and its URLs and events a page of them at a time."""

from datetime import UTC, datetime
from typing import Any

from flask import render_template, request, url_for
from flask.typing import ResponseReturnValue

from crawler.domain.errors import FieldError, InvalidRequest
from crawler.domain.lifecycle import JobStatus
from crawler.domain.model import Job, Outcome, ScopeKind
from crawler.domain.reasons import Reason, is_reason
from crawler.domain.urls import origin
from crawler.storage.pages import PageFilter, Snapshot
from crawler.storage.waits import HostWait
from crawler.web.describe import bold_choices, describe_crawl, left_out_phrases
from crawler.web.exporting import OFFERS
from crawler.web.going_on import ways_on
from crawler.web.render import view_event
from crawler.web.requests import parse_number
from crawler.web.services import services
from crawler.web.words import by_count

EVENTS_SHOWN = 100
ROWS_SHOWN = 200
_ROWS_A_PAGE = 200
_HOSTS_SHOWN = 3

_OUTCOMES = (
    ("", "All"),
    (Outcome.FETCHED, "Fetched"),
    (Outcome.FAILED, "Failed"),
    (Outcome.SKIPPED, "Skipped"),
    ("pending", "Waiting"),
)
NOTICES = {
    "wrong-state": "The crawl had moved on already, so that was not possible any more.",
    "nothing-to-do": "Nothing is left to do: raise a limit first, or try again what failed.",
    "same-selectors": "All pages are made by these selectors already.",
    "when-resumed": "The crawl is paused: its pages are made anew as soon as it goes on.",
    "too-many-jobs": "As many crawls run as may run at once; try again when one has ended.",
}


def job(job_id: str) -> ResponseReturnValue:
    """The live page: the state as of one event, and the stream from there on."""
    snapshot = services().pages.snapshot(job_id, events=EVENTS_SHOWN, rows=ROWS_SHOWN)
    job = snapshot.job
    return render_template(
        "job.html",
        **_head(snapshot),
        shows_hosts=spans_hosts(job),
        described=describe_crawl(job.urls, job.options),
        bold=bold_choices(job.options),
        waits=_waits(job),
        hosts_shown=_HOSTS_SHOWN,
        events=[view_event(event) for event in snapshot.events],
        newest=[row.as_json() for row in snapshot.newest],
        failures=[row.as_json() for row in reversed(snapshot.failures)],
        stream_url=url_for("stream.live", job_id=job.id, after=job.last_event_id),
        api=f"{_public_root()}/api/v4/jobs/{job.id}",
        offers=OFFERS,
        needs_token=services().settings.token is not None,
        notice=NOTICES.get(request.args.get("notice", ""), ""),
        now=datetime.now(UTC),
    )


def summary(job_id: str) -> ResponseReturnValue:
    """The page's head by itself, as a fragment for the live page."""
    snapshot = services().pages.snapshot(job_id, events=0, rows=0)
    return render_template("summary.html", **_head(snapshot))


def standing(job_id: str) -> ResponseReturnValue:
    """Status and last event, which an ended page that is left open asks for now and then."""
    return render_template("standing.html", job=services().jobs.get(job_id))


def waits(job_id: str) -> ResponseReturnValue:
    """Why a running crawl stands still: hosts that are asked again later, and when."""
    found = _waits(services().jobs.get(job_id))
    return render_template("waits.html", waits=found, hosts_shown=_HOSTS_SHOWN)


def urls(job_id: str) -> ResponseReturnValue:
    """All URLs of a crawl, by outcome and by a part of their address or title."""
    here = services()
    job = here.jobs.get(job_id)
    outcome, q, reason = _wanted()
    cursor = _position("cursor")
    wanted = PageFilter(outcome or None, q or None, reason or None)
    rows = here.pages.rows(job_id, wanted, cursor, _ROWS_A_PAGE + 1)
    return render_template(
        "urls.html",
        job=job,
        base=_base(job_id),
        shows_hosts=spans_hosts(job),
        rows=[row.as_json() for row in rows[:_ROWS_A_PAGE]],
        outcomes=_OUTCOMES,
        reasons=by_count(job.totals.reasons),
        outcome=outcome,
        reason=reason,
        q=q,
        cursor=cursor,
        next_cursor=rows[_ROWS_A_PAGE - 1].id if len(rows) > _ROWS_A_PAGE else None,
        page_length=_ROWS_A_PAGE,
    )


def log(job_id: str) -> ResponseReturnValue:
    """All events of a crawl, oldest first."""
    here = services()
    after = _position("after")
    return render_template(
        "log.html",
        job=here.jobs.get(job_id),
        base=_base(job_id),
        events=[view_event(event) for event in here.jobs.events(job_id, after, _ROWS_A_PAGE)],
        after=after,
        page_length=_ROWS_A_PAGE,
    )


def _wanted() -> tuple[str, str, str]:
    """Outcome, part of an address and reason, as the query asks; each may be empty."""
    names = ("outcome", "q", "reason")
    outcome, q, reason = (request.args.get(name, "").strip() for name in names)
    if outcome not in {value for value, _ in _OUTCOMES} | {Outcome.CACHED}:
        raise InvalidRequest(FieldError("outcome", "is not a known one"))
    if reason and not is_reason(reason):
        raise InvalidRequest(FieldError("reason", "is not a known one"))
    return outcome, q, reason


def _waits(job: Job) -> list[HostWait]:
    if job.status is not JobStatus.RUNNING:
        return []
    return services().waits.hosts(job.id, _HOSTS_SHOWN + 1)


def spans_hosts(job: Job) -> bool:
    """Whether paths alone would not tell the crawl's URLs apart."""
    is_wide = job.options.scope in (ScopeKind.DOMAIN, ScopeKind.ANY)
    return is_wide or len({origin(url) for url in job.urls}) > 1


def _public_root() -> str:
    """Where people reach this server, for addresses that leave the page."""
    told = services().settings.public_url or url_for("pages.index", _external=True)
    return told.rstrip("/")


def _base(job_id: str) -> str:
    return url_for("pages.job", job_id=job_id)


def _head(snapshot: Snapshot) -> dict[str, Any]:
    """What the live page's head shows, and shows anew when the stream is done."""
    job = snapshot.job
    return {
        "job": job,
        "base": _base(job.id),
        "phrases": left_out_phrases(job.options, snapshot.left_out, job.totals.queued),
        "links_out": snapshot.links_left_out.get(Reason.SCOPE, 0),
        "ways": ways_on(job, snapshot.left_out, services().policy.max_pages),
    }


def _position(name: str) -> int:
    """A place in a list, from the query; 0 is its beginning."""
    text = request.args.get(name, "")
    return parse_number(name, text) if text else 0
