"""Headers and cookies as people paste them."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.domain.errors import InvalidRequest
from crawler.web.pasted import cookie_lines, header_lines, lines_of


@pytest.mark.parametrize(
    ("text", "headers"),
    [
        ("", {}),
        (" \r\n\n", {}),
        ("Authorization: Bearer a:b=", {"Authorization": "Bearer a:b="}),
        ("A:1\r\n  B :  2 \n", {"A": "1", "B": "2"}),
        ("X-Empty:", {"X-Empty": ""}),
    ],
)
def test_a_header_on_each_line(text: str, headers: dict[str, str]) -> None:
    assert header_lines(text) == headers


@pytest.mark.parametrize(
    ("text", "cookies"),
    [
        ("", {}),
        ("session=a=b:c", {"session": "a=b:c"}),
        ("session: a=b", {"session": "a=b"}),
        ("a=1; b=2;\nc=3", {"a": "1", "b": "2", "c": "3"}),
        ("Cookie: a=1; b=2", {"a": "1", "b": "2"}),
        ("a=", {"a": ""}),
    ],
)
def test_cookies_on_lines_or_as_a_browser_sends_them(text: str, cookies: dict[str, str]) -> None:
    assert cookie_lines(text) == cookies


@pytest.mark.parametrize(
    ("read", "text", "field", "line"),
    [
        (header_lines, "A: 1\nsecret", "headers", 2),
        (header_lines, "A: 1\n\nA: 2", "headers", 2),
        (cookie_lines, "secret", "cookies", 1),
        (cookie_lines, "a=1; a=2", "cookies", 1),
    ],
)
def test_a_wrong_line_is_named_by_its_number_and_not_shown(
    read: Callable[[str], object], text: str, field: str, line: int
) -> None:
    with pytest.raises(InvalidRequest) as refused:
        read(text)
    (error,) = refused.value.errors
    assert (error.field, f"number {line}" in error.message) == (field, True)
    assert "secret" not in error.message


@given(st.text())
def test_lines_hold_something_and_no_blanks_around_it(text: str) -> None:
    assert all(line and line == line.strip() for line in lines_of(text))
