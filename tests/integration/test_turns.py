"""Turns at a host between real processes, as the workers of one machine take them."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.patched import PatchedProcess
from tests.turns import REQUESTS, Span, crawl


@pytest.fixture(scope="module")
def processes() -> Iterator[list[PatchedProcess]]:
    with PatchedProcess() as first, PatchedProcess() as second:
        yield [first, second]


def in_both(
    processes: list[PatchedProcess], redis_url: str, url: str, delay_ms: int
) -> list[Span]:
    with ThreadPoolExecutor(2) as threads:
        calls = [
            threads.submit(process.run, crawl, redis_url, url, job_id, delay_ms)
            for process, job_id in zip(processes, "ab", strict=True)
        ]
        return sorted(span for call in calls for span in call.result())


def test_two_jobs_in_two_processes_keep_the_concurrency_between_them(
    processes: list[PatchedProcess], redis_url: str
) -> None:
    spans = in_both(processes, redis_url, "http://busy.test/", 0)
    assert len(spans) == 2 * REQUESTS
    changes = sorted([(s.began, 1) for s in spans] + [(s.ended, -1) for s in spans])
    under_way = [sum(change for _, change in changes[:end]) for end in range(len(changes))]
    assert max(under_way) <= 3


def test_two_jobs_in_two_processes_keep_the_delay_between_them(
    processes: list[PatchedProcess], redis_url: str
) -> None:
    spans = in_both(processes, redis_url, "http://delay.test/", 50)
    assert len(spans) == 2 * REQUESTS
    # A busy machine may hold up a process that has its turn: not the moments count, the whole.
    assert max(s.began for s in spans) - spans[0].asked >= 0.05 * (2 * REQUESTS - 1)
