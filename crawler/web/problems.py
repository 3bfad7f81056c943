"""Every error on its way to the client: problem details (RFC 9457) for the API, a page for people.

A user's mistake is a `Problem` with a stable code; an outage is 503 and worth another try; all
else is logged under a name, and only the name is told.
"""

import json
import logging
import uuid

from flask import Flask, Response, make_response, render_template, request
from werkzeug.exceptions import HTTPException

from crawler.domain.errors import Problem
from crawler.storage.database import Outage

_RETRY_SECONDS = 2

log = logging.getLogger(__name__)

_CODES = {
    400: "bad-request",
    404: "not-found",
    405: "method-not-allowed",
    408: "request-timeout",
    413: "body-too-large",
    414: "uri-too-long",
    415: "not-json",
    431: "headers-too-large",
}


class Unauthorized(Problem):
    """No valid token, cookie or signature."""

    status = 401
    code = "unauthorized"


class Forbidden(Problem):
    """A request that another site, or a foreign host name, may have brought about."""

    status = 403
    code = "forbidden"


class Unavailable(Problem):
    """Not now; the same request may succeed later."""

    status = 503
    code = "unavailable"


def register(app: Flask) -> None:
    """Gives the app its error handlers."""
    app.register_error_handler(Problem, _on_problem)
    app.register_error_handler(HTTPException, _on_http_error)
    for outage in Outage:
        app.register_error_handler(outage, _on_outage)
    app.register_error_handler(Exception, _on_error)


def respond(problem: Problem) -> Response:
    """The problem as a response: JSON under `/api`, else a page."""
    if not _wants_json():
        page = render_template("error.html", status=problem.status, detail=problem.detail)
        response = make_response(page, problem.status)
    else:
        response = Response(
            json.dumps(_body(problem)), problem.status, mimetype="application/problem+json"
        )
    if problem.status == 503:
        response.headers["Retry-After"] = str(_RETRY_SECONDS)
    if problem.status == 401:
        response.headers["WWW-Authenticate"] = "Bearer"
    return response


def _body(problem: Problem) -> dict[str, object]:
    return {
        "type": f"urn:clew:problem:{problem.code}",
        "title": problem.code.replace("-", " ").capitalize(),
        "status": problem.status,
        "detail": problem.detail,
        "code": problem.code,
        "errors": [error.as_json() for error in problem.errors],
    }


def _wants_json() -> bool:
    return request.path.startswith(("/api/", "/healthz", "/readyz"))


def _on_problem(problem: Problem) -> Response:
    return respond(problem)


def _on_http_error(error: HTTPException) -> Response:
    status = error.code or 500
    code = _CODES.get(status, "internal-error" if status >= 500 else "bad-request")
    response = respond(Problem(error.description or "", code=code, status=status))
    if status == 405 and isinstance(getattr(error, "valid_methods", None), list):
        response.headers["Allow"] = ", ".join(error.valid_methods)  # type: ignore[attr-defined]
    return response


def _on_outage(error: Exception) -> Response:
    log.warning("the database is away: %s", error)
    return respond(
        Unavailable("The database can't be reached just now; nothing is lost, try again.")
    )


def _on_error(error: Exception) -> Response:
    name = uuid.uuid4().hex[:8]
    log.error("internal error %s", name, exc_info=error)
    return respond(Problem(f"Internal error {name}", code="internal-error", status=500))
