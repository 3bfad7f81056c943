"""Hostile input for a minute each: robots.txt, sitemaps, URLs, HTML, header lines, and Markdown.

Each target runs in a process of its own, so that a crash of native code or a hang is seen as one;
the input that did it is left in a file.
"""

import json
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from bench.drills.verdict import DrillFailed
from tests.readers import TARGETS

SECONDS = 60
HANG_SECONDS = 30
"""How much longer than its minute a target may take before it counts as hanging."""

AT_ONCE = 2


def fuzz() -> str:
    """A minute of hostile input for all that reads what sites send: no crash, time as its size."""
    folder = Path(tempfile.mkdtemp(prefix="clew-fuzz-"))
    with ThreadPoolExecutor(AT_ONCE) as pool:
        all_figures = list(pool.map(lambda name: _run(name, folder / name), TARGETS))
    return "; ".join(map(_words, TARGETS, all_figures))


def _run(name: str, kept: Path) -> dict[str, Any]:
    command = [sys.executable, "-m", "tests.fuzzing", name, str(SECONDS), str(kept)]
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=SECONDS + HANG_SECONDS
        )
    except subprocess.TimeoutExpired:
        raise DrillFailed(f"{name} hangs on {kept}") from None
    if done.returncode != 0:
        raise DrillFailed(f"{name} ended with {done.returncode} on {kept}: {done.stderr[-600:]}")
    figures: dict[str, Any] = json.loads(done.stdout)
    return figures


def _words(name: str, figures: dict[str, Any]) -> str:
    return (
        f"{name} {figures['inputs']:,} inputs, {figures['bytes'] / 1e6:,.0f} MB,"
        f" slowest {figures['slowest_seconds']:.2f} s,"
        f" at most {figures['most_of_bound']:.0%} of the time for its size"
    )
