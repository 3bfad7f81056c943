"""What is fuzzed for a minute each by `scripts/drill fuzz`, for a moment: that it still can be."""

import re
from functools import partial

import pytest

from tests.fuzzing import Figures, Flood, TooSlow, check_growth, check_time, fuzz, plain_floods
from tests.readers import TARGETS, Target

MOMENT_SECONDS = 0.3
FLOOD_BYTES = 24_000


@pytest.mark.parametrize("name", TARGETS)
def test_hostile_input_neither_raises_nor_hangs(name: str) -> None:
    assert fuzz(name, MOMENT_SECONDS).inputs > 0


@pytest.mark.parametrize("name", TARGETS)
def test_no_fragment_over_and_over_takes_long(name: str) -> None:
    for flood in plain_floods(TARGETS[name], FLOOD_BYTES):
        check_time(TARGETS[name], flood.data(), Figures())


def test_what_grows_faster_than_its_input_is_found() -> None:
    target = Target(partial(re.fullmatch, rb"\s*(.*?)\s*y"), (" ",), 1_000)
    with pytest.raises(TooSlow, match="for half of it"):
        check_growth(target, Flood(b"", b" ", b"z", 1_000))
    with pytest.raises(TooSlow, match="for 1,000 bytes"):
        check_time(target, b" " * 1_000, Figures())


def test_what_takes_linear_time_is_let_be() -> None:
    target = Target(partial(re.fullmatch, rb"( *+)y"), (" ",), 2_000_000)
    check_growth(target, Flood(b"", b" ", b"z", 2_000_000))
    check_time(target, b" " * 2_000_000, Figures())
