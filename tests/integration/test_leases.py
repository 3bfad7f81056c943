"""Who orchestrates a job: leases, epochs, take-overs, the time limit."""

import select
from collections.abc import Iterator
from contextlib import closing

import psycopg2
import pytest

from crawler.domain.errors import Conflict
from crawler.domain.lifecycle import JobStatus
from crawler.storage.changes import Fenced
from crawler.storage.database import Outage
from crawler.storage.discovery import KnownUrls
from crawler.storage.jobs import JobStore
from crawler.storage.leases import LEASE_SECONDS, MOST_LOST_CALLS, Lease, LeaseStore
from crawler.storage.migrate import migrate
from tests.storage import ROOT, MadeSite, Storage, at_once, crawl_all, totals_in

A, B, C = (f"{ROOT}{name}" for name in "abc")


@pytest.fixture(scope="module")
def storage(database_url: str) -> Iterator[Storage]:
    migrate(database_url)
    stores = Storage(database_url, connections=8)
    yield stores
    stores.database.close()


def is_ownerless(storage: Storage, job_id: str) -> bool:
    return job_id in storage.leases.ownerless(10_000)


def test_a_queued_job_is_started_by_whoever_takes_it(storage: Storage) -> None:
    job_id = storage.create()
    assert is_ownerless(storage, job_id)
    lease = storage.take(job_id)
    assert (lease.epoch, lease.ran_ms, lease.roots) == (1, 0, (ROOT,))
    assert storage.names(job_id) == ["job_started"]
    job = storage.job(job_id)
    assert job.status is JobStatus.RUNNING and job.started_at is not None
    assert job.owner is not None
    assert (job.owner.host, job.owner.pid, job.owner.epoch) == ("here", 1, 1)
    assert not is_ownerless(storage, job_id)


def test_a_living_lease_is_not_taken(storage: Storage) -> None:
    lease = storage.begin()
    assert storage.elsewhere.take(lease.job_id) is None
    assert storage.job(lease.job_id).epoch == lease.epoch
    assert storage.leases.renew(lease) is not None


def test_of_two_takers_one_wins(storage: Storage) -> None:
    for state in ("queued", "expired"):
        job_id = storage.create()
        if state == "expired":
            storage.take(job_id)
            storage.expire(job_id)
        leases = at_once(*[lambda job_id=job_id: storage.leases.take(job_id)] * 6)
        won = [lease for lease in leases if lease is not None]
        assert len(won) == 1 and isinstance(won[0], Lease)
        assert storage.job(job_id).epoch == won[0].epoch


def test_a_lost_orchestrator_is_replaced_and_its_urls_return(storage: Storage) -> None:
    lease = storage.begin_with(A, B, C)
    claim = storage.frontier.claim(lease, 2)
    storage.expire(lease.job_id)
    assert is_ownerless(storage, lease.job_id)
    assert storage.job(lease.job_id).owner is None
    taken = storage.elsewhere.take(lease.job_id)
    assert taken is not None and taken.epoch == lease.epoch + 1
    replaced = storage.events(lease.job_id)[-1]
    assert replaced.name == "orchestrator_replaced"
    assert replaced.data | {"epoch": taken.epoch, "planned": False} == replaced.data
    totals = totals_in(replaced)
    assert (totals.queued, totals.processing) == (3, 0)
    with pytest.raises(Fenced):
        storage.frontier.apply(lease, MadeSite().answer(claim), KnownUrls())
    assert crawl_all(storage, taken, MadeSite()) is JobStatus.COMPLETED
    assert storage.totals(lease.job_id).completed == 4


def test_a_job_that_was_handed_over_goes_on_as_planned(storage: Storage) -> None:
    lease = storage.begin_with(A)
    storage.frontier.claim(lease, 1)
    storage.leases.release(lease, handed_over=True)
    assert is_ownerless(storage, lease.job_id)
    taken = storage.elsewhere.take(lease.job_id)
    assert taken is not None
    replaced = storage.events(lease.job_id)[-1]
    assert (replaced.name, replaced.data["planned"]) == ("orchestrator_replaced", True)
    assert totals_in(replaced).processing == 0
    rows = storage.sql("SELECT max(lost_calls) AS lost FROM frontier WHERE job_id = %(id)s",
                       id=lease.job_id)
    assert rows == [{"lost": 0}], "a planned hand-over is not the URLs' fault"


