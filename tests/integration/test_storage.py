"""The queue of a job: claims, results, limits, pauses and ends, on a real PostgreSQL."""

import random
import threading
from collections.abc import Iterator
from typing import Any

import psycopg2
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from crawler.domain.errors import Conflict, UnknownJob, UnknownPage
from crawler.domain.lifecycle import JobStatus
from crawler.domain.model import JobOptions, Outcome, Totals
from crawler.domain.options import JobRequest
from crawler.storage.changes import Fenced
from crawler.storage.claims import Claim
from crawler.storage.discovery import KnownUrls
from crawler.storage.frontier import Halted
from crawler.storage.leases import Lease
from crawler.storage.migrate import migrate
from crawler.storage.pages import PageFilter
from crawler.storage.results import BatchResult, UrlResult
from tests.storage import (
    ROOT,
    MadeSite,
    Storage,
    at_once,
    crawl_all,
    crawl_root,
    failed,
    totals_in,
)

SITE = MadeSite({ROOT: [f"{ROOT}{n}" for n in range(25)]})


@pytest.fixture(scope="module")
def storage(database_url: str) -> Iterator[Storage]:
    migrate(database_url)
    stores = Storage(database_url, connections=12)
    yield stores
    stores.database.close()


def pages(*names: object) -> list[str]:
    return [f"{ROOT}{name}" for name in names]


def claimed(storage: Storage, lease: Lease, limit: int = 10) -> list[str]:
    return [url.url for url in storage.frontier.claim(lease, limit).urls]


# Claims


def test_a_claim_takes_the_smallest_depth_that_waits_and_no_other(storage: Storage) -> None:
    lease = storage.begin_with(*pages("a", "b"), max_depth=5)
    first = storage.frontier.claim(lease, 1)
    site = MadeSite({f"{ROOT}a": pages("deep1", "deep2")})
    storage.frontier.apply(lease, site.answer(first), KnownUrls())
    assert claimed(storage, lease) == pages("b")
    assert claimed(storage, lease) == pages("deep1", "deep2")
    assert claimed(storage, lease) == []
    assert storage.totals(lease.job_id).processing == 3


def test_claims_at_once_share_the_queue_without_a_url_twice(storage: Storage) -> None:
    lease = storage.begin_with(*pages(*range(40)))
    taken = at_once(*[lambda: claimed(storage, lease, 7)] * 8)
    urls = [url for each in taken for url in each]
    assert sorted(urls) == sorted(pages(*range(40)))
    assert storage.totals(lease.job_id) == Totals(41, 0, 40, 1, bytes=100)


def test_a_claim_steps_over_rows_that_another_transaction_holds(storage: Storage) -> None:
    lease = storage.begin_with(*pages(1, 2, 3))
    with storage.database.transaction() as statements:
        statements._cursor.execute(
            "SELECT 1 FROM frontier WHERE job_id = %s AND url = %s FOR UPDATE",
            [lease.job_id, f"{ROOT}1"],
        )
        assert claimed(storage, lease) == pages(2, 3)
    assert claimed(storage, lease) == pages(1)


@pytest.mark.parametrize("limit", [1, 2, 7, 24])
def test_the_page_limit_is_never_exceeded_however_many_claim_at_once(
    storage: Storage, limit: int
) -> None:
    lease = storage.begin(max_pages=limit)
    crawl_root(storage, lease, *pages(*range(30)))
    most: list[int] = []

    def work() -> None:
        while urls := (claim := storage.frontier.claim(lease, 3)).urls:
            half = MadeSite().answer(claim, urls[:2])
            storage.frontier.apply(lease, half, KnownUrls())
            totals = storage.totals(lease.job_id)
            most.append(totals.completed + totals.processing)

    assert at_once(*[work] * 6) == [None] * 6
    assert max(most, default=1) <= limit
    assert storage.totals(lease.job_id).completed == limit
    assert all(totals_in(e).completed <= limit for e in storage.events(lease.job_id))


def test_failed_pages_leave_room_under_the_page_limit(storage: Storage) -> None:
    lease = storage.begin_with(*pages(*range(6)), max_pages=3)
    claim = storage.frontier.claim(lease, 10)
    assert len(claim.urls) == 2
    storage.frontier.apply(lease, failed(claim), KnownUrls())
    claim = storage.frontier.claim(lease, 10)
    assert len(claim.urls) == 2 and not claim.over_limit
    assert storage.frontier.claim(lease, 10).over_limit is False, "two are still under way"
    storage.frontier.apply(lease, MadeSite().answer(claim), KnownUrls())
    assert storage.frontier.claim(lease, 10).over_limit


