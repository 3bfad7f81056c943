"""What a caller may ask for: every option's right and wrong values, all mistakes at once."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.domain.admission import HostRules
from crawler.domain.errors import InvalidRequest
from crawler.domain.headers import Credentials
from crawler.domain.model import JobOptions, ScopeKind
from crawler.domain.options import (
    MAX_ROOTS,
    JobRequest,
    Policy,
    parse_changes,
    parse_job_request,
    parse_resume,
)

URL = "https://example.com/"
NOT_NUMBERS: tuple[Any, ...] = ("5", 5.0, True, False, [], {}, float("nan"))

values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda each: st.lists(each, max_size=3) | st.dictionaries(st.text(max_size=8), each),
    max_leaves=5,
)
members = st.sampled_from(
    ["url", "urls", "maxDepth", "maxPages", "timeLimitSeconds", "concurrency", "delayMs", "scope",
     "include", "exclude", "sitemap", "ignoreRobots", "maxAgeSeconds", "headers", "cookies",
     "contentSelector", "removeSelectors", "retry"]
)  # fmt: skip


def test_a_url_alone_gives_the_defaults() -> None:
    assert parse_job_request({"url": "HTTPS://Example.com:443"}) == JobRequest((URL,), JobOptions())


def test_the_defaults_are_those_of_the_contract() -> None:
    assert JobOptions().as_json() == {
        "maxDepth": 2, "maxPages": 1000, "timeLimitSeconds": 300, "scope": "host",
        "include": (), "exclude": (), "sitemap": "include", "ignoreRobots": False,
        "maxAgeSeconds": 0, "concurrency": None, "delayMs": None, "headers": (), "cookies": (),
        "contentSelector": None, "removeSelectors": (),
    }  # fmt: skip


RIGHT = [
    ("maxDepth", "max_depth", (0, 10_000, None)),
    ("maxPages", "max_pages", (1, 10_000_000, None)),
    ("timeLimitSeconds", "time_limit_seconds", (1, 31_536_000, None)),
    ("concurrency", "concurrency", (1, 64, None)),
    ("delayMs", "delay_ms", (0, 60_000, None)),
    ("scope", "scope", ("host", "domain", "path", "any")),
    ("sitemap", "sitemap", ("include", "skip", "only")),
    ("ignoreRobots", "ignore_robots", (True, False)),
    ("maxAgeSeconds", "max_age_seconds", (0, 10**9)),
    ("contentSelector", "content_selector", ("main > article", None)),
]


@pytest.mark.parametrize(
    ("name", "attribute", "value"), [(n, a, value) for n, a, each in RIGHT for value in each]
)
def test_a_right_value_is_taken(name: str, attribute: str, value: object) -> None:
    options = parse_job_request({"url": URL, name: value}).options
    assert options == replace(JobOptions(), **{attribute: value})
    assert JobOptions.from_json(options.as_json()) == options


WRONG = [
    ("maxDepth", (-1, 10_001, *NOT_NUMBERS), "a whole number from 0 to 10,000 or null"),
    ("maxPages", (0, 10_000_001, *NOT_NUMBERS), "a whole number from 1 to 10,000,000 or null"),
    ("timeLimitSeconds", (0, 10**8, *NOT_NUMBERS), "a whole number from 1 to 31,536,000 or null"),
    ("concurrency", (0, 65, *NOT_NUMBERS), "a whole number from 1 to 64 or null"),
    ("delayMs", (-1, 60_001, *NOT_NUMBERS), "a whole number from 0 to 60,000 or null"),
    ("maxAgeSeconds", (-1, None, *NOT_NUMBERS), "a whole number from 0 to 1,000,000,000"),
    ("scope", ("site", "HOST", "", None, 1, []), '"host", "domain", "path" or "any"'),
    ("include", ("a", None, [1], [None], {}), "a list of strings"),
    ("exclude", ("a", None, [1], ["a", 1], {}), "a list of strings"),
    ("sitemap", ("always", "", None, 1, []), '"include", "skip" or "only"'),
    ("headers", (None, [], "a: b", 1), "an object of names and values"),
    ("cookies", (None, [], "a=b", 1), "an object of names and values"),
    ("ignoreRobots", (None, 0, 1, "true", []), "true or false"),
]


@pytest.mark.parametrize(
    ("name", "value", "expected"), [(n, value, e) for n, each, e in WRONG for value in each]
)
def test_a_wrong_value_is_refused_by_its_field(name: str, value: object, expected: str) -> None:
    with pytest.raises(InvalidRequest) as caught:
        parse_job_request({"url": URL, name: value})
    assert [each.as_json() for each in caught.value.errors] == [
        {"field": name, "message": f"must be {expected}"}
    ]


@pytest.mark.parametrize("name", ["include", "exclude"])
def test_rules_are_taken_each_once_without_spaces_around(name: str) -> None:
    options = parse_job_request({"url": URL, name: ["/a ", "regex:b", "/a"]}).options
    assert options.as_json()[name] == ("/a", "regex:b")


@pytest.mark.parametrize("name", ["include", "exclude"])
@pytest.mark.parametrize(
    ("value", "complaint"),
    [
        (["/a", "b"], "has a wrong entry: number 2 matches no URL"),
        (["regex:("], "has a wrong entry: number 1 is not a regular expression"),
        ([f"/{number}" for number in range(101)], "has more than 100 rules"),
        ([f"regex:a.{{1,{each}}}" for each in range(290, 300)], "has regular expressions that are"),
    ],
)
def test_wrong_rules_are_refused(name: str, value: list[str], complaint: str) -> None:
    with pytest.raises(InvalidRequest, match=f"^{name} {complaint.replace('(', '.')}"):
        parse_job_request({"url": URL, name: value})


def test_of_headers_and_cookies_the_options_know_only_names() -> None:
    body = {"url": URL, "headers": {"Authorization": " x"}, "cookies": {"session": "y"}}
    request = parse_job_request(body)
    assert request.credentials == Credentials({"Authorization": "x"}, {"session": "y"})
    assert (request.options.headers, request.options.cookies) == (("Authorization",), ("session",))
    assert parse_job_request({"url": URL, "headers": {}, "cookies": {}}).credentials is None


@pytest.mark.parametrize("name", ["headers", "cookies"])
def test_headers_and_cookies_are_for_one_site(name: str) -> None:
    own = {"urls": [URL, URL + "a"], name: {"a": "b"}}
    assert parse_job_request(own).credentials
    with pytest.raises(InvalidRequest, match=f"^{name} can be sent only where all URLs are of one"):
        parse_job_request({**own, "urls": [URL, "http://example.com/"]})


STRICT = Policy(max_pages=100, allow_ignore_robots=False, denied=HostRules.parse("no.example"))


@pytest.mark.parametrize(
    ("body", "mistake"),
    [
        ({"url": URL, "maxPages": 101}, "maxPages may be at most 100 on this server"),
        ({"url": URL, "maxPages": None}, "maxPages may be at most 100 on this server"),
        ({"url": URL, "ignoreRobots": True}, "ignoreRobots is not allowed on this server"),
        ({"url": "http://a.no.example:81/"}, "url is on a host that may not be crawled"),
        ({"urls": [URL, "http://no.example/"]}, "urls has a wrong entry: number 2 is on a host"),
    ],
)
def test_what_the_operator_forbids_is_refused(body: object, mistake: str) -> None:
    with pytest.raises(InvalidRequest, match=f"^{mistake}") as caught:
        parse_job_request(body, STRICT)
    assert len(caught.value.errors) == 1


def test_the_operator_lowers_defaults_and_what_older_jobs_were_allowed() -> None:
    assert parse_job_request({"url": URL}, STRICT).options.max_pages == 100
    assert parse_job_request({"url": URL, "maxPages": 5}, STRICT).options.max_pages == 5
    older = JobOptions(max_pages=None, ignore_robots=True)
    lowered = JobOptions(max_pages=100)
    assert STRICT.bound(older) == parse_changes({}, older, STRICT) == lowered
    assert Policy().bound(older) == older
    with pytest.raises(InvalidRequest, match="maxPages may be at most 100"):
        parse_changes({"maxPages": 1_000}, older, STRICT)


@pytest.mark.parametrize(
    ("body", "fields"),
    [
        ({}, ["url"]),
        ({"url": URL, "urls": [URL]}, ["url"]),
        ({"url": None}, ["url"]),
        ({"url": 5}, ["url"]),
        ({"url": "ftp://example.com/"}, ["url"]),
        ({"url": "http://"}, ["url"]),
        ({"url": "http://site/" + "a" * 3_000}, ["url"]),
        ({"url": "http://site/\x01"}, ["url"]),
        ({"urls": []}, ["urls"]),
        ({"urls": URL}, ["urls"]),
        ({"urls": [URL, 5]}, ["urls"]),
        ({"urls": [URL] * (MAX_ROOTS + 1)}, ["urls"]),
        ({"url": URL, "maxdepth": 3, "depth": 3}, ["depth", "maxdepth"]),
        ({"url": URL, "max\x00\ud800": 3}, ["max??"]),
        ({"url": URL, "x" * 100: 3}, ["x" * 60]),
        ({"url": "ftp://a/", "maxDepth": -1, "scope": "x", "unknown": 1, "exclude": "a"},
         ["unknown", "url", "maxDepth", "scope", "exclude"]),
        (None, ["body"]),
        ([], ["body"]),
        ("https://example.com/", ["body"]),
    ],
)  # fmt: skip
def test_all_mistakes_are_told_at_once(body: object, fields: list[str]) -> None:
    with pytest.raises(InvalidRequest) as caught:
        parse_job_request(body)
    assert [each.field for each in caught.value.errors] == fields
    assert all(each.field in caught.value.detail for each in caught.value.errors)


def test_a_wrong_entry_of_a_list_is_named_by_its_number() -> None:
    with pytest.raises(InvalidRequest, match="number 2 has the scheme ftp:"):
        parse_job_request({"urls": [URL, "ftp://example.com/"]})


def test_roots_are_canonical_and_each_once() -> None:
    request = parse_job_request({"urls": ["http://b", "http://A:80/", "http://a", "http://b/#c"]})
    assert request.urls == ("http://b/", "http://a/")


@given(st.dictionaries(members | st.text(max_size=8), values, max_size=6) | values)
def test_any_body_is_a_request_or_a_told_mistake(body: object) -> None:
    for parse in (parse_job_request, lambda b: parse_changes(b, JobOptions()), parse_resume):
        try:
            parse(body)
        except InvalidRequest as mistake:
            assert mistake.errors and mistake.detail


def test_changes_touch_only_what_they_name() -> None:
    options = JobOptions(max_depth=1, scope=ScopeKind.PATH, ignore_robots=True)
    changed = parse_changes({"maxDepth": 4, "delayMs": 5, "exclude": []}, options)
    assert changed == replace(options, max_depth=4, delay_ms=5)
    assert parse_changes({"maxPages": None}, options) == replace(options, max_pages=None)
    assert parse_changes({}, options) == options


def test_exclude_rules_come_to_those_there_are() -> None:
    options = JobOptions(exclude=("/a", "/b"))
    assert parse_changes({"exclude": ["/c", "/a"]}, options).exclude == ("/a", "/b", "/c")
    many = replace(options, exclude=tuple(f"/{number}" for number in range(100)))
    assert parse_changes({"exclude": ["/7"]}, many) == many
    with pytest.raises(InvalidRequest, match="exclude has more than 100 rules"):
        parse_changes({"exclude": ["/c"]}, many)
    with pytest.raises(InvalidRequest, match="exclude has a wrong entry: number 1 is empty"):
        parse_changes({"exclude": [""]}, options)


@pytest.mark.parametrize(
    "name",
    ["url", "urls", "scope", "include", "sitemap", "ignoreRobots", "headers", "cookies", "retry"],
)
def test_a_running_job_keeps_what_it_is_about(name: str) -> None:
    with pytest.raises(InvalidRequest) as caught:
        parse_changes({name: "x"}, JobOptions())
    assert [each.field for each in caught.value.errors] == [name]


@pytest.mark.parametrize(
    ("body", "retry"), [(None, False), ({}, False), ({"retry": "failed"}, True)]
)
def test_a_resume_may_ask_for_what_failed(body: object, retry: bool) -> None:
    assert parse_resume(body) is retry


@pytest.mark.parametrize(
    ("body", "field"),
    [({"retry": "all"}, "retry"), ({"retry": None}, "retry"), ({"x": 1}, "x"), ([], "body")],
)
def test_a_resume_asks_for_nothing_else(body: object, field: str) -> None:
    with pytest.raises(InvalidRequest) as caught:
        parse_resume(body)
    assert [each.field for each in caught.value.errors] == [field]
