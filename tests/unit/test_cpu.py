"""CPU time as bounds are checked by it: found where it is spent, and measured by the machine."""

import time

import pytest

from tests import cpu
from tests.cpu import least_seconds, slowness, within


def work(seconds: float) -> None:
    """Keeps the processor busy for so long."""
    began = time.thread_time()
    while time.thread_time() - began < seconds:
        pass


def test_what_takes_longer_is_told_and_what_waits_is_not() -> None:
    with pytest.raises(AssertionError, match=r"instead of 0\.001 s"):
        within(0.001, work, 0.001 * 3 * slowness())
    within(0.05, time.sleep, 0.1)


def test_the_least_of_several_goes_counts_and_one_that_is_quick_is_enough() -> None:
    lasting = iter((0.05, 0.0, 0.05))
    assert least_seconds(lambda: work(next(lasting)), 0.0) < 0.05
    lasting = iter((0.0,))
    least_seconds(lambda: work(next(lasting)), 1.0)


def test_a_slow_machine_is_given_more_time_and_a_fast_one_no_less(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(cpu, "_WORK_SECONDS", 1e-6)
    assert slowness() > 10
    within(0.001, work, 0.005)
    monkeypatch.setattr(cpu, "_WORK_SECONDS", 1e6)
    assert slowness() == 1.0