def test_a_url_that_two_calls_failed_with_travels_alone(storage: Storage) -> None:
    lease = storage.begin_with(*pages("a", "b", "c"))
    for _ in range(2):
        claim = storage.frontier.claim(lease, 2)
        assert [url.url for url in claim.urls] == pages("a", "b")
        storage.frontier.fail_call(lease, [url.id for url in claim.urls], "lost")
    assert claimed(storage, lease) == pages("c")
    assert claimed(storage, lease) == pages("a")
    assert claimed(storage, lease) == pages("b")


def test_roots_hold_back_all_others_until_none_is_under_way(storage: Storage) -> None:
    lease = storage.begin("http://a/", "http://b/", "http://c/")
    first = storage.frontier.claim(lease, 1)
    second = storage.frontier.claim(lease, 1)
    site = MadeSite({url.url: pages(1) for url in first.urls})
    applied = storage.frontier.apply(lease, site.answer(first), KnownUrls())
    assert applied.made_stale
    storage.sql(
        "UPDATE frontier SET depth = 1 WHERE job_id = %(id)s AND url = 'http://c/'", id=lease.job_id
    )
    assert storage.frontier.expand(lease, KnownUrls()) == 0, "a root may still move the scope"
    assert claimed(storage, lease) == []
    storage.frontier.apply(lease, site.answer(second), KnownUrls())
    assert storage.frontier.expand(lease, KnownUrls()) == 2
    assert claimed(storage, lease) == ["http://c/"]


# Results


def test_totals_are_absolute_and_add_up_at_every_event(storage: Storage) -> None:
    lease = storage.begin(max_pages=12, max_depth=1)
    assert crawl_all(storage, lease, SITE) is JobStatus.COMPLETED
    events = storage.events(lease.job_id)
    assert [event.name for event in events] == [
        "job_started", "batch_completed", "urls_discovered", "batch_completed", "batch_completed",
        "urls_skipped", "content_processed", "job_completed",
    ]  # fmt: skip
    assert totals_in(events[-1]) == storage.totals(lease.job_id)
    assert totals_in(events[-1]) == Totals(
        26, completed=12, skipped=14, processed=12, bytes=12 * 100, reasons={"page-limit": 14}
    )
    assert totals_in(events[2]) == Totals(26, queued=25, completed=1, bytes=100)
    counted = [len(e.data["pages"]) for e in events if e.name == "batch_completed"]
    assert counted == [1, 10, 1]
    assert all(event.data["jobId"] == lease.job_id for event in events)
    assert sorted(event.data["at"] for event in events) == [event.data["at"] for event in events]


def test_a_batch_tells_each_of_its_urls(storage: Storage) -> None:
    lease = storage.begin_with(*pages("a", "b", "c"))
    a, b, c = storage.frontier.claim(lease, 3).urls
    results = (
        UrlResult(a.id, a.url, Outcome.FETCHED, final_url=a.url, http_status=200, title="A\n<b>",
                  ms=5, size=7, content_hash=b"x", discovered=(0, 1), left_out={"scope": 3}),
        UrlResult(b.id, b.url, Outcome.CACHED, final_url=b.url, discovered=(1,)),
        UrlResult(c.id, c.url, Outcome.FAILED, "http-404", http_status=404),
    )  # fmt: skip
    storage.frontier.apply(lease, BatchResult(results, tuple(pages("d", "e"))), KnownUrls())
    batch, discovered, skipped = storage.events(lease.job_id)[-3:]
    counts = {"completed": 2, "failed": 1, "discovered": 2, "fromCache": 1, "depth": 1}
    assert batch.data | counts == batch.data
    assert batch.data["pages"][0] == {
        "id": a.id, "url": a.url, "finalUrl": a.url, "httpStatus": 200, "outcome": "fetched",
        "reason": None, "title": "A\n<b>", "ms": 5, "bytes": 7, "depth": 1,
    }  # fmt: skip
    assert [page["reason"] for page in batch.data["pages"]] == [None, None, "http-404"]
    assert (discovered.name, discovered.data["count"], discovered.data["depth"]) == (
        "urls_discovered", 2, 2,
    )  # fmt: skip
    assert (skipped.data["count"], skipped.data["reasons"]) == (3, {"scope": 3})
    assert storage.rows(lease.job_id)[f"{ROOT}d"].found_on == a.id


