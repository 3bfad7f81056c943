"""What a caller may ask for: every option's right and wrong values, all mistakes at once."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.domain.errors import InvalidRequest, UnsupportedOption
from crawler.domain.model import JobOptions, ScopeKind
from crawler.domain.options import (
    MAX_ROOTS,
    JobRequest,
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
     "include", "exclude", "sitemap", "ignoreRobots", "maxAgeSeconds", "retry"]
)  # fmt: skip


def test_a_url_alone_gives_the_defaults() -> None:
    assert parse_job_request({"url": "HTTPS://Example.com:443"}) == JobRequest((URL,), JobOptions())


def test_the_defaults_are_those_of_the_contract() -> None:
    assert JobOptions().as_json() == {
        "maxDepth": 2, "maxPages": 1000, "timeLimitSeconds": 300, "scope": "host",
        "include": (), "exclude": (), "sitemap": "skip", "ignoreRobots": False,
        "maxAgeSeconds": 0, "concurrency": None, "delayMs": None,
    }  # fmt: skip


RIGHT = [
    ("maxDepth", "max_depth", (0, 10_000, None)),
    ("maxPages", "max_pages", (1, 10_000_000, None)),
    ("timeLimitSeconds", "time_limit_seconds", (1, 31_536_000, None)),
    ("concurrency", "concurrency", (1, 64, None)),
    ("delayMs", "delay_ms", (0, 60_000, None)),
    ("scope", "scope", ("host", "path")),
    ("sitemap", "sitemap", ("skip",)),
    ("ignoreRobots", "ignore_robots", (True, False)),
    ("maxAgeSeconds", "max_age_seconds", (0,)),
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
    ("scope", ("site", "HOST", "", None, 1, []), '"host" or "path"'),
    ("include", ("a", None, [1], [None], {}), "a list of strings"),
    ("exclude", ("a", None, [1], ["a", 1], {}), "a list of strings"),
    ("sitemap", ("always", "", None, 1, []), '"skip"'),
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


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("scope", "domain"),
        ("scope", "any"),
        ("include", ["/a"]),
        ("exclude", ["/a"]),
        ("sitemap", "include"),
        ("sitemap", "only"),
        ("maxAgeSeconds", 60),
    ],
)
def test_an_option_that_is_not_built_says_so(name: str, value: object) -> None:
    with pytest.raises(UnsupportedOption) as caught:
        parse_job_request({"url": URL, name: value})
    assert [each.field for each in caught.value.errors] == [name]
    assert "not supported yet" in caught.value.detail
    assert (caught.value.status, caught.value.code) == (400, "option-not-supported")


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
        ({"url": "ftp://a/", "maxDepth": -1, "scope": "x", "unknown": 1, "sitemap": "only"},
         ["unknown", "url", "maxDepth", "scope"]),
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
        except (InvalidRequest, UnsupportedOption) as mistake:
            assert mistake.errors and mistake.detail


def test_changes_touch_only_what_they_name() -> None:
    options = JobOptions(max_depth=1, scope=ScopeKind.PATH, ignore_robots=True)
    changed = parse_changes({"maxDepth": 4, "delayMs": 5, "exclude": []}, options)
    assert changed == replace(options, max_depth=4, delay_ms=5)
    assert parse_changes({"maxPages": None}, options) == replace(options, max_pages=None)
    assert parse_changes({}, options) == options


@pytest.mark.parametrize("name", ["url", "urls", "scope", "sitemap", "ignoreRobots", "retry"])
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
