"""What the runs say: the table for people, the verdict for the exit status, the JSON for later."""

import json
import os
import platform
import statistics
import subprocess
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from bench.contenders import Run
from bench.measure import percentile
from bench.sites import Site

RESULTS = Path(__file__).with_name("results")
MAX_P99_SECONDS = 0.25
LEAST_EVENTS = 2000
MAX_MEMORY_BYTES = 600 * 1024 * 1024


def of(runs: Iterable[Run], contender: str, site: Site | None = None) -> list[Run]:
    """The runs of one contender, on one site or on all."""
    return [
        run for run in runs if run.contender == contender and (not site or run.site == site.name)
    ]


def median_ratio(runs: list[Run], site: Site, against: str) -> float:
    """Clew's pages per second over another's, round by round; the median of the rounds."""
    pairs = zip(of(runs, "clew", site), of(runs, against, site), strict=True)
    return statistics.median(ours.pages_per_second / theirs.pages_per_second
                             for ours, theirs in pairs)


def all_latencies(runs: list[Run]) -> list[float]:
    """Seconds from event to viewer, of all runs of Clew."""
    return [seconds for run in of(runs, "clew") for seconds in run.latencies]


def peak_memory(runs: list[Run]) -> int:
    """The most memory that Clew's processes took together in any run, in bytes."""
    return max(sum(run.peak_memory.values()) for run in of(runs, "clew"))


def print_run(run: Run) -> None:
    """One line for one run, as soon as it is done."""
    cpu = ", ".join(f"{name} {seconds:.1f}" for name, seconds in sorted(run.cpu.items()))
    megabytes = sum(run.peak_memory.values()) / 1024**2
    print(
        f"{run.site:<18} {run.contender:<20} {run.pages:>5} pages  {run.seconds:>6.2f} s "
        f"(wall {run.wall_seconds:.2f} s)  {run.pages_per_second:>7.1f} pages/s  "
        f"{megabytes:>4.0f} MB  CPU s: {cpu}",
        flush=True,
    )


def summarize(rounds: list[Run], all_runs: list[Run], sites: list[Site]) -> list[str]:
    """Prints the summary; returns what falls short of what is promised, empty when nothing does.

    `rounds` are the runs in turn; `all_runs` also has those made only to see more events.
    """
    failures: list[str] = []
    print(f"\n{'site':<20}{'to Scrapy (least)':>20}{'to Scrapy tuned':>18}{'same pages':>13}")
    for site in sites:
        ratio = median_ratio(rounds, site, "scrapy")
        tuned = median_ratio(rounds, site, "scrapy-canonicalize")
        same = len({run.paths for run in rounds if run.site == site.name}) == 1
        ours = f"{ratio:.2f} ({site.least_ratio:g})"
        print(f"{site.name:<20}{ours:>20}{tuned:>18.2f}{'yes' if same else 'NO':>13}")
        if ratio < site.least_ratio:
            failures.append(f"{site.name}: ratio {ratio:.2f} is below {site.least_ratio:g}")
        if not same:
            failures.append(f"{site.name}: the crawlers found different pages")
    return failures + _judge_latency(all_latencies(all_runs)) + _judge_memory(all_runs)


def _judge_latency(latencies: list[float]) -> list[str]:
    p50, p99 = percentile(latencies, 50), percentile(latencies, 99)
    print(
        f"event to viewer: p50 {p50 * 1000:.0f} ms, p99 {p99 * 1000:.0f} ms "
        f"(at most {MAX_P99_SECONDS * 1000:.0f}) over {len(latencies)} events"
    )
    failures = []
    if len(latencies) < LEAST_EVENTS:
        failures.append(f"only {len(latencies)} events were seen, {LEAST_EVENTS} are needed")
    if p99 > MAX_P99_SECONDS:
        failures.append(f"event to viewer takes {p99 * 1000:.0f} ms (p99)")
    return failures


def _judge_memory(runs: list[Run]) -> list[str]:
    peak = peak_memory(runs)
    print(f"memory (PSS), all processes: {peak / 1024**2:.0f} MB (at most 600)")
    return [f"memory peak is {peak / 1024**2:.0f} MB"] if peak > MAX_MEMORY_BYTES else []


def write_result(runs: list[Run], failures: list[str], load_before: float) -> Path:
    """Keeps everything measured as JSON, named by the time (UTC); returns the file's path."""
    RESULTS.mkdir(exist_ok=True)
    path = RESULTS / time.strftime("%Y%m%dT%H%M%SZ.json", time.gmtime())
    result: dict[str, Any] = {
        "machine": _machine(load_before),
        "failures": failures,
        "runs": [_as_json(run) for run in runs],
    }
    path.write_text(json.dumps(result, indent=1))
    return path


def _as_json(run: Run) -> dict[str, Any]:
    kept = {name: value for name, value in vars(run).items() if name not in ("paths", "latencies")}
    milliseconds = [round(seconds * 1000, 1) for seconds in run.latencies]
    return {**kept, "pages_per_second": run.pages_per_second, "latencies_ms": milliseconds}


def _machine(load_before: float) -> dict[str, Any]:
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    model = next((line.partition(":")[2].strip() for line in lines if "model name" in line), "?")
    commit = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"],
        cwd=RESULTS.parent, capture_output=True, text=True, check=False,
    ).stdout.strip()
    return {
        "processor": model,
        "cores": len(os.sched_getaffinity(0)),
        "kernel": platform.release(),
        "python": platform.python_version(),
        "load_before": load_before,
        "commit": commit,
    }