def test_a_url_is_discovered_once_however_often_it_is_linked(storage: Storage) -> None:
    lease = storage.begin_with(*pages("a", "b"), max_depth=9)
    everywhere = [*pages("a", "b", "c", "d"), ROOT]
    site = MadeSite({f"{ROOT}{name}": everywhere for name in "abcd"})
    for known in (KnownUrls(), KnownUrls()):
        while (claim := storage.frontier.claim(lease, 1)).urls:
            storage.frontier.apply(lease, site.answer(claim), known)
    assert storage.totals(lease.job_id) == Totals(5, completed=5, bytes=500)
    events = storage.events(lease.job_id)
    assert [e.data["count"] for e in events if e.name == "urls_discovered"] == [2, 2]


def test_results_of_urls_that_are_not_in_hand_are_dropped(storage: Storage) -> None:
    lease = storage.begin_with(*pages("a", "b"))
    claim = storage.frontier.claim(lease, 2)
    answer = MadeSite({f"{ROOT}a": pages("x")}).answer(claim)
    storage.frontier.return_urls(lease, [claim.urls[0].id])
    storage.frontier.apply(lease, answer, KnownUrls())
    before = storage.events(lease.job_id)
    assert [page["url"] for page in before[-1].data["pages"]] == pages("b")
    assert storage.states(lease.job_id) == {ROOT: "fetched"} | dict(
        zip(pages("a", "b"), ("queued", "fetched"), strict=True)
    )
    assert storage.frontier.apply(lease, answer, KnownUrls()).to_process == []
    assert storage.events(lease.job_id) == before, "applied twice, told once"


def test_urls_that_a_call_did_not_reach_return_without_an_event(storage: Storage) -> None:
    lease = storage.begin_with(*pages("a", "b", "c"))
    claim = storage.frontier.claim(lease, 3)
    last = storage.job(lease.job_id).last_event_id
    storage.frontier.apply(lease, MadeSite().answer(claim, []), KnownUrls())
    assert storage.events(lease.job_id, last) == []
    assert storage.totals(lease.job_id).queued == 3
    storage.frontier.apply(
        lease, MadeSite().answer(storage.frontier.claim(lease, 3), claim.urls[1:2]), KnownUrls()
    )
    assert storage.names(lease.job_id, last) == ["batch_completed"]
    assert claimed(storage, lease) == pages("a", "c")


def test_what_an_outage_left_claimed_is_given_back(storage: Storage) -> None:
    lease = storage.begin_with(*pages("a", "b", "c"))
    held = storage.frontier.claim(lease, 1)
    storage.frontier.claim(lease, 2)
    storage.frontier.recover(lease, [url.id for url in held.urls])
    totals = storage.totals(lease.job_id)
    assert (totals.queued, totals.processing) == (2, 1)
    storage.frontier.recover(lease, [])
    assert storage.totals(lease.job_id).processing == 0


# Failed calls


def test_the_third_failed_call_is_the_last_and_each_is_told(storage: Storage) -> None:
    lease = storage.begin_with(*pages("a"))
    last = storage.job(lease.job_id).last_event_id
    for attempt in range(3):
        (url,) = storage.frontier.claim(lease, 10).urls
        storage.frontier.fail_call(lease, [url.id], f"lost {attempt}")
    assert storage.names(lease.job_id, last) == ["batch_error"] * 3 + ["batch_completed"]
    errors = storage.events(lease.job_id, last)
    assert [event.data["error"] for event in errors[:3]] == ["lost 0", "lost 1", "lost 2"]
    assert [totals_in(event).failed for event in errors] == [0, 0, 1, 1]
    (page,) = errors[-1].data["pages"]
    assert (page["outcome"], page["reason"]) == ("failed", "function-error")
    row = storage.rows(lease.job_id)[f"{ROOT}a"]
    assert (row.outcome, row.reason) == ("failed", "function-error")
    assert claimed(storage, lease) == []


