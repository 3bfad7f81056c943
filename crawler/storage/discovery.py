"""Links become queued URLs, each once per job, under the smallest depth at which it was found.

Depth must not depend on which call answers first (a breadth-first walk is what users count on):

    found again deeper or level  → nothing
    found closer, waiting        → its depth becomes smaller
    found closer, was beyond     → within the job now: queued
    found closer, was fetched    → its page is stale: its links are queued anew, one level up
    found closer, a duplicate    → the page that it is comes closer, too

The last step repeats until nothing gets closer, which is how shortest paths are relaxed
(Bellman-Ford), so the set of pages equals that of a walk in strict order.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from crawler.domain.events import EventName
from crawler.domain.reasons import Reason
from crawler.domain.urls import authority
from crawler.storage.budgets import (
    FoundUrl,
    PatternCounts,
    PatternUse,
    refuse,
    write_patterns,
)
from crawler.storage.changes import JobChange
from crawler.storage.database import Row
from crawler.storage.keys import url_key
from crawler.storage.known_pages import KnownPages
from crawler.storage.results import LeftOutLink
from crawler.storage.samples import keep_samples

_MOST_KNOWN = 200_000
_UNKNOWN = 2**31


@dataclass(frozen=True, slots=True)
class FoundLinks:
    """The links of one page that the job takes: canonical URLs, distinct.

    `has_budget`: endless patterns among them have a budget; not those of a sitemap, which ends.
    """

    page_id: int
    depth: int
    urls: tuple[str, ...]
    count_left_out: bool = True
    has_budget: bool = True


@dataclass
class KnownUrls:
    """The orchestrator's memory of what the job knows, so that most links never reach Postgres.

    Maps a URL's key to a depth at which it is known: an upper bound, exact beyond the limit.
    It may forget (it is bounded) but must never know what was not committed: a transaction
    learns into a `Discovery`, and the caller merges that after the commit.
    """

    depths: dict[bytes, int] = field(default_factory=dict)
    patterns: PatternCounts = field(default_factory=PatternCounts)
    pages: KnownPages = field(default_factory=lambda: KnownPages(is_complete=False))

    def learn(self, found: "Discovery") -> None:
        """Takes over what a committed transaction found out."""
        if len(self.depths) + len(found.learned) > _MOST_KNOWN:
            self.depths.clear()
        self.depths.update(found.learned)
        self.patterns.learn(found.patterns)

    def forget(self) -> None:
        """Forgets everything: limits changed, or a commit's fate is unknown."""
        self.depths.clear()


@dataclass
class Discovery:
    """What one transaction's discovery came to."""

    learned: dict[bytes, int] = field(default_factory=dict)
    queued: Counter[int] = field(default_factory=Counter)
    left_out: Counter[str] = field(default_factory=Counter)
    samples: list[LeftOutLink] = field(default_factory=list)
    patterns: PatternUse = field(default_factory=PatternUse)
    made_stale: bool = False


def discover(
    change: JobChange, pages: Sequence[FoundLinks], known: KnownUrls, found: Discovery
) -> None:
    """Queues what the pages link to; what was found out goes into `found`.

    `found.learned` is true only once the change is committed.
    """
    closest = _closest(pages)
    if any(not change.options.depth_allows(page.depth + 1) for page in pages):
        _look_up(change, closest, known, found)
    news = {
        key: entry
        for key, entry in closest.items()
        if entry.depth < _depth_known(key, known, found)
    }
    if news:
        refused = refuse(change, news, known.patterns, found.patterns)
        _count_refused(pages, refused, found)
        news = {key: entry for key, entry in news.items() if key not in refused}
    if news:
        _insert(change, news, found)
    write_patterns(change, known.patterns, found.patterns)
    _count_beyond(change, pages, known, found)


def tell_discovery(change: JobChange, found: Discovery) -> None:
    """Counts a discovery and tells of it: new URLs by depth, links left out by reason."""
    new = found.queued.total()
    change.count(discovered=new, queued=new)
    for depth, count in sorted(found.queued.items()):
        change.tell(EventName.URLS_DISCOVERED, count=count, depth=depth)
    keep_samples(change, found.samples)
    change.leave_out({str(reason): count for reason, count in found.left_out.items()})


def _closest(pages: Iterable[FoundLinks]) -> dict[bytes, FoundUrl]:
    closest: dict[bytes, FoundUrl] = {}
    for page in pages:
        for url in page.urls:
            key = url_key(url)
            if key not in closest or closest[key].depth > page.depth + 1:
                closest[key] = FoundUrl(url, page.depth + 1, page.page_id, page.has_budget)
    return closest


