"""What pages of a job have in common: decided from what was stored, cut where they are read."""

from crawler.aside import aside
from crawler.domain.furniture import (
    furniture_of,
    may_hold,
    split_fingerprints,
    without_furniture,
)
from crawler.storage.changes import Changes
from crawler.storage.database import Database, Row, Statements
from crawler.storage.leases import Lease
from crawler.storage.packing import size_of, unpack

MOST_PAGES = 500
"""Pages that a decision looks at: what stands on most of these stands on most of all."""

_LONG_BYTES = 200_000
"""From here on cutting takes 50 ms and more of a loop's time, where it is of short lines."""


class FurnitureStore:
    """Decides what is furniture; only a job's orchestrator does."""

    def __init__(self, database: Database, changes: Changes) -> None:
        self._database = database
        self._changes = changes

    def found(self, job_id: str) -> frozenset[bytes]:
        """What is furniture of a job by now, as fingerprints."""
        return _fingerprints(self._database.read("furniture", job_id=job_id))

    def decide(self, lease: Lease) -> None:
        """Finds what stands on most pages that were processed by now, and keeps it.

        Raises:
            Fenced: when the lease is lost.
        """
        rows = self._database.read("units_of_some", job_id=lease.job_id, most=MOST_PAGES)
        found = b"".join(furniture_of(bytes(row["units"]) for row in rows))
        with self._changes.change(lease.job_id, epoch=lease.epoch) as change:
            change.run("set_furniture", units=found)


def read_furniture(statements: Statements, job_id: str) -> frozenset[bytes]:
    """What a job's readers are not shown, for `markdown_of`."""
    return _fingerprints(statements.run("furniture", job_id=job_id))


def _fingerprints(rows: list[Row]) -> frozenset[bytes]:
    return frozenset(split_fingerprints(bytes(rows[0]["units"])) if rows else ())


def markdown_of(row: Row, furniture: frozenset[bytes]) -> str | None:
    """The Markdown in a row with `markdown` and `units` of documents, as people read it."""
    if row["markdown"] is None:
        return None
    packed, units = bytes(row["markdown"]), bytes(row["units"] or b"")
    if size_of(packed) < _LONG_BYTES:
        return _markdown(packed, units, furniture)
    return aside(_markdown, packed, units, furniture)


def _markdown(packed: bytes, units: bytes, furniture: frozenset[bytes]) -> str:
    markdown = unpack(packed).decode()
    if furniture and may_hold(units, furniture):
        return without_furniture(markdown, furniture)
    return markdown
