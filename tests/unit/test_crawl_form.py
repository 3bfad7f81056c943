"""The form's fields as the API's request: the choice fills them in, what stands in them counts."""

from collections.abc import Mapping
from typing import Any

import pytest

from crawler.domain.errors import InvalidRequest
from crawler.domain.model import JobOptions
from crawler.domain.options import parse_changes, parse_job_request
from crawler.web.forms import (
    CHOICES,
    as_changes,
    as_request,
    as_selectors,
    blank_form,
    limits_form,
    open_groups,
    selectors_form,
)

CHOSEN = JobOptions(content_selector="main", remove_selectors=(".ad", "ul, ol"))
URL = "https://example.com/docs/"


def asked(**fields: str) -> Mapping[str, Any]:
    """What a browser sends of the untouched form but for these fields."""
    return as_request(blank_form() | {"url": URL} | fields)


def test_the_untouched_form_asks_for_what_the_api_does_by_default() -> None:
    assert parse_job_request(asked()).options == JobOptions()


@pytest.mark.parametrize(
    ("what", "scope", "depth"),
    [("near", "host", 2), ("section", "path", None), ("site", "host", None), ("page", "host", 0)],
)
@pytest.mark.parametrize("has_script", [True, False])
def test_a_choice_means_its_scope_and_depth_with_and_without_its_script(
    what: str, scope: str, depth: int | None, has_script: bool
) -> None:
    choice = next(each for each in CHOICES if each.value == what)
    filled = {"maxDepth": choice.max_depth, "scope": str(choice.scope), "chosen": what}
    body = asked(what=what, **(filled if has_script else {}))
    assert (body["scope"], body["maxDepth"]) == (scope, depth)


@pytest.mark.parametrize(
    ("fields", "name", "value"),
    [
        ({"maxDepth": "4"}, "maxDepth", 4),
        ({"maxDepth": ""}, "maxDepth", None),
        ({"what": "site", "maxDepth": "4"}, "maxDepth", 4),
        ({"what": "site", "chosen": "site", "maxDepth": "2"}, "maxDepth", 2),
        ({"what": "site", "scope": "path"}, "scope", "path"),
        ({"maxPages": " "}, "maxPages", None),
        ({"maxPages": "1,000"}, "maxPages", 1000),
        ({"timeLimitSeconds": ""}, "timeLimitSeconds", None),
        ({"delayMs": "0"}, "delayMs", 0),
        ({"concurrency": ""}, "concurrency", None),
        ({"ignoreRobots": "1"}, "ignoreRobots", True),
        ({"scope": "domain"}, "scope", "domain"),
        ({"sitemap": "only"}, "sitemap", "only"),
        ({"include": "/a/*\r\n\r\n regex:b \n"}, "include", ["/a/*", "regex:b"]),
        ({"exclude": "/c"}, "exclude", ["/c"]),
        ({"headers": "A: b: c"}, "headers", {"A": "b: c"}),
        ({"cookies": "a=b; c=d"}, "cookies", {"a": "b", "c": "d"}),
        ({"contentSelector": " main > p "}, "contentSelector", "main > p"),
        ({"removeSelectors": ".ad\r\n\r\n ul, ol \n"}, "removeSelectors", [".ad", "ul, ol"]),
        ({"maxAgeSeconds": "3,600"}, "maxAgeSeconds", 3600),
        ({"url": " example.com/docs "}, "url", "https://example.com/docs"),
    ],
)
def test_what_stands_in_a_field_counts(fields: dict[str, str], name: str, value: object) -> None:
    assert asked(**fields)[name] == value


def test_a_form_sent_with_few_fields_leaves_the_rest_to_the_api() -> None:
    request = parse_job_request(as_request({"url": "example.com", "maxDepth": "0"}))
    assert request.urls == ("https://example.com/",)
    assert request.options == JobOptions(max_depth=0)


def test_a_list_takes_a_url_from_each_line_that_has_one() -> None:
    body = asked(what="list", urls="a.example/x\r\n\r\n  https://b.example \n")
    assert body["urls"] == ["https://a.example/x", "https://b.example"]
    assert body["maxDepth"] == 0
    assert "url" not in body


@pytest.mark.parametrize("text", ["abc", "1.5", "-1", "9" * 40, "٣"])
def test_a_depth_that_is_no_number_is_the_api_s_to_refuse(text: str) -> None:
    with pytest.raises(InvalidRequest) as refused:
        parse_job_request(asked(maxDepth=text))
    assert [error.field for error in refused.value.errors] == ["maxDepth"]


def test_a_button_to_go_on_changes_only_what_it_names() -> None:
    assert as_changes({"maxDepth": "", "maxPages": "50", "retry": "failed"}) == {
        "maxDepth": None,
        "maxPages": 50,
    }


def test_limits_come_back_as_they_were_shown() -> None:
    options = JobOptions(max_depth=None, max_pages=7, time_limit_seconds=None, delay_ms=0)
    assert parse_changes(as_changes(limits_form(options)), JobOptions()) == options


@pytest.mark.parametrize("options", [JobOptions(), CHOSEN])
def test_selectors_come_back_as_they_were_shown(options: JobOptions) -> None:
    assert parse_changes(as_selectors(selectors_form(options)), JobOptions()) == options
    assert parse_changes(as_selectors(selectors_form(options)), CHOSEN) == options


def test_the_page_limit_of_the_operator_stands_in_the_form() -> None:
    assert blank_form(50)["maxPages"] == "50"
    assert blank_form(10_000)["maxPages"] == "1000"
    assert blank_form(None)["maxPages"] == "1000"


@pytest.mark.parametrize(
    ("fields", "errors", "opened"),
    [
        ({}, {}, set()),
        ({"what": "site", "chosen": "site", "maxDepth": "", "scope": "path"}, {}, set()),
        ({"maxPages": "7"}, {}, {"limits"}),
        ({"exclude": "/a"}, {}, {"urls"}),
        ({"examples": "/a"}, {}, {"urls"}),
        ({"cookies": "a=b"}, {}, {"sent"}),
        ({"removeSelectors": ".ad"}, {}, {"content"}),
        ({"scope": "any"}, {"scope": "The scope is wrong."}, {"urls"}),
        ({}, {"url": "It is empty."}, set()),
    ],
)
def test_folds_with_something_in_them_or_wrong_stand_open(
    fields: dict[str, str], errors: dict[str, str], opened: set[str]
) -> None:
    blank = blank_form()
    assert open_groups(blank | fields, blank, errors) == opened
