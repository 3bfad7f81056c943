"""Processing: at least once, each page's document once; bodies by their hash."""

import threading
from collections.abc import Iterator
from dataclasses import replace

import pytest

from crawler.domain.errors import UnknownJob
from crawler.domain.lifecycle import JobStatus
from crawler.domain.model import Totals
from crawler.storage.bodies import SealedBody, seal
from crawler.storage.discovery import KnownUrls
from crawler.storage.leases import Lease
from crawler.storage.migrate import migrate
from crawler.storage.results import BatchResult
from tests.storage import (
    ROOT,
    MadeSite,
    Storage,
    at_once,
    crawl_all,
    document,
    failed,
    hash_of,
    totals_in,
)

A, B, C = (f"{ROOT}{name}" for name in "abc")


@pytest.fixture(scope="module")
def storage(database_url: str) -> Iterator[Storage]:
    migrate(database_url)
    stores = Storage(database_url, connections=8)
    yield stores
    stores.database.close()


def fetched(storage: Storage, *urls: str) -> tuple[Lease, list[int]]:
    """A job with pages that wait for the processor, and their ids, the root's first."""
    lease = storage.begin_with(*urls)
    storage.frontier.apply(lease, MadeSite().answer(storage.frontier.claim(lease, 10)), KnownUrls())
    return lease, [page.id for page in storage.pages.unprocessed(lease.job_id, 0, 10)]


def test_what_was_fetched_waits_until_it_is_processed(storage: Storage) -> None:
    lease, ids = fetched(storage, A, B)
    pages = storage.pages.unprocessed(lease.job_id, 0, 10)
    assert [(page.url, page.content_hash, page.content_type, page.attempts) for page in pages] == [
        (url, hash_of(url), "text/html", 0) for url in (ROOT, A, B)
    ]
    assert [p.id for p in storage.pages.unprocessed(lease.job_id, ids[0], 1)] == [ids[1]]
    assert storage.frontier.finish(lease) is None, "unprocessed pages hold the end"
    storage.pages.store_processed(lease.job_id, [document(ids[0])], [ids[1]])
    event = storage.events(lease.job_id)[-1]
    assert event.name == "content_processed"
    assert (event.data["count"], event.data["failed"]) == (1, 1)
    assert [p.id for p in storage.pages.unprocessed(lease.job_id, 0, 10)] == [ids[2]]
    assert storage.finish(lease) is JobStatus.COMPLETED
    totals = storage.totals(lease.job_id)
    assert (totals.processed, totals.process_failed, totals.completed) == (2, 1, 3)


def test_a_page_is_processed_once_however_often_it_is_sent(storage: Storage) -> None:
    lease, ids = fetched(storage, A)

    def send() -> None:
        documents = [document(page_id, f"# By {threading.get_ident()}") for page_id in ids]
        storage.pages.store_processed(lease.job_id, documents, [])

    assert at_once(*[send] * 5) == [None] * 5
    assert storage.names(lease.job_id).count("content_processed") == 1
    assert storage.totals(lease.job_id).processed == 2
    before = storage.pages.page(lease.job_id, ids[0])
    storage.pages.store_processed(lease.job_id, [document(ids[0], "late")], [ids[1]])
    assert storage.pages.page(lease.job_id, ids[0]) == before
    assert storage.totals(lease.job_id).process_failed == 0


def test_a_page_that_was_not_fetched_has_no_document(storage: Storage) -> None:
    lease = storage.begin_with(A, B)
    claim = storage.frontier.claim(lease, 1)
    storage.frontier.apply(lease, failed(claim), KnownUrls())
    ids = [row.id for row in storage.rows(lease.job_id).values()]
    last = storage.job(lease.job_id).last_event_id
    storage.pages.store_processed(lease.job_id, [document(each) for each in ids[1:]], [])
    assert storage.events(lease.job_id, last) == []
    assert storage.pages.page(lease.job_id, ids[1]).markdown is None


def test_a_document_is_read_as_it_was_stored(storage: Storage) -> None:
    lease, ids = fetched(storage, A)
    storage.pages.store_processed(lease.job_id, [document(ids[1], "# Ü\n\n🧶")], [])
    page = storage.pages.page(lease.job_id, ids[1])
    assert (page.title, page.language, page.markdown) == ("Title", "en", "# Ü\n\n🧶")
    assert page.row.as_json()["contentHash"] == hash_of(A).hex()


