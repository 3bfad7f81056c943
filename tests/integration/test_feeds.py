"""Watched jobs: each viewer sees every event after its cursor once and in order, whatever fails."""

from collections.abc import Iterator
from typing import get_args

import pytest

from crawler.storage.migrate import migrate
from tests import feeding
from tests.patched import PatchedProcess


@pytest.fixture(scope="module")
def patched() -> Iterator[PatchedProcess]:
    with PatchedProcess() as process:
        yield process


@pytest.fixture(scope="module")
def engine_urls(database_url: str, redis_url: str) -> tuple[str, str]:
    migrate(database_url)
    return database_url, redis_url


@pytest.mark.parametrize("trouble", get_args(feeding.Trouble))
def test_replay_and_live_meet_without_a_hole_or_a_double_at_any_cursor(
    patched: PatchedProcess, engine_urls: tuple[str, str], trouble: feeding.Trouble
) -> None:
    last, viewers = patched.run(feeding.watch_to_the_end, *engine_urls, trouble)
    assert last == 106 and len(viewers) == 13
    for seen in viewers:
        assert seen.ids == list(range(seen.cursor + 1, last + 1)), seen.cursor
        assert seen.done, "done only after the last event, and then surely"


@pytest.mark.parametrize("flushes", [False, True], ids=["from the copy", "from Postgres"])
def test_a_slow_viewer_below_the_rings_floor_misses_nothing(
    patched: PatchedProcess, engine_urls: tuple[str, str], flushes: bool
) -> None:
    floor, last, quick, slow = patched.run(feeding.fall_behind_the_ring, *engine_urls, flushes)
    assert (floor, last) == (70, 90)
    assert quick == slow == list(range(1, 91))


def test_caught_up_viewers_cause_no_read_of_events_from_postgres(
    patched: PatchedProcess, engine_urls: tuple[str, str]
) -> None:
    seen, database_reads, copy_reads = patched.run(
        feeding.watch_live, *engine_urls, viewers=20, events=60
    )
    assert seen == [list(range(4, 64))] * 20
    assert database_reads == 0
    assert copy_reads < 60 * 5, "one reader, however many watch"


def test_a_viewer_outlasts_an_outage_of_both_engines(
    patched: PatchedProcess, engine_urls: tuple[str, str]
) -> None:
    assert patched.run(feeding.outlast_an_outage, *engine_urls) == [1, 2, 3, 4, 5]


def test_a_deleted_job_ends_its_viewers(
    patched: PatchedProcess, engine_urls: tuple[str, str]
) -> None:
    seen, done, unknown = patched.run(feeding.watch_a_deleted_job, *engine_urls)
    assert done and unknown
    for ids, first in zip(seen, (1, 4), strict=True):
        assert ids == list(range(first, first + len(ids)))


def test_an_end_is_told_and_a_resume_takes_it_back(
    patched: PatchedProcess, engine_urls: tuple[str, str]
) -> None:
    assert patched.run(feeding.end_and_go_on, *engine_urls) == [
        ([1, 2, 3], True),
        ([4], False),
        ([5, 6], False),
    ]


def test_a_feed_ends_with_its_last_viewer_and_begins_anew(
    patched: PatchedProcess, engine_urls: tuple[str, str]
) -> None:
    counts, seen = patched.run(feeding.leave_and_come_back, *engine_urls)
    assert counts == [2, 1, 0, 1]
    assert seen == [1, 2, 3, 4, 5]
