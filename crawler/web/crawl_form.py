"""The first page: the form for a new crawl, and the list of crawls."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from flask import Request, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from crawler.domain.errors import FieldError, InvalidRequest, UnknownJob, UnsupportedOption
from crawler.domain.lifecycle import TERMINAL
from crawler.domain.options import parse_job_request
from crawler.web.forms import CHOICES, MORE_FIELDS, as_request, blank_form, follow_choice, is_list
from crawler.web.services import services
from crawler.web.words import describe_crawl

_JOBS_A_PAGE = 20
_EXAMPLES = ("docs.python.org/3/tutorial/", "books.toscrape.com", "htmx.org/docs/")
"""Sites for somebody who has none at hand; nothing is asked of them until Crawl is pressed."""
_NAMES = {
    "url": "The address",
    "urls": "The list",
    "maxDepth": "The depth",
    "maxPages": "The number of pages",
    "timeLimitSeconds": "The time",
    "scope": "The scope",
    "concurrency": "The number of pages at once",
    "delayMs": "The pause",
}


class Plan(NamedTuple):
    """What would be crawled, in words, or what is in the way."""

    text: str = ""
    error: str = ""


_NO_ADDRESS = Plan("Paste an address to see what will be crawled.")


def index() -> ResponseReturnValue:
    """The form, filled in from the query where a link brings an address, and the list."""
    form = blank_form() | {"url": request.args.get("url", "")}
    return _show(form, {})


def plan() -> ResponseReturnValue:
    """What the form as it stands would crawl, for the line below the field."""
    return render_template("plan.html", plan=_plan(_typed(request)))


def create() -> ResponseReturnValue:
    """Makes the crawl and leads to its page, or shows the form again with what is wrong."""
    form = _typed(request)
    try:
        wanted = parse_job_request(as_request(form))
    except (InvalidRequest, UnsupportedOption) as problem:
        return _show(follow_choice(blank_form() | form), _messages(problem.errors)), 400
    here = services()
    job, _ = here.jobs.create(wanted)
    here.runtime.wake(job.id)
    return redirect(url_for("pages.job", job_id=job.id), 303)


def _typed(asked: Request) -> dict[str, str]:
    """The form's fields, each with its first value."""
    return asked.form.to_dict()


def _show(form: Mapping[str, str], errors: Mapping[str, str]) -> str:
    before = request.args.get("before", "")
    jobs = _page_of_jobs(before)
    shown = jobs[:_JOBS_A_PAGE]
    return render_template(
        "index.html",
        form=form,
        errors=errors,
        plan=Plan() if errors else _plan(form),
        choices=CHOICES,
        examples=_EXAMPLES,
        more_open=any(name in errors for name in MORE_FIELDS),
        jobs=shown,
        any_active=any(job.status not in TERMINAL for job in shown),
        before=before or None,
        older=shown[-1].id if len(jobs) > _JOBS_A_PAGE else None,
    )


def _page_of_jobs(before: str) -> list[Any]:
    store = services().jobs
    if not before:
        return store.newest(_JOBS_A_PAGE + 1)
    try:
        last = store.get(before)
    except UnknownJob:
        return store.newest(_JOBS_A_PAGE + 1)
    return store.newest(_JOBS_A_PAGE + 1, (last.created_at, last.id))


def _plan(form: Mapping[str, str]) -> Plan:
    typed = form.get("urls" if is_list(form) else "url", "")
    if not typed.strip():
        return _NO_ADDRESS
    try:
        wanted = parse_job_request(as_request(form))
    except (InvalidRequest, UnsupportedOption) as problem:
        return Plan(error=next(iter(_messages(problem.errors).values())))
    return Plan(describe_crawl(wanted.urls, wanted.options))


def _messages(errors: tuple[FieldError, ...]) -> dict[str, str]:
    """What is wrong, by field, as sentences for the person who filled the form in."""
    return {each.field: _sentence(each) for each in errors}


def _sentence(error: FieldError) -> str:
    message = error.message.replace(" or null", ", or empty").replace("must be a list of", "needs")
    return f"{_NAMES.get(error.field, error.field)} {message}."
