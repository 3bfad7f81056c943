"""What a crawl call's answer becomes in the database: outcomes, pages, scope, links, one event."""

import json
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import replace

from crawler.domain.admission import HostRules, admission_of
from crawler.domain.events import EventName
from crawler.domain.model import Outcome, SitemapUse, StoredLink
from crawler.domain.nofollow import rel_says_nofollow
from crawler.domain.reasons import Reason
from crawler.domain.scope import scope_of, site_of
from crawler.domain.urls import authority
from crawler.storage.changes import JobChange, as_jsonb
from crawler.storage.database import Row
from crawler.storage.discovery import Discovery, FoundLinks
from crawler.storage.duplicates import name_key_of, settle_duplicates
from crawler.storage.exclusions import skip_excluded
from crawler.storage.known_pages import KnownPages
from crawler.storage.packing import pack_json, unpack_links
from crawler.storage.redirects import SettledUrl, settle_redirects
from crawler.storage.results import BatchResult, LeftOutLink, PageToProcess, UrlResult

_SLICE = 2_000
"""Pages that are marked stale in one transaction."""


def settle(
    change: JobChange,
    batch: BatchResult,
    known: KnownPages,
    found: Discovery,
    *,
    links_wait: bool,
) -> list[SettledUrl]:
    """Writes outcomes and pages; returns each settled result with its URL's present depth.

    `links_wait`: the pages are stale, so that their links are queued later, in slices.
    """
    held = {
        row["id"]: row["depth"]
        for row in change.run("lock_claimed", ids=[result.id for result in batch.results])
    }
    mine = [SettledUrl(result, held[result.id]) for result in batch.results if result.id in held]
    mine = _within_page_limit(change, mine)
    _move_scope(change, mine, found)
    settled = settle_redirects(change, _with_telling_names(change, mine), found)
    return_urls(change, settled.unsettled)
    settled.results = settle_duplicates(change, settled.results, known, found)
    if settled.results:
        _write_outcomes(change, settled.results)
        _write_pages(change, settled.results, links_wait=links_wait)
        settled.save_aliases(change)
    return settled.results


def _within_page_limit(change: JobChange, results: list[SettledUrl]) -> list[SettledUrl]:
    """Claims leave room for what is in hand, but the limit may have been lowered meanwhile: pages
    beyond it, the farthest and youngest, return to the queue as if they had not been fetched."""
    room = change.options.pages_left(change.now.completed)
    pages = sorted((each.depth, each.result.id) for each in results if each.result.is_page)
    if room is None or len(pages) <= room:
        return results
    beyond = {page_id for _, page_id in pages[room:]}
    return_urls(change, beyond)
    return [each for each in results if each.result.id not in beyond]


def return_urls(change: JobChange, ids: Iterable[int]) -> int:
    """Puts URLs in hand back into the queue, unharmed; returns how many were in hand."""
    listed = list(ids)
    returned = len(change.run("return_urls", ids=listed)) if listed else 0
    give_back(change, returned)
    return returned


def give_back(change: JobChange, count: int) -> None:
    """Counts URLs that were in hand as waiting again."""
    change.count(processing=-count, queued=+count)


def _with_telling_names(change: JobChange, results: list[SettledUrl]) -> list[SettledUrl]:
    """A canonical URL says nothing that is the page's own, as most are, out of scope, or of another
    site: whoever writes a page has no say about those of others."""
    scope = scope_of(change.options.scope, change.scope_bases)

    def tells(result: UrlResult) -> bool:
        name = result.canonical
        if name is None or name in (result.url, result.final_url):
            return False
        return scope.admits(name) and site_of(name) == site_of(result.final_url or result.url)

    return [
        each if tells(each.result) else each._replace(result=replace(each.result, canonical=None))
        for each in results
    ]


