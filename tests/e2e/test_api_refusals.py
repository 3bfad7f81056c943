"""What the API refuses: the right 4xx, a problem (RFC 9457) that names the field, nothing made."""

from typing import Any

import pytest
import requests

from tests.api import Api
from tests.e2e.crawls import crawl
from tests.e2e.linked_site import LinkedSite

GOOD = "http://127.0.0.1:9/"
PROBLEM_MEMBERS = {"type", "title", "status", "detail", "code", "errors"}


@pytest.fixture(scope="module")
def job_id(api: Api) -> str:
    """The newest job: an ended one of a single page."""
    with LinkedSite({"/": []}) as site:
        identity: str = crawl(api, site.url("/")).job["id"]
    return identity


def newest_job(api: Api) -> str:
    """The id of the job that was made last."""
    identity: str = api.call("GET", "/api/v4/jobs", params={"limit": 1})["jobs"][0]["id"]
    return identity


def check(response: requests.Response, status: int, code: str, *fields: str) -> None:
    """A problem of that status and code which names those fields."""
    problem = response.json()
    assert response.headers["Content-Type"] == "application/problem+json"
    assert set(problem) == PROBLEM_MEMBERS
    assert (response.status_code, problem["status"], problem["code"]) == (status, status, code)
    assert tuple(error["field"] for error in problem["errors"]) == fields
    assert all(error["message"] for error in problem["errors"])


@pytest.mark.parametrize(
    "url",
    [
        "ftp://example.org/",
        "javascript:alert(1)",
        "file:///etc/passwd",
        "http://",
        "http:///path",
        "https:example.org",
        "example.org",
        "http://example.org/" + "a" * 3_000,
        "http://example.org/\r\nX: y",
        "http://exam\x00ple.org/",
        "http://127.0.0.1\\@example.org/",
        "http://user:password@example.org/",
        "http://[::1/",
        "http://exa mple.org/",
        "http://example.org:99999/",
        "http://example.org/\ud800",
        "",
        7,
        None,
        ["http://example.org/"],
    ],
)
def test_a_wrong_url_is_refused(api: Api, job_id: str, url: Any) -> None:
    check(api.request("POST", "/api/v4/jobs", json={"url": url}), 400, "invalid-request", "url")
    assert newest_job(api) == job_id


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("maxDepth", -1),
        ("maxDepth", 1.5),
        ("maxDepth", "2"),
        ("maxDepth", True),
        ("maxPages", 0),
        ("maxPages", 10**30),
        ("timeLimitSeconds", 0),
        ("scope", "planet"),
        ("scope", None),
        ("ignoreRobots", "yes"),
        ("ignoreRobots", None),
        ("concurrency", 0),
        ("concurrency", 65),
        ("delayMs", -1),
        ("include", "a"),
        ("include", ["docs/*"]),
        ("exclude", [1]),
        ("exclude", ["regex:("]),
        ("exclude", ["/a"] * 99 + ["/b\n", ""]),
        ("sitemap", "maybe"),
        ("sitemap", None),
        ("maxAgeSeconds", -1),
        ("maxAgeSeconds", None),
        ("headers", ["A: b"]),
        ("headers", {"Host": "b"}),
        ("headers", {"A": "b\r\nC: d"}),
        ("cookies", {"a b": "c"}),
        ("cookies", {"a": "b;c"}),
        ("maxdepth", 2),
        ("jobId", "x"),
        ("urls", [GOOD]),
    ],
)
def test_a_wrong_option_is_refused(api: Api, job_id: str, field: str, value: Any) -> None:
    response = api.request("POST", "/api/v4/jobs", json={"url": GOOD, field: value})
    check(response, 400, "invalid-request", "url" if field == "urls" else field)
    assert newest_job(api) == job_id


