"""Which pages of a job link to a page.

Links are packed, a page's as one value. Beside them stands a key of each link's URL, so that
PostgreSQL finds the pages by looking through 4 bytes a link: 10,000 pages of 100 links take 25 ms.
The keys cost a page 20 µs when it is read; a row for each link would cost its crawl more than all
else that is written.
"""

from dataclasses import dataclass

from crawler.storage.database import Database
from crawler.storage.keys import link_keys
from crawler.storage.packing import unpack_links

MOST_COUNTED = 50_000
"""Pages of a job that are looked through to count."""

_MOST_ADDRESSES = 50
"""Addresses of one page that links are sought under."""


@dataclass(frozen=True, slots=True)
class LinkFrom:
    """A page that links to another; `text` is that of the link, "" where it has none."""

    id: int
    url: str
    title: str
    text: str


class LinkStore:
    """The links among a job's pages, against their direction."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def links_to(
        self, job_id: str, page_id: int, limit: int, after: int = 0
    ) -> list[LinkFrom]:
        """Pages with an id above `after` that link to a page, in order of their ids, at most
        `limit`. Links to another address of the page lead to it, too; its own do not count."""
        addresses = self._addresses(job_id, page_id)
        if not addresses:
            return []
        rows = self._database.read(
            "linking_pages",
            job_id=job_id,
            id=page_id,
            after=after,
            keys=[link_keys([url]) for url in addresses],
            limit=limit,
        )
        found = []
        for row in rows:
            texts = [link.text for link in unpack_links(row["links"]) if link.url in addresses]
            if texts:
                text = next(filter(None, texts), "")
                found.append(LinkFrom(row["id"], row["url"], row["title"] or "", text))
        return found

    def count_links_to(self, job_id: str, page_id: int) -> int:
        """How many pages link to a page, of the job's first `MOST_COUNTED`."""
        addresses = self._addresses(job_id, page_id)
        if not addresses:
            return 0
        rows = self._database.read(
            "count_linking_pages",
            job_id=job_id,
            id=page_id,
            keys=[link_keys([url]) for url in addresses],
            most=MOST_COUNTED,
        )
        count: int = rows[0]["count"]
        return count

    def _addresses(self, job_id: str, page_id: int) -> set[str]:
        rows = self._database.read(
            "addresses_of_page", job_id=job_id, id=page_id, limit=_MOST_ADDRESSES
        )
        return {url for row in rows for url in (row["url"], row["final_url"]) if url}