def test_the_third_failed_call_gives_a_page_up(storage: Storage) -> None:
    lease, ids = fetched(storage, A)
    for attempts in (1, 2):
        assert sorted(storage.pages.fail_processing(lease, ids, 3)) == ids
        pages = storage.pages.unprocessed(lease.job_id, 0, 10)
        assert [page.attempts for page in pages] == [attempts, attempts]
    storage.pages.store_processed(lease.job_id, [document(ids[0])], [])
    assert storage.pages.fail_processing(lease, ids, 3) == []
    totals = storage.totals(lease.job_id)
    assert (totals.processed, totals.process_failed) == (1, 1)
    assert storage.finish(lease) is JobStatus.COMPLETED


def test_pages_of_a_lost_orchestrator_are_loaded_again(storage: Storage) -> None:
    lease, ids = fetched(storage, A)
    storage.expire(lease.job_id)
    lease = storage.take(lease.job_id)
    pages = storage.pages.unprocessed(lease.job_id, 0, 10)
    assert [(page.id, page.attempts) for page in pages] == [(each, 1) for each in ids]


def test_a_late_document_of_an_ended_job_is_kept_in_silence_and_counted_by_a_resume(
    storage: Storage,
) -> None:
    lease, ids = fetched(storage, A, B)
    storage.jobs.cancel(lease.job_id)
    before = (storage.events(lease.job_id), storage.totals(lease.job_id))
    storage.pages.store_processed(lease.job_id, [document(ids[0])], [ids[1]])
    assert (storage.events(lease.job_id), storage.totals(lease.job_id)) == before
    assert storage.pages.page(lease.job_id, ids[0]).markdown == "# Text"
    storage.jobs.resume(lease.job_id)
    resumed = storage.events(lease.job_id)[-1]
    assert resumed.name == "job_resumed"
    assert totals_in(resumed) == Totals(
        3, completed=3, processed=1, process_failed=1, bytes=300
    )
    storage.leases.release(lease, handed_over=False)
    assert storage.finish(storage.take(lease.job_id)) is JobStatus.COMPLETED


def test_a_deleted_jobs_document_finds_no_job(storage: Storage) -> None:
    lease, ids = fetched(storage, A)
    storage.jobs.delete(lease.job_id)
    with pytest.raises(UnknownJob):
        storage.pages.store_processed(lease.job_id, [document(ids[0])], [])


# Bodies


def kept_bodies(storage: Storage, *bodies: SealedBody) -> list[bool]:
    found = storage.bodies.get([body.hash for body in bodies])
    return [body.hash in found for body in bodies]


def purge(storage: Storage) -> int:
    slices = 0
    while storage.bodies.purge_deleted():
        slices += 1
    return slices


def make_due(storage: Storage, *, cold: bool = True) -> None:
    """Lets the five minutes pass."""
    storage.sql("UPDATE body_garbage SET due_at = clock_timestamp() - interval '1 second'")
    if cold:
        storage.sql("UPDATE bodies SET touched_at = touched_at - interval '6 minutes'")


def test_equal_bodies_are_kept_once_and_come_back_whole(storage: Storage) -> None:
    bodies = [seal(b"one" * 1000), seal(b"two"), seal(b"one" * 1000), seal(b"")]
    works = [lambda: storage.bodies.put(bodies), lambda: storage.bodies.put(bodies[::-1])] * 3
    assert at_once(*works) == [None] * 6
    found = storage.bodies.get([*(body.hash for body in bodies), b"unknown"])
    assert found == {bodies[0].hash: b"one" * 1000, bodies[1].hash: b"two", bodies[3].hash: b""}
    (row,) = storage.sql("SELECT count(*) AS rows FROM bodies WHERE hash = %(hash)s",
                         hash=bodies[0].hash)
    assert row["rows"] == 1
    assert bodies[0].size == 3000 > len(bodies[0].data)


