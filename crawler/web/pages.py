"""The pages for people: every route, and the module that answers it.

    /                               crawl_form   the form and the list of crawls
    /plan                           crawl_form   what the form would crawl, in words
    /jobs                           crawl_form   POST: a new crawl
    /jobs/<id>                      job_views    the live page
    /try-out                        crawl_form   what scope and rules make of example URLs
    /jobs/<id>/summary              job_views    its head alone, once the stream is done
    /jobs/<id>/standing             job_views    its status alone, for an ended page left open
    /jobs/<id>/waits                job_views    hosts that are asked again later, and when
    /jobs/<id>/urls · /log          job_views    all URLs, all events, a page of them at a time
    /jobs/<id>/report · /urls.csv   report       every URL accounted for: a page, a table
    /jobs/<id>/changes              comparison   what changed since the earlier crawl
    /jobs/<id>/search               search_views words in its pages
    /jobs/<id>/limits               changing     its limits, to be changed
    /jobs/<id>/skip/<n>             changing     rules that skip URLs like that one
    /jobs/<id>/selectors            selecting    what of its pages is the content, to be changed
    /jobs/<id>/pages/<n>/try        selecting    POST: selectors tried on one page
    /jobs/<id>/pages/<n>            reader       one page: its text, and what is known of it
    /jobs/<id>/pages/<n>/original   reader       what the site sent, as a file of plain text
    /jobs/<id>/pages/<n>/markdown   page_views   its Markdown as a file
    /jobs/<id>/pages/<n>/changes    comparison   what changed in one page
    /jobs/<id>/again                comparison   POST: the same crawl once more
    /jobs/<id>/export               exporting    the crawl so far as a file, by ?format=
    /jobs/<id>/<action>             job_actions  POST: pause, resume, cancel, go-on, delete

Everything works without JavaScript. Mistakes are `Problem`s, told by `error.html`.
"""

from collections.abc import Callable
from typing import Any

from flask import Blueprint, Flask
from flask.blueprints import BlueprintSetupState
from flask.typing import ResponseReturnValue
from werkzeug.wrappers import Response

from crawler.web import (
    changing,
    comparison,
    crawl_form,
    exporting,
    job_actions,
    job_views,
    page_views,
    reader,
    report,
    search_views,
    selecting,
)
from crawler.web.assets import asset
from crawler.web.render import settle_environment

_View = Callable[..., ResponseReturnValue]

_READ: tuple[tuple[str, str, _View], ...] = (
    ("/", "index", crawl_form.index),
    ("/jobs/<job_id>", "job", job_views.job),
    ("/jobs/<job_id>/summary", "summary", job_views.summary),
    ("/jobs/<job_id>/standing", "standing", job_views.standing),
    ("/jobs/<job_id>/waits", "waits", job_views.waits),
    ("/jobs/<job_id>/urls", "urls", job_views.urls),
    ("/jobs/<job_id>/log", "log", job_views.log),
    ("/jobs/<job_id>/report", "report", report.page),
    ("/jobs/<job_id>/urls.csv", "urls_csv", report.table),
    ("/jobs/<job_id>/changes", "changes", comparison.page),
    ("/jobs/<job_id>/search", "search", search_views.page),
    ("/jobs/<job_id>/limits", "limits", changing.limits),
    ("/jobs/<job_id>/skip/<int:page_id>", "skip", changing.skip),
    ("/jobs/<job_id>/selectors", "selectors", selecting.selectors),
    ("/jobs/<job_id>/pages/<int:page_id>", "page", reader.page),
    ("/jobs/<job_id>/pages/<int:page_id>/original", "page_original", reader.original),
    ("/jobs/<job_id>/pages/<int:page_id>/markdown", "page_markdown", page_views.page_markdown),
    ("/jobs/<job_id>/pages/<int:page_id>/changes", "page_changes", comparison.difference_page),
    ("/jobs/<job_id>/export", "export", exporting.export),
)
_WRITE: tuple[tuple[str, str, _View], ...] = (
    ("/plan", "plan", crawl_form.plan),
    ("/try-out", "trial", crawl_form.trial),
    ("/jobs", "create", crawl_form.create),
    ("/jobs/<job_id>/pause", "pause", job_actions.pause),
    ("/jobs/<job_id>/resume", "resume", job_actions.resume),
    ("/jobs/<job_id>/cancel", "cancel", job_actions.cancel),
    ("/jobs/<job_id>/go-on", "go_on", job_actions.go_on),
    ("/jobs/<job_id>/delete", "delete", job_actions.delete),
    ("/jobs/<job_id>/again", "again", comparison.again),
    ("/jobs/<job_id>/limits", "change_limits", changing.change_limits),
    ("/jobs/<job_id>/skip/<int:page_id>", "skip_alike", changing.skip_alike),
    ("/jobs/<job_id>/selectors", "change_selectors", selecting.change_selectors),
    ("/jobs/<job_id>/pages/<int:page_id>/try", "try_page", selecting.try_page),
)

blueprint = Blueprint("pages", __name__)
for _rule, _name, _view in _READ:
    blueprint.add_url_rule(_rule, _name, _view)
for _rule, _name, _view in _WRITE:
    blueprint.add_url_rule(_rule, _name, _view, methods=["POST"])


@blueprint.record_once
def _settle_templates(state: BlueprintSetupState) -> None:
    app: Flask | Any = state.app
    settle_environment(app.jinja_env)
    app.jinja_env.globals["asset"] = asset


@blueprint.after_request
def _never_stale(response: Response) -> Response:
    """A page shows a moment of a crawl: Back must not bring an old one."""
    response.headers.setdefault("Cache-Control", "no-store")
    return response
