"""The form for a new crawl: text fields in, the API's request out, with the choice people mean.

Each choice is a name for a scope and a depth, which stand in the fields `scope` and `maxDepth`.
The fields are the truth: what stands in them counts, and an empty limit means none. Only where
the choice was changed without the script that keeps the fields in step (`chosen` still names the
one they were filled for) do fields that nobody touched follow the new choice.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from crawler.domain import urls
from crawler.domain.model import JobOptions, ScopeKind


@dataclass(frozen=True, slots=True)
class Choice:
    """What people mean by a crawl: its name in the form, and what it fills in."""

    value: str
    label: str
    hint: str
    scope: ScopeKind
    max_depth: str


CHOICES = (
    Choice("near", "Nearby", "this page and what it leads to in two clicks", ScopeKind.HOST, "2"),
    Choice("section", "This section", "everything in the same folder", ScopeKind.PATH, ""),
    Choice("site", "Whole site", "everything on the same host", ScopeKind.HOST, ""),
    Choice("page", "One page", "only this one", ScopeKind.HOST, "0"),
    Choice("list", "A list", "only the pages you paste", ScopeKind.HOST, "0"),
)
DEFAULT_CHOICE = CHOICES[0]
_BY_VALUE = {choice.value: choice for choice in CHOICES}

_NUMBERS = ("maxDepth", "maxPages", "timeLimitSeconds", "concurrency", "delayMs")
MORE_FIELDS = (*_NUMBERS, "scope", "ignoreRobots")
"""The fields that are folded away."""


def blank_form() -> dict[str, str]:
    """The fields of a form that nobody has filled in yet."""
    options = JobOptions()
    return {
        "url": "",
        "urls": "",
        "what": DEFAULT_CHOICE.value,
        "chosen": DEFAULT_CHOICE.value,
        "scope": str(DEFAULT_CHOICE.scope),
        "maxDepth": DEFAULT_CHOICE.max_depth,
        "maxPages": _text(options.max_pages),
        "timeLimitSeconds": _text(options.time_limit_seconds),
        "concurrency": _text(options.concurrency),
        "delayMs": _text(options.delay_ms),
        "ignoreRobots": "",
    }


def follow_choice(form: Mapping[str, str]) -> dict[str, str]:
    """The form's fields with those that nobody touched in step with the choice."""
    fields = dict(form)
    what, chosen = _BY_VALUE.get(form.get("what", "")), _BY_VALUE.get(form.get("chosen", ""))
    if what is None or chosen is None or what is chosen:
        return fields
    if form.get("maxDepth", "").strip() == chosen.max_depth:
        fields["maxDepth"] = what.max_depth
    if form.get("scope", "") == chosen.scope:
        fields["scope"] = str(what.scope)
    return fields | {"chosen": what.value}


def is_list(form: Mapping[str, str]) -> bool:
    """Whether the list counts, and not the single address."""
    if form.get("what"):
        return form["what"] == "list"
    return bool(form.get("urls", "").strip()) and not form.get("url", "").strip()


def as_request(form: Mapping[str, str]) -> dict[str, Any]:
    """The body of `POST /api/v4/jobs` that the fields mean; judging it is the API's business."""
    fields = follow_choice(form)
    body: dict[str, Any] = {name: _number(fields[name]) for name in _NUMBERS if name in fields}
    if is_list(fields):
        lines = fields.get("urls", "").splitlines()
        body["urls"] = [urls.complete_typed(line) for line in lines if line.strip()]
    else:
        body["url"] = urls.complete_typed(fields.get("url", ""))
    if fields.get("scope"):
        body["scope"] = fields["scope"]
    body["ignoreRobots"] = bool(fields.get("ignoreRobots"))
    return body


def as_changes(form: Mapping[str, str]) -> dict[str, Any]:
    """The body of `PATCH /api/v4/jobs/<id>` that a button to go on means."""
    return {name: _number(form[name]) for name in _NUMBERS if name in form}


def _number(text: str) -> int | str | None:
    """None for an empty field; text that is no whole number stays text, for the API to refuse."""
    text = text.strip().replace(",", "")
    if not text:
        return None
    digits = text.removeprefix("-")
    return int(text) if digits.isascii() and digits.isdigit() and len(digits) < 20 else text


def _text(value: int | None) -> str:
    return "" if value is None else str(value)
