"""Requests that take turns at a host, as in a worker: what tests run in a `PatchedProcess`."""

import time

import gevent

from crawler.functions.pacing import HostPacing
from crawler.storage.hosts import RedisHosts, connect

REQUESTS = 12


def crawl(redis_url: str, url: str, job_id: str, delay_ms: int) -> list[tuple[float, float]]:
    """Begin and end of each request of a call, which three greenlets make."""
    pacing = HostPacing(RedisHosts(connect(redis_url)), 2, time.monotonic)
    lane = pacing.lane(job_id, lambda url: (3, delay_ms))
    spans: list[tuple[float, float]] = []

    def request() -> None:
        for _ in range(REQUESTS // 3):
            lane.take(url)
            began = time.time()
            gevent.sleep(0.02)
            spans.append((began, time.time()))
            lane.done(url, 200, 0.02, None)

    gevent.joinall([gevent.spawn(request) for _ in range(3)], raise_error=True)
    lane.close()
    return spans
