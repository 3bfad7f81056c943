"""Memory and CPU time of a crawler's processes, taken from outside."""

import threading
from collections import Counter
from collections.abc import Sequence
from types import TracebackType
from typing import Self

from tests.processes import Process, pss_bytes, tree

SAMPLE_SECONDS = 0.5
GROUPS = ("postgres", "valkey", "gunicorn")


def group(process: Process) -> str:
    """The part of Clew that a process belongs to; what is none of its servers is the supervisor."""
    return next((name for name in GROUPS if name in process.command), "supervisor")


def cpu_seconds(root: int) -> dict[str, float]:
    """CPU time used so far by a process tree (user and system, ended children included)."""
    totals: dict[str, float] = {}
    for process in tree(root):
        name = group(process)
        totals[name] = totals.get(name, 0.0) + process.cpu_seconds
    return totals


def memory(root: int) -> Counter[str]:
    """Proportional set size of a process tree in bytes, by group."""
    totals: Counter[str] = Counter()
    for process in tree(root):
        totals[group(process)] += pss_bytes(process.pid)
    return totals


class PeakMemory:
    """Samples a process tree's memory while the `with` block lasts; `peak` is the largest sum."""

    def __init__(self, root: int) -> None:
        self._root = root
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self.peak: Counter[str] = Counter()

    def _run(self) -> None:
        while not self._ended.wait(SAMPLE_SECONDS):
            self._sample()

    def _sample(self) -> None:
        now = memory(self._root)
        if now.total() > self.peak.total():
            self.peak = now

    def __enter__(self) -> Self:
        self._sample()
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._ended.set()
        self._thread.join()
        self._sample()


def percentile(values: Sequence[float], percent: float) -> float:
    """The smallest value that at least `percent` of all are not above (nearest rank)."""
    ordered = sorted(values)
    rank = max(1, -(-len(ordered) * percent // 100))
    return ordered[int(rank) - 1]
