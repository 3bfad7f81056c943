"""What a crawl call has to ask while it runs. It only reads: functions keep and change nothing."""

from dataclasses import dataclass

from crawler.storage.database import Database
from crawler.storage.keys import url_key


@dataclass(frozen=True, slots=True)
class Standing:
    """What a call's job says now: whether the call may go on, and how hard it may press the site.

    `concurrency` (fetches at once over the whole job) and `delay_ms` (milliseconds between
    starts) are the job's options; None is the polite default, as in `domain.politeness.pace_of`.
    """

    current: bool
    concurrency: int | None = None
    delay_ms: int | None = None


OVER = Standing(current=False)
"""The job is gone."""


class CallReader:
    """Questions of a crawl call about its job."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def standing(self, job_id: str, epoch: int) -> Standing:
        """What the job says to a call of this epoch; not current: no further fetch may start."""
        rows = self._database.read("call_standing", job_id=job_id, epoch=epoch)
        return Standing(**rows[0]) if rows else OVER

    def is_settled(self, job_id: str, url_id: int, target: str) -> bool:
        """Whether a redirect of URL `url_id` leads to a page that the job has by another URL."""
        rows = self._database.read(
            "settled_elsewhere", job_id=job_id, id=url_id, url_key=url_key(target)
        )
        return bool(rows)

    def credentials(self, job_id: str) -> bytes | None:
        """The job's headers and cookies, sealed; None when it was given none, or is gone."""
        rows = self._database.read("call_credentials", job_id=job_id)
        return bytes(rows[0]["credentials"]) if rows else None
