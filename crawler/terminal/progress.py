"""What the events tell of a crawl: counts, the rate, the page that came last.

Pure: time comes in with each call, in seconds of a monotonic clock. Totals in events are absolute,
so nothing is added up here, and a crawl that is joined late is shown as exactly as one that was
watched from its start.
"""

from collections import deque
from collections.abc import Mapping
from datetime import datetime
from typing import Any

_WINDOW_SECONDS = 10.0
_STATUS_AFTER = {
    "job_started": "running",
    "job_resumed": "running",
    "job_paused": "paused",
    "job_cancelled": "cancelled",
    "job_completed": "completed",
    "job_timeout": "timeout",
    "job_failed": "failed",
}
ENDED = frozenset({"completed", "timeout", "failed", "cancelled"})


class Progress:
    """A crawl as far as its events have come.

    Args:
        job: the job as the API shows it, before the first event that is taken.
        now: the moment from which on `elapsed` counts.
    """

    def __init__(self, job: Mapping[str, Any], now: float) -> None:
        self.status = str(job["status"])
        self.totals: Mapping[str, Any] = job["totals"]
        self.error: str | None = job["error"]
        self.page = ""
        self._most = job["options"]["maxPages"]
        self._began = now
        self._samples = deque([(now, self.done)])
        self._offset: float | None = None

    def take(self, name: str, data: Mapping[str, Any], now: float) -> None:
        """An event that has just come."""
        self.totals = data.get("totals", self.totals)
        if name in _STATUS_AFTER:
            self.status = _STATUS_AFTER[name]
            self.error = data.get("error")
        for row in data.get("pages", ()):
            if row["outcome"] in ("fetched", "cached"):
                self.page = str(row.get("title") or row["url"])
        self._sample(data["at"], now)

    def _sample(self, at: str, now: float) -> None:
        """By the time at which it happened: after a cut many events come in one moment."""
        moment = datetime.fromisoformat(at).timestamp()
        self._offset = now - moment if self._offset is None else min(self._offset, now - moment)
        self._samples.append((moment + self._offset, self.done))
        while self._samples[0][0] < now - _WINDOW_SECONDS and len(self._samples) > 2:
            self._samples.popleft()

    @property
    def done(self) -> int:
        """Pages that are here."""
        return int(self.totals["completed"])

    @property
    def waiting(self) -> int:
        """URLs that are known and not yet asked for, or just being fetched."""
        return int(self.totals["queued"]) + int(self.totals["processing"])

    @property
    def known(self) -> int:
        """Pages that are here and those that may come, within the page limit; it grows."""
        most = self.done + self.waiting
        return most if self._most is None else max(self.done, min(most, int(self._most)))

    @property
    def unread(self) -> int:
        """Pages that are here and not yet Markdown."""
        totals = self.totals
        return int(totals["completed"]) - int(totals["processed"]) - int(totals["processFailed"])

    def rate(self, now: float) -> float:
        """Pages a second over the last ten; it falls to nothing when nothing comes."""
        began = now - _WINDOW_SECONDS
        recent = [sample for sample in self._samples if sample[0] >= began]
        before = [sample for sample in self._samples if sample[0] < began]
        if not recent:
            return 0.0
        first = before[-1] if before else recent[0]
        seconds = now - max(first[0], began)
        return (recent[-1][1] - first[1]) / seconds if seconds >= 1 else 0.0

    def elapsed(self, now: float) -> float:
        """Seconds since this was begun to be watched."""
        return now - self._began
