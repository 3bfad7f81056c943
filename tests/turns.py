"""Requests that take turns at a host, as in a worker: what tests run in a `PatchedProcess`."""

import time
from typing import NamedTuple

import gevent

from crawler.functions.pacing import HostPacing
from crawler.storage.hosts import RedisHosts, connect

REQUESTS = 12


class Span(NamedTuple):
    """When a request asked for its turn, when it began and when it ended, in Unix seconds."""

    asked: float
    began: float
    ended: float


def crawl(redis_url: str, url: str, job_id: str, delay_ms: int) -> list[Span]:
    """All requests of a call, which three greenlets make."""
    pacing = HostPacing(RedisHosts(connect(redis_url)), 2, time.monotonic)
    lane = pacing.lane(job_id, lambda url: (3, delay_ms))
    spans: list[Span] = []

    def request() -> None:
        for _ in range(REQUESTS // 3):
            asked = time.time()
            lane.take(url)
            began = time.time()
            gevent.sleep(0.02)
            spans.append(Span(asked, began, time.time()))
            lane.done(url, 200, 0.02, None)

    gevent.joinall([gevent.spawn(request) for _ in range(3)], raise_error=True)
    lane.close()
    return spans