def test_a_call_that_succeeds_clears_the_count_of_failed_ones(storage: Storage) -> None:
    lease = storage.begin_with(*pages("a"))
    for _ in range(2):
        (url,) = storage.frontier.claim(lease, 10).urls
        storage.frontier.fail_call(lease, [url.id], "lost")
    claim = storage.frontier.claim(lease, 10)
    storage.frontier.apply(lease, MadeSite().answer(claim), KnownUrls())
    counts = storage.sql(
        "SELECT sum(failed_calls) AS calls FROM frontier WHERE job_id = %(id)s", id=lease.job_id
    )
    assert counts == [{"calls": 0}]
    assert storage.finish(lease) is JobStatus.COMPLETED


# Fencing


def test_every_write_of_an_old_epoch_is_refused_and_writes_nothing(storage: Storage) -> None:
    lease = storage.begin_with(*pages("a", "b"))
    claim = storage.frontier.claim(lease, 1)
    ids = [url.id for url in claim.urls]
    answer = MadeSite({f"{ROOT}a": pages("x")}).answer(claim)
    storage.expire(lease.job_id)
    assert storage.elsewhere.take(lease.job_id) is not None
    before = (storage.events(lease.job_id), storage.states(lease.job_id), storage.job(lease.job_id))
    for write in (
        lambda: storage.frontier.claim(lease, 1),
        lambda: storage.frontier.apply(lease, answer, KnownUrls()),
        lambda: storage.frontier.return_urls(lease, ids),
        lambda: storage.frontier.recover(lease, []),
        lambda: storage.frontier.fail_call(lease, ids, "lost"),
        lambda: storage.frontier.expand(lease, KnownUrls()),
        lambda: storage.frontier.adjust(lease),
        lambda: storage.frontier.skip_over_limit(lease),
        lambda: storage.frontier.finish(lease),
        lambda: storage.frontier.time_out(lease),
        lambda: storage.frontier.fail(lease, "error"),
        lambda: storage.pages.fail_processing(lease, ids, 3),
    ):
        with pytest.raises(Fenced):
            write()
    after = (storage.events(lease.job_id), storage.states(lease.job_id), storage.job(lease.job_id))
    assert after == before
    assert storage.leases.renew(lease) is None


def test_a_failed_change_leaves_neither_work_nor_event(storage: Storage) -> None:
    lease = storage.begin_with(*pages("a"))
    claim = storage.frontier.claim(lease, 1)
    before = (storage.events(lease.job_id), storage.states(lease.job_id), storage.job(lease.job_id))
    bad = UrlResult(claim.urls[0].id, claim.urls[0].url, Outcome.FETCHED, discovered=(5,))
    known = KnownUrls()
    with pytest.raises(IndexError):
        storage.frontier.apply(lease, BatchResult((bad,), ()), known)
    after = (storage.events(lease.job_id), storage.states(lease.job_id), storage.job(lease.job_id))
    assert after == before
    assert known.depths == {}


def test_events_are_announced_only_once_they_can_be_read(storage: Storage) -> None:
    seen: list[bool] = []

    def hear(job_id: str, events: list[Any]) -> None:
        stored = storage.jobs.events(job_id, events[0].id - 1, 10)
        seen.append(stored == events)

    changes = storage.changes
    before, changes._announce = changes._announce, hear
    try:
        lease = storage.begin()
        crawl_all(storage, lease, SITE)
    finally:
        changes._announce = before
    assert len(seen) > 3 and all(seen)


# Limits that change


def test_a_reached_page_limit_is_told_and_a_raised_one_lets_the_rest_in_once(
    storage: Storage,
) -> None:
    lease = storage.begin(max_pages=5, max_depth=1)
    assert crawl_all(storage, lease, SITE) is JobStatus.COMPLETED
    skipped = [row.url for row in storage.rows(lease.job_id).values() if row.outcome == "skipped"]
    assert len(skipped) == 21
    assert {row.reason for row in storage.rows(lease.job_id).values()} == {None, "page-limit"}
    last = storage.job(lease.job_id).last_event_id
    lease = storage.resume(lease, max_pages=20)
    assert crawl_all(storage, lease, SITE) is JobStatus.COMPLETED
    events = storage.events(lease.job_id, last)
    tried = [page["url"] for e in events if e.name == "batch_completed" for page in e.data["pages"]]
    assert len(tried) == 15 and set(tried) < set(skipped)
    assert storage.totals(lease.job_id) == Totals(
        26, completed=20, skipped=6, processed=20, bytes=2000, reasons={"page-limit": 6}
    )


