"""The form for a new crawl: text fields in, the API's request out, with the choice people mean.

Each choice is a name for a scope and a depth, which stand in the fields `scope` and `maxDepth`.
The fields are the truth: what stands in them counts, and an empty limit means none. Only where
the choice was changed without the script that keeps the fields in step (`chosen` still names the
one they were filled for) do fields that nobody touched follow the new choice.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from crawler.domain import urls
from crawler.domain.model import JobOptions, ScopeKind
from crawler.web.pasted import cookie_lines, header_lines, lines_of


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

LIMITS = ("maxDepth", "maxPages", "timeLimitSeconds", "concurrency", "delayMs")
"""The options that can be changed later, too."""

GROUPS: Mapping[str, tuple[str, ...]] = {
    "limits": (*LIMITS, "ignoreRobots"),
    "urls": ("scope", "sitemap", "include", "exclude", "examples"),
    "content": ("contentSelector", "removeSelectors"),
    "sent": ("headers", "cookies", "maxAgeSeconds"),
}
"""The fields that are folded away, by the fold they stand in."""

_TEXTS: Mapping[str, Callable[[str], Any]] = {
    "include": lines_of,
    "exclude": lines_of,
    "headers": header_lines,
    "cookies": cookie_lines,
}


def blank_form(most_pages: int | None = None) -> dict[str, str]:
    """The fields of a form that nobody has filled in yet, where so many pages are allowed."""
    options = JobOptions()
    if most_pages is not None:
        options = replace(options, max_pages=min(most_pages, options.max_pages or most_pages))
    empty = ("url", "urls", "ignoreRobots", "include", "exclude", "examples", "headers", "cookies")
    return {
        **dict.fromkeys(empty, ""),
        "what": DEFAULT_CHOICE.value,
        "chosen": DEFAULT_CHOICE.value,
        "scope": str(DEFAULT_CHOICE.scope),
        "sitemap": str(options.sitemap),
        "maxAgeSeconds": _text(options.max_age_seconds or None),
        **selectors_form(options),
        **limits_form(options),
        "maxDepth": DEFAULT_CHOICE.max_depth,
    }


def limits_form(options: JobOptions) -> dict[str, str]:
    """A job's limits as they stand in a form's fields."""
    return {
        "maxDepth": _text(options.max_depth),
        "maxPages": _text(options.max_pages),
        "timeLimitSeconds": _text(options.time_limit_seconds),
        "concurrency": _text(options.concurrency),
        "delayMs": _text(options.delay_ms),
    }


def selectors_form(options: JobOptions) -> dict[str, str]:
    """A job's selectors as they stand in a form's fields."""
    return {
        "contentSelector": options.content_selector or "",
        "removeSelectors": "\n".join(options.remove_selectors),
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


def open_groups(
    form: Mapping[str, str], blank: Mapping[str, str], errors: Mapping[str, str]
) -> frozenset[str]:
    """The folds to show open: those with a mistake, or with something that somebody filled in.

    Scope and depth are left to the sentence below the address: a choice fills them in.
    """
    filled = {
        name
        for name, value in form.items()
        if name in blank and name not in ("scope", "maxDepth") and value.strip() != blank[name]
    }
    return frozenset(
        group for group, names in GROUPS.items() if any(n in errors or n in filled for n in names)
    )


def is_list(form: Mapping[str, str]) -> bool:
    """Whether the list counts, and not the single address."""
    if form.get("what"):
        return form["what"] == "list"
    return bool(form.get("urls", "").strip()) and not form.get("url", "").strip()


def as_request(form: Mapping[str, str]) -> dict[str, Any]:
    """The body of `POST /api/v4/jobs` that the fields mean; judging it is the API's business.

    Raises:
        InvalidRequest: for lines of headers or cookies that are none.
    """
    fields = follow_choice(form)
    body = as_changes(fields)
    if is_list(fields):
        body["urls"] = [urls.complete_typed(line) for line in lines_of(fields.get("urls", ""))]
    else:
        body["url"] = urls.complete_typed(fields.get("url", ""))
    body |= {name: value for name, value in as_selectors(fields).items() if value}
    body |= {name: fields[name] for name in ("scope", "sitemap") if fields.get(name)}
    body |= {name: read(fields[name]) for name, read in _TEXTS.items() if fields.get(name)}
    if fields.get("maxAgeSeconds", "").strip():
        body["maxAgeSeconds"] = _number(fields["maxAgeSeconds"])
    body["ignoreRobots"] = bool(fields.get("ignoreRobots"))
    return body


def as_changes(form: Mapping[str, str]) -> dict[str, Any]:
    """The body of `PATCH /api/v4/jobs/<id>` that a form with limits means."""
    return {name: _number(form[name]) for name in LIMITS if name in form}


def as_selectors(form: Mapping[str, str]) -> dict[str, Any]:
    """The selectors that a form's fields mean, as they stand in the bodies of POST and PATCH."""
    return {
        "contentSelector": form.get("contentSelector", "").strip() or None,
        "removeSelectors": lines_of(form.get("removeSelectors", "")),
    }


def _number(text: str) -> int | str | None:
    """None for an empty field; text that is no whole number stays text, for the API to refuse."""
    text = text.strip().replace(",", "")
    if not text:
        return None
    digits = text.removeprefix("-")
    return int(text) if digits.isascii() and digits.isdigit() and len(digits) < 20 else text


def _text(value: int | None) -> str:
    return "" if value is None else str(value)
