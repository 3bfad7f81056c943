"""`Retry-After` in both of its forms."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.domain.retry_after import LONGEST_SECONDS, retry_after_seconds

NOW = datetime(2026, 3, 1, 12, 0, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        # RFC 9110, section 10.2.3: delay-seconds
        ("0", 0.0),
        ("3", 3.0),
        ("  120 ", 120.0),
        ("007", 7.0),
        ("1.5", 1.5),
        ("9" * 5_000, LONGEST_SECONDS),
        # a date in each of the three forms of section 5.6.7
        ("Sun, 01 Mar 2026 12:00:30 GMT", 30.0),
        ("Sunday, 01-Mar-26 12:01:00 GMT", 60.0),
        ("Sun Mar  1 12:00:05 2026", 5.0),
        ("sun, 1 mar 2026 12:00:30 gmt", 30.0),
        ("Sun, 01 Mar 2026 12:00:30", 30.0),
        ("Sun, 01 Mar 2026 12:00:30 +0000", 30.0),
        ("Mon, 02 Mar 2026 12:00:00 GMT", 86_400.0),
        ("Sun, 01 Mar 2026 12:59:60 GMT", 3_599.0),
        ("Fri, 31 Dec 9999 23:59:59 GMT", LONGEST_SECONDS),
        # what is over asks for nothing
        ("Sun, 01 Mar 2026 11:00:00 GMT", 0.0),
        ("Sunday, 06-Nov-94 08:49:37 GMT", 0.0),
        ("Sun Nov  6 08:49:37 1994", 0.0),
        # what can't be understood says nothing
        (None, None),
        ("", None),
        ("soon", None),
        ("-1", None),
        ("+3", None),
        ("1e3", None),
        ("inf", None),
        ("nan", None),
        ("3 seconds", None),
        ("3, 5", None),
        ("\u0663", None),
        ("Sun, 32 Mar 2026 12:00:30 GMT", None),
        ("Sun, 01 Mrz 2026 12:00:30 GMT", None),
        ("Sun, 01 Mar 2026 25:00:00 GMT", None),
        ("Sun, 01 Mar 0000 12:00:00 GMT", None),
        ("Sun, 01 Mar 2026 12:00:30 CET", None),
        ("2026-03-01T12:00:30Z", None),
    ],
)
def test_how_long_a_site_asks_to_be_left_alone(value: str | None, seconds: float | None) -> None:
    assert retry_after_seconds(value, NOW) == seconds


def test_a_date_is_the_same_moment_in_every_zone() -> None:
    there = NOW.astimezone(timezone(timedelta(hours=9)))
    assert retry_after_seconds("Sun, 01 Mar 2026 12:00:30 GMT", there) == 30.0


@given(st.text(max_size=60) | st.from_regex(r"[A-Z][a-z]{2}, [0-9]{2}[ -][A-Z][a-z]{2}[ -]\d+ .*"))
def test_whatever_a_site_sends_it_is_a_bounded_number_or_nothing(value: str) -> None:
    seconds = retry_after_seconds(value, NOW)
    assert seconds is None or 0 <= seconds <= LONGEST_SECONDS