def test_pages_that_fail_under_a_raised_limit_leave_their_room_to_others(storage: Storage) -> None:
    lease = storage.begin(max_pages=1, max_depth=1)
    crawl_all(storage, lease, SITE)
    lease = storage.resume(lease, max_pages=3)
    missing = MadeSite(gone=frozenset(pages(*range(8))))
    assert crawl_all(storage, lease, missing) is JobStatus.COMPLETED
    totals = storage.totals(lease.job_id)
    assert (totals.completed, totals.failed, totals.skipped) == (3, 8, 15)


def test_limits_raised_at_the_last_moment_are_followed_before_the_job_ends(
    storage: Storage,
) -> None:
    site = MadeSite({ROOT: pages("a"), f"{ROOT}a": pages("b")})
    lease = storage.begin(max_depth=1)
    claim = storage.frontier.claim(lease, 10)
    storage.frontier.apply(lease, site.answer(claim), KnownUrls())
    storage.frontier.expand(lease, KnownUrls())
    storage.frontier.apply(lease, site.answer(storage.frontier.claim(lease, 10)), KnownUrls())
    storage.change_limits(lease.job_id, max_depth=2)
    assert storage.finish(lease) is None
    assert crawl_all(storage, lease, site) is JobStatus.COMPLETED
    assert set(storage.rows(lease.job_id)) == {ROOT, *pages("a", "b")}


def test_pages_in_hand_beyond_a_lowered_page_limit_are_put_back(storage: Storage) -> None:
    lease = storage.begin(max_depth=1)
    crawl_root(storage, lease, *pages(*range(17)))
    in_hand = [storage.frontier.claim(lease, size) for size in (6, 6, 5)]
    storage.change_limits(lease.job_id, max_pages=4)
    missing = MadeSite(gone=frozenset(pages(11)))
    storage.frontier.apply(lease, missing.answer(in_hand[1]), KnownUrls())
    assert storage.totals(lease.job_id) == Totals(
        18, queued=2, processing=11, completed=4, failed=1, bytes=400, reasons={"http-404": 1}
    )
    for claim in (in_hand[2], in_hand[0]):
        applied = storage.frontier.apply(lease, missing.answer(claim), KnownUrls())
        assert applied.to_process == []
    fetched = [url for url, row in storage.rows(lease.job_id).items() if row.outcome == "fetched"]
    assert fetched == [ROOT, *pages(6, 7, 8)], "the first of those that were applied first"
    assert storage.frontier.claim(lease, 10).over_limit
    assert crawl_all(storage, lease, missing) is JobStatus.COMPLETED
    assert storage.totals(lease.job_id) == Totals(
        18, completed=4, failed=1, skipped=13, processed=4, bytes=400,
        reasons={"http-404": 1, "page-limit": 13},
    )  # fmt: skip
    lease = storage.resume(lease, max_pages=6)
    assert crawl_all(storage, lease, missing) is JobStatus.COMPLETED
    assert storage.totals(lease.job_id).completed == 6


@given(st.integers(0, 2**32))
@settings(max_examples=10, deadline=None, suppress_health_check=list(HealthCheck))
def test_no_change_of_the_page_limit_is_overrun_by_what_is_in_hand(
    storage: Storage, seed: int
) -> None:
    chance = random.Random(seed)
    names = pages(*range(40))
    site = MadeSite(
        redirects={name: chance.choice(names) for name in chance.sample(names, 8)},
        gone=frozenset(chance.sample(names, 5)),
        contents={name: str(chance.randrange(30)) for name in names},
    )
    lease = storage.begin(max_depth=1)
    crawl_root(storage, lease, *names)
    in_hand: list[Claim] = []
    limit = most = 500
    for _ in range(40):
        if chance.random() < 0.2:
            limit = chance.randint(1, 20)
            storage.change_limits(lease.job_id, max_pages=limit)
            while storage.frontier.adjust(lease):
                pass
        if len(in_hand) < 5 and chance.random() < 0.5:
            in_hand.append(storage.frontier.claim(lease, chance.randint(1, 10)))
        elif in_hand:
            claim = in_hand.pop(chance.randrange(len(in_hand)))
            before = storage.totals(lease.job_id).completed
            storage.frontier.apply(lease, site.answer(claim), KnownUrls())
            most = max(limit, before)
            assert storage.totals(lease.job_id).completed <= most
    counted = storage.sql("SELECT state, count(*) AS urls FROM frontier WHERE job_id = %(id)s"
                          " GROUP BY state", id=lease.job_id)  # fmt: skip
    states = {row["state"]: row["urls"] for row in counted}
    totals = storage.totals(lease.job_id)
    assert (states.get("queued", 0), states.get("claimed", 0), states.get("fetched", 0)) == (
        totals.queued, totals.processing, totals.completed
    )  # fmt: skip
    storage.events(lease.job_id)


