"""Hostile input for all that reads what sites send, and what may come of it.

Hypothesis draws a few fragments of a format and how often each is repeated, so that what is drawn
stays small while the input grows to megabytes: nesting, floods, and what takes quadratic time.
A target fails by an error that its callers do not expect, by more time than an input of its size
may take, or by time that grows faster than its input.
"""

import json
import resource
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tests.cpu import least_seconds, slowness
from tests.readers import TARGETS, Target

BASE_SECONDS = 0.05
"""CPU time that any input may take; each byte adds the target's `seconds_per_byte`."""

MOST_SECONDS = 2.0
"""CPU time that no input may take, however large."""

MOST_GROWTH = 3.0
"""How much longer twice the input may take; what is quadratic takes four times as long."""

SURE_SECONDS = 0.04
"""Time below which growth is not looked at: noise outweighs it."""

_REPEATS = (1, 1, 1, 1, 2, 3, 17, 1_000, 40_000)
_CHARACTERS = (" ", "a", "1", "/", "<", "\n", "-", "\t ", ", ", "1a", "a=", '"', "é", "\0")


class TooSlow(Exception):
    """An input took longer than anything may; the text says how long."""


@dataclass(frozen=True)
class Flood:
    """One text so often that an input has the size, between two others."""

    head: bytes
    unit: bytes
    tail: bytes
    size: int

    def data(self, share: float = 1.0) -> bytes:
        """The input, or one with a share of the repeats."""
        room = self.size - len(self.head) - len(self.tail)
        return self.head + self.unit * max(1, int(room * share) // len(self.unit)) + self.tail


@dataclass
class Figures:
    """What a run gave; `most_of_bound` is the most that an input took of the time it may take."""

    inputs: int = 0
    bytes: int = 0
    slowest_seconds: float = 0.0
    most_of_bound: float = 0.0


def allowed_seconds(target: Target, size: int) -> float:
    """CPU time that an input of so many bytes may take."""
    return min(MOST_SECONDS, BASE_SECONDS + target.seconds_per_byte * size)


def mixtures(target: Target) -> st.SearchStrategy[bytes]:
    """Inputs of several runs of fragments, from nothing to the target's size."""
    fragment = st.one_of(
        st.sampled_from([_encoded(text) for text in target.fragments]),
        st.binary(max_size=12),
        st.text(max_size=12).map(str.encode),
    )
    run = st.tuples(
        st.lists(fragment, min_size=1, max_size=5).map(b"".join), st.sampled_from(_REPEATS)
    )
    return st.lists(run, max_size=10).map(
        lambda runs: b"".join(
            text * min(times, target.most_bytes // max(1, len(text))) for text, times in runs
        )[: target.most_bytes]
    )


def floods(target: Target) -> st.SearchStrategy[Flood]:
    """Inputs of one text, over and over."""
    texts = [_encoded(text) for text in (*target.fragments, *_CHARACTERS)]

    def few(given_texts: tuple[str, ...], least: int) -> st.SearchStrategy[bytes]:
        drawn = st.lists(st.sampled_from(texts), min_size=least, max_size=2).map(b"".join)
        return st.one_of(drawn, st.sampled_from([_encoded(text) for text in given_texts]))

    return st.builds(
        Flood,
        few(tuple(target.heads), 0),
        few(_CHARACTERS, 1),
        few(tuple(target.tails), 0),
        st.sampled_from([target.most_bytes // 8, target.most_bytes]),
    )


def plain_floods(target: Target, most_bytes: int) -> Iterator[Flood]:
    """A flood of each fragment and of some characters, behind each head, before each tail."""
    size = min(most_bytes, target.most_bytes)
    for text in (*target.fragments, *_CHARACTERS):
        for head in target.heads:
            for tail in target.tails:
                yield Flood(_encoded(head), _encoded(text), _encoded(tail), size)


def fuzz(name: str, seconds: float, kept: Path | None = None) -> Figures:
    """Gives a target inputs for so long, one at least; what it raises propagates.

    `kept` is a file that holds the input at hand, for when the process dies of it.
    """
    target, figures, end = TARGETS[name], Figures(), time.monotonic() + seconds

    @settings(
        max_examples=200,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(st.one_of(mixtures(target), floods(target)))
    def give(drawn: bytes | Flood) -> None:
        if figures.inputs and time.monotonic() >= end:
            return
        data = drawn if isinstance(drawn, bytes) else drawn.data()
        if kept is not None:
            kept.write_bytes(data)
        took = check_time(target, data, figures)
        if isinstance(drawn, Flood) and took > SURE_SECONDS:
            check_growth(target, drawn)

    while not figures.inputs or time.monotonic() < end:
        give()
    return figures


def check_time(target: Target, data: bytes, figures: Figures) -> float:
    """Reads an input; raises TooSlow where it takes longer than its size allows."""
    most = allowed_seconds(target, len(data))
    took = least_seconds(lambda: target.read(data), most)
    if took > most:
        took /= slowness()
    figures.inputs += 1
    figures.bytes += len(data)
    figures.slowest_seconds = max(figures.slowest_seconds, took)
    figures.most_of_bound = max(figures.most_of_bound, took / most)
    if took > most:
        raise TooSlow(f"{took:.2f} s for {len(data):,} bytes: {data[:200]!r}")
    return took


def check_growth(target: Target, flood: Flood) -> None:
    """Reads a flood, half and twice of it; raises TooSlow where time grows faster than size.

    A step between two of them alone is none: a reader may take another way from some size on.
    """
    if flood.size // 2 < target.settled_bytes:
        return
    half = _seconds(target, flood, 0.5, 0.0)
    most = MOST_GROWTH * half + SURE_SECONDS / 2
    whole = _seconds(target, flood, 1.0, most)
    if whole <= most:
        return
    twice = _seconds(target, flood, 2.0, MOST_GROWTH * whole)
    if twice > MOST_GROWTH * whole:
        raise TooSlow(f"{half:.3f} s for half of it, {whole:.3f} s, {twice:.3f} s for two: {flood}")


def _seconds(target: Target, flood: Flood, share: float, enough: float) -> float:
    data = flood.data(share)
    return least_seconds(lambda: target.read(data), enough)


def _encoded(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


def main(name: str, seconds: str, kept: str) -> None:
    """Fuzzes one target in a process of its own and prints the figures as JSON."""
    figures = fuzz(name, float(seconds), Path(kept))
    memory_kib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(json.dumps({**asdict(figures), "peak_memory": memory_kib * 1024}))


if __name__ == "__main__":
    main(*sys.argv[1:])
