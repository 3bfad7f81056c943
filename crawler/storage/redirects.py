"""A redirect's target counts as the page, and a page counts once.

For a result whose page answered at another URL than the one asked for:

    target unknown              → the page is this URL's; the target becomes its alias
    target waiting or beyond    → the claim and the page pass to the target; this URL: `duplicate`
    target known otherwise      → this URL: `duplicate`

A duplicate brings its target as close to the root as itself, since a redirect is no click; of
several in a batch the closest comes first.
"""

from dataclasses import dataclass, field, replace

from crawler.domain.model import Outcome
from crawler.domain.reasons import Reason
from crawler.storage.changes import JobChange
from crawler.storage.database import Row
from crawler.storage.discovery import Discovery, lower_depths
from crawler.storage.jobs import url_key
from crawler.storage.results import UrlResult


@dataclass
class Settled:
    """Results under the URLs that they belong to, each with its depth."""

    results: list[tuple[UrlResult, int]] = field(default_factory=list)
    aliases: list[tuple[str, int, int]] = field(default_factory=list)

    def save_aliases(self, change: JobChange) -> None:
        """Makes redirect targets known, so that no link leads to a second fetch."""
        if self.aliases:
            urls, depths, targets = zip(*self.aliases, strict=True)
            change.run(
                "insert_aliases",
                urls=list(urls),
                url_keys=[url_key(url) for url in urls],
                depths=list(depths),
                alias_of=list(targets),
            )


def settle_redirects(
    change: JobChange, results: list[tuple[UrlResult, int]], found: Discovery
) -> Settled:
    """Says for each result which URL it belongs to; hands claims over where need be."""
    moved = {url_key(r.final_url): r for r, _ in results if r.final_url and r.final_url != r.url}
    known = {
        bytes(row["url_key"]): row
        for row in (change.run("known_by_key", url_keys=list(moved)) if moved else ())
    }
    settled = Settled()
    taken: set[bytes] = set()
    for result, depth in sorted(results, key=lambda each: each[1]):
        if result.final_url in (None, result.url):
            settled.results.append((result, depth))
        else:
            _settle(change, result, depth, known, taken, settled, found)
    if known:
        settled.results = _at_present_depths(change, settled.results)
    return settled


def _at_present_depths(
    change: JobChange, results: list[tuple[UrlResult, int]]
) -> list[tuple[UrlResult, int]]:
    """Results of one batch may have brought one another closer."""
    rows = change.run("lock_claimed", ids=[result.id for result, _ in results])
    depths = {row["id"]: row["depth"] for row in rows}
    return [(result, depths[result.id]) for result, _ in results]


def _settle(
    change: JobChange,
    result: UrlResult,
    depth: int,
    known: dict[bytes, Row],
    taken: set[bytes],
    settled: Settled,
    found: Discovery,
) -> None:
    target = result.final_url or result.url
    key = url_key(target)
    row = known.get(key)
    if not result.is_page:
        settled.results.append((result, depth))
        if row is not None and result.reason == Reason.DUPLICATE:
            _bring_target_closer(change, row, depth, found)
        return  # nobody has the target by it: another URL of the batch may still bring its page
    if key in taken:
        settled.results.append((duplicate(result), depth))
    elif row is None or row["alias_of"] == result.id:
        settled.results.append((result, depth))
        settled.aliases.append((target, depth, result.id))
    elif row["state"] in ("queued", "beyond"):
        _hand_over(change, result, depth, row, settled)
    else:
        settled.results.append((duplicate(result), depth))
        _bring_target_closer(change, row, depth, found)
    taken.add(key)


def duplicate(result: UrlResult) -> UrlResult:
    """The result of a URL whose page belongs to another URL."""
    return replace(
        result,
        outcome=Outcome.SKIPPED,
        reason=str(Reason.DUPLICATE),
        content_hash=None,
        size=None,
        title=None,
        links=None,
        discovered=(),
        out_of_scope=0,
    )


def _hand_over(
    change: JobChange, result: UrlResult, depth: int, row: Row, settled: Settled
) -> None:
    change.run("hand_claim_over", id=row["id"], depth=depth)
    if row["state"] == "queued":
        change.count(queued=-1, processing=+1)
    else:
        change.count(discovered=+1, processing=+1)
    page = replace(result, id=row["id"], url=result.final_url or result.url)
    settled.results.append((page, min(depth, row["depth"])))
    settled.results.append((duplicate(result), depth))


def _bring_target_closer(change: JobChange, row: Row, depth: int, found: Discovery) -> None:
    if row["depth"] > depth:
        target = row["alias_of"] or row["id"]
        lower_depths(change, [(target, depth)], found)