def test_nothing_to_do_is_a_conflict(storage: Storage) -> None:
    lease = storage.begin(max_pages=5, max_depth=1)
    crawl_all(storage, lease, SITE)
    before = storage.job(lease.job_id)
    with pytest.raises(Conflict) as caught:
        storage.jobs.resume(lease.job_id)
    assert caught.value.code == "nothing-to-do"
    assert storage.job(lease.job_id) == before


# The life of a job


def test_a_job_is_created_with_its_roots_waiting(storage: Storage) -> None:
    job, new = storage.jobs.create(JobRequest(("http://a/", "http://b/"), JobOptions()))
    assert new and job.status is JobStatus.QUEUED and job.owner is None
    assert job.totals == Totals(2, queued=2)
    assert (job.last_event_id, job.started_at, job.finished_at) == (0, None, None)
    assert storage.states(job.id) == {"http://a/": "queued", "http://b/": "queued"}
    assert storage.jobs.newest(1)[0].id == job.id
    assert len(job.id) >= 20


def test_the_list_of_jobs_is_paged_without_a_gap(storage: Storage) -> None:
    made = [storage.create() for _ in range(5)][::-1]
    listed: list[str] = []
    before = None
    while len(listed) < 5:
        for job in storage.jobs.newest(2, before):
            listed.append(job.id)
            before = (job.created_at, job.id)
    assert listed[:5] == made


def test_a_repeated_idempotency_key_gives_the_same_job(storage: Storage) -> None:
    request = JobRequest((ROOT,), JobOptions())
    other = JobRequest((ROOT,), JobOptions(max_depth=3))
    made = at_once(*[lambda: storage.jobs.create(request, "key")] * 4)
    assert len({job.id for job, _ in made}) == 1
    assert sorted(new for _, new in made) == [False, False, False, True]
    with pytest.raises(Conflict) as caught:
        storage.jobs.create(other, "key")
    assert caught.value.code == "idempotency-conflict"
    storage.jobs.delete(made[0][0].id)
    job, new = storage.jobs.create(other, "key")
    assert new and job.id != made[0][0].id


def test_a_repeated_key_with_other_credentials_is_another_request(storage: Storage) -> None:
    request = JobRequest((ROOT,), JobOptions(cookies=("session",)))
    job, _ = storage.jobs.create(request, "secret", b"sealed", b"digest")
    assert storage.jobs.create(request, "secret", b"sealed anew", b"digest")[0].id == job.id
    assert storage.reader.credentials(job.id) == b"sealed"
    with pytest.raises(Conflict):
        storage.jobs.create(request, "secret", b"sealed", b"other")


def test_a_paused_job_claims_nothing_but_takes_what_was_in_hand(storage: Storage) -> None:
    lease = storage.begin_with(*pages("a", "b"))
    claim = storage.frontier.claim(lease, 1)
    storage.jobs.pause(lease.job_id)
    with pytest.raises(Halted):
        storage.frontier.claim(lease, 1)
    with pytest.raises(Halted):
        storage.frontier.finish(lease)
    applied = storage.frontier.apply(lease, MadeSite().answer(claim), KnownUrls())
    storage.process(lease, applied.to_process)
    told = storage.names(lease.job_id)[-3:]
    assert told == ["job_paused", "batch_completed", "content_processed"]
    storage.jobs.resume(lease.job_id)
    assert claimed(storage, lease) == pages("b")
    assert storage.names(lease.job_id)[-1] == "job_resumed"