def test_a_resumed_job_is_taken_without_a_word(storage: Storage) -> None:
    lease = storage.begin_with(A)
    storage.jobs.pause(lease.job_id)
    storage.leases.release(lease, handed_over=False)
    assert not is_ownerless(storage, lease.job_id)
    assert storage.leases.take(lease.job_id) is None
    storage.jobs.resume(lease.job_id)
    last = storage.job(lease.job_id).last_event_id
    storage.take(lease.job_id)
    assert storage.events(lease.job_id, last) == []


@pytest.mark.parametrize("end", ["complete", "cancel", "time out", "fail"])
def test_an_ended_job_is_nobodys(storage: Storage, end: str) -> None:
    lease = storage.begin_with(A)
    {
        "complete": lambda: crawl_all(storage, lease, MadeSite()),
        "cancel": lambda: storage.jobs.cancel(lease.job_id),
        "time out": lambda: storage.frontier.time_out(lease),
        "fail": lambda: storage.frontier.fail(lease, "Internal error"),
    }[end]()
    storage.expire(lease.job_id)
    last = storage.job(lease.job_id).last_event_id
    assert not is_ownerless(storage, lease.job_id)
    assert storage.leases.take(lease.job_id) is None
    assert storage.events(lease.job_id, last) == []


def test_a_renewal_tells_what_users_changed(storage: Storage) -> None:
    lease = storage.begin_with(A)
    renewal = storage.leases.renew(lease)
    assert renewal is not None
    assert (renewal.status, renewal.options_version) == (JobStatus.RUNNING, 0)
    storage.change_limits(lease.job_id, max_pages=5)
    storage.jobs.pause(lease.job_id)
    renewal = storage.leases.renew(lease)
    assert renewal is not None
    assert (renewal.status, renewal.options_version) == (JobStatus.PAUSED, 1)


def test_a_renewal_lengthens_the_lease_and_does_not_wait_for_the_jobs_row(
    storage: Storage,
) -> None:
    lease = storage.begin()
    storage.expire(lease.job_id)
    with storage.changes.change(lease.job_id):
        assert storage.leases.renew(lease) is not None
    assert storage.leases.take(lease.job_id) is None
    (row,) = storage.sql(
        "SELECT extract(epoch FROM expires_at - clock_timestamp())::float AS left"
        " FROM leases WHERE job_id = %(id)s",
        id=lease.job_id,
    )
    assert LEASE_SECONDS - 3 < row["left"] <= LEASE_SECONDS


def test_an_old_epoch_neither_renews_nor_releases(storage: Storage) -> None:
    old = storage.begin()
    storage.expire(old.job_id)
    new = storage.elsewhere.take(old.job_id)
    assert new is not None
    assert storage.leases.renew(old) is None
    storage.leases.release(old, handed_over=True)
    assert storage.elsewhere.renew(new) is not None
    assert not is_ownerless(storage, old.job_id)


def test_a_url_in_the_hand_of_five_lost_orchestrators_is_their_poison(storage: Storage) -> None:
    lease = storage.begin_with(A, B)
    for turn in range(MOST_LOST_CALLS):
        claim = storage.frontier.claim(lease, 10 if turn < 2 else 1)
        assert [url.url for url in claim.urls] == ([A, B] if turn < 2 else [A])
        storage.expire(lease.job_id)
        lease = storage.take(lease.job_id)
    row = storage.rows(lease.job_id)[A]
    assert (row.outcome, row.reason) == ("failed", "function-error")
    assert totals_in(storage.events(lease.job_id)[-1]).failed == 1
    assert crawl_all(storage, lease, MadeSite()) is JobStatus.COMPLETED
    assert storage.rows(lease.job_id)[B].outcome == "fetched"


# How many may run at once