def _move_scope(change: JobChange, results: list[SettledUrl], found: Discovery) -> None:
    """Scope is judged against the roots after their own redirects; only a root may move it."""
    moved = {r.url: r.final_url for r, _, _ in results if r.final_url and r.url in change.roots}
    bases = tuple(
        moved.get(root, base) for root, base in zip(change.roots, change.scope_bases, strict=True)
    )
    if bases != change.scope_bases:
        change.scope_bases = bases
        # A root that failed in passing held nobody back: what was judged without it is judged anew.
        change.run("set_scope_bases", scope_bases=as_jsonb(list(bases)))
        found.made_stale = True


def _write_outcomes(change: JobChange, results: list[SettledUrl]) -> None:
    each = [settled.result for settled in results]
    change.run(
        "settle",
        ids=[result.id for result in each],
        states=["fetched" if result.is_page else "done" for result in each],
        outcomes=[str(result.outcome) for result in each],
        reasons=[result.reason for result in each],
        duplicates_of=[settled.duplicate_of for settled in results],
    )
    pages = [result for result in each if result.is_page]
    change.count(
        processing=-len(each),
        completed=len(pages),
        from_cache=sum(result.outcome is Outcome.CACHED for result in pages),
        # Of pages only: what a file is said to have was announced, not read.
        bytes=sum(result.size or 0 for result in pages),
    )
    change.count_reasons("failed", _reasons(each, Outcome.FAILED))
    change.count_reasons("skipped", _reasons(each, Outcome.SKIPPED))


def _reasons(results: list[UrlResult], outcome: Outcome) -> Counter[str]:
    return Counter(str(result.reason) for result in results if result.outcome is outcome)


def return_to_wait(change: JobChange, batch: BatchResult) -> None:
    """Puts URLs that failed in passing back, each until its time has come, and those that were led
    to a host that waits to that host; what a new rule excludes does not wait first."""
    if not batch.retries:
        return
    rows = change.run(
        "return_to_wait",
        ids=[retry.id for retry in batch.retries],
        reasons=[retry.reason if retry.is_attempt else None for retry in batch.retries],
        after_ms=[retry.after_ms for retry in batch.retries],
        attempts=[int(retry.is_attempt) for retry in batch.retries],
        trails=[retry.trail and json.dumps(retry.trail.as_json()) for retry in batch.retries],
        hosts=[retry.trail and authority(retry.trail.next) for retry in batch.retries],
    )
    give_back(change, len(rows))
    skip_excluded(change, rows)


def _write_pages(change: JobChange, results: list[SettledUrl], *, links_wait: bool) -> None:
    each = [settled.result for settled in results]
    # Links of roots wait, too: until the scope, which redirects of roots may move, is certain.
    waits = [links_wait or settled.depth == 0 for settled in results]
    change.run(
        "insert_pages",
        ids=[result.id for result in each],
        final_urls=[result.final_url for result in each],
        http_statuses=[result.http_status for result in each],
        titles=[result.title for result in each],
        ms=[result.ms for result in each],
        bytes=[result.size for result in each],
        content_types=[result.content_type for result in each],
        content_hashes=[result.content_hash for result in each],
        headers=[pack_json(result.headers) if result.headers else None for result in each],
        hops=[pack_json(result.hops) if result.hops else None for result in each],
        links=[result.links for result in each],
        # What is no page of the job links nowhere, as far as its readers are concerned.
        link_keys=[result.link_keys if result.is_page else None for result in each],
        stale=[wait and result.links is not None for result, wait in zip(each, waits, strict=True)],
        counted=[not wait for wait in waits],
        details=[result.detail for result in each],
        name_keys=[name_key_of(result) for result in each],
        nofollows=[result.nofollow for result in each],
        alternate_urls=[result.alternate_url for result in each],
        alternate_hashes=[result.alternate_hash for result in each],
    )


