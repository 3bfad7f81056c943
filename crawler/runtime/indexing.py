"""A worker's share in the index of the search: what is asked for at once, the rest in quiet times.

A search whose job is not in the index wakes the worker that answers it. Jobs nobody has searched
yet are taken when they have ended and nothing is crawled: the first search then finds all.
"""

from collections.abc import Callable

import gevent
from gevent.event import Event

from crawler.domain.errors import UnknownJob
from crawler.storage.search_index import Progress, SearchIndex

LOOK_SECONDS = 3.0
_PAUSE_SECONDS = 0.05
_SETTLE_PAGES = 100


class Indexing:
    """Takes one job after the other."""

    def __init__(
        self, index: SearchIndex, stopping: Event, is_full: Callable[[], bool]
    ) -> None:
        """`is_full` says whether the disk limit is reached; nothing is written then."""
        self._index = index
        self._stopping = stopping
        self._is_full = is_full
        self._wanted: dict[str, None] = {}
        self._woken = Event()

    def wake(self, job_id: str) -> None:
        """Somebody searches this job: its pages go into the index at once."""
        self._wanted[job_id] = None
        self._woken.set()

    def work(self) -> None:
        """Waits for a while for a wish, then takes that job, or one that nobody asked for.

        Raises:
            psycopg2.OperationalError: when the database is away.
        """
        self._woken.wait(LOOK_SECONDS)
        self._woken.clear()
        if self._is_full():
            self._wanted.clear()
            return
        while self._wanted and not self._stopping.is_set():
            job_id, _ = self._wanted.popitem()
            self._add(job_id, 0)
        unasked = self._index.waiting_job()
        if unasked is not None:
            self._add(unasked, _PAUSE_SECONDS)

    def _add(self, job_id: str, pause: float) -> None:
        """Puts a job's pages into the index, as long as nobody waits for another's."""
        progress: Progress | None = Progress()
        done = 0
        try:
            while progress is not None and not self._stopping.is_set():
                progress = self._index.add_slice(job_id, progress)
                done = progress.pages if progress else done
                gevent.sleep(pause)
                if pause and (self._wanted or self._is_full()):
                    break
        except UnknownJob:
            return
        if done >= _SETTLE_PAGES:
            self._index.settle()
