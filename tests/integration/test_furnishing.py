"""What stands on most pages of a job: decided from what is stored, cut for every reader."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from crawler.domain.furniture import fingerprints
from crawler.functions.furnishing import Furnishing
from crawler.storage.changes import Fenced
from crawler.storage.discovery import KnownUrls
from crawler.storage.leases import Lease
from crawler.storage.migrate import migrate
from crawler.storage.pages import PageFilter
from crawler.storage.results import ProcessedPage
from tests.storage import ROOT, MadeSite, Storage, document

FRAME = "This site is made by people who like to say so on each of its pages."


@pytest.fixture(scope="module")
def storage(database_url: str) -> Iterator[Storage]:
    migrate(database_url)
    stores = Storage(database_url)
    yield stores
    stores.database.close()


def made(page_id: int) -> ProcessedPage:
    """A page's document: a text of its own in the site's frame."""
    markdown = f"# Page {page_id}\n\nA text of its own, number {page_id}.\n\n{FRAME}"
    return replace(document(page_id, markdown), units=fingerprints(markdown))


def fetched(storage: Storage, pages: int) -> tuple[Lease, list[int]]:
    """A job with so many pages that wait for the processor, and their ids."""
    lease = storage.begin_with(*(f"{ROOT}{number}" for number in range(pages - 1)))
    while (claim := storage.frontier.claim(lease, 50)).urls:
        storage.frontier.apply(lease, MadeSite().answer(claim), KnownUrls())
    return lease, [page.id for page in storage.pages.unprocessed(lease.job_id, 0, 1_000)]


def readings(storage: Storage, job_id: str) -> list[list[str | None]]:
    """The Markdown of a job's pages, by each way in which it is read."""
    whole = storage.pages.whole_pages(job_id, PageFilter(), 0, 100)
    return [
        [page.markdown for page in whole],
        [storage.pages.page(job_id, page.row.id).markdown for page in whole],
        [page.markdown() for page in storage.documents(job_id)],
    ]


def test_every_reader_is_shown_pages_without_the_frame(storage: Storage) -> None:
    lease, ids = fetched(storage, 6)
    storage.pages.store_processed(lease.job_id, [made(page_id) for page_id in ids], [])

    before = readings(storage, lease.job_id)
    storage.furniture.decide(lease)

    own = [f"# Page {page_id}\n\nA text of its own, number {page_id}." for page_id in ids]
    assert before == [[f"{each}\n\n{FRAME}" for each in own]] * 3
    assert readings(storage, lease.job_id) == [own] * 3


def test_what_is_no_longer_on_most_pages_is_shown_again(storage: Storage) -> None:
    lease, ids = fetched(storage, 12)
    storage.pages.store_processed(lease.job_id, [made(page_id) for page_id in ids[:5]], [])
    storage.furniture.decide(lease)
    first = storage.pages.page(lease.job_id, ids[0]).markdown

    others = [replace(document(each), units=fingerprints(f"Own {each}")) for each in ids[5:]]
    storage.pages.store_processed(lease.job_id, others, [])
    storage.furniture.decide(lease)

    assert FRAME not in (first or "")
    assert FRAME in (storage.pages.page(lease.job_id, ids[0]).markdown or "")


def test_a_large_job_is_judged_by_a_part_of_its_pages(storage: Storage) -> None:
    lease, ids = fetched(storage, 600)
    storage.pages.store_processed(lease.job_id, [made(page_id) for page_id in ids], [])

    rows = storage.database.read("units_of_some", job_id=lease.job_id, most=100)
    storage.furniture.decide(lease)

    assert 40 <= len(rows) <= 100
    assert FRAME not in (storage.pages.page(lease.job_id, ids[-1]).markdown or "")


def test_only_the_owner_decides(storage: Storage) -> None:
    lease, ids = fetched(storage, 6)
    storage.pages.store_processed(lease.job_id, [made(page_id) for page_id in ids], [])

    with pytest.raises(Fenced):
        storage.furniture.decide(replace(lease, epoch=lease.epoch - 1))

    assert storage.sql("SELECT 1 FROM furniture WHERE job_id = %(id)s", id=lease.job_id) == []


def test_decisions_come_with_twice_the_pages_and_at_the_end(storage: Storage) -> None:
    lease, _ = fetched(storage, 1)
    decided: list[int] = []
    processed = 0

    class Noting:
        def decide(self, _: Lease) -> None:
            decided.append(processed)

    furnishing = Furnishing(lease, Noting(), lambda: processed)  # type: ignore[arg-type]
    for processed in range(48):  # noqa: B007
        furnishing.step()
    furnishing.settle()
    furnishing.settle()

    assert decided == [5, 10, 20, 40, 47]
