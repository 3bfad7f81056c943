"""Event streams: the job's log from a resume point on, then live, for programs and for the page.

    stream_connected → everything after the resume point → live … heartbeat … → done

A viewer is a cursor. A stream may end at any time without `done` (the worker stops, the stream
is old, the client is slow, the database is away): whoever watches resumes after the last id.
"""

import random
import time
from collections.abc import Callable, Iterator
from functools import lru_cache

from flask import Blueprint, Response, request

from crawler.domain.errors import FieldError, InvalidRequest
from crawler.domain.events import EventName, LoggedEvent, sse_frame, sse_notice
from crawler.runtime.feeds import Feed, Viewer
from crawler.storage.database import Outage
from crawler.storage.jobs import Watched
from crawler.web.problems import Unavailable
from crawler.web.render import live_block
from crawler.web.requests import parse_number
from crawler.web.services import services

HEARTBEAT_SECONDS = 10.0
MOST_VIEWERS = 1_000
"""Streams that one worker keeps open."""

_ROTATION_SECONDS = (300.0, 600.0)
_RETRY_MS = (500, 1_500)
_STALLED_SECONDS = 30.0
_HEADERS = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}

blueprint = Blueprint("stream", __name__)


@blueprint.get("/api/v4/jobs/<job_id>/stream")
def events(job_id: str) -> Response:
    """The job's events as an event stream (HTML Standard, section 9.2)."""
    feed, watched = services().runtime.feeds.open(job_id)
    header = request.headers.get("Last-Event-ID")
    cursor = _resume_point(header, watched)
    if header is not None and watched.ended and int(header) == watched.last_event_id:
        # The one answer that stops a native EventSource, which comes back after `done`.
        return Response(status=204)
    services().runtime.wake_if_active(job_id, watched)
    return _stream(feed, watched, cursor, _frame)


@blueprint.get("/jobs/<job_id>/live")
def live(job_id: str) -> Response:
    """The same as HTML for the job's page; ends with `done`, never by 204."""
    feed, watched = services().runtime.feeds.open(job_id)
    cursor = _resume_point(request.headers.get("Last-Event-ID"), watched)
    services().runtime.wake_if_active(job_id, watched)
    return _stream(feed, watched, cursor, _block)


def _resume_point(header: str | None, watched: Watched) -> int:
    """The larger of the two ways to name it.

    Raises:
        InvalidRequest: when one is not a number, or above the job's last id.
    """
    cursor = 0
    for name, text in (("Last-Event-ID", header), ("after", request.args.get("after"))):
        if text is not None:
            given = parse_number(name, text)
            if given > watched.last_event_id:
                last = watched.last_event_id
                raise InvalidRequest(FieldError(name, f"is above the last id, {last}"))
            cursor = max(cursor, given)
    return cursor


def _stream(
    feed: Feed, watched: Watched, cursor: int, render: Callable[[LoggedEvent], str]
) -> Response:
    if services().runtime.feeds.viewers >= MOST_VIEWERS:
        raise Unavailable("Too many viewers just now.", code="too-many-viewers")
    bound_sending()
    hello = _hello(feed.job_id, watched)
    viewer = services().runtime.feeds.join(feed, cursor)
    body = _follow(viewer, hello, render, services().runtime.stopping.is_set)
    response = Response(body, mimetype="text/event-stream", headers=_HEADERS)
    response.call_on_close(viewer.leave)
    return response


def _follow(
    viewer: Viewer,
    hello: str,
    render: Callable[[LoggedEvent], str],
    is_stopping: Callable[[], bool],
) -> Iterator[str]:
    yield hello
    now = time.monotonic()
    ends_at = now + random.uniform(*_ROTATION_SECONDS)
    beat_at = now + HEARTBEAT_SECONDS
    while not is_stopping() and now < ends_at:
        try:
            found = viewer.next(max(0.0, min(beat_at, ends_at) - now))
        except Outage:
            return
        if found:
            yield "".join(map(render, found))
        elif viewer.is_done:
            yield _notice(viewer.feed.job_id, EventName.DONE)
            return
        now = time.monotonic()
        if now >= beat_at:
            beat_at = now + HEARTBEAT_SECONDS
            yield _notice(viewer.feed.job_id, EventName.HEARTBEAT)


def _hello(job_id: str, watched: Watched) -> str:
    job = services().jobs.get(job_id)
    data = {
        "jobId": job_id,
        "at": _now(),
        "url": job.url,
        "status": str(watched.status),
        "lastEventId": watched.last_event_id,
    }
    return f"retry: {random.randint(*_RETRY_MS)}\n" + sse_notice(EventName.STREAM_CONNECTED, data)


def _notice(job_id: str, name: EventName) -> str:
    return sse_notice(name, {"jobId": job_id, "at": _now()})


def _now() -> str:
    moment = time.time()
    seconds = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(moment))
    return f"{seconds}.{int(moment * 1000) % 1000:03d}Z"


@lru_cache(maxsize=1_024)
def _frame(event: LoggedEvent) -> str:
    """Encoded once per worker, however many watch."""
    return sse_frame(event)


@lru_cache(maxsize=512)
def _block(event: LoggedEvent) -> str:
    return live_block(event)


def bound_sending() -> None:
    """A client that takes nothing for half a minute is gone, or comes back and resumes."""
    connection = request.environ.get("gunicorn.socket")
    if connection is not None:
        connection.settimeout(_STALLED_SECONDS)
