"""Finished pages read for an export: first what there is, then slice by slice, by their ids.

Every slice is a read of its own, so an export holds no connection while its client is slow.
"""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from crawler.domain.errors import UnknownJob
from crawler.domain.model import Job
from crawler.storage.database import Database, Row
from crawler.storage.furniture import markdown_of, read_furniture
from crawler.storage.jobs import read_job
from crawler.storage.keys import url_key
from crawler.storage.packing import unpack_json

_PAGES_A_READ = 2_000
_KEYS_A_READ = 2_000


@dataclass(frozen=True, slots=True)
class ListedPage:
    """A finished page as an export is planned by it.

    `key` is the URL under which the job has it, no other page has the same; `url` is where it was
    read. `length` in characters.
    """

    id: int
    key: str
    url: str
    depth: int
    length: int


@dataclass(frozen=True, slots=True)
class PageHead:
    """What is known of a finished page beside its content; `key` and `url` as above."""

    id: int
    key: str
    url: str
    depth: int
    fetched_at: datetime
    content_type: str | None
    title: str
    description: str
    language: str
    metadata: dict[str, Any]


@dataclass(frozen=True, slots=True)
class WholePage:
    """A finished page; its Markdown (of `length` characters) is unpacked when it is asked for."""

    head: PageHead
    length: int
    _row: Row
    _furniture: frozenset[bytes]

    def markdown(self) -> str:
        """The page's Markdown, without what is furniture."""
        return markdown_of(self._row, self._furniture) or ""


@dataclass(frozen=True, slots=True)
class LinkTarget:
    """The page that a URL leads to."""

    id: int
    key: str
    url: str


@dataclass(frozen=True, slots=True)
class Survey:
    """A job as it stood when its export began, and what was furniture then."""

    job: Job
    furniture: frozenset[bytes]


class ExportStore:
    """Reads jobs for exports."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def survey(self, job_id: str, see: Callable[[ListedPage], None]) -> Survey:
        """The job as it stands; `see` is called with each finished page, in reading order.

        Raises:
            UnknownJob: when there is no such job.
        """
        with self._database.snapshot() as statements:
            job = read_job(statements, job_id)
            after = 0
            while rows := statements.run(
                "exported_pages", job_id=job_id, after=after, limit=_PAGES_A_READ
            ):
                for row in rows:
                    see(_listed(row))
                after = rows[-1]["id"]
            return Survey(job, read_furniture(statements, job_id))

    def heads(self, job_id: str, ids: Sequence[int]) -> list[PageHead]:
        """Pages without their content, in the order of the ids.

        Raises:
            UnknownJob: when the job was deleted meanwhile: a page of it is missing.
        """
        return [_head(row) for row in self._documents(job_id, ids, whole=False)]

    def pages(
        self, job_id: str, ids: Sequence[int], furniture: frozenset[bytes]
    ) -> list[WholePage]:
        """Pages with their content, in the order of the ids.

        Raises:
            UnknownJob: when the job was deleted meanwhile: a page of it is missing.
        """
        rows = self._documents(job_id, ids, whole=True)
        return [WholePage(_head(row), row["length"], row, furniture) for row in rows]

    def link_targets(self, job_id: str, urls: Collection[str]) -> dict[str, LinkTarget]:
        """The finished pages that canonical URLs lead to; those that lead to none are absent."""
        keys = {url_key(url): url for url in urls}
        found = {}
        listed = list(keys)
        for at in range(0, len(listed), _KEYS_A_READ):
            part = listed[at : at + _KEYS_A_READ]
            for row in self._database.read("pages_under_urls", job_id=job_id, url_keys=part):
                target = LinkTarget(row["id"], row["url"], row["final_url"])
                found[keys[bytes(row["url_key"])]] = target
        return found


    def _documents(self, job_id: str, ids: Sequence[int], *, whole: bool) -> list[Row]:
        rows = self._database.read("exported_documents", job_id=job_id, ids=list(ids), whole=whole)
        if len(rows) != len(ids):  # pages go only with their job
            raise UnknownJob
        return rows


def _listed(row: Row) -> ListedPage:
    return ListedPage(
        id=row["id"],
        key=row["url"],
        url=row["final_url"],
        depth=row["depth"],
        length=row["length"],
    )


def _head(row: Row) -> PageHead:
    metadata = row["metadata"]
    return PageHead(
        id=row["id"],
        key=row["url"],
        url=row["final_url"],
        depth=row["depth"],
        fetched_at=row["fetched_at"],
        content_type=row["content_type"],
        title=row["title"],
        description=row["description"],
        language=row["language"],
        metadata={} if metadata is None else unpack_json(metadata),
    )
