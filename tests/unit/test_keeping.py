"""When a child that died is started again."""

from collections.abc import Callable, Iterator
from itertools import pairwise

import pytest

from engines import EngineError
from supervision.keeping import (
    FIRST_PAUSE_SECONDS,
    LONGEST_PAUSE_SECONDS,
    Kept,
    next_pause,
)


class FakeChild:
    """A child that dies when told to, and whose starts fail as often as told."""

    name = "the child"
    pid = None

    def __init__(self) -> None:
        self.dead = False
        self.failures = 0
        self.launches = 0

    def launch(self) -> None:
        self.launches += 1
        self.dead = False
        if self.failures:
            self.failures -= 1
            self.dead = True
            raise EngineError("no room left")

    def has_died(self) -> bool:
        return self.dead

    def stop(self, hurry: Callable[[], bool]) -> None:
        self.dead = True


@pytest.mark.parametrize(("previous", "lived", "expected"), [
    (0, 0, FIRST_PAUSE_SECONDS),
    (0, 1000, FIRST_PAUSE_SECONDS),
    (1, 0.5, 2),
    (8, 29, LONGEST_PAUSE_SECONDS),
    (10, 0, LONGEST_PAUSE_SECONDS),
    (10, 30, FIRST_PAUSE_SECONDS),
])
def test_pauses_double_until_a_life_was_stable(
    previous: float, lived: float, expected: float
) -> None:
    assert next_pause(previous, lived) == expected


def test_a_living_child_is_left_alone() -> None:
    child = FakeChild()
    kept = Kept(child, now=0)
    for now in range(100):
        kept.tend(now)
    assert child.launches == 0


def test_a_dead_child_is_started_once_its_pause_is_over(
    capsys: pytest.CaptureFixture[str],
) -> None:
    child = FakeChild()
    kept = Kept(child, now=0)
    child.dead = True
    kept.tend(50)
    assert child.launches == 0
    assert "the child: ended; starting it again in 0.1 s" in capsys.readouterr().err
    kept.tend(50.05)
    assert child.launches == 0
    kept.tend(50.1)
    assert child.launches == 1
    kept.tend(60)
    assert child.launches == 1


def test_a_start_that_fails_is_tried_again_ever_more_slowly() -> None:
    child = FakeChild()
    kept = Kept(child, now=0)
    child.dead, child.failures = True, 10
    launched_at = list(launch_times(kept, child))
    gaps = [later - earlier for earlier, later in pairwise(launched_at)]
    assert len(launched_at) == 11
    assert gaps[0] == pytest.approx(0.2, abs=0.02)
    assert gaps == sorted(gaps)
    assert gaps[-1] == pytest.approx(LONGEST_PAUSE_SECONDS, abs=0.02)


def launch_times(kept: Kept, child: FakeChild) -> Iterator[float]:
    """Tend for 100 s, a hundred times a second, and yield when the child was launched."""
    for tick in range(10_000):
        before = child.launches
        kept.tend(tick / 100)
        if child.launches > before:
            yield tick / 100
