"""What a crawl call has to ask while it runs. It only reads: functions keep and change nothing."""

from crawler.storage.database import Database
from crawler.storage.jobs import url_key


class CallReader:
    """Questions of a crawl call about its job."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def is_current(self, job_id: str, epoch: int) -> bool:
        """Whether the job still runs under this epoch; if not, no further fetch may start."""
        rows = self._database.read("call_is_current", job_id=job_id, epoch=epoch)
        return bool(rows and rows[0]["current"])

    def is_settled(self, job_id: str, url_id: int, target: str) -> bool:
        """Whether a redirect of URL `url_id` leads to a page that the job has, or is fetching."""
        rows = self._database.read(
            "settled_elsewhere", job_id=job_id, id=url_id, url_key=url_key(target)
        )
        return bool(rows)