def test_a_queued_job_waits_while_as_many_run_as_may(storage: Storage) -> None:
    (running,) = storage.sql("SELECT count(*) AS jobs FROM jobs WHERE status = 'running'"
                             " AND deleted_at IS NULL")  # fmt: skip
    most = running["jobs"] + 2
    leases = LeaseStore(storage.database, storage.changes, "here", 1, most)
    jobs = JobStore(storage.database, storage.changes, most)
    queued = [storage.create() for _ in range(6)]
    assert set(queued) <= set(leases.ownerless(10_000))
    taken = at_once(*[lambda job_id=job_id: leases.take(job_id) for job_id in queued])
    begun = [lease for lease in taken if lease is not None]
    assert len(begun) == 2, "however many workers take one at once"
    assert not set(queued) & set(leases.ownerless(10_000))
    waiting = next(job_id for job_id in queued if job_id not in {each.job_id for each in begun})
    jobs.pause(waiting)
    with pytest.raises(Conflict) as caught:
        jobs.resume(waiting)
    assert caught.value.code == "too-many-jobs"
    storage.expire(begun[1].job_id)
    assert leases.take(begun[1].job_id) is not None, "a job that runs already goes on"
    jobs.cancel(begun[0].job_id)
    jobs.resume(waiting)
    assert storage.job(waiting).status is JobStatus.RUNNING


# The time limit


def pretend_passed(storage: Storage, lease: Lease, seconds: float) -> None:
    storage.sql(
        "UPDATE leases SET renewed_at = renewed_at - %(seconds)s * interval '1 second'"
        " WHERE job_id = %(id)s",
        seconds=seconds,
        id=lease.job_id,
    )


def test_only_time_under_a_lease_counts(storage: Storage) -> None:
    lease = storage.begin_with(A)
    pretend_passed(storage, lease, 7)
    renewal = storage.leases.renew(lease)
    assert renewal is not None and 7_000 <= renewal.ran_ms < 10_000
    pretend_passed(storage, lease, 5)
    storage.leases.release(lease, handed_over=True)
    pretend_passed(storage, lease, 100)
    taken = storage.take(lease.job_id)
    assert 12_000 <= taken.ran_ms < 17_000
    pretend_passed(storage, taken, 50)
    storage.expire(lease.job_id)
    assert storage.take(lease.job_id).ran_ms == taken.ran_ms, "a lost lease was not renewed"


def test_a_timed_out_job_goes_on_with_a_fresh_limit(storage: Storage) -> None:
    lease = storage.begin_with(A, B)
    storage.frontier.claim(lease, 1)
    pretend_passed(storage, lease, 300)
    storage.frontier.time_out(lease)
    event = storage.events(lease.job_id)[-1]
    assert event.name == "job_timeout"
    assert (totals_in(event).queued, totals_in(event).processing) == (2, 0)
    storage.leases.release(lease, handed_over=False)
    storage.jobs.resume(lease.job_id)
    assert storage.names(lease.job_id)[-1] == "job_resumed"
    taken = storage.take(lease.job_id)
    assert taken.ran_ms == 0
    assert crawl_all(storage, taken, MadeSite()) is JobStatus.COMPLETED


def test_a_pause_does_not_refresh_the_limit(storage: Storage) -> None:
    lease = storage.begin_with(A)
    pretend_passed(storage, lease, 9)
    storage.jobs.pause(lease.job_id)
    storage.leases.release(lease, handed_over=False)
    storage.jobs.resume(lease.job_id)
    assert storage.take(lease.job_id).ran_ms >= 9_000


# Frozen workers


def wait_for_farewell(frozen: psycopg2.extensions.connection) -> None:
    """Until the server has ended a session that does nothing: its socket becomes readable."""
    readable, _, _ = select.select([frozen], [], [], 30)
    assert readable


def test_a_frozen_transaction_loses_the_row_and_its_writes_and_wakes_up_to_an_outage(
    storage: Storage,
) -> None:
    job_id = storage.create()
    with pytest.raises(Outage), storage.changes.change(job_id) as change:
        change.run("raise_epoch")
        wait_for_farewell(change._statements._cursor.connection)
        assert storage.take(job_id).epoch == 1
        change.count(bytes=1)
    assert storage.job(job_id).epoch == 1
    assert storage.totals(job_id).bytes == 0


def test_a_row_that_stays_locked_is_an_outage_of_two_seconds(storage: Storage) -> None:
    job_id = storage.create()
    with (
        closing(psycopg2.connect(storage.database._url)) as holder,
        holder.cursor() as cursor,
    ):
        cursor.execute("SELECT 1 FROM jobs WHERE id = %s FOR UPDATE", [job_id])
        with pytest.raises(Outage):
            storage.jobs.pause(job_id)
    storage.jobs.pause(job_id)
