"""Pace: how many fetches at once, split among calls, never more than the job's concurrency."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.domain.model import JobOptions
from crawler.domain.politeness import ALLOWED, MOST_CALLS, PUBLIC, Pace, pace_of


@given(st.integers(1, 64), st.lists(st.integers(0, 5), max_size=60))
def test_calls_together_never_exceed_the_concurrency(concurrency: int, moves: list[int]) -> None:
    pace = Pace(concurrency, delay_ms=0)
    shares: list[int] = []
    for move in moves:
        if move < len(shares):
            shares.pop(move)
        elif len(shares) < pace.most_calls:
            share = pace.share(len(shares), sum(shares))
            assert share >= 0
            shares += [share] if share else []
        assert sum(shares) <= concurrency
        assert len(shares) <= MOST_CALLS


@given(st.integers(1, 64))
def test_calls_that_start_one_after_the_other_use_the_whole_concurrency(concurrency: int) -> None:
    pace = Pace(concurrency, delay_ms=0)
    shares: list[int] = []
    while len(shares) < pace.most_calls:
        shares.append(pace.share(len(shares), sum(shares)))
    assert sum(shares) == concurrency
    assert min(shares) >= 1
    assert max(shares) - min(shares) <= 1


@given(st.integers(1, 64), st.integers(1, 60_000))
def test_with_a_delay_one_call_has_all_of_it(concurrency: int, delay_ms: int) -> None:
    pace = Pace(concurrency, delay_ms)
    assert pace.most_calls == 1
    assert pace.share(0, 0) == concurrency


@pytest.mark.parametrize(
    ("concurrency", "delay_ms", "only_allowed", "pace"),
    [
        (None, None, False, Pace(3, 100)),
        (None, None, True, Pace(8, 0)),
        (5, None, False, Pace(5, 100)),
        (5, None, True, Pace(5, 0)),
        (None, 0, False, Pace(3, 0)),
        (None, 250, True, Pace(8, 250)),
        (64, 60_000, False, Pace(64, 60_000)),
    ],
)
def test_options_go_before_the_default_of_the_site(
    concurrency: int | None, delay_ms: int | None, only_allowed: bool, pace: Pace
) -> None:
    options = JobOptions(concurrency=concurrency, delay_ms=delay_ms)
    assert pace_of(options, only_allowed=only_allowed) == pace


def test_the_defaults_are_those_of_the_contract() -> None:
    assert (Pace(3, 100), Pace(8, 0)) == (PUBLIC, ALLOWED)
