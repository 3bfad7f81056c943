"""What is fuzzed for a minute each by `scripts/drill fuzz`, for a moment: that it still can be."""

from collections.abc import Callable
from types import SimpleNamespace

import pytest

from tests import cpu
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


FLOOD = Flood(b"", b" ", b"z", 1_000)


def costing(monkeypatch: pytest.MonkeyPatch, seconds: Callable[[int], float]) -> Target:
    """A target that takes so long by an input's size, as a clock of its own has it."""
    now = [0.0]

    def read(data: bytes) -> None:
        now[0] += seconds(len(data))

    monkeypatch.setattr(cpu, "time", SimpleNamespace(thread_time=lambda: now[0]))
    return Target(read, (" ",), 1_000)


@pytest.mark.parametrize("power", [2, 3])
def test_what_grows_faster_than_its_input_is_found(
    monkeypatch: pytest.MonkeyPatch, power: int
) -> None:
    target = costing(monkeypatch, lambda size: 0.2 * (size / FLOOD.size) ** power)
    with pytest.raises(TooSlow, match="for half of it"):
        check_growth(target, FLOOD)
    with pytest.raises(TooSlow, match="for 1,000 bytes"):
        check_time(target, b" " * 1_000, Figures())


def test_what_grows_with_its_input_or_in_one_step_is_let_be(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    check_growth(costing(monkeypatch, lambda size: size / 1_000), FLOOD)
    check_growth(costing(monkeypatch, lambda size: size / (10_000 if size < 900 else 100)), FLOOD)
    check_time(costing(monkeypatch, lambda size: 0.04), b" " * 1_000, Figures())


def test_a_slow_machine_is_no_slow_code(monkeypatch: pytest.MonkeyPatch) -> None:
    target = costing(monkeypatch, lambda size: 0.09)
    monkeypatch.setattr("tests.fuzzing.slowness", lambda: 2.0)
    check_time(target, b" " * 1_000, Figures())
