"""Pages made anew after other selectors: in slices, without a fetch, exact whoever goes on."""

from collections.abc import Iterator

import pytest

from crawler.domain.errors import Conflict, UnknownJob
from crawler.domain.lifecycle import JobStatus
from crawler.domain.selectors import Selectors
from crawler.storage import remaking
from crawler.storage.discovery import KnownUrls
from crawler.storage.leases import Lease
from crawler.storage.migrate import migrate
from tests.storage import ROOT, MadeSite, Storage, crawl_all, document, totals_in

SLICE = 3
CHOSEN = Selectors("main", (".ad",))


@pytest.fixture(scope="module")
def storage(database_url: str) -> Iterator[Storage]:
    migrate(database_url)
    stores = Storage(database_url)
    yield stores
    stores.database.close()


@pytest.fixture(autouse=True)
def few_a_slice(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(remaking, "SLICE", SLICE)


def crawled(storage: Storage, count: int) -> Lease:
    """An ended job with so many pages, of which one could not be processed, and a failed URL."""
    urls = [f"{ROOT}{number}" for number in range(count - 1)]
    lease = storage.begin_with(*urls, f"{ROOT}gone")
    site = MadeSite(gone=frozenset({f"{ROOT}gone"}))
    while (claim := storage.frontier.claim(lease, 10)).urls:
        storage.frontier.apply(lease, site.answer(claim), KnownUrls())
    *pages, last = storage.pages.unprocessed(lease.job_id, 0, 100)
    documents = [document(page.id, "old") for page in pages]
    storage.pages.store_processed(lease.job_id, documents, [last.id])
    assert storage.finish(lease) is JobStatus.COMPLETED
    return lease


def choose(storage: Storage, job_id: str, chosen: Selectors = CHOSEN) -> None:
    storage.change_limits(
        job_id, content_selector=chosen.content, remove_selectors=chosen.remove
    )


def resume(storage: Storage, lease: Lease) -> Lease:
    storage.jobs.resume(lease.job_id)
    storage.leases.release(lease, handed_over=False)
    return storage.take(lease.job_id)


def process(storage: Storage, lease: Lease, most: int = 100, markdown: str = "new") -> int:
    """Has so many pages processed by the job's selectors; returns how many waited."""
    waiting = storage.pages.unprocessed(lease.job_id, 0, most)
    documents = [document(page.id, markdown) for page in waiting]
    selectors = storage.pages.selectors(lease.job_id)
    assert storage.pages.store_processed(lease.job_id, documents, [], selectors)
    return len(waiting)


def check(storage: Storage, job_id: str) -> None:
    """Totals are those of the rows, and no event tells of more pages processed than there are."""
    totals, rows = storage.totals(job_id), storage.rows(job_id).values()
    assert totals.processed == sum(row.content == "stored" for row in rows)
    assert totals.process_failed == sum(row.content == "failed" for row in rows)
    assert totals.completed == sum(row.outcome == "fetched" for row in rows)
    for event in storage.events(job_id):
        told = totals_in(event)
        assert 0 <= told.processed + told.process_failed <= told.completed
        assert min(told.processed, told.process_failed) >= 0


def contents(storage: Storage, job_id: str) -> list[str]:
    return sorted(each.markdown() for each in storage.documents(job_id))


@pytest.mark.parametrize("count", [1, 2, SLICE, SLICE + 1, 3 * SLICE])
def test_all_pages_of_an_ended_job_are_made_anew_and_none_is_fetched(
    storage: Storage, count: int
) -> None:
    lease = crawled(storage, count)
    before = storage.totals(lease.job_id)
    choose(storage, lease.job_id)
    lease = resume(storage, lease)
    taken = 0
    while moved := storage.frontier.adjust(lease):
        assert moved <= SLICE
        taken += moved
        check(storage, lease.job_id)
        assert storage.frontier.finish(lease) is None
        assert contents(storage, lease.job_id) == ["old"] * (count - 1), "readable until replaced"
    assert taken == count
    assert storage.frontier.claim(lease, 10).urls == ()
    assert process(storage, lease) == count
    assert storage.frontier.finish(lease) is JobStatus.COMPLETED
    check(storage, lease.job_id)
    assert contents(storage, lease.job_id) == ["new"] * count
    after = storage.totals(lease.job_id)
    assert (after.processed, after.process_failed) == (count, 0), "what failed is tried anew"
    assert (after.completed, after.failed, after.bytes) == (count, before.failed, before.bytes)
    told = [each for each in storage.events(lease.job_id) if each.name == "content_queued"]
    assert sum(event.data["count"] for event in told) == count


def test_a_lost_orchestrators_slices_are_gone_on_with(storage: Storage) -> None:
    lease = crawled(storage, 3 * SLICE)
    choose(storage, lease.job_id)
    lease = resume(storage, lease)
    for _ in range(3):
        assert storage.frontier.adjust(lease) == SLICE
        assert process(storage, lease, SLICE - 1) == SLICE - 1
        storage.expire(lease.job_id)
        lease = storage.take(lease.job_id)
        check(storage, lease.job_id)
        assert storage.frontier.finish(lease) is None
    assert storage.frontier.adjust(lease) == 0
    assert process(storage, lease) == SLICE
    assert storage.frontier.finish(lease) is JobStatus.COMPLETED
    assert contents(storage, lease.job_id) == ["new"] * 3 * SLICE, "each once"


def test_a_running_job_goes_on_crawling_and_does_not_end_before(storage: Storage) -> None:
    lease = storage.begin_with(f"{ROOT}a", f"{ROOT}b")
    assert process(storage, lease, markdown="old") == 1
    choose(storage, lease.job_id)
    claim = storage.frontier.claim(lease, 1)
    storage.frontier.apply(lease, MadeSite().answer(claim), KnownUrls())
    assert crawl_all(storage, lease, MadeSite()) is None, "made by older selectors: not kept"
    assert process(storage, lease) == 3
    assert storage.frontier.finish(lease) is JobStatus.COMPLETED
    assert contents(storage, lease.job_id) == ["new"] * 3
    check(storage, lease.job_id)


def test_what_was_made_by_older_selectors_is_not_kept(storage: Storage) -> None:
    lease = storage.begin_with(f"{ROOT}a")
    (page,) = storage.pages.unprocessed(lease.job_id, 0, 10)
    choose(storage, lease.job_id)
    last = storage.job(lease.job_id).last_event_id
    old = [document(page.id, "old")]
    assert not storage.pages.store_processed(lease.job_id, old, [], Selectors("main"))
    assert not storage.pages.store_processed(lease.job_id, [], [page.id])
    assert storage.job(lease.job_id).last_event_id == last
    assert storage.pages.store_processed(lease.job_id, [document(page.id, "new")], [], CHOSEN)
    assert contents(storage, lease.job_id) == ["new"]


def test_a_job_whose_selectors_stay_has_nothing_to_be_resumed_for(storage: Storage) -> None:
    lease = crawled(storage, 2)
    choose(storage, lease.job_id, Selectors())
    with pytest.raises(Conflict, match="Nothing is left to do"):
        storage.jobs.resume(lease.job_id)


def test_pages_made_anew_begin_with_no_failed_calls(storage: Storage) -> None:
    lease = crawled(storage, 2)
    storage.sql(
        "UPDATE frontier SET failed_calls = 2, lost_calls = 1 WHERE job_id = %(id)s",
        id=lease.job_id,
    )
    choose(storage, lease.job_id)
    lease = resume(storage, lease)
    assert storage.frontier.adjust(lease) == 2
    assert [page.attempts for page in storage.pages.unprocessed(lease.job_id, 0, 10)] == [0, 0]


def test_the_selectors_of_a_job_that_is_gone_are_unknown(storage: Storage) -> None:
    job_id = storage.create()
    assert storage.pages.selectors(job_id) == Selectors()
    storage.jobs.delete(job_id)
    with pytest.raises(UnknownJob):
        storage.pages.selectors(job_id)
