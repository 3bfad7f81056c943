"""The buttons of an ended crawl: one for each thing that it left out."""

from datetime import UTC, datetime

import pytest

from crawler.domain.lifecycle import JobStatus
from crawler.domain.model import Job, JobOptions, Totals
from crawler.web.going_on import ways_on


def job(status: JobStatus, totals: Totals | None = None, **options: int | None) -> Job:
    return Job(
        id="x",
        urls=("https://a.example/",),
        status=status,
        options=JobOptions(**options),  # type: ignore[arg-type]
        totals=totals or Totals(),
        last_event_id=9,
        epoch=1,
        scope_bases=(),
        created_at=datetime(2026, 11, 24, tzinfo=UTC),
    )


@pytest.mark.parametrize("status", [JobStatus.QUEUED, JobStatus.RUNNING, JobStatus.PAUSED])
def test_a_crawl_that_has_not_ended_has_none(status: JobStatus) -> None:
    assert ways_on(job(status), {"depth": 9}) == []


def test_a_whole_crawl_has_none() -> None:
    assert ways_on(job(JobStatus.COMPLETED), {"robots": 3}) == []


@pytest.mark.parametrize(
    ("ended", "left_out", "fields"),
    [
        (job(JobStatus.FAILED), {}, [{}]),
        (job(JobStatus.TIMEOUT), {}, [{}, {"timeLimitSeconds": ""}]),
        (job(JobStatus.CANCELLED, Totals(queued=7)), {}, [{}]),
        (job(JobStatus.COMPLETED), {"depth": 900}, [{"maxDepth": "3"}, {"maxDepth": ""}]),
        (
            job(JobStatus.COMPLETED, max_pages=50),
            {"page-limit": 4},
            [{"maxPages": "500"}, {"maxPages": ""}],
        ),
        (
            job(JobStatus.COMPLETED, Totals(completed=50), max_pages=50),
            {"depth": 1},
            [{"maxDepth": "3", "maxPages": "500"}, {"maxDepth": "", "maxPages": "500"}],
        ),
        (job(JobStatus.COMPLETED, Totals(failed=2)), {}, [{"retry": "failed"}]),
    ],
)
def test_each_way_on_raises_what_stood_in_the_way(
    ended: Job, left_out: dict[str, int], fields: list[dict[str, str]]
) -> None:
    assert [dict(way.fields) for way in ways_on(ended, left_out)] == fields


@pytest.mark.parametrize(
    ("limit", "most", "fields"),
    [
        (50, 120, [{"maxPages": "120"}]),
        (50, 10_000, [{"maxPages": "500"}]),
        (50, 50, []),
    ],
)
def test_no_button_asks_for_more_pages_than_are_allowed(
    limit: int, most: int, fields: list[dict[str, str]]
) -> None:
    ended = job(JobStatus.COMPLETED, Totals(completed=limit), max_pages=limit)
    assert [dict(way.fields) for way in ways_on(ended, {"page-limit": 4}, most)] == fields
    deeper = [dict(way.fields) for way in ways_on(ended, {"depth": 4}, most)]
    assert [way["maxPages"] for way in deeper] == [each["maxPages"] for each in fields] * 2
