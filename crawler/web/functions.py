"""The functions' endpoints: only signed calls of an orchestrator are answered."""

import time
from typing import Any

from flask import Blueprint, Response, jsonify, request

from crawler.functions.calls import SIGNATURE_HEADER, is_signed
from crawler.functions.process_wire import read_process_call
from crawler.functions.wire import read_crawl_call
from crawler.web.problems import Unauthorized
from crawler.web.requests import json_body
from crawler.web.services import services

blueprint = Blueprint("functions", __name__, url_prefix="/api/v4")


@blueprint.post("/crawl")
def crawl() -> Response:
    """Crawls a batch of URLs."""
    return jsonify(services().runtime.crawl(read_crawl_call(_signed_body())))


@blueprint.post("/process")
def process() -> tuple[Response, int]:
    """Processes contents; 202 once they are stored, but for those that it did not get to."""
    call = read_process_call(_signed_body())
    left = services().runtime.process(call)
    return jsonify(accepted=len(call.pages) - len(left), left=left), 202


def _signed_body() -> Any:
    header = request.headers.get(SIGNATURE_HEADER)
    if not is_signed(services().secret, header, request.get_data(), time.time()):
        raise Unauthorized("Only signed calls are answered here.", code="unsigned-call")
    return json_body()
