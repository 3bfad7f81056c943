"""What was fetched and what the processor made of it: read for people, written by the processor."""

from dataclasses import dataclass
from typing import Any

from crawler.domain.errors import UnknownJob, UnknownPage
from crawler.domain.events import EventName, LoggedEvent, parse_event
from crawler.domain.lifecycle import TERMINAL
from crawler.domain.model import Job, JobOptions, PageRow, StoredPage
from crawler.domain.selectors import NO_SELECTORS, Selectors
from crawler.storage.changes import Changes, JobChange
from crawler.storage.database import Database, Row, Statements
from crawler.storage.furniture import markdown_of, read_furniture
from crawler.storage.jobs import read_job
from crawler.storage.leases import Lease
from crawler.storage.packing import pack_json, unpack_json, unpack_links
from crawler.storage.results import PageToProcess, ProcessedPage


@dataclass(frozen=True, slots=True)
class PageFilter:
    """Which of a job's URLs a list shows; `outcome` may be `pending`.

    A URL that waits to be tried again has the reason by which it failed in passing.
    """

    outcome: str | None = None
    q: str | None = None
    reason: str | None = None

    def as_parameters(self) -> dict[str, object]:
        """For the statements `rows` and `whole_pages`."""
        pending = self.outcome == "pending"
        return {
            "outcome": None if pending else self.outcome,
            "pending": pending,
            "reason": self.reason,
            "q": None if self.q is None else f"%{_escape_like(self.q)}%",
        }


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What a live page shows: the job as of its last event, from one read."""

    job: Job
    events: list[LoggedEvent]
    newest: list[PageRow]
    failures: list[PageRow]
    left_out: dict[str, int]
    links_left_out: dict[str, int]


class PageStore:
    """A job's URLs and pages."""

    def __init__(self, database: Database, changes: Changes) -> None:
        self._database = database
        self._changes = changes

    def snapshot(self, job_id: str, *, events: int = 100, rows: int = 200) -> Snapshot:
        """Job, newest events (newest first) and newest URLs as of one moment.

        Raises:
            UnknownJob: when there is no such job.
        """
        with self._database.snapshot() as statements:
            job = read_job(statements, job_id)
            left = statements.one("links_left_out", job_id=job_id) or {}
            return Snapshot(
                job=job,
                events=_newest_events(statements, job_id, events),
                newest=page_rows(statements.run("newest_rows", job_id=job_id, limit=rows)),
                failures=_list(statements, job_id, PageFilter("failed"), 0, rows),
                left_out={
                    row["reason"]: row["count"] for row in statements.run("left_out", job_id=job_id)
                },
                links_left_out=left.get("links_left_out", {}),
            )

    def rows(self, job_id: str, wanted: PageFilter, after: int, limit: int) -> list[PageRow]:
        """URLs with an id above `after`, in the order in which they were found.

        Raises:
            UnknownJob: when there is no such job.
        """
        with self._database.snapshot() as statements:
            read_job(statements, job_id)
            return _list(statements, job_id, wanted, after, limit)

    def whole_pages(
        self, job_id: str, wanted: PageFilter, after: int, limit: int
    ) -> list[StoredPage]:
        """The same with all that was kept of each; mind their size.

        Raises:
            UnknownJob: when there is no such job.
        """
        with self._database.snapshot() as statements:
            read_job(statements, job_id)
            rows = statements.run(
                "whole_pages", job_id=job_id, after=after, limit=limit, **wanted.as_parameters()
            )
            furniture = read_furniture(statements, job_id)
        return [_stored_page(row, furniture) for row in rows]

    def page(self, job_id: str, page_id: int) -> StoredPage:
        """One URL with all that was kept of it.

        Raises:
            UnknownJob, UnknownPage.
        """
        with self._database.snapshot() as statements:
            read_job(statements, job_id)
            row = statements.one("page", job_id=job_id, id=page_id)
            furniture = read_furniture(statements, job_id)
        if row is None:
            raise UnknownPage
        return _stored_page(row, furniture)

    def unprocessed(self, job_id: str, after: int, limit: int) -> list[PageToProcess]:
        """Fetched pages whose content waits for the processor, in order of their ids."""
        rows = self._database.read("unprocessed", job_id=job_id, after=after, limit=limit)
        return [
            PageToProcess(
                row["id"],
                row["url"],
                bytes(row["content_hash"]),
                row["content_type"],
                row["attempts"],
                alternate_url=row["alternate_url"],
                alternate_hash=row["alternate_hash"] and bytes(row["alternate_hash"]),
            )
            for row in rows
        ]

    def selectors(self, job_id: str) -> Selectors:
        """What the job takes from its pages, as it stands now.

        Raises:
            UnknownJob: when the job is gone.
        """
        rows = self._database.read("options", job_id=job_id)
        if not rows:
            raise UnknownJob
        return JobOptions.from_json(rows[0]["options"]).selectors

    def store_processed(
        self,
        job_id: str,
        pages: list[ProcessedPage],
        failed: list[int],
        selectors: Selectors = NO_SELECTORS,
    ) -> bool:
        """Keeps documents, each page's once, and tells of it unless the job has ended.

        A late result of an ended job is kept in silence: its totals stay as they were told.
        Returns False, and keeps nothing, where the job has other selectors than these by now.

        Raises:
            UnknownJob: when the job is gone.
        """
        with self._changes.change(job_id) as change:
            if change.options.selectors != selectors:
                return False
            self._store(change, pages, failed)
            return True

    def fail_processing(self, lease: Lease, ids: list[int], most: int) -> list[int]:
        """Counts a failed call of the processor; returns the ids that are to be tried again.

        Raises:
            Fenced: when the lease is lost.
        """
        with self._changes.change(lease.job_id, epoch=lease.epoch) as change:
            rows = change.run("count_failed_processing", ids=ids)
            given_up = [row["id"] for row in rows if row["attempts"] >= most]
            self._store(change, [], given_up)
            return [row["id"] for row in rows if row["id"] not in set(given_up)]

    def _store(self, change: JobChange, pages: list[ProcessedPage], failed: list[int]) -> None:
        stored = _mark(change, "stored", [page.id for page in pages])
        given_up = _mark(change, "failed", failed)
        _insert_documents(change, [page for page in pages if page.id in stored])
        if change.status not in TERMINAL and (stored or given_up):
            change.count(processed=len(stored), process_failed=len(given_up))
            change.tell(EventName.CONTENT_PROCESSED, count=len(stored), failed=len(given_up))


