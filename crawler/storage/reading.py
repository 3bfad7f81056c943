"""A crawl as it is read: which pages its links lead to, and what comes before and after a page.

There is one order for a whole job: that in which its pages were found, of those with content, which
is the order of their ids. A page is found on the first that links to it, so a contents page brings
its chapters in their order. Exports are in this order, too. Where a page itself
names its neighbours (`rel=next`, `rel=prev`), whoever reads that page follows these.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from crawler.domain.model import StoredLink
from crawler.storage.database import Database, Row, Statements
from crawler.storage.keys import url_key

_RELS = {"prev": "previous", "previous": "previous", "next": "next"}


@dataclass(frozen=True, slots=True)
class KnownPage:
    """A page of a job, as far as links to it are concerned."""

    id: int
    url: str
    title: str
    outcome: str | None
    reason: str | None
    has_content: bool


@dataclass(frozen=True, slots=True)
class Neighbours:
    """What comes before and after a page in reading order."""

    previous: KnownPage | None = None
    next: KnownPage | None = None


class ReadingStore:
    """Reads what lies around a page."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def known(self, job_id: str, urls: Iterable[str]) -> dict[str, KnownPage]:
        """The pages of the job that some canonical URLs lead to, by these; others are left out.

        A URL that redirects, or repeats another page, has the page where it ends.
        """
        with self._database.snapshot() as statements:
            return _known(statements, job_id, urls)

    def neighbours(
        self, job_id: str, page_id: int, links: Sequence[StoredLink] = ()
    ) -> Neighbours:
        """The pages with content around one, which has these links."""
        named = _named(links)
        with self._database.snapshot() as statements:
            known = _known(statements, job_id, named.values())
            rows = statements.run("neighbours", job_id=job_id, id=page_id)
        around = {
            "previous" if row["id"] < page_id else "next": _known_page(row) for row in rows
        }
        for side, url in named.items():
            page = known.get(url)
            if page is not None and page.has_content and page.id != page_id:
                around[side] = page
        return Neighbours(**around)


def _named(links: Sequence[StoredLink]) -> dict[str, str]:
    """The URLs that a page names as its neighbours, by side; of several the first."""
    named: dict[str, str] = {}
    for link in links:
        for rel in link.rel.split():
            if rel in _RELS:
                named.setdefault(_RELS[rel], link.url)
    return named


def _known(statements: Statements, job_id: str, urls: Iterable[str]) -> dict[str, KnownPage]:
    by_key = {url_key(url): url for url in urls}
    if not by_key:
        return {}
    rows = statements.run("pages_by_url", job_id=job_id, url_keys=list(by_key))
    return {by_key[bytes(row["url_key"])]: _known_page(row) for row in rows}


def _known_page(row: Row) -> KnownPage:
    return KnownPage(
        id=row["id"],
        url=row["url"],
        title=row["title"],
        outcome=row["outcome"],
        reason=row["reason"],
        has_content=row["has_content"],
    )
