"""Templates as values: the filters and parts of the pages, and the blocks of the HTML stream.

The page and the stream share one template per thing shown (`templates/parts/`), so what a live
block swaps in is what a refresh would show. Blocks are made outside any request, once per event
and worker for all viewers: their links are relative to the live page, `/jobs/<id>`.
"""

import re
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from crawler.domain.events import LoggedEvent
from crawler.domain.lifecycle import TERMINAL, JobStatus, Move, allows
from crawler.domain.reasons import explain
from crawler.web import words
from crawler.web.forms import selectors_form
from crawler.web.story import STATUS_AFTER, tell

TEMPLATES = Path(__file__).resolve().parents[2] / "templates"

FILTERS: Mapping[str, Callable[..., Any]] = {
    "briefly": words.briefly,
    "by_count": words.by_count,
    "clock": words.clock,
    "counted": words.counted,
    "day_and_time": words.day_and_time,
    "duration": words.duration,
    "explain": explain,
    "host_of": words.host_of,
    "number": words.number,
    "path_of": words.path_of,
    "short_url": words.short_url,
    "size": words.size,
    "web_href": words.web_href,
}

_LINE_END = re.compile(r"\r\n|\r|\n")


def status_words(status: str) -> str:
    """A status as the pages name it."""
    return words.STATUS_WORDS[JobStatus(status)]


def may(status: str) -> dict[str, bool]:
    """Which buttons a job of this status has."""
    now = JobStatus(status)
    ended = now in TERMINAL
    return {
        "pause": allows(now, Move.PAUSE),
        "resume": now is JobStatus.PAUSED,
        "cancel": allows(now, Move.CANCEL),
        "ended": ended,
    }


def settle_environment(environment: Environment) -> None:
    """Gives an environment what the templates use. Undefined names are errors, not blanks."""
    environment.filters.update(FILTERS)
    environment.filters["status_words"] = status_words
    environment.globals["may"] = may
    environment.globals["view_event"] = view_event
    environment.globals["selectors_of"] = selectors_form
    environment.undefined = StrictUndefined
    environment.trim_blocks = True
    environment.lstrip_blocks = True


def view_event(event: LoggedEvent) -> dict[str, Any]:
    """An event as `templates/parts/event.html` shows it."""
    data = event.data
    told = tell(event, data)
    return {
        "id": event.id,
        "name": event.name,
        "kind": told.kind,
        "text": told.text,
        "at": data["at"],
        "data": data,
    }


@cache
def _environment() -> Environment:
    environment = Environment(loader=FileSystemLoader(TEMPLATES), autoescape=True)
    settle_environment(environment)
    return environment


def live_block(event: LoggedEvent) -> str:
    """One block of the HTML stream (HTML Standard, section 9.2.6), unnamed: htmx swaps it in.

    It holds the event's entry on the thread and all that it changes elsewhere on the page.
    """
    view = view_event(event)
    template = _environment().get_template("live_block.html")
    html = template.render(
        event=view,
        totals=view["data"]["totals"],
        rows=list(reversed(view["data"].get("pages", ()))),
        status=STATUS_AFTER.get(event.name),
        base=view["data"]["jobId"],
    )
    return f"id: {event.id}\n{_data_lines(html)}\n\n"


def _data_lines(html: str) -> str:
    """Every line as a `data:` field. A lone CR would end a field too, so it counts as a line."""
    return "\n".join(f"data: {line}" for line in _LINE_END.split(html) if line.strip())
