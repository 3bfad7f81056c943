"""What a crawl call's answer becomes in the database: outcomes, pages, scope, links, one event."""

from crawler.domain.events import EventName
from crawler.domain.model import Outcome
from crawler.domain.reasons import Reason
from crawler.domain.scope import scope_of
from crawler.storage.changes import JobChange, as_jsonb
from crawler.storage.database import Row
from crawler.storage.discovery import Discovery, FoundLinks
from crawler.storage.packing import pack_json, unpack_links
from crawler.storage.redirects import settle_redirects
from crawler.storage.results import BatchResult, PageToProcess, UrlResult


def settle(
    change: JobChange, batch: BatchResult, found: Discovery, *, links_wait: bool
) -> list[tuple[UrlResult, int]]:
    """Writes outcomes and pages; returns each settled result with its URL's present depth.

    `links_wait`: the pages are stale, so that their links are queued later, in slices.
    """
    held = {
        row["id"]: row["depth"]
        for row in change.run("lock_claimed", ids=[result.id for result in batch.results])
    }
    mine = [(result, held[result.id]) for result in batch.results if result.id in held]
    _move_scope(change, mine)
    settled = settle_redirects(change, mine, found)
    if settled.results:
        _write_outcomes(change, [result for result, _ in settled.results])
        _write_pages(change, settled.results, links_wait=links_wait)
        settled.save_aliases(change)
    return settled.results


def _move_scope(change: JobChange, results: list[tuple[UrlResult, int]]) -> None:
    """Scope is judged against the roots after their own redirects; only a root may move it."""
    moved = {r.url: r.final_url for r, _ in results if r.final_url and r.url in change.roots}
    bases = tuple(
        moved.get(root, base) for root, base in zip(change.roots, change.scope_bases, strict=True)
    )
    if bases != change.scope_bases:
        change.scope_bases = bases
        change.run("set_scope_bases", scope_bases=as_jsonb(list(bases)))


def _write_outcomes(change: JobChange, results: list[UrlResult]) -> None:
    change.run(
        "settle",
        ids=[result.id for result in results],
        states=["fetched" if result.is_page else "done" for result in results],
        outcomes=[str(result.outcome) for result in results],
        reasons=[result.reason for result in results],
    )
    outcomes = [result.outcome for result in results]
    pages = sum(result.is_page for result in results)
    change.count(
        processing=-len(results),
        completed=pages,
        failed=outcomes.count(Outcome.FAILED),
        skipped=outcomes.count(Outcome.SKIPPED),
        from_cache=outcomes.count(Outcome.CACHED),
        # Of pages only: what a file is said to have was announced, not read.
        bytes=sum(result.size or 0 for result in results if result.is_page),
    )


def _write_pages(
    change: JobChange, results: list[tuple[UrlResult, int]], *, links_wait: bool
) -> None:
    each = [result for result, _ in results]
    # Links of roots wait, too: until the scope, which redirects of roots may move, is certain.
    waits = [links_wait or depth == 0 for _, depth in results]
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
        stale=[
            wait and result.links is not None for result, wait in zip(each, waits, strict=True)
        ],
        counted=[not wait for wait in waits],
    )


def found_links(
    results: list[tuple[UrlResult, int]], batch: BatchResult, found: Discovery
) -> list[FoundLinks]:
    """The links of freshly fetched pages, as the crawl function judged them. Roots wait."""
    pages = [(result, depth) for result, depth in results if result.is_page and depth > 0]
    found.left_out[Reason.SCOPE] += sum(result.out_of_scope for result, _ in pages)
    return [
        FoundLinks(result.id, depth, tuple(batch.discovered[i] for i in result.discovered))
        for result, depth in pages
    ]


def tell_batch(change: JobChange, results: list[tuple[UrlResult, int]], found: Discovery) -> None:
    """The event of a batch, with a row for each of its URLs."""
    outcomes = [result.outcome for result, _ in results]
    cached = outcomes.count(Outcome.CACHED)
    change.tell(
        EventName.BATCH_COMPLETED,
        completed=outcomes.count(Outcome.FETCHED) + cached,
        failed=outcomes.count(Outcome.FAILED),
        discovered=found.queued.total(),
        fromCache=cached,
        depth=max(depth for _, depth in results),
        pages=[result.as_row(depth) for result, depth in results],
    )


def to_process(result: UrlResult) -> PageToProcess:
    """What the processor has to know of a fetched page."""
    return PageToProcess(
        result.id, result.final_url or result.url, result.content_hash or b"", result.content_type
    )


def stored_links(change: JobChange, rows: list[Row], found: Discovery) -> list[FoundLinks]:
    """The links of stale pages (`take_stale`), judged against the job's present scope."""
    scope = scope_of(change.options.scope, change.scope_bases)
    pages = []
    for row in rows:
        links = {link.url: None for link in unpack_links(row["links"])}
        urls = tuple(url for url in links if scope.admits(url))
        if not row["counted"]:
            found.left_out[Reason.SCOPE] += len(links) - len(urls)
        pages.append(FoundLinks(row["id"], row["depth"], urls, not row["counted"]))
    return pages


def give_up(change: JobChange, rows: list[Row]) -> None:
    """Tells of URLs that failed calls too often; their rows are `failed` already."""
    results = [
        (UrlResult(row["id"], row["url"], Outcome.FAILED, str(Reason.FUNCTION_ERROR)), row["depth"])
        for row in rows
    ]
    if results:
        _write_pages(change, results, links_wait=False)
        tell_batch(change, results, Discovery())
