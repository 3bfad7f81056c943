"""The two-second check of watched jobs, with a database that a test holds."""

import time
from collections.abc import Callable

import redis

from crawler.domain.lifecycle import JobStatus
from crawler.runtime.feeds import Feeds
from crawler.storage.jobs import Watched

RUNNING = Watched(3, JobStatus.RUNNING)


class Jobs:
    """Knows that every job runs; `meanwhile` happens while it answers a check."""

    def __init__(self) -> None:
        self.meanwhile: Callable[[], object] | None = None

    def watch(self, job_ids):
        happening, self.meanwhile = self.meanwhile, None
        if happening is not None:
            happening()
        return dict.fromkeys(job_ids, RUNNING)

    def events(self, job_id, after, limit):
        return []


class NoRedis:
    def read(self, job_id, after, limit):
        raise redis.ConnectionError("away")


def test_a_feed_that_is_joined_during_a_check_is_not_taken_for_deleted():
    jobs = Jobs()
    feeds = Feeds(NoRedis(), jobs, time.monotonic)
    first, _ = feeds.open("first")
    feeds.join(first, 3)
    second, _ = feeds.open("second")
    jobs.meanwhile = lambda: feeds.join(second, 3)
    feeds.check()
    assert not second.is_gone
    assert not any(viewer.is_done for viewer in second.viewers)
