"""The first page: the form for a new crawl, and the list of crawls."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from flask import redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from crawler.domain.errors import FieldError, InvalidRequest, UnknownJob
from crawler.domain.lifecycle import TERMINAL
from crawler.domain.options import JobRequest, parse_job_request
from crawler.web.describe import bold_choices, describe_crawl
from crawler.web.forms import CHOICES, as_request, blank_form, follow_choice, is_list, open_groups
from crawler.web.services import new_job, services
from crawler.web.try_out import Trial, try_out

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
    "include": "The list of include rules",
    "exclude": "The list of exclude rules",
    "sitemap": "The use of sitemaps",
    "maxAgeSeconds": "The age",
    "headers": "The list of headers",
    "cookies": "The list of cookies",
    "ignoreRobots": "Ignoring robots.txt",
    "contentSelector": "The selector of the content",
    "removeSelectors": "The list of selectors to leave out",
}


class Plan(NamedTuple):
    """What would be crawled, in words, or what is in the way."""

    text: str = ""
    bold: Sequence[str] = ()
    error: str = ""


_NO_ADDRESS = Plan("Paste an address to see what will be crawled.")


def index() -> ResponseReturnValue:
    """The form, filled in from the query where a link brings an address, and the list."""
    form = _blank() | {"url": request.args.get("url", "")}
    return _show(form)


def plan() -> ResponseReturnValue:
    """What the form as it stands would crawl, for the line below the field."""
    return render_template("plan.html", plan=_plan(request.form))


def trial() -> ResponseReturnValue:
    """What the rules make of the examples: alone for htmx, else within the form as it stands."""
    form = _blank() | request.form.to_dict()
    tried = _tried(form)
    if request.headers.get("HX-Request") == "true":
        return render_template("tried.html", tried=tried)
    return _show(follow_choice(form), tried=tried)


def create() -> ResponseReturnValue:
    """Makes the crawl and leads to its page, or shows the form again with what is wrong."""
    form = request.form.to_dict()
    try:
        job, _ = new_job(as_request(form))
    except InvalidRequest as problem:
        return _show(follow_choice(_blank() | form), _messages(problem.errors)), 400
    return redirect(url_for("pages.job", job_id=job.id), 303)


def _show(
    form: Mapping[str, str], errors: Mapping[str, str] | None = None, tried: Trial | None = None
) -> str:
    before = request.args.get("before", "")
    jobs = _page_of_jobs(before)
    shown = jobs[:_JOBS_A_PAGE]
    return render_template(
        "index.html",
        form=form,
        errors=errors or {},
        plan=Plan() if errors else _plan(form),
        tried=tried or Trial(),
        choices=CHOICES,
        examples=_EXAMPLES,
        open_groups=open_groups(form, _blank(), errors or {}),
        may_ignore_robots=services().policy.allow_ignore_robots,
        jobs=shown,
        any_active=any(job.status not in TERMINAL for job in shown),
        before=before or None,
        older=shown[-1].id if len(jobs) > _JOBS_A_PAGE else None,
    )


def _blank() -> dict[str, str]:
    return blank_form(services().policy.max_pages)


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
        wanted = _wanted(form)
    except InvalidRequest as problem:
        return Plan(error=next(iter(_messages(problem.errors).values())))
    return Plan(describe_crawl(wanted.urls, wanted.options), bold_choices(wanted.options))


def _tried(form: Mapping[str, str]) -> Trial:
    try:
        wanted = _wanted(form)
    except InvalidRequest as problem:
        return Trial(error=next(iter(_messages(problem.errors).values())))
    return try_out(wanted, form["examples"], services().policy.denied)


def _wanted(form: Mapping[str, str]) -> JobRequest:
    return parse_job_request(as_request(form), services().policy)


def _messages(errors: tuple[FieldError, ...]) -> dict[str, str]:
    """What is wrong, by field, as sentences for the person who filled the form in."""
    return {each.field: sentence(each) for each in errors}


def sentence(error: FieldError) -> str:
    """What is wrong with a field, for the person who filled it in."""
    message = error.message.replace(" or null", ", or empty").replace("must be a list of", "needs")
    return f"{_NAMES.get(error.field, error.field)} {message}."
