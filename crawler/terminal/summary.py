"""What came of a crawl: the exit status, and the words at the end."""

from collections.abc import Iterator, Mapping
from enum import IntEnum
from typing import Any

from crawler.terminal.api import Refused
from crawler.terminal.request import flag_of
from crawler.terminal.text import clock, counted, size

_HEADLINES = {
    "completed": "Finished",
    "timeout": "The time limit was reached",
    "failed": "The crawl failed",
    "cancelled": "The crawl was cancelled",
    "paused": "The crawl is paused",
}
_CHANGES = ("added", "changed", "removed", "unchanged", "unread")
_SAMPLES = 2
_BLOCKED = "blocked-address"


class Exit(IntEnum):
    """What the command's exit status says; README.md lists them."""

    COMPLETE = 0
    FAILED = 1
    USAGE = 2
    INCOMPLETE = 3
    NO_SERVER = 4
    INTERRUPTED = 130


def exit_status(job: Mapping[str, Any]) -> Exit:
    """What the status and totals of a crawl that goes on no more come to."""
    totals = job["totals"]
    if job["status"] == "paused":
        return Exit.INCOMPLETE
    if job["status"] == "failed" or not totals["completed"]:
        return Exit.FAILED
    is_whole = job["status"] == "completed" and not totals["reasons"].get("page-limit")
    return Exit.COMPLETE if is_whole else Exit.INCOMPLETE


def exit_of(refused: Refused) -> Exit:
    """What it means for the caller that the server said no."""
    if refused.status in (401, 403) or 300 <= refused.status < 400:
        return Exit.NO_SERVER
    return Exit.USAGE if refused.status in (0, 400, 404) else Exit.FAILED


def advice_on(refused: Refused) -> Iterator[str]:
    """What is wrong, by the names of the command line; a line each."""
    for member, message in refused.errors:
        yield f"{flag_of(member)} {message}"
    if not refused.errors:
        yield str(refused)
    if refused.status == 401:
        yield "Give the server's token as CLEW_TOKEN or --token."


def headline(job: Mapping[str, Any], seconds: float) -> str:
    """One line: how it ended, how much there is, how long it took."""
    totals = job["totals"]
    what = f"{_HEADLINES.get(job['status'], job['status'])}: {counted(totals['completed'], 'page')}"
    error = f" — {job['error']}" if job["error"] else ""
    return f"{what}, {size(totals['bytes'])}, {clock(seconds)}{error}"


def reasons(report: Mapping[str, Any]) -> Iterator[str]:
    """A line for each reason why a URL gave no page, failures with examples; then what to do."""
    entries = report["urls"]
    for outcome in ("failed", "skipped"):
        for entry in entries:
            if any(sample["outcome"] == outcome for sample in entry["samples"][:1]):
                yield f"{entry['count']:>7,} {outcome}: {entry['explanation']} ({entry['reason']})"
                if outcome == "failed":
                    yield from _examples(entry["samples"])
    yield from _advice(report)


def changed(counts: Mapping[str, int]) -> str:
    """What became of the pages of the earlier crawl that this one was made from."""
    told = (f"{counts[kind]:,} {kind}" for kind in _CHANGES if kind in counts)
    return f"Since the earlier crawl: {', '.join(told)}"


def _examples(samples: list[Mapping[str, Any]]) -> Iterator[str]:
    for sample in samples[:_SAMPLES]:
        detail = f" — {sample['detail']}" if sample.get("detail") else ""
        yield f"{'':>9}{sample['url']}{detail}"


def _advice(report: Mapping[str, Any]) -> Iterator[str]:
    totals = report["totals"]
    if totals["reasons"].get(_BLOCKED) and not totals["completed"]:
        yield (
            "Addresses of your own machine and network are crawled only where the server's"
            " CLEW_ALLOW_PRIVATE names them: start it with"
            " CLEW_ALLOW_PRIVATE=127.0.0.0/8,::1/128 for a site on this machine."
        )
    if totals["reasons"].get("page-limit"):
        yield "The page limit was reached: --max-pages raises it."
