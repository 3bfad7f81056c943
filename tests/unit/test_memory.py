"""Values that expire, each computed by one greenlet while the others wait."""

import gevent
import pytest

from crawler.fetching.memory import Memory


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def test_a_value_is_computed_once_until_it_expires() -> None:
    clock = Clock()
    memory: Memory[str, int] = Memory(10, clock)
    computed: list[int | None] = []

    def compute(expired: int | None) -> tuple[int, float]:
        computed.append(expired)
        return len(computed), 5.0

    for now, value in ((0, 1), (4.9, 1), (5, 2), (9.9, 2), (10, 3)):
        clock.now = now
        assert memory.get("key", compute) == value
    assert computed == [None, 1, 2]


def test_those_who_ask_meanwhile_wait_for_the_same_value() -> None:
    memory: Memory[str, int] = Memory(10, Clock())
    started: list[int] = []

    def compute(expired: int | None) -> tuple[int, float]:
        started.append(1)
        gevent.sleep(0.01)
        return 7, 5.0

    greenlets = [gevent.spawn(memory.get, "key", compute) for _ in range(8)]
    gevent.joinall(greenlets, raise_error=True)
    assert [greenlet.get() for greenlet in greenlets] == [7] * 8
    assert len(started) == 1


def test_if_the_one_that_computes_is_cut_off_another_computes() -> None:
    memory: Memory[str, int] = Memory(10, Clock())
    started: list[int] = []

    def compute(expired: int | None) -> tuple[int, float]:
        started.append(1)
        if len(started) == 1:
            gevent.sleep(60)
        return 7, 5.0

    first, second = (gevent.spawn(memory.get, "key", compute) for _ in range(2))
    gevent.sleep(0)
    first.kill()
    assert second.get(timeout=30) == 7
    assert len(started) == 2


def test_an_error_is_its_callers_alone_and_is_not_remembered() -> None:
    memory: Memory[str, int] = Memory(10, Clock())

    def fail(expired: int | None) -> tuple[int, float]:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        memory.get("key", fail)
    assert memory.get("key", lambda expired: (7, 5.0)) == 7


def test_the_value_longest_unused_goes_first() -> None:
    memory: Memory[str, str] = Memory(2, Clock())
    for key in ("a", "b", "a", "c"):
        memory.get(key, lambda expired: ("first", 5.0))
    found = {key: memory.get(key, lambda expired: ("second", 5.0)) for key in ("a", "c", "b")}
    assert found == {"a": "first", "c": "first", "b": "second"}


def test_a_shared_error_is_told_to_all_who_wait_and_is_not_remembered():
    memory: Memory[str, int] = Memory(10, Clock(), shared=(LookupError,))
    started: list[int] = []

    def fail(expired: int | None) -> tuple[int, float]:
        started.append(1)
        gevent.sleep(0.01)
        raise KeyError("gone")

    greenlets = [gevent.spawn(memory.get, "key", fail) for _ in range(8)]
    gevent.joinall(greenlets)
    assert all(isinstance(greenlet.exception, KeyError) for greenlet in greenlets)
    assert len(started) == 1
    assert memory.get("key", lambda expired: (7, 5.0)) == 7


def _weight(value: str) -> int:
    return int(value) if value.isdigit() else 0


@pytest.mark.parametrize(
    ("weights", "kept"),
    [
        ("2 3 5", "2 3 5"),
        ("2 3 6", "3 6"),
        ("2 3 9", "9"),
        ("2 3 99", "99"),
        ("99 1", "1"),
        ("0 0 10 0", "0 0 10 0"),
    ],
)
def test_the_values_longest_unused_go_until_the_others_are_light_enough(
    weights: str, kept: str
) -> None:
    memory: Memory[int, str] = Memory(10, Clock(), weight=_weight, most_weight=10)
    values = weights.split()
    for key, value in enumerate(values):
        memory.get(key, lambda expired, value=value: (value, 5.0))
    newest_first = reversed(range(len(values)))
    found = [memory.get(key, lambda expired: ("gone", 5.0)) for key in newest_first]
    assert " ".join(value for value in reversed(found) if value != "gone") == kept


def test_a_value_that_is_computed_anew_weighs_once() -> None:
    clock = Clock()
    memory: Memory[str, int] = Memory(10, clock, weight=int, most_weight=10)
    memory.get("other", lambda expired: (4, 99.0))
    for now in (0, 10, 20):
        clock.now = now
        memory.get("key", lambda expired: (6, 5.0))
    assert memory.get("other", lambda expired: (0, 5.0)) == 4