def found_links(
    results: list[SettledUrl], batch: BatchResult, found: Discovery
) -> list[FoundLinks]:
    """The links of what was just fetched, as the crawl function judged them. Roots wait."""
    pages = [
        each
        for each in results
        if each.depth > 0 and (each.result.is_page or each.result.links is not None)
    ]
    for each in pages:
        found.left_out.update(each.result.left_out)
    ids = {each.result.id for each in pages}
    found.samples += [sample for sample in batch.samples if sample.found_on in ids]
    return [
        FoundLinks(result.id, depth, tuple(batch.discovered[i] for i in result.discovered))
        for result, depth, _ in pages
    ]


def tell_batch(change: JobChange, results: list[SettledUrl], found: Discovery) -> None:
    """The event of a batch, with a row for each of its URLs."""
    outcomes = [each.result.outcome for each in results]
    cached = outcomes.count(Outcome.CACHED)
    change.tell(
        EventName.BATCH_COMPLETED,
        completed=outcomes.count(Outcome.FETCHED) + cached,
        failed=outcomes.count(Outcome.FAILED),
        discovered=found.queued.total(),
        fromCache=cached,
        depth=max(each.depth for each in results),
        pages=[each.result.as_row(each.depth) for each in results],
    )


def to_process(result: UrlResult) -> PageToProcess:
    """What the processor has to know of a fetched page."""
    return PageToProcess(
        result.id,
        result.final_url or result.url,
        result.content_hash or b"",
        result.content_type,
        is_parsable=result.is_parsable,
        alternate_url=result.alternate_url,
        alternate_hash=result.alternate_hash,
    )


def judge_anew(change: JobChange) -> int:
    """Marks a slice of the pages that a moved scope makes stale; returns 0 once none is left."""
    if change.stale_after is None:
        return 0
    ids = [
        row["id"] for row in change.run("mark_stale_slice", after=change.stale_after, limit=_SLICE)
    ]
    are_more = len(ids) == _SLICE
    change.run("set_stale_after", after=max(ids) if are_more else None)
    return len(ids) if are_more else 0


def stored_links(
    change: JobChange, rows: list[Row], found: Discovery, denied: HostRules
) -> list[FoundLinks]:
    """The links of stale pages (`take_stale`), judged by what the job covers at present."""
    if change.options.sitemap is SitemapUse.ONLY:
        return []
    judge = _judge(change, denied)
    pages = []
    for row in rows:
        links = {link.url: link for link in unpack_links(row["links"])}
        links.pop(row["alternate_url"], None)  # the page itself
        reasons = {url: judge(link, row["nofollow"]) for url, link in links.items()}
        if not row["counted"]:
            out = [LeftOutLink(str(why), url, row["id"]) for url, why in reasons.items() if why]
            found.left_out.update(link.reason for link in out)
            found.samples += out
        urls = tuple(url for url, why in reasons.items() if why is None)
        pages.append(FoundLinks(row["id"], row["depth"], urls, not row["counted"]))
    return pages


def _judge(change: JobChange, denied: HostRules) -> Callable[[StoredLink, bool], Reason | None]:
    """Why a link is left out, given whether its page asks that none be followed; None: it is in."""
    options = change.options
    admission = admission_of(
        options.scope, change.scope_bases, options.include, options.exclude, denied
    )
    obeys_nofollow = not options.ignore_robots

    def judge(link: StoredLink, nofollow: bool) -> Reason | None:
        if obeys_nofollow and (nofollow or rel_says_nofollow(link.rel)):
            return Reason.NOFOLLOW
        return admission.judge(link.url)

    return judge


def give_up(change: JobChange, rows: list[Row]) -> None:
    """Tells of URLs that failed calls too often; their rows are `failed` already."""
    results = [
        SettledUrl(
            UrlResult(row["id"], row["url"], Outcome.FAILED, str(Reason.FUNCTION_ERROR)),
            row["depth"],
        )
        for row in rows
    ]
    if results:
        _write_pages(change, results, links_wait=False)
        change.count_reasons("failed", {Reason.FUNCTION_ERROR: len(results)})
        tell_batch(change, results, Discovery())
