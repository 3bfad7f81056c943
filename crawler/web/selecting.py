"""Content chosen by selectors: tried on one page, then used for all pages of a crawl.

    POST /api/v4/jobs/<id>/pages/<n>/try   what one page becomes, as JSON
    POST /jobs/<id>/pages/<n>/try          the same beside what is stored
    GET  /jobs/<id>/selectors              the crawl's selectors, to be changed
    POST /jobs/<id>/selectors              changes them; an ended crawl goes on, to make pages anew
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from flask import Response, jsonify, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from crawler.content.document import Document
from crawler.domain.errors import Conflict, InvalidRequest, Problem
from crawler.domain.lifecycle import TERMINAL, JobStatus
from crawler.domain.model import JobOptions
from crawler.domain.options import parse_selectors
from crawler.web.crawl_form import sentence
from crawler.web.forms import as_selectors, selectors_form
from crawler.web.markdown_view import Block, blocks
from crawler.web.page_views import stored_page
from crawler.web.reader import MOST_SHOWN
from crawler.web.requests import json_body
from crawler.web.services import change_job, services


@dataclass(frozen=True, slots=True)
class Attempt:
    """What selectors made of a page, in words and as Markdown; or why they made nothing of it."""

    markdown: tuple[Block, ...] = ()
    matched: int = 0
    removed: int = 0
    is_chosen: bool = False
    error: str = ""


def try_json(job_id: str, page_id: int) -> Response:
    """What selectors would make of one page."""
    made = _made(job_id, page_id, json_body())
    return jsonify(markdown=made.markdown, matched=made.matched, removed=made.removed)


def try_page(job_id: str, page_id: int) -> ResponseReturnValue:
    """The same for people: the new Markdown beside what is stored."""
    form = request.form.to_dict()
    errors: dict[str, str] = {}
    attempt = Attempt()
    try:
        body = as_selectors(form)
        attempt = _attempt(_made(job_id, page_id, body), is_chosen=bool(body["contentSelector"]))
    except InvalidRequest as problem:
        errors = _messages(problem)
    except Problem as problem:
        attempt = Attempt(error=problem.detail)
    if request.headers.get("HX-Request") != "true":
        return _trial(job_id, page_id, form, errors, attempt)
    if errors:
        attempt = Attempt(error=" ".join(errors.values()))
    stored = stored_page(job_id, page_id)
    return render_template("tried_page.html", tried=attempt, stored=_blocks(stored.markdown))


def selectors(job_id: str) -> ResponseReturnValue:
    """The form with the crawl's selectors as they are."""
    return _sheet(job_id, selectors_form(services().jobs.get(job_id).options), {})


def change_selectors(job_id: str) -> ResponseReturnValue:
    """Has all pages made by the selectors that the form names."""
    form = request.form.to_dict()
    try:
        notice = _use(job_id, as_selectors(form))
    except InvalidRequest as problem:
        return _sheet(job_id, form, _messages(problem)), 400
    except Conflict as conflict:
        same = conflict.code == "nothing-to-do"
        notice = "same-selectors" if same else conflict.code
    return redirect(url_for("pages.job", job_id=job_id, notice=notice), 303)


def _use(job_id: str, body: Mapping[str, Any]) -> str | None:
    """Changes the selectors, and has an ended crawl go on; returns the name of a notice, if any."""
    change_job(job_id, body)
    here = services()
    status = here.jobs.get(job_id).status
    if status in TERMINAL:
        here.jobs.resume(job_id)
        here.runtime.wake(job_id)
    return "when-resumed" if status is JobStatus.PAUSED else None


def _made(job_id: str, page_id: int, body: Any) -> Document:
    wanted = parse_selectors(body)
    return services().runtime.try_selectors(job_id, stored_page(job_id, page_id).row, wanted)


def _attempt(made: Document, *, is_chosen: bool) -> Attempt:
    return Attempt(_blocks(made.markdown), made.matched, made.removed, is_chosen)


def _blocks(markdown: str | None) -> tuple[Block, ...]:
    return tuple(blocks((markdown or "")[:MOST_SHOWN]))


def _messages(problem: InvalidRequest) -> dict[str, str]:
    return {each.field: sentence(each) for each in problem.errors}


def _trial(
    job_id: str, page_id: int, form: Mapping[str, str], errors: Mapping[str, str], attempt: Attempt
) -> ResponseReturnValue:
    """The form and what came of it, where no script shows it within the page."""
    stored = stored_page(job_id, page_id)
    page = render_template(
        "try_page.html",
        job=services().jobs.get(job_id),
        base=url_for("pages.job", job_id=job_id),
        page=stored,
        form=selectors_form(JobOptions()) | dict(form),
        errors=errors,
        tried=attempt,
        stored=_blocks(stored.markdown),
    )
    return page, 400 if errors else 200


def _sheet(job_id: str, form: Mapping[str, str], errors: Mapping[str, str]) -> str:
    return render_template(
        "selectors.html",
        job=services().jobs.get(job_id),
        base=url_for("pages.job", job_id=job_id),
        in_dialog=False,
        form=selectors_form(JobOptions()) | dict(form),
        errors=errors,
    )