def test_a_job_paused_before_its_start_starts_by_a_resume(storage: Storage) -> None:
    job_id = storage.create()
    storage.jobs.pause(job_id)
    assert storage.leases.take(job_id) is None
    storage.jobs.resume(job_id)
    lease = storage.take(job_id)
    assert claimed(storage, lease) == [ROOT]
    assert storage.names(job_id) == ["job_paused", "job_resumed"]


def test_a_cancelled_job_has_nothing_under_way_and_takes_no_result(storage: Storage) -> None:
    lease = storage.begin_with(*pages("a", "b"))
    claim = storage.frontier.claim(lease, 1)
    storage.jobs.cancel(lease.job_id)
    before = storage.events(lease.job_id)
    totals = totals_in(before[-1])
    assert (before[-1].name, totals.processing, totals.queued) == ("job_cancelled", 0, 2)
    with pytest.raises((Fenced, Halted)):
        storage.frontier.apply(lease, MadeSite().answer(claim), KnownUrls())
    assert storage.events(lease.job_id) == before
    assert not storage.reader.standing(lease.job_id, lease.epoch).current
    job = storage.job(lease.job_id)
    assert job.status is JobStatus.CANCELLED and job.finished_at is not None


def test_a_job_whose_root_gave_no_page_fails_and_says_so(storage: Storage) -> None:
    lease = storage.begin()
    storage.frontier.apply(lease, failed(storage.frontier.claim(lease, 1)), KnownUrls())
    assert storage.frontier.finish(lease) is JobStatus.FAILED
    job = storage.job(lease.job_id)
    assert job.error == "The start page could not be fetched: the site answered 404."
    assert job.error == storage.events(lease.job_id)[-1].data["error"]
    storage.jobs.resume(lease.job_id)
    assert storage.job(lease.job_id).error is None
    storage.leases.release(lease, handed_over=False)
    assert claimed(storage, storage.take(lease.job_id)) == [ROOT], "what failed is tried again"


def test_a_job_whose_root_is_at_a_refused_port_names_it(storage: Storage) -> None:
    lease = storage.begin()
    (url,) = storage.frontier.claim(lease, 1).urls
    why = "port 22 of site is not one for web pages"
    result = UrlResult(url.id, url.url, Outcome.FAILED, "blocked-address", detail=why)
    storage.frontier.apply(lease, BatchResult((result,), ()), KnownUrls())
    storage.frontier.finish(lease)
    assert storage.job(lease.job_id).error == f"The start page could not be fetched: {why}."


def test_a_job_of_many_roots_without_a_page_tells_of_the_first(storage: Storage) -> None:
    lease = storage.begin(f"{ROOT}a", f"{ROOT}b")
    storage.frontier.apply(lease, failed(storage.frontier.claim(lease, 9), "dns"), KnownUrls())
    storage.frontier.finish(lease)
    assert storage.job(lease.job_id).error == (
        "None of the 2 start pages could be fetched; the first: the host's name has no address."
    )


def test_a_completed_job_tries_again_what_failed(storage: Storage) -> None:
    lease = storage.begin_with(*pages("a"))
    storage.frontier.apply(lease, failed(storage.frontier.claim(lease, 1)), KnownUrls())
    assert storage.finish(lease) is JobStatus.COMPLETED
    storage.jobs.resume(lease.job_id, retry_failed=True)
    resumed = storage.events(lease.job_id)[-1]
    assert resumed.name == "job_resumed"
    assert totals_in(resumed) == Totals(2, queued=1, completed=1, processed=1, bytes=100)
    storage.leases.release(lease, handed_over=False)
    assert crawl_all(storage, storage.take(lease.job_id), MadeSite()) is JobStatus.COMPLETED
    assert storage.totals(lease.job_id).completed == 2


@pytest.mark.parametrize(
    ("move", "wrong"),
    [("pause", ("paused", "completed", "cancelled")), ("cancel", ("completed", "cancelled")),
     ("resume", ("queued", "running"))],
)  # fmt: skip
def test_a_move_in_a_wrong_state_is_a_conflict(
    storage: Storage, move: str, wrong: tuple[str, ...]
) -> None:
    for status in wrong:
        job_id = storage.create()
        if status in ("running", "completed"):
            lease = storage.take(job_id)
            if status == "completed":
                crawl_all(storage, lease, MadeSite())
        elif status != "queued":
            getattr(storage.jobs, {"paused": "pause", "cancelled": "cancel"}[status])(job_id)
        assert storage.job(job_id).status == status
        with pytest.raises(Conflict) as caught:
            getattr(storage.jobs, move)(job_id)
        assert (caught.value.code, caught.value.status) == ("wrong-state", 409)


