"""Another try of what failed: in slices, and exact whoever goes on with it."""

from collections import Counter
from collections.abc import Iterator

import pytest

from crawler.domain.lifecycle import JobStatus
from crawler.storage import retrying
from crawler.storage.discovery import KnownUrls
from crawler.storage.leases import Lease
from crawler.storage.migrate import migrate
from tests.storage import ROOT, MadeSite, Storage, crawl_all, failed, totals_in

SLICE = 3


@pytest.fixture(scope="module")
def storage(database_url: str) -> Iterator[Storage]:
    migrate(database_url)
    stores = Storage(database_url)
    yield stores
    stores.database.close()


@pytest.fixture(autouse=True)
def few_a_slice(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retrying, "SLICE", SLICE)


def with_failures(storage: Storage, count: int, **options: object) -> Lease:
    """A job that has ended with a page and so many failures, of two kinds."""
    lease = storage.begin_with(*(f"{ROOT}{number}" for number in range(count)), **options)
    for reason in ("dns", "http-404"):
        claim = storage.frontier.claim(lease, -(-count // 2))
        storage.frontier.apply(lease, failed(claim, reason), KnownUrls())
    assert storage.finish(lease) is JobStatus.COMPLETED
    return lease


def resume(storage: Storage, lease: Lease) -> Lease:
    storage.jobs.resume(lease.job_id, retry_failed=True)
    storage.leases.release(lease, handed_over=False)
    return storage.take(lease.job_id)


def check(storage: Storage, job_id: str) -> None:
    """Totals are those of the rows, at every event."""
    totals = storage.totals(job_id)
    rows = storage.rows(job_id).values()
    assert totals.queued + totals.processing == sum(row.outcome is None for row in rows)
    assert totals.reasons == Counter(row.reason for row in rows if row.outcome == "failed")
    assert all(totals_in(event).adds_up for event in storage.events(job_id))


@pytest.mark.parametrize("count", [1, SLICE - 1, SLICE, SLICE + 1, 4 * SLICE])
def test_all_that_failed_is_queued_again_slice_by_slice(storage: Storage, count: int) -> None:
    lease = resume(storage, with_failures(storage, count))
    check(storage, lease.job_id)
    assert storage.totals(lease.job_id).queued == min(count, SLICE), "some come at once"
    while moved := storage.frontier.adjust(lease):
        assert moved <= SLICE
        check(storage, lease.job_id)
    assert storage.totals(lease.job_id).queued == count
    assert crawl_all(storage, lease, MadeSite()) is JobStatus.COMPLETED
    assert storage.totals(lease.job_id).completed == count + 1


def test_a_lost_orchestrators_slices_are_gone_on_with(storage: Storage) -> None:
    lease = resume(storage, with_failures(storage, 4 * SLICE))
    assert storage.frontier.adjust(lease) == SLICE
    storage.frontier.apply(lease, failed(storage.frontier.claim(lease, 2)), KnownUrls())
    storage.frontier.claim(lease, 2)
    storage.expire(lease.job_id)
    lease = storage.take(lease.job_id)
    check(storage, lease.job_id)
    while storage.frontier.adjust(lease):
        check(storage, lease.job_id)
    totals = storage.totals(lease.job_id)
    assert (totals.queued, totals.reasons) == (4 * SLICE - 2, {"http-404": 2}), "each once"


def test_a_job_does_not_end_before_all_that_failed_was_tried_again(storage: Storage) -> None:
    lease = resume(storage, with_failures(storage, 2 * SLICE))
    while claim := storage.frontier.claim(lease, 10):
        if not claim.urls:
            break
        storage.frontier.apply(lease, MadeSite().answer(claim), KnownUrls())
    assert storage.finish(lease) is None
    assert crawl_all(storage, lease, MadeSite()) is JobStatus.COMPLETED
    assert storage.totals(lease.job_id).failed == 0


@pytest.mark.parametrize("how", ["pause", "cancel"])
def test_a_retry_that_was_stopped_goes_on_with_the_job(storage: Storage, how: str) -> None:
    lease = resume(storage, with_failures(storage, 3 * SLICE))
    getattr(storage.jobs, how)(lease.job_id)
    check(storage, lease.job_id)
    storage.jobs.resume(lease.job_id)
    storage.leases.release(lease, handed_over=False)
    lease = storage.take(lease.job_id)
    assert crawl_all(storage, lease, MadeSite()) is JobStatus.COMPLETED
    assert storage.totals(lease.job_id).completed == 3 * SLICE + 1


def test_an_orchestrator_that_runs_hears_of_a_retry(storage: Storage) -> None:
    lease = storage.begin_with(*(f"{ROOT}{number}" for number in range(2 * SLICE)))
    storage.frontier.apply(lease, failed(storage.frontier.claim(lease, 2 * SLICE)), KnownUrls())
    storage.jobs.pause(lease.job_id)
    storage.jobs.resume(lease.job_id, retry_failed=True)
    renewal = storage.leases.renew(lease)
    assert renewal is not None and renewal.options_version > lease.options_version
    check(storage, lease.job_id)
