"""What people do with a crawl: plain forms that lead back to its page, or spare the reload.

A button of the live page sends `HX-Request`: the answer is then empty, since the stream tells of
the change, or says in a sentence why it was not possible.
"""

from collections.abc import Callable

from flask import redirect, request, url_for
from flask.typing import ResponseReturnValue

from crawler.domain.errors import Conflict
from crawler.domain.options import parse_resume
from crawler.web.forms import as_changes
from crawler.web.job_views import NOTICES
from crawler.web.services import change_job, services


def pause(job_id: str) -> ResponseReturnValue:
    """Stops fetching until somebody resumes."""
    return _act(job_id, lambda: services().jobs.pause(job_id))


def cancel(job_id: str) -> ResponseReturnValue:
    """Ends the crawl; what it has stays."""
    return _act(job_id, lambda: services().jobs.cancel(job_id))


def resume(job_id: str) -> ResponseReturnValue:
    """Goes on with a paused or ended crawl."""
    return _act(job_id, lambda: _resume(job_id, retry_failed=False))


def go_on(job_id: str) -> ResponseReturnValue:
    """Raises the limits that the form names, then resumes; or tries again what failed."""
    retry = parse_resume({"retry": request.form["retry"]} if "retry" in request.form else {})
    changes = as_changes(request.form)

    def change_and_resume() -> None:
        if changes:
            change_job(job_id, changes)
        _resume(job_id, retry_failed=retry)

    return _act(job_id, change_and_resume)


def delete(job_id: str) -> ResponseReturnValue:
    """Removes the crawl with all its pages."""
    services().jobs.delete(job_id)
    services().runtime.forget(job_id)
    return redirect(url_for("pages.index") + "#crawls", 303)


def _resume(job_id: str, *, retry_failed: bool) -> None:
    here = services()
    here.jobs.resume(job_id, retry_failed=retry_failed)
    here.runtime.wake(job_id)


def _act(job_id: str, change: Callable[[], None]) -> ResponseReturnValue:
    spares_reload = request.headers.get("HX-Request") == "true"
    try:
        change()
    except Conflict as conflict:
        if spares_reload:
            return NOTICES.get(conflict.code, NOTICES["wrong-state"]), 409
        return redirect(url_for("pages.job", job_id=job_id, notice=conflict.code), 303)
    return "" if spares_reload else redirect(url_for("pages.job", job_id=job_id), 303)