def _mark(change: JobChange, content: str, ids: list[int]) -> set[int]:
    rows = change.run("mark_processed", content=content, ids=ids) if ids else []
    return {row["id"] for row in rows}


def _insert_documents(change: JobChange, pages: list[ProcessedPage]) -> None:
    if pages:
        change.run(
            "insert_documents",
            ids=[page.id for page in pages],
            titles=[page.title for page in pages],
            descriptions=[page.description for page in pages],
            languages=[page.language for page in pages],
            markdowns=[page.markdown for page in pages],
            lengths=[page.length for page in pages],
            units=[page.units for page in pages],
            metadata=[pack_json(page.metadata) if page.metadata else None for page in pages],
        )


def _newest_events(statements: Statements, job_id: str, limit: int) -> list[LoggedEvent]:
    rows = statements.run("newest_events", job_id=job_id, limit=limit)
    return [parse_event(row["body"]) for row in rows]


def _list(
    statements: Statements, job_id: str, wanted: PageFilter, after: int, limit: int
) -> list[PageRow]:
    rows = statements.run("rows", job_id=job_id, after=after, limit=limit, **wanted.as_parameters())
    return page_rows(rows)


def page_rows(rows: list[Row]) -> list[PageRow]:
    """Rows of a statement that lists URLs, as the domain knows them."""
    return [_page_row(row) for row in rows]


def _page_row(row: Row) -> PageRow:
    content_hash = row["content_hash"]
    return PageRow(
        id=row["id"],
        url=row["url"],
        final_url=row["final_url"],
        http_status=row["http_status"],
        outcome=row["outcome"],
        reason=row["reason"],
        title=row["title"],
        ms=row["ms"],
        bytes=row["bytes"],
        depth=row["depth"],
        found_on=row["found_on"],
        content_hash=None if content_hash is None else bytes(content_hash).hex(),
        content_type=row["content_type"],
        fetched_at=row["fetched_at"],
        content=row["content"],
        detail=row["detail"],
        duplicate_of=row["duplicate_of"],
        attempts=row["attempts"],
        not_before=row["not_before"],
    )


def _stored_page(row: Row, furniture: frozenset[bytes]) -> StoredPage:
    return StoredPage(
        row=_page_row(row),
        title=row["document_title"] or row["title"] or "",
        description=row["description"] or "",
        language=row["language"] or "",
        markdown=markdown_of(row, furniture),
        headers=tuple((name, value) for name, value in unpack_json(row["headers"])),
        hops=tuple((url, status) for url, status in unpack_json(row["hops"])),
        links=unpack_links(row["links"]),
        metadata=_metadata(row["metadata"]),
        alternate_url=row["alternate_url"],
    )


def _metadata(packed: memoryview | None) -> dict[str, Any]:
    return {} if packed is None else dict(unpack_json(packed))


def _escape_like(text: str) -> str:
    for char in ("\\", "%", "_"):
        text = text.replace(char, "\\" + char)
    return text
