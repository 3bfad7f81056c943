"""Changes of a crawl while it runs: its limits, and URLs to skip from now on.

Both are pages of their own; the live page's script opens them in a dialog (`HX-Request`), and
their answer then is what has changed on the live page.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from flask import redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from crawler.domain.errors import InvalidRequest
from crawler.domain.patterns import compile_rules, parse_rule, suggest
from crawler.storage.pages import PageFilter
from crawler.web.crawl_form import sentence
from crawler.web.describe import bold_choices, describe_crawl
from crawler.web.forms import as_changes, limits_form
from crawler.web.job_views import spans_hosts
from crawler.web.page_views import stored_page
from crawler.web.services import change_job, services

_MOST_COUNTED = 1_000
"""Waiting URLs that suggestions are tried on."""


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A rule that would skip URLs like one, and how many of those that wait it would."""

    rule: str
    waiting: int


@dataclass(frozen=True, slots=True)
class Suggestions:
    """Rules to choose from, tried on so many of the URLs that wait; `are_all`: on all of them."""

    rules: tuple[Suggestion, ...]
    tried_on: int
    are_all: bool

    @property
    def best(self) -> str:
        """The first rule that skips something; where none does, the first; or none."""
        skipping = (each.rule for each in self.rules if each.waiting)
        return next(skipping, self.rules[0].rule if self.rules else "")

    @property
    def skip_nothing(self) -> bool:
        """Whether no rule skips anything that waits."""
        return not any(each.waiting for each in self.rules)


def limits(job_id: str) -> ResponseReturnValue:
    """The form with the job's limits as they are."""
    job = services().jobs.get(job_id)
    return _sheet("limits.html", job_id, form=limits_form(job.options), errors={})


def change_limits(job_id: str) -> ResponseReturnValue:
    """Sets the limits that the form names."""
    try:
        change_job(job_id, as_changes(request.form))
    except InvalidRequest as problem:
        errors = {each.field: sentence(each) for each in problem.errors}
        form = limits_form(services().jobs.get(job_id).options) | request.form.to_dict()
        return _sheet("limits.html", job_id, form=form, errors=errors), 400
    return _changed(job_id, "Changed. What is in flight still goes by the old limits.")


def skip(job_id: str, page_id: int) -> ResponseReturnValue:
    """Rules to choose from that would skip URLs like one of the job."""
    return _skip_sheet(job_id, page_id, "")


def skip_alike(job_id: str, page_id: int) -> ResponseReturnValue:
    """Adds the chosen rule to those that exclude."""
    rule = request.form.get("rule") or request.form.get("own", "").strip()
    try:
        change_job(job_id, {"exclude": [parse_rule(rule)]})
    except ValueError as error:
        return _skip_sheet(job_id, page_id, f"The rule {error}."), 400
    except InvalidRequest as problem:
        return _skip_sheet(job_id, page_id, sentence(problem.errors[0])), 400
    return _changed(job_id, f"URLs that match {rule} are skipped from now on.")


def _skip_sheet(job_id: str, page_id: int, error: str) -> str:
    row = stored_page(job_id, page_id).row
    suggestions = _suggestions(job_id, row.url, with_host=spans_hosts(services().jobs.get(job_id)))
    return _sheet(
        "skip.html",
        job_id,
        row=row,
        suggestions=suggestions,
        own=request.form.get("own") or suggestions.best,
        error=error,
        rule=request.form.get("rule", suggestions.best),
    )


def _suggestions(job_id: str, url: str, *, with_host: bool) -> Suggestions:
    rows = services().pages.rows(job_id, PageFilter("pending"), 0, _MOST_COUNTED + 1)
    return suggestions_for(url, [row.url for row in rows], with_host=with_host)


def suggestions_for(url: str, waiting: Sequence[str], *, with_host: bool) -> Suggestions:
    """Rules that would skip URLs like one, tried on the first of those that wait."""
    some = waiting[:_MOST_COUNTED]
    rules = suggest(url, with_host=with_host)
    tried = tuple(Suggestion(rule, _matches(rule, some)) for rule in rules)
    return Suggestions(tried, len(some), are_all=len(some) == len(waiting))


def _matches(rule: str, urls: Iterable[str]) -> int:
    rules = compile_rules((rule,))
    return sum(rules.first_match(url) is not None for url in urls)


def _sheet(template: str, job_id: str, **shown: Any) -> str:
    job = services().jobs.get(job_id)
    base = url_for("pages.job", job_id=job_id)
    return render_template(template, job=job, base=base, in_dialog=_in_dialog(), **shown)


def _changed(job_id: str, told: str) -> ResponseReturnValue:
    if not _in_dialog():
        return redirect(url_for("pages.job", job_id=job_id), 303)
    job = services().jobs.get(job_id)
    return render_template(
        "changed.html",
        job=job,
        told=told,
        described=describe_crawl(job.urls, job.options),
        bold=bold_choices(job.options),
    )


def _in_dialog() -> bool:
    return request.headers.get("HX-Request") == "true"