def test_all_mistakes_are_named_at_once(api: Api) -> None:
    body = {"url": "ftp://example.org/", "maxDepth": -1, "no\nsuch": 1, "delayMs": "soon"}
    response = api.request("POST", "/api/v4/jobs", json=body)
    assert {error["field"] for error in response.json()["errors"]} == {
        "url",
        "maxDepth",
        "no?such",
        "delayMs",
    }


@pytest.mark.parametrize("urls", [[], "x", [GOOD, 7], ["ftp://a/"], [GOOD] * 1_001])
def test_a_wrong_list_of_urls_is_refused(api: Api, urls: Any) -> None:
    check(api.request("POST", "/api/v4/jobs", json={"urls": urls}), 400, "invalid-request", "urls")


@pytest.mark.parametrize(
    ("body", "content_type", "code", "field"),
    [
        (b'{"url": ', "application/json", "not-json", "body"),
        (b"", "application/json", "not-json", "body"),
        (b'"\xff"', "application/json", "not-json", "body"),
        (b"[" * 50_000, "application/json", "not-json", "body"),
        (b"[]", "application/json", "invalid-request", "body"),
        (b'"x"', "application/json", "invalid-request", "body"),
        (b"7", "application/json", "invalid-request", "body"),
        (b'{"url":"http://127.0.0.1:9/"}', "text/plain", "not-json", "Content-Type"),
        (
            b"url=http://127.0.0.1:9/",
            "application/x-www-form-urlencoded",
            "not-json",
            "Content-Type",
        ),
    ],
)
def test_a_body_that_is_not_a_json_object_is_refused(
    api: Api, job_id: str, body: bytes, content_type: str, code: str, field: str
) -> None:
    headers = {"Content-Type": content_type}
    check(api.request("POST", "/api/v4/jobs", data=body, headers=headers), 400, code, field)
    assert newest_job(api) == job_id


def test_a_body_that_is_too_large_is_refused(api: Api) -> None:
    headers = {"Content-Type": "application/json"}
    response = api.request("POST", "/api/v4/jobs", data=b" " * 5 * 2**20, headers=headers)
    assert (response.status_code, response.json()["code"]) == (413, "body-too-large")


@pytest.mark.parametrize("key", ["", "a" * 201, "t\tb"])
def test_a_wrong_idempotency_key_is_refused(api: Api, key: str) -> None:
    response = api.request(
        "POST", "/api/v4/jobs", json={"url": GOOD}, headers={"Idempotency-Key": key}
    )
    check(response, 400, "invalid-request", "Idempotency-Key")


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", "", None),
        ("GET", "/events", None),
        ("GET", "/pages", None),
        ("GET", "/pages?include=markdown", None),
        ("GET", "/pages/1", None),
        ("GET", "/report", None),
        ("GET", "/report?format=csv", None),
        ("GET", "/stream", None),
        ("POST", "/pause", {}),
        ("POST", "/resume", {}),
        ("POST", "/cancel", {}),
        ("PATCH", "", {"maxDepth": 1}),
        ("DELETE", "", None),
    ],
)
@pytest.mark.parametrize("unknown", ["AAAAAAAAAAAAAAAAAAAAAA", "%00", "'; DROP TABLE jobs; --"])
def test_an_unknown_job_is_a_404(api: Api, method: str, path: str, body: Any, unknown: str) -> None:
    response = api.request(method, f"/api/v4/jobs/{unknown}{path}", json=body)
    check(response, 404, "unknown-job", "id")


@pytest.mark.parametrize("page_id", [0, 999_999_999, 10**30])
def test_an_unknown_page_is_a_404(api: Api, job_id: str, page_id: int) -> None:
    response = api.request("GET", f"/api/v4/jobs/{job_id}/pages/{page_id}")
    check(response, 404, "unknown-page", "pageId")