def test_a_deleted_job_is_gone_at_once(storage: Storage) -> None:
    lease = storage.begin_with(*pages("a"))
    claim = storage.frontier.claim(lease, 1)
    storage.jobs.delete(lease.job_id)
    assert storage.told[lease.job_id][-1].name == "job_cancelled"
    for look in (storage.jobs.get, storage.jobs.delete, storage.jobs.pause, storage.leases.take,
                 storage.pages.snapshot):  # fmt: skip
        with pytest.raises(UnknownJob):
            look(lease.job_id)
    with pytest.raises(Fenced):
        storage.frontier.apply(lease, MadeSite().answer(claim), KnownUrls())
    assert storage.leases.renew(lease) is None
    assert storage.jobs.watch([lease.job_id]) == {}
    assert lease.job_id not in [job.id for job in storage.jobs.newest(1_000)]
    assert lease.job_id not in storage.leases.ownerless(1_000)


# Reading


def test_a_snapshot_shows_one_moment_while_a_writer_goes_on(storage: Storage) -> None:
    lease = storage.begin(max_depth=9, max_pages=None)
    chain = {f"{ROOT}{n}": pages(n + 1) for n in range(60)} | {ROOT: pages(0)}
    writer = threading.Thread(target=crawl_all, args=(storage, lease, MadeSite(chain)))
    writer.start()
    looks = 0
    while writer.is_alive() or not looks:
        looks += 1
        shown = storage.pages.snapshot(lease.job_id, events=1)
        job = shown.job
        assert job.totals.adds_up
        if shown.events:
            assert shown.events[0].id == job.last_event_id
            told = totals_in(shown.events[0])
            assert (told.completed, told.discovered) == (
                job.totals.completed, job.totals.discovered,
            )  # fmt: skip
        assert len(shown.newest) == job.totals.completed
    writer.join()


def test_a_snapshot_is_read_only_and_its_connection_is_fit_for_writes_again(
    storage: Storage,
) -> None:
    for _ in range(20):
        with (
            pytest.raises(psycopg2.errors.ReadOnlySqlTransaction),
            storage.database.snapshot() as statements,
        ):
            statements.run("mark_deleted", job_id="x")
        storage.create()


def test_pages_are_listed_by_outcome_by_text_and_after_an_id(storage: Storage) -> None:
    lease = storage.begin_with(*pages("ant", "bee%", "b_e", "cat"))
    claim = storage.frontier.claim(lease, 2)
    storage.frontier.apply(lease, MadeSite().answer(claim, claim.urls[:1]), KnownUrls())
    storage.frontier.apply(lease, failed(storage.frontier.claim(lease, 1)), KnownUrls())

    def listed(after: int = 0, limit: int = 99, **wanted: Any) -> list[str]:
        rows = storage.pages.rows(lease.job_id, PageFilter(**wanted), after, limit)
        return [row.url.removeprefix(ROOT) for row in rows]

    assert listed() == ["", "ant", "bee%", "b_e", "cat"]
    assert listed(outcome="fetched") == ["", "ant"]
    assert listed(outcome="failed") == ["bee%"]
    assert listed(outcome="pending") == ["b_e", "cat"]
    assert listed(q="E%") == ["bee%"]
    assert listed(q="B_") == ["b_e"]
    assert listed(q="\\") == []
    assert listed(after=claim.urls[0].id, limit=2) == ["bee%", "b_e"]


def test_a_page_of_another_job_is_unknown(storage: Storage) -> None:
    lease, other = storage.begin_with(*pages("a")), storage.begin()
    page_id = storage.rows(lease.job_id)[f"{ROOT}a"].id
    assert storage.pages.page(lease.job_id, page_id).row.url == f"{ROOT}a"
    with pytest.raises(UnknownPage):
        storage.pages.page(other.job_id, page_id)
    with pytest.raises(UnknownJob):
        storage.pages.page("nobody", page_id)
