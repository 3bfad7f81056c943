"""A redirect's target counts as the page, and a page counts once.

For a page that answered at another URL than the one asked for:

    target unknown              → the page is this URL's; the target becomes its alias
    target is a page, or leads
      to one that is known      → this URL: `duplicate` of that page
    target without a page: it
      waits, is in hand, failed → the claim and the page pass to the target; this URL: `duplicate`

What the target's own call brings later is dropped then, like all results of URLs that are not in
hand. So a URL is never a duplicate of anything but a page, and two never of each other.

A duplicate brings its page as close to the root as itself, since a redirect is no click. Of the
results of one batch pages under their own URLs come first, then those that were led elsewhere, the
closest first, then what gave no page, so that a page is kept whoever brought it.
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

    @property
    def was_moved(self) -> bool:
        """Whether the answer came from another URL than the one asked for."""
        return self.result.final_url not in (None, self.result.url)


@dataclass
class Settled:
    """Results under the URLs that they belong to, and redirect targets that become known.

    `unsettled` are ids of URLs that are to be fetched again: their call stopped at a page that
    the job does not have.
    """

    results: list[SettledUrl] = field(default_factory=list)
    aliases: list[tuple[str, int, int]] = field(default_factory=list)
    unsettled: list[int] = field(default_factory=list)

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
    keys = [url_key(each.result.final_url or "") for each in results if each.was_moved]
    if not keys:
        return Settled(list(results))
    rows = change.run("redirect_targets", url_keys=keys)
    redirects = _Redirects(change, found, {bytes(row["url_key"]): row for row in rows})
    for each in sorted(results, key=_precedence):
        redirects.settle(each)
    settled = redirects.settled
    if rows:
        settled.results = at_present_depths(change, settled.results)
    return settled


def _precedence(each: SettledUrl) -> tuple[bool, bool, int]:
    is_page = each.result.is_page
    return not is_page, is_page and each.was_moved, each.depth


def at_present_depths(change: JobChange, results: list[SettledUrl]) -> list[SettledUrl]:
    """Results of one batch may have brought one another closer."""
    rows = change.run("lock_claimed", ids=[each.result.id for each in results])
    depths = {row["id"]: row["depth"] for row in rows}
    return [each._replace(depth=depths[each.result.id]) for each in results]


@dataclass
class _Redirects:
    """The results of one batch, settled one after the other.

    `known` is what the job knew of the targets before, by key; `pages` whose page each URL that
    was settled here is, by key.
    """

    change: JobChange
    found: Discovery
    known: dict[bytes, Row]
    settled: Settled = field(default_factory=Settled)
    pages: dict[bytes, int] = field(default_factory=dict)

    def settle(self, each: SettledUrl) -> None:
        """Settles the next result, unless a redirect brought its URL's page already."""
        result = each.result
        if url_key(result.url) in self.pages:
            return
        if result.is_page:
            self._settle_page(each)
        elif result.reason == Reason.DUPLICATE and each.was_moved:
            self._settle_left(each)
        else:
            self.settled.results.append(each)

    def _settle_page(self, each: SettledUrl) -> None:
        result = each.result
        target = result.final_url or result.url
        key, row, page = self._target(target)
        if not each.was_moved:
            self._settle_as(each, result.id)
        elif page is not None:
            self._settle_as(duplicate(each, page), page)
            self._bring_closer(row, each.depth)
        elif row is None or row["state"] == "alias":
            self._settle_as(each, result.id)
            self.pages[key] = result.id
            self.settled.aliases.append((target, each.depth, result.id))
        else:
            self._hand_over(each, row)

    def _settle_left(self, each: SettledUrl) -> None:
        """A call did not follow a redirect, since it leads to a page that the job has."""
        _, row, page = self._target(each.result.final_url or "")
        if page is None:
            self.settled.unsettled.append(each.result.id)
        else:
            self._settle_as(each._replace(duplicate_of=page), page)
            self._bring_closer(row, each.depth)

    def _target(self, url: str) -> tuple[bytes, Row | None, int | None]:
        """A target's key, what is known of it, and the page that it is."""
        key = url_key(url)
        row = self.known.get(key)
        known: int | None = None if row is None else row["page_id"]
        return key, row, self.pages.get(key, known)

    def _settle_as(self, each: SettledUrl, page: int) -> None:
        self.settled.results.append(each)
        self.pages[url_key(each.result.url)] = page

    def _hand_over(self, each: SettledUrl, row: Row) -> None:
        self.change.run("hand_claim_over", id=row["id"], depth=each.depth)
        _count_in_hand(self.change, row)
        page = replace(each.result, id=row["id"], url=each.result.final_url or each.result.url)
        self._settle_as(SettledUrl(page, min(each.depth, row["depth"])), row["id"])
        self._settle_as(duplicate(each, row["id"]), row["id"])

    def _bring_closer(self, row: Row | None, depth: int) -> None:
        if row is not None and row["depth"] > depth:
            lower_depths(self.change, [(row["alias_of"] or row["id"], depth)], self.found)


def _count_in_hand(change: JobChange, row: Row) -> None:
    """A URL that was not in hand, or was given up, is in hand now."""
    if row["state"] == "queued":
        change.count(queued=-1, processing=+1)
    elif row["state"] == "beyond":
        change.count(discovered=+1, processing=+1)
    elif row["state"] == "done":
        change.count(processing=+1)
        change.count_reasons(row["outcome"], {row["reason"]: -1})


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
