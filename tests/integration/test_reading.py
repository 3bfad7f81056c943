"""A crawl as it is read: where links lead, and what comes before and after a page."""

from collections.abc import Iterator

import pytest

from crawler.domain.model import StoredLink
from crawler.storage.migrate import migrate
from crawler.storage.reading import ReadingStore
from tests.storage import ROOT, MadeSite, Storage, crawl_all

A, B, C, D = (f"{ROOT}{name}" for name in "abcd")


@pytest.fixture(scope="module")
def storage(database_url: str) -> Iterator[Storage]:
    migrate(database_url)
    yield Storage(database_url)


@pytest.fixture(scope="module")
def job_id(storage: Storage) -> str:
    """The root and a, b, c, d in this order; b is gone, `old` leads to a, `twin` repeats d."""
    old, twin = f"{ROOT}old", f"{ROOT}twin"
    site = MadeSite(
        links={ROOT: [A, B, C, D, old, twin]},
        redirects={old: A},
        gone=frozenset({B}),
        contents={D: "same", twin: "same"},
        titles={D: "same", twin: "same"},
    )
    lease = storage.begin()
    crawl_all(storage, lease, site)
    return lease.job_id


@pytest.fixture(scope="module")
def reading(storage: Storage) -> ReadingStore:
    return ReadingStore(storage.database)


def test_a_link_leads_to_the_page_that_its_target_is(
    storage: Storage, reading: ReadingStore, job_id: str
) -> None:
    ids = {url: row.id for url, row in storage.rows(job_id).items()}
    urls = [A, B, f"{ROOT}old", f"{ROOT}twin", "http://elsewhere/"]
    known = reading.known(job_id, urls)
    assert {url: page.id for url, page in known.items()} == {
        A: ids[A], B: ids[B], f"{ROOT}old": ids[A], f"{ROOT}twin": ids[D],
    }  # fmt: skip
    assert (known[A].title, known[A].outcome, known[A].has_content) == ("Title", "fetched", True)
    assert (known[B].outcome, known[B].reason) == ("failed", "http-404")
    assert not known[B].has_content
    assert reading.known(job_id, []) == {} == reading.known("no-job", urls)


def order(reading: ReadingStore, job_id: str, first: int) -> list[str]:
    """URLs from one page on, as `next` leads; each knows its `previous`."""
    urls, here = [], first
    while (after := reading.neighbours(job_id, here).next) is not None:
        before = reading.neighbours(job_id, after.id).previous
        assert before is not None and before.id == here
        urls.append(after.url)
        here = after.id
    return urls


def test_pages_with_content_follow_one_another_as_they_were_found(
    storage: Storage, reading: ReadingStore, job_id: str
) -> None:
    root, *others = (page.head for page in storage.documents(job_id))
    assert root.url == ROOT and reading.neighbours(job_id, root.id).previous is None
    assert order(reading, job_id, root.id) == [page.url for page in others] == [A, C, D]
    gone = reading.neighbours(job_id, storage.rows(job_id)[B].id)
    assert gone.previous and gone.next and (gone.previous.url, gone.next.url) == (A, C)


def test_the_neighbours_that_a_page_names_come_first_where_they_can_be_read(
    storage: Storage, reading: ReadingStore, job_id: str
) -> None:
    here = storage.rows(job_id)[C].id
    links = [
        StoredLink(ROOT, "Contents", "prev nofollow"),
        StoredLink(f"{ROOT}old", "A", "next"),
        StoredLink(D, "D", "next"),
    ]
    around = reading.neighbours(job_id, here, links)
    assert around.previous and around.next
    assert (around.previous.url, around.next.url) == (ROOT, A)
    for useless in (B, C, "http://elsewhere/"):
        after = reading.neighbours(job_id, here, [StoredLink(useless, "", "next")]).next
        assert after and after.url == D