@pytest.mark.parametrize(
    ("path", "field"),
    [
        ("/pages?limit=0", "limit"),
        ("/pages?limit=1001", "limit"),
        ("/pages?limit=ten", "limit"),
        ("/pages?limit=", "limit"),
        ("/pages?cursor=x", "cursor"),
        ("/pages?q=a%00b", "q"),
        ("/pages?cursor=-1", "cursor"),
        ("/pages?outcome=lost", "outcome"),
        ("/pages?reason=bad-luck", "reason"),
        ("/pages?reason=http-4040", "reason"),
        ("/report?format=xml", "format"),
        ("/pages?include=body", "include"),
        ("/events?after=1e3", "after"),
        ("/events?after=-1", "after"),
        ("/events?after=1000000", "after"),
        ("/events?after=%D9%A1", "after"),
        ("/events?limit=9999", "limit"),
        ("/stream?after=x", "after"),
        ("/stream?after=1000000", "after"),
        ("/stream?after=99999999999999999999999", "after"),
    ],
)
def test_a_wrong_query_is_refused(api: Api, job_id: str, path: str, field: str) -> None:
    check(api.request("GET", f"/api/v4/jobs/{job_id}{path}"), 400, "invalid-request", field)


@pytest.mark.parametrize(
    "cursor", ["x", "AAAA", "bm90IGEgdGltZSB4", "é", "%00", "MjAyNi0wMS0wMVQwMDowMDowMCAA"]
)
def test_a_wrong_cursor_of_the_list_of_jobs_is_refused(api: Api, cursor: str) -> None:
    response = api.request("GET", f"/api/v4/jobs?cursor={cursor}")
    check(response, 400, "invalid-request", "cursor")


@pytest.mark.parametrize("given", ["x", "-1", "1.0", "1000000", "", "0x1", "9" * 40])
def test_a_wrong_last_event_id_is_refused(api: Api, job_id: str, given: str) -> None:
    response = api.request("GET", f"/api/v4/jobs/{job_id}/stream", headers={"Last-Event-ID": given})
    check(response, 400, "invalid-request", "Last-Event-ID")


@pytest.mark.parametrize(
    ("path", "body", "field"),
    [
        ("/resume", {"retry": "all"}, "retry"),
        ("/resume", {"again": True}, "again"),
        ("/resume", [], "body"),
        ("/pages/1/try", {"contentSelector": ""}, "contentSelector"),
        ("/pages/1/try", {"maxDepth": 1}, "maxDepth"),
        ("/pages/1/try", [], "body"),
    ],
)
def test_a_wrong_resume_or_trial_is_refused(
    api: Api, job_id: str, path: str, body: Any, field: str
) -> None:
    response = api.request("POST", f"/api/v4/jobs/{job_id}{path}", json=body)
    check(response, 400, "invalid-request", field)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"maxDepth": -1}, "maxDepth"),
        ({"url": GOOD}, "url"),
        ({"ignoreRobots": True}, "ignoreRobots"),
        ({"exclude": "/a"}, "exclude"),
        ({"exclude": ["regex:["]}, "exclude"),
        ({"include": ["/a"]}, "include"),
        ({"headers": {}}, "headers"),
        ({"contentSelector": "p:has(a)"}, "contentSelector"),
        ({"removeSelectors": ["p", "li:nth-child(2)"]}, "removeSelectors"),
        ([], "body"),
    ],
)
def test_a_wrong_change_is_refused(api: Api, job_id: str, changes: Any, field: str) -> None:
    before = api.show(job_id)
    response = api.request("PATCH", f"/api/v4/jobs/{job_id}", json=changes)
    check(response, 400, "invalid-request", field)
    assert api.show(job_id) == before


def test_a_path_or_method_that_is_not_there_is_told_as_a_problem(api: Api) -> None:
    check(api.request("GET", "/api/v4/nothing"), 404, "not-found")
    response = api.request("PUT", "/api/v4/jobs", json={})
    check(response, 405, "method-not-allowed")
    assert set(response.headers["Allow"].split(", ")) >= {"GET", "POST"}
