"""A redirect's target counts as the page, and a page counts once.

For a result whose page answered at another URL than the one asked for:

    target unknown              → the page is this URL's; the target becomes its alias
    target waiting or beyond    → the claim and the page pass to the target; this URL: `duplicate`
    target known otherwise      → this URL: `duplicate`

A duplicate brings its target as close to the root as itself, since a redirect is no click; of
several in a batch the closest comes first.
"""

from dataclasses import dataclass, field, replace
from typing import NamedTuple

from crawler.domain.model import Outcome
from crawler.domain.reasons import Reason
from crawler.domain.urls import authority
from crawler.storage.changes import JobChange
from crawler.storage.database import Row
from crawler.storage.discovery import Discovery, lower_depths
from crawler.storage.keys import url_key
from crawler.storage.results import UrlResult


class SettledUrl(NamedTuple):
    """A result under the URL that it belongs to, with its depth; a duplicate with the page's id."""

    result: UrlResult
    depth: int
    duplicate_of: int | None = None


@dataclass
class Settled:
    """Results under the URLs that they belong to, and redirect targets that become known."""

    results: list[SettledUrl] = field(default_factory=list)
    aliases: list[tuple[str, int, int]] = field(default_factory=list)

    def save_aliases(self, change: JobChange) -> None:
        """Makes redirect targets known, so that no link leads to a second fetch."""
        if self.aliases:
            urls, depths, targets = zip(*self.aliases, strict=True)
            change.run(
                "insert_aliases",
                urls=list(urls),
                url_keys=[url_key(url) for url in urls],
                hosts=[authority(url) for url in urls],
                depths=list(depths),
                alias_of=list(targets),
            )


def settle_redirects(change: JobChange, results: list[SettledUrl], found: Discovery) -> Settled:
    """Says for each result which URL it belongs to; hands claims over where need be."""
    moved = [each for each in results if each.result.final_url not in (None, each.result.url)]
    keys = [url_key(each.result.final_url or "") for each in moved]
    known = {
        bytes(row["url_key"]): row
        for row in (change.run("known_by_key", url_keys=keys) if keys else ())
    }
    settled = Settled()
    taken: dict[bytes, int] = {}
    for each in sorted(results, key=lambda each: each.depth):
        if each.result.final_url in (None, each.result.url):
            settled.results.append(each)
        else:
            _settle(change, each, known, taken, settled, found)
    if known:
        settled.results = at_present_depths(change, settled.results)
    return settled


def at_present_depths(change: JobChange, results: list[SettledUrl]) -> list[SettledUrl]:
    """Results of one batch may have brought one another closer."""
    rows = change.run("lock_claimed", ids=[each.result.id for each in results])
    depths = {row["id"]: row["depth"] for row in rows}
    return [each._replace(depth=depths[each.result.id]) for each in results]


def _settle(
    change: JobChange,
    each: SettledUrl,
    known: dict[bytes, Row],
    taken: dict[bytes, int],
    settled: Settled,
    found: Discovery,
) -> None:
    result, depth = each.result, each.depth
    target = result.final_url or result.url
    key = url_key(target)
    row = known.get(key)
    if not result.is_page:
        leads_to_page = row is not None and result.reason == Reason.DUPLICATE
        settled.results.append(each._replace(duplicate_of=_page_of(row) if leads_to_page else None))
        if row is not None and leads_to_page:
            _bring_target_closer(change, row, depth, found)
        return  # nobody has the target by it: another URL of the batch may still bring its page
    if key in taken:
        settled.results.append(duplicate(each, taken[key]))
        return
    taken[key] = result.id
    if row is None or row["alias_of"] == result.id:
        settled.results.append(each)
        settled.aliases.append((target, depth, result.id))
    elif row["state"] in ("queued", "beyond"):
        taken[key] = row["id"]
        _hand_over(change, each, row, settled)
    else:
        taken[key] = _page_of(row) or row["id"]
        settled.results.append(duplicate(each, taken[key]))
        _bring_target_closer(change, row, depth, found)


def _page_of(row: Row | None) -> int | None:
    """The URL whose page a known URL (`known_by_key`) has."""
    return None if row is None else row["alias_of"] or row["duplicate_of"] or row["id"]


def duplicate(each: SettledUrl, page_id: int) -> SettledUrl:
    """The result of a URL whose page belongs to another URL."""
    result = replace(
        each.result,
        outcome=Outcome.SKIPPED,
        reason=str(Reason.DUPLICATE),
        content_hash=None,
        size=None,
        title=None,
        links=None,
        discovered=(),
        left_out={},
    )
    return SettledUrl(result, each.depth, page_id)


def _hand_over(change: JobChange, each: SettledUrl, row: Row, settled: Settled) -> None:
    change.run("hand_claim_over", id=row["id"], depth=each.depth)
    if row["state"] == "queued":
        change.count(queued=-1, processing=+1)
    else:
        change.count(discovered=+1, processing=+1)
    page = replace(each.result, id=row["id"], url=each.result.final_url or each.result.url)
    settled.results.append(SettledUrl(page, min(each.depth, row["depth"])))
    settled.results.append(duplicate(each, row["id"]))


def _bring_target_closer(change: JobChange, row: Row, depth: int, found: Discovery) -> None:
    if row["depth"] > depth:
        target = row["alias_of"] or row["id"]
        lower_depths(change, [(target, depth)], found)
