"""Contents by their hash: a body that a hundred pages share is kept once.

The crawl function stores bodies before their pages are known to the database; the processor
reads them by hash. What a deleted job no longer refers to is collected minutes later.
"""

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from crawler.storage.database import Database, Statements
from crawler.storage.packing import pack, unpack

_ROWS_A_SLICE = 2_000
_BYTES_A_STATEMENT = 4 * 2**20


@dataclass(frozen=True, slots=True)
class SealedBody:
    """A body as it is kept: packed, under the SHA-256 (FIPS 180-4) of its content."""

    hash: bytes
    data: bytes
    size: int


def seal(body: bytes) -> SealedBody:
    """Hashes and packs a body. Both release the GIL, so this is work for a thread."""
    return SealedBody(hashlib.sha256(body).digest(), pack(body), len(body))


class BodyStore:
    """Bodies, and the clearing away of deleted jobs."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def put(self, bodies: Iterable[SealedBody]) -> None:
        """Keeps bodies, each once."""
        distinct = {body.hash: body for body in bodies}
        # One order for all: calls that keep the same bodies at once must not lock each other out.
        ordered = [distinct[key] for key in sorted(distinct)]
        for part in _parts(ordered):
            self._database.read(
                "insert_bodies",
                hashes=[body.hash for body in part],
                data=[body.data for body in part],
                sizes=[body.size for body in part],
            )

    def get(self, hashes: list[bytes], most_bytes: int | None = None) -> dict[bytes, bytes]:
        """The bodies of some hashes; unknown ones are left out.

        `most_bytes`: how many are read, unpacked, but one body in any case; None: all.
        """
        rows = self._database.read("bodies", hashes=hashes, most_bytes=most_bytes)
        return {bytes(row["hash"]): unpack(row["data"]) for row in rows}

    def purge_deleted(self) -> bool:
        """Clears away a slice of a deleted job; returns whether there was one."""
        with self._database.transaction() as statements:
            job = statements.one("deleted_jobs")
            if job is None:
                return False
            _purge_slice(statements, job["id"])
            return True

    def collect(self) -> None:
        """Removes bodies to which nothing refers any more."""
        self._database.read("collect_bodies", limit=_ROWS_A_SLICE)


def _parts(bodies: list[SealedBody]) -> Iterator[list[SealedBody]]:
    """Bodies as they go into one statement, whose text is several times their size."""
    part: list[SealedBody] = []
    size = 0
    for body in bodies:
        if part and size + len(body.data) > _BYTES_A_STATEMENT:
            yield part
            part, size = [], 0
        part.append(body)
        size += len(body.data)
    if part:
        yield part


def _purge_slice(statements: Statements, job_id: str) -> None:
    rows = statements.run("frontier_slice", job_id=job_id, limit=_ROWS_A_SLICE)
    if rows:
        ids = [row["id"] for row in rows]
        statements.run("discard_bodies", job_id=job_id, ids=ids)
        statements.run("purge_frontier", job_id=job_id, ids=ids)
    elif not statements.run("purge_events", job_id=job_id, limit=_ROWS_A_SLICE):
        statements.run("purge_job", job_id=job_id)
