"""What time, numbers and neighbours may not do to a job."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from crawler.domain.lifecycle import JobStatus
from crawler.domain.model import Outcome
from crawler.storage.bodies import seal
from crawler.storage.discovery import KnownUrls
from crawler.storage.migrate import migrate
from crawler.storage.results import BatchResult
from tests.storage import ROOT, MadeSite, Storage, crawl_all

A, B, T = (f"{ROOT}{name}" for name in "abt")


@pytest.fixture(scope="module")
def storage(database_url: str) -> Iterator[Storage]:
    migrate(database_url)
    stores = Storage(database_url)
    yield stores
    stores.database.close()


def test_a_machine_that_slept_for_an_hour_has_used_a_leases_length_at_most(
    storage: Storage,
) -> None:
    lease = storage.begin_with(A)
    storage.sql(
        "UPDATE leases SET renewed_at = renewed_at - interval '1 hour',"
        " expires_at = expires_at - interval '1 hour' WHERE job_id = %(id)s",
        id=lease.job_id,
    )
    renewal = storage.leases.renew(lease)
    assert renewal is not None and renewal.ran_ms < 6_000


def test_a_flood_of_links_goes_in_slices_and_ends_like_any_other(storage: Storage) -> None:
    lease = storage.begin_with(A, B, max_depth=2, max_pages=None)
    links = {
        page: [f"{page}/{number:05}" for number in range(3_000)] + ["http://other/"]
        for page in (A, B)
    }
    claim = storage.frontier.claim(lease, 10)
    applied = storage.frontier.apply(lease, MadeSite(links).answer(claim), KnownUrls())
    assert applied.made_stale
    assert storage.totals(lease.job_id).discovered == 3, "links wait for a transaction of their own"
    slices = 0
    while storage.frontier.expand(lease, KnownUrls()):
        slices += 1
    assert slices >= 1
    assert storage.totals(lease.job_id).discovered == 3 + 6_000
    left_out = [e.data["reasons"] for e in storage.events(lease.job_id) if e.name == "urls_skipped"]
    assert left_out[-1] == {"scope": 2}


def test_a_lowered_depth_holds_for_the_very_next_claim(storage: Storage) -> None:
    lease = storage.begin_with(A, depth=2, max_depth=3)
    storage.change_limits(lease.job_id, max_depth=1)
    assert storage.frontier.claim(lease, 10).urls == ()
    while storage.frontier.adjust(lease):
        pass
    assert storage.states(lease.job_id)[A] == "beyond"
    assert storage.finish(lease) is JobStatus.COMPLETED


def test_a_raised_time_limit_is_known_before_the_old_one_ends_the_job(storage: Storage) -> None:
    lease = storage.begin_with(A, time_limit_seconds=6)
    storage.change_limits(lease.job_id, time_limit_seconds=600)
    assert storage.frontier.time_limit(lease) == 600


def test_a_target_that_failed_for_one_url_is_still_anothers_page(storage: Storage) -> None:
    lease = storage.begin_with(A, B)
    claim = storage.frontier.claim(lease, 10)
    answer = MadeSite({}, {A: T, B: T}).answer(claim)
    first, second = answer.results
    broken = replace(
        first, outcome=Outcome.FAILED, reason="http-500", links=None, content_hash=None
    )
    batch = BatchResult((broken, second), answer.discovered)
    storage.frontier.apply(lease, batch, KnownUrls())
    rows = storage.rows(lease.job_id)
    assert (rows[A].outcome, rows[A].reason) == ("failed", "http-500")
    assert (rows[B].outcome, rows[B].final_url) == ("fetched", T)


def test_a_timed_out_job_that_was_processed_since_completes_by_a_resume(storage: Storage) -> None:
    lease = storage.begin_with(A)
    storage.frontier.apply(lease, MadeSite().answer(storage.frontier.claim(lease, 10)), KnownUrls())
    storage.frontier.time_out(lease)
    storage.process(lease)
    assert storage.totals(lease.job_id).processed == 0, "what was told stays"
    storage.leases.release(lease, handed_over=False)
    storage.jobs.resume(lease.job_id)
    assert storage.totals(lease.job_id).processed == 2
    assert crawl_all(storage, storage.take(lease.job_id), MadeSite()) is JobStatus.COMPLETED


def test_bytes_count_what_was_read_not_what_was_announced(storage: Storage) -> None:
    lease = storage.begin_with(A)
    claim = storage.frontier.claim(lease, 10)
    (page,) = MadeSite().answer(claim).results
    skipped = replace(
        page,
        outcome=Outcome.SKIPPED,
        reason="not-html",
        size=999_999_999_999_999,
        links=None,
        content_hash=None,
    )
    before = storage.totals(lease.job_id).bytes
    storage.frontier.apply(lease, BatchResult((skipped,), ()), KnownUrls())
    assert storage.totals(lease.job_id).bytes == before


def test_a_body_whose_page_never_came_is_collected_in_the_end(storage: Storage) -> None:
    body = seal(b"nobody refers to this")
    storage.bodies.put([body])
    storage.sql("UPDATE body_garbage SET due_at = clock_timestamp() - interval '1 s'")
    storage.sql("UPDATE bodies SET touched_at = touched_at - interval '1 hour'")
    storage.bodies.collect()
    assert storage.bodies.get([body.hash]) == {}


def test_a_failed_call_whose_urls_came_back_already_is_not_told_twice(storage: Storage) -> None:
    lease = storage.begin_with(A)
    ids = [url.id for url in storage.frontier.claim(lease, 10).urls]
    for _ in range(2):
        storage.frontier.fail_call(lease, ids, "broke off")
        storage.frontier.return_call(lease, ids, "away")
    assert storage.names(lease.job_id).count("batch_error") == 1
