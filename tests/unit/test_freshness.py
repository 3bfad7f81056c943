"""What HTTP allows to keep of an answer, and when it has to be asked for again."""

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.domain.freshness import (
    Validators,
    freshened,
    is_gone,
    is_young,
    may_be_stored,
    must_be_validated,
    shareable,
    validators_of,
)

NAMES = st.sampled_from(
    ["ETag", "etag", "Last-Modified", "Cache-Control", "Vary", "Pragma", "Expires", "X-Other"]
)
HEADERS = st.lists(st.tuples(NAMES, st.text(max_size=40))).map(tuple)


@pytest.mark.parametrize(("status", "headers", "expected"), [
    (200, (), True),
    (200, (("Cache-Control", "max-age=0, must-revalidate"),), True),
    (200, (("Cache-Control", "no-cache"),), True),
    (200, (("Cache-Control", "public"), ("Vary", "Accept-Encoding, User-Agent"),), True),
    (200, (("Cache-Control", "no-store"),), False),
    (200, (("cache-control", "max-age=60,  No-Store "),), False),
    (200, (("Cache-Control", "max-age=60"), ("Cache-Control", "no-store")), False),
    (200, (("Cache-Control", "private"),), False),
    (200, (("Cache-Control", 'private="Set-Cookie", max-age=60'),), False),
    (200, (("Cache-Control", "x-no-store=1, not-private"),), True),
    (200, (("Vary", "*"),), False),
    (200, (("Vary", "Accept, *"),), False),
    (301, (), True),
    (308, (), True),
    (301, (("Cache-Control", "no-store"),), False),
    (302, (), False),
    (302, (("Cache-Control", "max-age=60"),), True),
    (303, (("Expires", "Thu, 01 Dec 2033 16:00:00 GMT"),), True),
    (307, (("Cache-Control", "public"),), True),
    (307, (("Cache-Control", "public, no-store"),), False),
    (203, (), False),
    (206, (), False),
    (304, (), False),
    (404, (("Cache-Control", "public"),), False),
    (500, (), False),
])
def test_a_shared_cache_keeps_what_it_may(
    status: int, headers: tuple[tuple[str, str], ...], expected: bool
) -> None:
    assert may_be_stored(status, headers) is expected


@pytest.mark.parametrize(("headers", "expected"), [
    ((), False),
    ((("Cache-Control", "max-age=0"),), False),
    ((("Cache-Control", "no-cache"),), True),
    ((("Cache-Control", 'max-age=60, no-cache="Set-Cookie"'),), True),
    ((("Pragma", "no-cache"),), True),
    ((("Pragma", "no-cache"), ("Cache-Control", "max-age=60")), False),
])
def test_some_answers_are_asked_for_before_each_use(
    headers: tuple[tuple[str, str], ...], expected: bool
) -> None:
    assert must_be_validated(headers) is expected


@pytest.mark.parametrize(("age_seconds", "max_age_seconds", "expected"), [
    (0.0, 0, False), (0.0, 1, True), (1.0, 1, True), (1.01, 1, False), (3599.0, 3600, True),
])
def test_an_answer_is_young_up_to_the_age_that_the_job_allows(
    age_seconds: float, max_age_seconds: int, expected: bool
) -> None:
    assert is_young(age_seconds, max_age_seconds) is expected


@pytest.mark.parametrize(("headers", "conditions"), [
    ((), {}),
    ((("ETag", '"a"'),), {"If-None-Match": '"a"'}),
    ((("etag", 'W/"a b"'),), {"If-None-Match": 'W/"a b"'}),
    ((("ETag", "unquoted"),), {"If-None-Match": "unquoted"}),
    ((("ETag", '"first"'), ("ETag", '"second"')), {"If-None-Match": '"first"'}),
    ((("ETag", ""),), {}),
    ((("ETag", '"a\r\nX-Evil: 1"'),), {}),
    ((("ETag", '"' + "a" * 1_000 + '"'),), {}),
    ((("ETag", '"\u20ac"'),), {}),
    (
        (("Last-Modified", "Sun, 06 Nov 1994 08:49:37 GMT"), ("ETag", '"a"')),
        {"If-None-Match": '"a"', "If-Modified-Since": "Sun, 06 Nov 1994 08:49:37 GMT"},
    ),
])
def test_a_page_is_asked_for_by_what_the_site_called_its_version(
    headers: tuple[tuple[str, str], ...], conditions: dict[str, str]
) -> None:
    assert validators_of(headers).conditions() == conditions
    assert bool(validators_of(headers)) is bool(conditions)


@pytest.mark.parametrize(("kept", "answered", "expected"), [
    ('"a"', '"a"', True),
    ('"a"', 'W/"a"', True),
    ('W/"a"', '"a"', True),
    ('"a"', None, True),
    (None, '"a"', True),
    ('"a"', '"b"', False),
])
def test_a_304_speaks_of_the_version_that_was_asked_for(
    kept: str | None, answered: str | None, expected: bool
) -> None:
    assert Validators(kept).may_be_meant_by(Validators(answered)) is expected


def test_a_304_renews_headers_but_those_of_the_body() -> None:
    stored = (("Content-Type", "text/html"), ("ETag", '"a"'), ("X", "1"), ("X", "2"), ("Y", "y"))
    answered = (("etag", 'W/"a"'), ("content-type", "text/plain"), ("x", "3"),
                ("Content-Length", "0"), ("Connection", "close"), ("Z", "z"))
    assert freshened(stored, answered) == (
        ("Content-Type", "text/html"), ("Y", "y"), ("etag", 'W/"a"'), ("x", "3"), ("Z", "z")
    )


def test_cookies_are_for_whoever_got_them() -> None:
    assert shareable((("Set-Cookie", "id=1"), ("A", "b"), ("set-cookie", "x=2"))) == (("A", "b"),)


@pytest.mark.parametrize(("status", "expected"), [
    (404, True), (410, True), (200, False), (403, False), (500, False), (503, False),
])
def test_a_page_is_gone_when_the_site_says_so(status: int, expected: bool) -> None:
    assert is_gone(status) is expected


@given(st.integers(100, 599), HEADERS)
def test_any_headers_can_be_judged_and_conditions_can_be_sent(
    status: int, headers: tuple[tuple[str, str], ...]
) -> None:
    may_be_stored(status, headers)
    must_be_validated(headers)
    for value in validators_of(headers).conditions().values():
        value.encode("latin-1")
        assert value.strip(string.whitespace) == value
        assert not set(value) & {chr(code) for code in (*range(32), 127)}


@given(HEADERS, HEADERS)
def test_renewing_twice_is_renewing_once(
    stored: tuple[tuple[str, str], ...], answered: tuple[tuple[str, str], ...]
) -> None:
    once = freshened(stored, answered)
    assert freshened(once, answered) == once
