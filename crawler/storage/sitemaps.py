"""Sitemaps of a running job, as its orchestrator writes them: found, read, their URLs queued.

    robots.txt, /sitemap.xml ──► queued ──► claimed ──► read ──► its URLs, in slices, at depth 1
      indexes, three levels ───────┘ ▲         ├──► waits, and is tried again
                                     └─────────┘└──► failed

They are beside the frontier, since they are no pages: no total counts them. Their URLs are found
as if a root linked to them, after the roots are in, which may move the scope.

A site may list millions. So sitemaps are read, and their URLs queued, only while few URLs wait and
the page limit has room; what is not needed stays where it is, for a limit that is raised.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass

from crawler.domain import urls
from crawler.domain.admission import NO_HOST_RULES, HostRules, admission_of
from crawler.domain.lifecycle import JobStatus
from crawler.domain.model import JobOptions
from crawler.storage.changes import Changes, JobChange
from crawler.storage.database import Row
from crawler.storage.discovery import Discovery, FoundLinks, KnownUrls, discover, tell_discovery
from crawler.storage.frontier import Halted
from crawler.storage.keys import url_key
from crawler.storage.leases import Lease
from crawler.storage.packing import pack_json, unpack_json
from crawler.storage.results import LeftOutLink, SitemapResult, SitemapUrl
from crawler.storage.sitemap_queue import MOST_FAILED_CALLS, add_sitemaps, are_sitemaps_open

ENOUGH_WAITING = 10_000
"""URLs in the queue from which on no sitemap adds to them."""

SLICE = 2_000
"""URLs of a sitemap that are queued in one transaction."""

_PREFIX_BYTES = 4
_GUESS = "/sitemap.xml"


@dataclass(frozen=True, slots=True)
class SitemapClaim:
    """Sitemaps in hand, all of one host, with what their call has to know.

    Without any, `wait_seconds` is the time until one is due that is to be tried again; None where
    none is. `is_last`: nothing is left of any sitemap, unless another one is found.
    """

    sitemaps: tuple[SitemapUrl, ...]
    options: JobOptions
    scope_bases: tuple[str, ...]
    host: str = ""
    wait_seconds: float | None = None
    is_last: bool = False


class SitemapStore:
    """The orchestrator's writes; `denied` are hosts that no job may crawl."""

    def __init__(self, changes: Changes, denied: HostRules = NO_HOST_RULES) -> None:
        self._changes = changes
        self._denied = denied

    def claim(
        self,
        lease: Lease,
        limit: int,
        busy_hosts: Collection[str] = (),
        only_hosts: Collection[str] | None = None,
    ) -> SitemapClaim:
        """Takes up to `limit` sitemaps of one host that is not busy, if URLs are wanted.

        With `only_hosts` it is one of these. Hosts are named as `domain.urls.authority` names them.

        Raises:
            Fenced: when the lease is lost.
            Halted: when the job does not run.
        """
        with self._changes.change(lease.job_id, epoch=lease.epoch, lazily=True) as change:
            _must_run(change)
            wanted = _wants_urls(change)
            rows = _claim(change, limit, busy_hosts, only_hosts) if wanted else []
            due = change.one("sitemaps_next_due") if wanted and not rows else None
            return SitemapClaim(
                tuple(_sitemap_of(row) for row in sorted(rows, key=lambda row: int(row["id"]))),
                change.options,
                change.scope_bases,
                host=rows[0]["host"] if rows else "",
                wait_seconds=max(0.0, due["seconds"]) if due else None,
                is_last=not rows and not are_sitemaps_open(change, room=True),
            )

    def settle(
        self, lease: Lease, results: Sequence[SitemapResult], not_reached: Iterable[int] = ()
    ) -> None:
        """Takes what a call read; results of sitemaps that are not in hand any more are dropped.

        Raises:
            Fenced: when the lease is lost.
            Halted: when the job has ended.
        """
        with self._changes.change(lease.job_id, epoch=lease.epoch) as change:
            _must_run(change, JobStatus.PAUSED)
            change.run("sitemaps_return", ids=list(not_reached))
            if results:
                _settle(change, results)

    def fail_call(self, lease: Lease, ids: Iterable[int]) -> None:
        """Gives a failed call's sitemaps back; those that failed too often are `function-error`.

        Raises:
            Fenced: when the lease is lost.
        """
        with self._changes.change(lease.job_id, epoch=lease.epoch) as change:
            change.run("sitemaps_return_failed", ids=list(ids), most=MOST_FAILED_CALLS)

    def return_sitemaps(self, lease: Lease, ids: Iterable[int]) -> None:
        """Gives sitemaps back, unharmed: their call was not made or reached no function.

        Raises:
            Fenced: when the lease is lost.
        """
        with self._changes.change(lease.job_id, epoch=lease.epoch) as change:
            change.run("sitemaps_return", ids=list(ids))

    def recover(self, lease: Lease, in_hand: Iterable[int]) -> None:
        """After an outage: gives back what was claimed by a commit whose answer never came.

        Raises:
            Fenced: when the lease is lost.
        """
        with self._changes.change(lease.job_id, epoch=lease.epoch) as change:
            change.run("sitemaps_return_unheld", ids=list(in_hand))

    def expand(self, lease: Lease, known: KnownUrls, busy_hosts: Collection[str] = ()) -> int:
        """Queues a slice of a sitemap's URLs; returns how many it looked at.

        0: nothing is to be done now, since a root is still open, enough URLs wait, or no sitemap
        has more.

        Raises:
            Fenced: when the lease is lost.
            Halted: when the job does not run.
        """
        found = Discovery()
        with self._changes.change(lease.job_id, epoch=lease.epoch) as change:
            _must_run(change)
            looked_at = 0
            if _wants_urls(change) and not _roots_are_open(change, busy_hosts):
                looked_at = _expand(change, known, found, self._denied)
            tell_discovery(change, found)
        known.learn(found)
        return looked_at


