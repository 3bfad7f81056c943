"""The next batch of a job: URLs of one host and one depth, so that a host that waits holds nothing.

busy hosts                 → stepped over, whatever waits there; at times only some hosts count
a URL that is to wait      → not there until its time has come (`not_before`)
a root on its first try    → holds back all other depths, since it may move the scope
a URL in two failed calls  → travels alone, once no innocent one waits beside it
a rule excludes it         → skipped instead: the rule came after the URL was queued
"""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol

from crawler.domain.model import FrontierUrl, JobOptions, Trail
from crawler.storage.batches import return_urls
from crawler.storage.changes import JobChange
from crawler.storage.database import Row
from crawler.storage.exclusions import is_unheld, skip_excluded

_LOOK_AHEAD = 500
"""URLs at the head of the queue that are looked at for a host that is free."""

_MOST_HOSTS = 50
"""Free hosts among which the nearest URL is sought when the head of the queue has none."""

_NO_DEPTH = 2**31 - 1


@dataclass(frozen=True, slots=True)
class Claim:
    """A batch in hand, with what its call has to know. Without URLs: nothing can be claimed now.

    `wait_seconds` is then the time until the next URL that waits is due; None where none does, or
    where the page limit leaves no room for it. `must_adjust`: rules came in that what waits was not
    held against yet, or this batch met them only now; the next claim may have URLs once
    `FrontierStore.adjust` finds nothing left to look at.
    """

    urls: tuple[FrontierUrl, ...]
    options: JobOptions
    scope_bases: tuple[str, ...]
    over_limit: bool = False
    host: str = ""
    wait_seconds: float | None = None
    must_adjust: bool = False


class Wish(NamedTuple):
    """What a claim may take: up to `limit` URLs of a host that is not busy, and if `only_hosts` are
    given, of one of these."""

    limit: int
    busy_hosts: Collection[str]
    only_hosts: Collection[str] | None


class Claimer(Protocol):
    """Takes batches that are claimed within a change, until it has no wish."""

    def wish(self) -> Wish | None:
        """What the next batch may be; None where it can take none."""

    def miss(self, wish: Wish) -> None:
        """Hears that nothing waits for a wish."""

    def take(self, claim: Claim) -> bool:
        """Takes a batch, which is its own once the change is committed; returns whether it can."""


def claim_for(claimer: Claimer, change: JobChange) -> None:
    """Claims batches as long as the claimer wishes and something waits for it."""
    while change.now.queued and (wish := claimer.wish()) is not None:
        made = claim(change, *wish)
        if not made.urls:
            claimer.miss(wish)
            return
        if not claimer.take(made):
            return_urls(change, [url.id for url in made.urls])
            return


def claim(
    change: JobChange, limit: int, busy_hosts: Collection[str], only_hosts: Collection[str] | None
) -> Claim:
    """Takes up to `limit` URLs of the smallest depth that waits at a host that is not busy.

    `only_hosts`: no others count; None: all do.
    """
    if is_unheld(change):
        return Claim((), change.options, change.scope_bases, must_adjust=True)
    now = change.now
    left = change.options.pages_left(now.completed + now.processing)
    room = limit if left is None else min(limit, left)
    rows = _take(change, room, busy_hosts, only_hosts) if room else []
    kept = skip_excluded(change, rows)
    change.count(queued=-len(kept), processing=+len(kept))
    full = change.options.pages_left(now.completed) == 0 and now.processing == 0
    return Claim(
        _urls(kept),
        change.options,
        change.scope_bases,
        over_limit=full and now.queued > 0,
        host=kept[0]["host"] if kept else "",
        wait_seconds=_seconds_to_wait(change) if room and not rows else None,
        must_adjust=bool(rows) and not kept,
    )


def _take(
    change: JobChange, limit: int, busy_hosts: Collection[str], only_hosts: Collection[str] | None
) -> list[Row]:
    return change.run(
        "claim_urls",
        limit=limit,
        busy_hosts=list(busy_hosts),
        only_hosts=None if only_hosts is None else list(only_hosts),
        max_depth=_NO_DEPTH if change.options.max_depth is None else change.options.max_depth,
        look_ahead=_LOOK_AHEAD,
        most_hosts=_MOST_HOSTS,
    )


def _urls(rows: list[Row]) -> tuple[FrontierUrl, ...]:
    return tuple(
        FrontierUrl(row["id"], row["url"], row["depth"], row["attempts"], _trail(row["trail"]))
        for row in sorted(rows, key=lambda row: int(row["id"]))
    )


def _trail(data: dict[str, Any] | None) -> Trail | None:
    return None if data is None else Trail.from_json(data)


def _seconds_to_wait(change: JobChange) -> float | None:
    row = change.one("next_due")
    return None if row is None else max(0.0, row["seconds"])
