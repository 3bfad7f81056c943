"""What a job waits for: hosts whose URLs failed in passing and are to be tried again."""

from dataclasses import dataclass
from datetime import datetime

from crawler.storage.database import Database


@dataclass(frozen=True, slots=True)
class HostWait:
    """A host (with its port), how many of its URLs wait, and when the first is tried again.

    `reason` is why most of them failed, where that is known.
    """

    host: str
    urls: int
    reason: str | None
    next_at: datetime
    next_in_seconds: float


class WaitStore:
    """Reads what waits."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def hosts(self, job_id: str, limit: int) -> list[HostWait]:
        """At most so many hosts that have something waiting, the next one first."""
        rows = self._database.read("waits", job_id=job_id, limit=limit)
        return [
            HostWait(
                host=row["host"],
                urls=row["urls"],
                reason=row["reason"],
                next_at=row["next_at"],
                next_in_seconds=row["next_in_seconds"],
            )
            for row in rows
        ]