def _depth_known(key: bytes, known: KnownUrls, found: Discovery) -> int:
    """The depth at which a URL is known, or one that is deeper than any."""
    depth = found.learned.get(key)
    return known.depths.get(key, _UNKNOWN) if depth is None else depth


def _look_up(
    change: JobChange, closest: Mapping[bytes, FoundUrl], known: KnownUrls, found: Discovery
) -> None:
    """At the depth limit it matters whether a link is in the job already or left out by it."""
    unsure = [key for key in closest if key not in known.depths]
    for row in change.run("known_by_key", url_keys=unsure) if unsure else ():
        found.learned[bytes(row["url_key"])] = row["depth"]


def _insert(change: JobChange, news: Mapping[bytes, FoundUrl], found: Discovery) -> None:
    allows = change.options.depth_allows
    rows = change.run(
        "discover",
        urls=[each.url for each in news.values()],
        url_keys=list(news),
        hosts=[authority(each.url) for each in news.values()],
        depths=[each.depth for each in news.values()],
        states=["queued" if allows(each.depth) else "beyond" for each in news.values()],
        found_on=[each.found_on for each in news.values()],
    )
    found.learned.update({key: each.depth for key, each in news.items()})
    inserted = [row for row in rows if row["inserted"]]
    found.queued.update(row["depth"] for row in inserted if allows(row["depth"]))
    found.patterns.take(bytes(row["url_key"]) for row in inserted)
    _bring_closer(change, [row for row in rows if not row["inserted"]], found)


def _bring_closer(change: JobChange, rows: Sequence[Row], found: Discovery) -> None:
    """Known URLs that turned out to be closer to a root than was thought."""
    lower_depths(
        change,
        [(row["alias_of"], row["depth"]) for row in rows if row["state"] == "alias"],
        found,
    )
    beyond = [
        row["id"]
        for row in rows
        if row["state"] == "beyond" and change.options.depth_allows(row["depth"])
    ]
    if beyond:
        found.queued.update(row["depth"] for row in change.run("queue_beyond_ids", ids=beyond))
    stale = [row["id"] for row in rows if row["state"] in ("fetched", "done")]
    if stale:
        change.run("mark_stale", ids=stale)
        found.made_stale = True
        lower_depths(change, _duplicates_targets(change, stale), found)


def _duplicates_targets(change: JobChange, ids: list[int]) -> list[tuple[int, int]]:
    """The pages of those of some URLs that are duplicates, at their depth: no click between."""
    doubles = change.run("duplicates", ids=ids)
    depths = {
        url_key(row["final_url"]): row["depth"] for row in doubles if row["duplicate_of"] is None
    }
    rows = change.run("known_by_key", url_keys=list(depths)) if depths else []
    return [
        *((row["alias_of"] or row["id"], depths[bytes(row["url_key"])]) for row in rows),
        *((row["duplicate_of"], row["depth"]) for row in doubles if row["duplicate_of"]),
    ]


def lower_depths(change: JobChange, targets: Iterable[tuple[int, int]], found: Discovery) -> None:
    """Gives URLs, by id, the smallest depth that is named for each, with all that follows."""
    depths = dict(sorted(targets, key=lambda each: -each[1]))
    if depths:
        rows = change.run("lower_depths", ids=list(depths), depths=list(depths.values()))
        _bring_closer(change, rows, found)


def _count_refused(
    pages: Iterable[FoundLinks], refused: Mapping[bytes, Reason], found: Discovery
) -> None:
    """Links that were refused here, distinct per page like those that a call leaves out."""
    for page in pages if refused else ():
        reasons = [(url, refused.get(url_key(url))) for url in page.urls]
        out = [LeftOutLink(str(why), url, page.page_id) for url, why in reasons if why]
        if page.count_left_out:
            found.left_out.update(link.reason for link in out)
        found.samples += out


def _count_beyond(
    change: JobChange, pages: Iterable[FoundLinks], known: KnownUrls, found: Discovery
) -> None:
    allows = change.options.depth_allows
    for page in pages:
        if page.count_left_out and not allows(page.depth + 1):
            depths = (_depth_known(url_key(url), known, found) for url in page.urls)
            found.left_out[Reason.DEPTH] += sum(not allows(depth) for depth in depths)
