"""Which failures are tried again, how often, and when."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.domain.reasons import EXPLANATIONS, Reason, http_reason
from crawler.domain.retries import MOST_WAIT_SECONDS, retry_after

PASSING = {
    Reason.TIMEOUT: 2,
    Reason.REFUSED: 3,
    Reason.DNS: 3,
    Reason.BROKEN_RESPONSE: 3,
    Reason.ROBOTS_UNREACHABLE: 3,
    "http-408": 3,
    "http-425": 3,
    "http-429": 3,
    "http-500": 3,
    "http-502": 3,
    "http-503": 3,
    "http-504": 3,
}
ALL = [*EXPLANATIONS, *map(http_reason, range(300, 600))]


@pytest.mark.parametrize("reason", ALL)
def test_what_passes_is_tried_again_and_all_else_is_final(reason: str) -> None:
    tries = [retry_after(reason, attempts, None, 0.5) for attempts in range(6)]
    assert sum(seconds is not None for seconds in tries) == PASSING.get(reason, 0)
    assert tries[PASSING.get(reason, 0) :] == [None] * (6 - PASSING.get(reason, 0))


@pytest.mark.parametrize(
    ("attempts", "chance", "asked", "seconds"),
    [
        (0, 0.0, None, 0.5),
        (0, 1.0, None, 1.0),
        (1, 0.0, None, 1.0),
        (1, 1.0, None, 2.0),
        (2, 0.5, None, 3.0),
        (0, 0.5, 3.0, 3.0),
        (2, 1.0, 0.5, 4.0),
        (0, 0.5, 0.0, 0.75),
        (0, 0.5, MOST_WAIT_SECONDS, MOST_WAIT_SECONDS),
        (0, 0.5, MOST_WAIT_SECONDS + 1, None),
        (0, 0.5, float("inf"), None),
        (3, 0.5, 3.0, None),
    ],
)
def test_waits_double_and_what_the_site_asks_for_wins_where_it_is_longer(
    attempts: int, chance: float, asked: float | None, seconds: float | None
) -> None:
    assert retry_after("http-503", attempts, asked, chance) == seconds


@given(
    st.sampled_from(ALL),
    st.integers(0, 10_000),
    st.none() | st.floats(allow_nan=False),
    st.floats(0, 1),
)
def test_a_wait_is_bounded_and_never_shorter_than_asked(
    reason: str, attempts: int, asked: float | None, chance: float
) -> None:
    seconds = retry_after(reason, attempts, asked, chance)
    if seconds is not None:
        assert 0.5 <= seconds <= MOST_WAIT_SECONDS
        assert seconds >= (asked or 0.0)