def test_a_deleted_job_leaves_nothing_behind(storage: Storage) -> None:
    lease = storage.begin()
    crawl_all(storage, lease, MadeSite({ROOT: [A, B]}))
    storage.jobs.delete(lease.job_id)
    assert purge(storage) >= 3
    assert storage.sql("SELECT 1 FROM jobs WHERE id = %(id)s", id=lease.job_id) == []
    for table in ("leases", "frontier", "pages", "documents", "events"):
        assert storage.sql(f"SELECT 1 FROM {table} WHERE job_id = %(id)s", id=lease.job_id) == []


def test_a_job_under_way_is_not_purged(storage: Storage) -> None:
    lease = storage.begin_with(A)
    purge(storage)
    assert crawl_all(storage, lease, MadeSite()) is JobStatus.COMPLETED


def test_several_purgers_leave_one_another_alone(storage: Storage) -> None:
    for _ in range(3):
        job = storage.begin_with(A, B).job_id
        storage.jobs.delete(job)
    assert not [r for r in at_once(*[lambda: purge(storage)] * 4) if isinstance(r, Exception)]
    assert storage.sql("SELECT 1 FROM jobs WHERE deleted_at IS NOT NULL") == []


def test_a_shared_body_goes_with_its_last_page(storage: Storage) -> None:
    urls = f"{ROOT}shared", f"{ROOT}own"
    shared, own = (SealedBody(hash_of(url), b"x", 1) for url in urls)
    storage.bodies.put([shared, own])
    first, second = fetched(storage, *urls)[0], fetched(storage, urls[0])[0]
    storage.jobs.delete(first.job_id)
    purge(storage)
    storage.bodies.collect()
    assert rows_of(storage, shared, own) == 2, "not within five minutes"
    make_due(storage)
    storage.bodies.collect()
    assert (rows_of(storage, shared), rows_of(storage, own)) == (1, 0)
    storage.jobs.delete(second.job_id)
    purge(storage)
    make_due(storage)
    storage.bodies.collect()
    assert rows_of(storage, shared) == 0


def rows_of(storage: Storage, *bodies: SealedBody) -> int:
    hashes = [body.hash for body in bodies]
    return len(storage.sql("SELECT 1 FROM bodies WHERE hash = ANY(%(hashes)s)", hashes=hashes))


def test_a_markdown_form_is_kept_as_long_as_its_page(storage: Storage) -> None:
    url = f"{ROOT}formed"
    form = seal(b"# Form")
    storage.bodies.put([form])
    lease = storage.begin_with(url)
    claim = storage.frontier.claim(lease, 10)
    (result,) = MadeSite().answer(claim).results
    made = replace(result, alternate_url=f"{url}.md", alternate_hash=form.hash)
    storage.frontier.apply(lease, BatchResult((made,), ()), KnownUrls())
    (page,) = [p for p in storage.pages.unprocessed(lease.job_id, 0, 10) if p.url == url]
    assert (page.alternate_url, page.alternate_hash) == (f"{url}.md", form.hash)
    assert storage.pages.page(lease.job_id, page.id).alternate_url == f"{url}.md"
    storage.sql(
        "INSERT INTO body_garbage VALUES (%(hash)s, clock_timestamp()) ON CONFLICT DO NOTHING",
        hash=form.hash,
    )
    make_due(storage)
    storage.bodies.collect()
    assert rows_of(storage, form) == 1
    storage.jobs.delete(lease.job_id)
    purge(storage)
    make_due(storage)
    storage.bodies.collect()
    assert rows_of(storage, form) == 0


def test_a_body_that_a_call_has_just_touched_is_collected_later(storage: Storage) -> None:
    url = f"{ROOT}touched"
    body = SealedBody(hash_of(url), b"x", 1)
    storage.bodies.put([body])
    lease = fetched(storage, url)[0]
    storage.jobs.delete(lease.job_id)
    purge(storage)
    make_due(storage)
    storage.bodies.put([body])
    storage.bodies.collect()
    assert rows_of(storage, body) == 1, "a call in flight may hold it"
    make_due(storage)
    storage.bodies.collect()
    assert rows_of(storage, body) == 0, "but it is not forgotten"


def test_metadata_is_kept_with_the_document(storage: Storage) -> None:
    lease, ids = fetched(storage)
    said = {"author": "Ann", "openGraph": {"title": "ü"}}
    made = replace(document(ids[0]), metadata=said)
    storage.pages.store_processed(lease.job_id, [made], [])
    assert storage.pages.page(lease.job_id, ids[0]).metadata == said
