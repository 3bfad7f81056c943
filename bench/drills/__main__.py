"""`scripts/drill [NAME…]`: runs all drills or the named ones, one line of verdict for each."""

import sys
import time
import traceback
from collections.abc import Callable

from bench.drills.big_pages import big_pages
from bench.drills.depth import depth
from bench.drills.exports import export_10k, export_killed, export_links
from bench.drills.faults import faults
from bench.drills.frames import frames
from bench.drills.fuzz import fuzz
from bench.drills.kills import everything_killed, orchestrator_frozen, orchestrator_killed
from bench.drills.manners import crawl_delay, crawl_delay_in_trouble, retry_after
from bench.drills.page_limit import page_limit
from bench.drills.real_sites import real_sites
from bench.drills.refresh import refresh
from bench.drills.search import search_10k
from bench.drills.statements import statement_log
from bench.drills.streams import curl_cut, valkey_flushed
from bench.drills.structure import structure
from bench.drills.terminal import terminal
from bench.drills.verdict import DrillFailed

DRILLS: dict[str, Callable[[], str]] = {
    drill.__name__.replace("_", "-"): drill
    for drill in (
        depth,
        orchestrator_killed,
        everything_killed,
        orchestrator_frozen,
        valkey_flushed,
        statement_log,
        curl_cut,
        refresh,
        real_sites,
        crawl_delay,
        crawl_delay_in_trouble,
        retry_after,
        page_limit,
        faults,
        big_pages,
        export_10k,
        export_links,
        terminal,
        export_killed,
        frames,
        fuzz,
        structure,
        search_10k,
    )
}


def run(name: str) -> bool:
    """Runs one drill and prints its verdict; returns whether all held."""
    began = time.monotonic()
    try:
        figures, holds = DRILLS[name](), True
    except DrillFailed as failure:
        figures, holds = str(failure), False
    except Exception as error:
        traceback.print_exc()
        figures, holds = f"{type(error).__name__}: {error}", False
    seconds = time.monotonic() - began
    print(f"{'ok    ' if holds else 'FAILED'} {name:<20} {figures} ({seconds:.0f} s)", flush=True)
    return holds


def main(names: list[str]) -> int:
    """Runs the named drills, or all; returns the exit status."""
    if unknown := [name for name in names if name not in DRILLS]:
        print(f"unknown: {', '.join(unknown)}\nknown: {', '.join(DRILLS)}", file=sys.stderr)
        return 2
    results = [run(name) for name in names or DRILLS]
    return 0 if all(results) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
