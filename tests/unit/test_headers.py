"""Headers and cookies of the user: what may be sent, and that no value shows."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.domain.headers import (
    MAX_FIELDS,
    MAX_VALUE_BYTES,
    Credentials,
    parse_cookies,
    parse_headers,
)

SECRET = "s3cret"


def test_cookies_become_one_header() -> None:
    credentials = Credentials({"Authorization": "Bearer x"}, {"a": "1", "b": '"2, 3"'})
    assert credentials.for_request() == {
        "Authorization": "Bearer x",
        "Cookie": 'a=1; b="2, 3"',
    }
    assert Credentials({"X-A": " 1\t"}).for_request() == {"X-A": "1"}
    assert credentials and not Credentials()


def test_no_value_shows_in_a_repr() -> None:
    shown = repr(Credentials({"Authorization": SECRET}, {"session": SECRET}))
    assert shown == "Credentials(headers=['Authorization'], cookies=['session'])"


@pytest.mark.parametrize(
    "name",
    ["Host", "content-length", "Transfer-Encoding", "Connection", "TE", "Trailer", "Upgrade",
     "Keep-Alive", "Expect", "Accept-Encoding", "Range", "If-None-Match", "If-Modified-Since",
     "Cookie", "User-Agent", "Proxy-Authorization", "Sec-Fetch-Site", "HTTP2-Settings"],
)  # fmt: skip
def test_a_header_that_clew_needs_itself_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match=f"^has {name}, which "):
        parse_headers({name: "x"})


@pytest.mark.parametrize(
    ("value", "complaint"),
    [
        ([], "must be an object"),
        (None, "must be an object"),
        ({"": "x"}, "has a name that is none"),
        ({"a b": "x"}, "has a name that is none"),
        ({"a:": "x"}, "has a name that is none"),
        ({":path": "x"}, "has a name that is none"),
        ({"a\r\nb": "x"}, "has a name that is none: 'a"),
        ({"é": "x"}, "has a name that is none"),
        ({"a" * 101: "x"}, "has a name that is none"),
        ({1: "x"}, "has a name that is none"),
        ({"a": 5}, "has no string as the value of a"),
        ({"a": None}, "has no string as the value of a"),
        ({"a": SECRET + "\r\nHost: b"}, "has characters in the value of a that can't be sent"),
        ({"a": SECRET + "\n"}, "has characters in the value of a"),
        ({"a": SECRET + "\0"}, "has characters in the value of a"),
        ({"a": SECRET + "é"}, "has characters in the value of a"),
        ({"a": SECRET * MAX_VALUE_BYTES}, "has a value of a that is longer than 8,192 bytes"),
        ({f"a{number}": "x" for number in range(MAX_FIELDS + 1)}, "has more than 50 "),
    ],
)
def test_a_wrong_field_is_told_without_its_value(value: Any, complaint: str) -> None:
    for parse in (parse_headers, parse_cookies):
        with pytest.raises(ValueError, match="^" + complaint) as caught:
            parse(value)
        assert SECRET not in str(caught.value) and "\n" not in str(caught.value)


def test_a_name_is_given_once_and_a_cookie_ends_at_its_semicolon() -> None:
    with pytest.raises(ValueError, match="twice"):
        parse_headers({"X-A": "1", "x-a": "2"})
    with pytest.raises(ValueError, match="characters in the value of a"):
        parse_cookies({"a": "1; b=2"})
    assert parse_cookies({"a": "1", "A": "2"}) == {"a": "1", "A": "2"}


pairs = st.dictionaries(st.text(max_size=5), st.text(max_size=8), max_size=4)


@given(pairs, pairs)
def test_what_is_accepted_can_be_sent_and_kept(
    headers: dict[str, str], cookies: dict[str, str]
) -> None:
    try:
        credentials = Credentials(headers, cookies)
    except ValueError as mistake:
        assert str(mistake)
        return
    assert Credentials.from_bytes(credentials.as_bytes()) == credentials
    for name, value in credentials.for_request().items():
        line = f"{name}: {value}"
        assert line.isascii() and not set(line) & {"\r", "\n", "\0"}
