"""Alive, and ready: for whoever supervises the process."""

from flask import Blueprint, Response, jsonify

from crawler.version import VERSION
from crawler.web.services import services

blueprint = Blueprint("health", __name__)


@blueprint.get("/healthz")
def healthz() -> Response:
    """The process answers."""
    return jsonify(status="alive", version=VERSION)


@blueprint.get("/readyz")
def readyz() -> tuple[Response, int]:
    """The engines answer: 200, or 503 and which one does not."""
    engines = services().runtime.is_ready()
    ready = all(engines.values())
    return jsonify(status="ready" if ready else "not ready", engines=engines), 200 if ready else 503
