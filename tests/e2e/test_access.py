"""Who may ask: hosts, origins, tokens; and what a response tells a browser."""

from collections.abc import Iterator

import pytest
import requests

from tests.api import Api
from tests.e2e.crawls import ENVIRONMENT
from tests.server import RunningServer

TOKEN = "a-token-of-good-length-for-tests"
JOB = {"url": "http://127.0.0.1:9/"}


@pytest.fixture(scope="module")
def guarded() -> Iterator[RunningServer]:
    """A server that wants a token."""
    with RunningServer(env=ENVIRONMENT | {"CLEW_TOKEN": TOKEN}) as running:
        yield running


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "[::1]", "LOCALHOST:8000"])
def test_names_of_this_machine_are_answered(api: Api, host: str) -> None:
    assert api.request("GET", "/api/v4/jobs", headers={"Host": host}).status_code == 200


@pytest.mark.parametrize(
    "host", ["rebound.example", "127.0.0.1.example", "localhost.", "127.0.0.2", "localhost@evil"]
)
def test_any_other_host_is_refused(api: Api, host: str) -> None:
    for path in ("/", "/api/v4/jobs"):
        assert api.request("GET", path, headers={"Host": host}).status_code == 403
    problem = api.request("GET", "/api/v4/jobs", headers={"Host": host}).json()
    assert (problem["code"], problem["errors"][0]["field"]) == ("foreign-host", "Host")


@pytest.mark.parametrize(
    "name", ["Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "X-Real-Ip"]
)
def test_without_a_token_nothing_forwarded_is_answered(api: Api, name: str) -> None:
    response = api.request("GET", "/api/v4/jobs", headers={name: "192.0.2.1"})
    assert (response.status_code, response.json()["code"]) == (403, "forwarded")


@pytest.mark.parametrize(
    ("headers", "is_allowed"),
    [
        ({}, True),
        ({"Sec-Fetch-Site": "same-origin"}, True),
        ({"Sec-Fetch-Site": "none"}, True),
        ({"Sec-Fetch-Site": "same-site"}, False),
        ({"Sec-Fetch-Site": "cross-site"}, False),
        ({"Sec-Fetch-Site": "cross-site", "Origin": "{own}"}, False),
        ({"Origin": "{own}"}, True),
        ({"Origin": "http://evil.example"}, False),
        ({"Origin": "null"}, False),
        ({"Origin": "http://127.0.0.1:1"}, False),
    ],
)
def test_only_its_own_pages_may_change_something(
    api: Api, headers: dict[str, str], is_allowed: bool
) -> None:
    sent = {name: value.format(own=api.url) for name, value in headers.items()}
    # A wrong body: whoever passes the check is told so, and no job is made.
    response = api.request("POST", "/api/v4/jobs", json={}, headers=sent)
    assert response.status_code == (400 if is_allowed else 403)
    assert response.json()["code"] == ("invalid-request" if is_allowed else "cross-origin")
    assert api.request("GET", "/api/v4/jobs", headers=sent).status_code == 200


def test_responses_let_a_page_load_only_what_is_its_own(api: Api) -> None:
    for path in ("/", "/api/v4/jobs"):
        headers = api.request("GET", path).headers
        policy = headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert headers["X-Content-Type-Options"] == "nosniff"


def test_the_token_opens_the_api(guarded: RunningServer) -> None:
    assert Api(guarded.url, TOKEN).list() == []
    for header in (None, "Bearer", "Bearer wrong", f"Basic {TOKEN}", f"Bearer {TOKEN}x"):
        response = Api(guarded.url).request(
            "GET", "/api/v4/jobs", headers={"Authorization": header}
        )
        assert (response.status_code, response.json()["code"]) == (401, "unauthorized")
        assert response.headers["WWW-Authenticate"] == "Bearer"


def test_nothing_is_done_without_the_token(guarded: RunningServer) -> None:
    stranger = Api(guarded.url)
    assert stranger.request("POST", "/api/v4/jobs", json=JOB).status_code == 401
    assert stranger.request("GET", "/api/v4/jobs/x/stream").status_code == 401
    assert Api(guarded.url, TOKEN).list() == []


def test_health_needs_no_token(guarded: RunningServer) -> None:
    for path in ("/healthz", "/readyz"):
        assert Api(guarded.url).request("GET", path).status_code == 200


def test_a_bearer_call_needs_no_origin(guarded: RunningServer) -> None:
    headers = {"Sec-Fetch-Site": "cross-site"}
    response = Api(guarded.url, TOKEN).request("POST", "/api/v4/jobs", json={}, headers=headers)
    assert response.status_code == 400


def test_pages_ask_for_the_token_and_remember_it(guarded: RunningServer) -> None:
    with requests.Session() as browser:
        asked = browser.get(f"{guarded.url}/?from=bookmark")
        assert asked.url.startswith(f"{guarded.url}/sign-in?next=")
        assert not browser.cookies
        wrong = browser.post(f"{guarded.url}/sign-in", data={"token": "wrong", "next": "/"})
        assert wrong.status_code == 401
        assert not browser.cookies
        right = browser.post(
            f"{guarded.url}/sign-in", data={"token": TOKEN, "next": "/?from=bookmark"}
        )
        assert (right.status_code, right.url) == (200, f"{guarded.url}/?from=bookmark")
        cookie = right.history[0].headers["Set-Cookie"]
        assert "HttpOnly" in cookie
        assert "SameSite=Lax" in cookie
        assert TOKEN not in cookie
        assert browser.get(f"{guarded.url}/api/v4/jobs").status_code == 200
        foreign = {"Sec-Fetch-Site": "cross-site"}
        refused = browser.post(f"{guarded.url}/api/v4/jobs", json=JOB, headers=foreign)
        assert refused.status_code == 403


@pytest.mark.parametrize(
    "target", ["https://evil.example/", "//evil.example/", "/\\evil.example/", "javascript:1", ""]
)
def test_signing_in_never_leads_elsewhere(guarded: RunningServer, target: str) -> None:
    response = requests.post(
        f"{guarded.url}/sign-in", data={"token": TOKEN, "next": target}, allow_redirects=False
    )
    assert (response.status_code, response.headers["Location"]) == (303, "/")


def test_a_forged_cookie_opens_nothing(guarded: RunningServer) -> None:
    for value in ("in", "in.AAAAAA.AAAA", ""):
        response = requests.get(
            f"{guarded.url}/api/v4/jobs", cookies={"clew_session": value}, allow_redirects=False
        )
        assert response.status_code == 401
