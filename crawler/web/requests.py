"""Reading requests: JSON bodies and query parameters, every mistake named."""

from typing import Any

from flask import Flask, request
from werkzeug.exceptions import NotFound

from crawler.domain.errors import FieldError, InvalidRequest, Problem, UnknownJob

MOST_ROWS = 1_000
DEFAULT_ROWS = 100
_MOST_ID = 2**62


def register(app: Flask) -> None:
    """Has every request looked at for what the database could not even be asked about."""
    app.before_request(_refuse_nul)


def _refuse_nul() -> None:
    """PostgreSQL's text holds no NUL, so nothing can be found by one."""
    if "\0" in request.path:
        raise UnknownJob if "job_id" in (request.view_args or {}) else NotFound
    for name, values in request.args.lists():
        if "\0" in "".join((name, *values)):
            raise InvalidRequest(FieldError(name, "contains NUL"))


def json_body() -> Any:
    """The request's JSON.

    Raises:
        Problem: when it is not `application/json`, or no JSON.
    """
    if request.mimetype != "application/json":
        raise Problem(
            "The body must be sent as application/json.",
            code="not-json",
            errors=(FieldError("Content-Type", "must be application/json"),),
        )
    body = _parsed_body()
    if body is None:
        raise Problem(
            "The body is not valid JSON.",
            code="not-json",
            errors=(FieldError("body", "is not valid JSON"),),
        )
    return body


def _parsed_body() -> Any:
    try:
        return request.get_json(silent=True)
    except RecursionError:
        return None  # thousands of brackets: valid, and nothing that is wanted here


def optional_json_body() -> Any:
    """The same where a body may be missing: None then."""
    return json_body() if request.get_data() else None


def row_limit() -> int:
    """`limit`: 1 to 1,000, by default 100.

    Raises:
        InvalidRequest: when it is something else.
    """
    return number("limit", DEFAULT_ROWS, low=1, high=MOST_ROWS)


def number(name: str, default: int, *, low: int = 0, high: int = _MOST_ID) -> int:
    """A whole number in the query.

    Raises:
        InvalidRequest: when it is something else.
    """
    text = request.args.get(name)
    return default if text is None else parse_number(name, text, low=low, high=high)


def parse_number(name: str, text: str, *, low: int = 0, high: int = _MOST_ID) -> int:
    """A whole number, or an error that names the field."""
    if not (text.isascii() and text.isdecimal() and len(text) < 20 and low <= int(text) <= high):
        bound = f"{low:,} to {high:,}" if high < _MOST_ID else f"{low:,} up"
        raise InvalidRequest(FieldError(name, f"must be a whole number from {bound}"))
    return int(text)
