"""The functions answer signed calls of an orchestrator, and nobody else."""

import hashlib
import hmac
import json
import time

import pytest
import requests

from tests.api import Api
from tests.e2e.crawls import crawl
from tests.e2e.linked_site import LinkedSite
from tests.server import RunningServer

GOOD = "http://127.0.0.1:9/"

CALL = {
    "jobId": "AAAAAAAAAAAAAAAAAAAAAA",
    "epoch": 1,
    "urls": [{"id": 1, "url": GOOD, "depth": 0}],
    "originalJobUrl": GOOD,
    "options": {
        "scope": "host",
        "scopeBases": [GOOD],
        "ignoreRobots": False,
        "concurrency": 1,
        "delayMs": 0,
        "budgetSeconds": 5,
    },
}


@pytest.fixture(scope="module")
def secret(server: RunningServer) -> str:
    """What the server signs its calls with."""
    return server.worker_environment()["CLEW_SECRET"]


def signature(body: bytes, secret: str, age_seconds: int = 0) -> str:
    """The header by the contract: HMAC-SHA256 of `t.body`."""
    moment = int(time.time()) - age_seconds
    digest = hmac.new(secret.encode(), b"%d." % moment + body, hashlib.sha256).hexdigest()
    return f"t={moment},v1={digest}"


def post_call(api: Api, path: str, body: bytes, signed: str | None) -> requests.Response:
    """A call of a function with that signature."""
    headers = {"Content-Type": "application/json"}
    if signed is not None:
        headers["Clew-Signature"] = signed
    return api.request("POST", f"/api/v4/{path}", data=body, headers=headers)


@pytest.mark.parametrize("path", ["crawl", "process"])
def test_a_function_answers_nobody_but_the_orchestrator(api: Api, secret: str, path: str) -> None:
    body = json.dumps(CALL).encode()
    wrong: dict[str, str | None] = {
        "none": None,
        "empty": "",
        "another secret": signature(body, "guessed, and of a sufficient length"),
        "another body": signature(body + b" ", secret),
        "stale": signature(body, secret, age_seconds=90),
        "from the future": signature(body, secret, age_seconds=-90),
        "without time": signature(body, secret).partition(",")[2],
        "of time alone": signature(body, secret).partition(",")[0],
        "twice": signature(body, secret) + "," + signature(body, secret),
    }
    for name, signed in wrong.items():
        response = post_call(api, path, body, signed)
        assert (name, response.status_code) == (name, 401)
        assert response.json()["code"] == "unsigned-call"


def test_a_signed_call_for_no_running_job_fetches_nothing(api: Api, secret: str) -> None:
    with LinkedSite({"/": []}) as site:
        ended_job = crawl(api, site.url("/")).job["id"]
        site.asked.clear()
        for job in (CALL["jobId"], ended_job):
            urls = [{"id": 1, "url": site.url("/"), "depth": 0}]
            body = json.dumps(CALL | {"jobId": job, "urls": urls}).encode()
            answer = post_call(api, "crawl", body, signature(body, secret, age_seconds=30)).json()
            assert (answer["completed"], answer["failed"], answer["skipped"]) == ([], [], [])
        assert site.asked == []


@pytest.mark.parametrize("body", [b"{}", b"[]", b"7", b'{"jobId":"x"}'])
@pytest.mark.parametrize("path", ["crawl", "process"])
def test_a_signed_call_that_makes_no_sense_is_refused(
    api: Api, secret: str, path: str, body: bytes
) -> None:
    response = post_call(api, path, body, signature(body, secret))
    assert (response.status_code, response.json()["code"]) == (400, "invalid-request")
    assert [error["field"] for error in response.json()["errors"]] == ["body"]
