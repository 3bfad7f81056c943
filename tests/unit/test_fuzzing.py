"""What is fuzzed for a minute each by `scripts/drill fuzz`, for a moment: that it still can be."""

import pytest

from tests.fuzzing import TARGETS, fuzz

MOMENT_SECONDS = 0.5


@pytest.mark.parametrize("name", TARGETS)
def test_hostile_input_neither_raises_nor_hangs(name: str) -> None:
    assert fuzz(name, MOMENT_SECONDS).inputs > 0
