"""A path prefix before Clew, as a reverse proxy may give it (`CLEW_PUBLIC_URL`)."""

from collections.abc import Callable, Iterable
from typing import Any
from urllib.parse import urlsplit

from flask import Flask

_Wsgi = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


def register(app: Flask, public_url: str | None) -> None:
    """Has every link begin with the prefix, and takes it off requests that still carry it."""
    prefix = urlsplit(public_url or "").path.rstrip("/")
    if prefix:
        app.wsgi_app = _under(prefix, app.wsgi_app)  # type: ignore[method-assign, assignment]


def _under(prefix: str, application: _Wsgi) -> _Wsgi:
    def prefixed(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        path = environ.get("PATH_INFO", "")
        environ["SCRIPT_NAME"] = prefix
        if path == prefix or path.startswith(prefix + "/"):
            environ["PATH_INFO"] = path[len(prefix) :] or "/"
        return application(environ, start_response)

    return prefixed