def _must_run(change: JobChange, *also: JobStatus) -> None:
    if change.status is not JobStatus.RUNNING and change.status not in also:
        raise Halted(change.status)


def _wants_urls(change: JobChange) -> bool:
    now = change.now
    room = change.options.pages_left(now.completed + now.processing) != 0
    return room and now.queued < ENOUGH_WAITING and change.options.depth_allows(1)


def _roots_are_open(change: JobChange, busy_hosts: Collection[str]) -> bool:
    return change.one("roots_open", busy_hosts=list(busy_hosts)) is not None


def _claim(
    change: JobChange, limit: int, busy_hosts: Collection[str], only_hosts: Collection[str] | None
) -> list[Row]:
    return change.run(
        "sitemaps_claim",
        limit=limit,
        busy_hosts=list(busy_hosts),
        only_hosts=None if only_hosts is None else list(only_hosts),
    )


def _sitemap_of(row: Row) -> SitemapUrl:
    url = str(row["url"])
    is_guess = row["level"] == 0 and url == urls.origin(url) + _GUESS
    return SitemapUrl(int(row["id"]), url, int(row["attempts"]), is_named=not is_guess)


def _settle(change: JobChange, results: Sequence[SitemapResult]) -> None:
    rows = change.run(
        "sitemaps_settle",
        ids=[result.id for result in results],
        reasons=[result.reason for result in results],
        after_ms=[result.retry_after_ms for result in results],
        are_broken=[result.is_broken for result in results],
        links=[pack_slices(result.urls) if result.urls else None for result in results],
        listed=[len(result.urls) for result in results],
    )
    levels = {row["id"]: row["level"] for row in rows}
    for result in results:
        if result.id in levels:
            add_sitemaps(change, result.sitemaps, level=levels[result.id] + 1)


def _expand(change: JobChange, known: KnownUrls, found: Discovery, denied: HostRules) -> int:
    row = change.one("sitemaps_to_expand")
    if row is None:
        return 0
    listed = nth_slice(row["links"], row["expanded"] // SLICE)
    root = _first_root(change)
    admitted = _admitted(change, listed, root, found, denied)
    # A sitemap is written, not made by following links: it has an end.
    discover(change, [FoundLinks(root, 0, admitted, has_budget=False)], known, found)
    change.run("sitemaps_expanded", id=row["id"], expanded=row["expanded"] + len(listed))
    return len(listed)


def _first_root(change: JobChange) -> int:
    rows = change.run("known_by_key", url_keys=[url_key(change.roots[0])])
    return int(rows[0]["id"])


def _admitted(
    change: JobChange, listed: Sequence[str], root: int, found: Discovery, denied: HostRules
) -> tuple[str, ...]:
    """Of some URLs those that the job takes; the others are counted, by reason, and sampled."""
    options = change.options
    judge = admission_of(
        options.scope, change.scope_bases, options.include, options.exclude, denied
    ).judge
    reasons = {url: judge(url) for url in listed}
    out = [LeftOutLink(str(why), url, root) for url, why in reasons.items() if why]
    found.left_out += Counter(link.reason for link in out)
    found.samples += out
    return tuple(url for url, why in reasons.items() if why is None)


def pack_slices(listed: Sequence[str]) -> bytes:
    """URLs as one value, of which a slice can be read without unpacking the others."""
    packed = (pack_json(listed[at : at + SLICE]) for at in range(0, len(listed), SLICE))
    return b"".join(len(each).to_bytes(_PREFIX_BYTES, "big") + each for each in packed)


def nth_slice(data: bytes | memoryview, number: int) -> list[str]:
    """The slice with that number, from 0, of what `pack_slices` was given; empty after the last."""
    for at, packed in enumerate(_slices(bytes(data))):
        if at == number:
            return list(unpack_json(packed))
    return []


def _slices(data: bytes) -> Iterator[bytes]:
    at = 0
    while at < len(data):
        start = at + _PREFIX_BYTES
        at = start + int.from_bytes(data[at:start], "big")
        yield data[start:at]
