"""The sitemaps of a job as rows beside its frontier, within a change that others have begun."""

from collections.abc import Iterable, Mapping

from crawler.storage.changes import JobChange
from crawler.storage.keys import url_key

MOST_SITEMAPS = 500
"""Sitemaps of a job; an index may name 50,000, which for most crawls are ten years' archives."""

DEEPEST_LEVEL = 3
"""Indexes between a host and a sitemap; the protocol (sitemaps.org) knows one."""

MOST_FAILED_CALLS = 3


def add_sitemaps(change: JobChange, urls: Iterable[str], *, level: int = 0) -> int:
    """Queues sitemaps (canonical URLs) to be read, each once per job; returns how many are new.

    `level`: how many indexes led to them. What is too deep or too many is left out, and counted.
    """
    listed = {url_key(url): url for url in urls}
    if not listed:
        return 0
    known = {bytes(row["url_key"]) for row in change.run("sitemap_keys")}
    new = [key for key in listed if key not in known]
    room = max(0, MOST_SITEMAPS - len(known)) if level <= DEEPEST_LEVEL else 0
    _add(change, {key: listed[key] for key in new[:room]}, level)
    if len(new) > room:
        change.run("count_sitemaps_left_out", count=len(new) - room)
    return min(room, len(new))


def _add(change: JobChange, sitemaps: Mapping[bytes, str], level: int) -> None:
    if sitemaps:
        change.run(
            "sitemaps_add",
            urls=list(sitemaps.values()),
            url_keys=list(sitemaps),
            level=level,
        )


def are_sitemaps_open(change: JobChange, *, room: bool) -> bool:
    """Whether sitemaps keep a job from its end; without `room` for more pages they do not."""
    return room and change.one("sitemaps_open") is not None


def return_claimed_sitemaps(change: JobChange) -> None:
    """Everything in hand waits again: the job ended, or was handed over."""
    change.run("sitemaps_return_unheld", ids=[])


def return_lost_sitemaps(change: JobChange, most: int) -> None:
    """What a lost orchestrator had in hand waits again, unless it was lost `most` times."""
    change.run("sitemaps_return_failed", ids=None, most=most)


def retry_failed_sitemaps(change: JobChange) -> None:
    """Failed sitemaps wait again: the user asked for another try."""
    change.run("sitemaps_retry_failed")
