"""`scripts/bench`: Scrapy and Clew in turn on the same sites; status 1 when a promise breaks."""

import argparse
import os
import sys
from typing import Any

from bench.contenders import Run, run_clew, run_scrapy
from bench.report import LEAST_EVENTS, all_latencies, print_run, summarize, write_result
from bench.sites import SITES, Site

MAX_FURTHER_RUNS = 12
QUIET_LOAD_PER_CORE = 0.25


def parse_arguments() -> argparse.Namespace:
    """What was asked for on the command line."""
    parser = argparse.ArgumentParser(prog="scripts/bench", description=__doc__)
    parser.add_argument("--rounds", type=int, default=3, help="runs of each crawler on each site")
    parser.add_argument("--site", choices=SITES, action="append", help="only this one (repeatable)")
    parser.add_argument("--concurrency", type=int, help="Clew's requests at once, not its default")
    return parser.parse_args()


def run_rounds(site: Site, rounds: int, options: dict[str, Any]) -> list[Run]:
    """Each crawler in turn, so that a slow moment of the machine meets both."""
    runs = []
    for _ in range(rounds):
        for run in (
            run_scrapy(site), run_scrapy(site, canonicalize=True), run_clew(site, options)
        ):
            print_run(run)
            runs.append(run)
    return runs


def run_for_events(runs: list[Run], site: Site, options: dict[str, Any]) -> list[Run]:
    """Further crawls at full speed, until the viewer has seen enough events for a percentile."""
    further: list[Run] = []
    while len(all_latencies(runs + further)) < LEAST_EVENTS and len(further) < MAX_FURTHER_RUNS:
        further.append(run_clew(site, options))
        print_run(further[-1])
    return further


def main() -> int:
    """Runs everything, prints the table, keeps the result; returns the exit status."""
    arguments = parse_arguments()
    sites = [SITES[name] for name in arguments.site or SITES]
    options = {"concurrency": arguments.concurrency} if arguments.concurrency else {}
    load_before = os.getloadavg()[0]
    if load_before > QUIET_LOAD_PER_CORE * len(os.sched_getaffinity(0)):
        print(f"this machine is busy (load {load_before:.1f}): the figures will be too", flush=True)
    rounds = [run for site in sites for run in run_rounds(site, arguments.rounds, options)]
    further = run_for_events(rounds, sites[-1], options)
    failures = summarize(rounds, rounds + further, sites)
    print(f"kept in {write_result(rounds + further, failures, load_before)}")
    for failure in failures:
        print(f"FAILED: {failure}", file=sys.stderr)
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
