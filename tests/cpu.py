"""CPU time in a measure that neither a busy nor a slow machine changes.

Bounds are set for one machine. A fixed piece of work, timed at the same moment, tells how much
slower another one is; only what took too long costs that look.
"""

import re
import time
from collections.abc import Callable
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
R = TypeVar("R")

TRIES = 3
"""How often what took too long is done: a busy machine is no slow code."""

_WORK_SECONDS = 0.003
"""What `_work` takes on the machine that bounds are set for."""


def within(most_seconds: float, call: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
    """What a call returns that takes no more CPU time than so many seconds, once at least."""
    results: list[R] = []
    took = least_seconds(lambda: results.append(call(*args, **kwargs)), most_seconds)
    if took > most_seconds:
        took /= slowness()
    assert took <= most_seconds, f"{took:.4f} s instead of {most_seconds:g} s"
    return results[-1]


def least_seconds(call: Callable[[], object], enough: float) -> float:
    """The least CPU time of several calls; one is enough where it took no longer than so long."""
    least = float("inf")
    for _ in range(TRIES):
        began = time.thread_time()
        call()
        least = min(least, time.thread_time() - began)
        if least <= enough:
            break
    return least


def slowness() -> float:
    """How many times as long as on the machine that bounds are set for code takes here and now;
    never below 1."""
    return max(1.0, least_seconds(_work, 0.0) / _WORK_SECONDS)


def _work() -> int:
    """Words, a table and an expression, as in all that reads what sites send."""
    words = [f"{number * 7_919 % 10_007}/{number}" for number in range(4_000)]
    lengths: dict[str, int] = {}
    for word in sorted(words):
        first = word.partition("/")[0]
        lengths[first] = lengths.get(first, 0) + len(word)
    return len(re.sub(r"\d+", "N", " ".join(words))) + len(lengths)
