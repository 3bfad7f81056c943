"""Links to a page: found by keys of 4 bytes, under every address that the page has."""

from collections.abc import Iterator

import pytest

from crawler.storage.links import LinkFrom, LinkStore
from crawler.storage.migrate import migrate
from tests.storage import ROOT, MadeSite, Storage, crawl_all

A, B, C, OLD, TWIN = (f"{ROOT}{name}" for name in ("a", "b", "c", "old", "twin"))


@pytest.fixture(scope="module")
def storage(database_url: str) -> Iterator[Storage]:
    migrate(database_url)
    stores = Storage(database_url)
    yield stores
    stores.database.close()


def crawl(storage: Storage, site: MadeSite) -> tuple[str, dict[str, int]]:
    """A crawl of a site; the job's id and those of its URLs."""
    lease = storage.begin(max_depth=None)
    crawl_all(storage, lease, site)
    return lease.job_id, {url: row.id for url, row in storage.rows(lease.job_id).items()}


def test_links_to_a_page_are_those_of_other_pages(storage: Storage) -> None:
    site = MadeSite({ROOT: [A, B], A: [A, B, ROOT], B: [C], C: [f"{B}/not"]}, gone=frozenset({C}))
    job_id, ids = crawl(storage, site)
    links = LinkStore(storage.database)
    assert [(link.id, link.url, link.title) for link in links.links_to(job_id, ids[B], 10)] == [
        (ids[ROOT], ROOT, ROOT),
        (ids[A], A, A),
    ]
    assert [link.url for link in links.links_to(job_id, ids[A], 10)] == [ROOT]
    assert links.links_to(job_id, ids[B], 1)[0].id == ids[ROOT]
    assert [link.id for link in links.links_to(job_id, ids[B], 1, after=ids[ROOT])] == [ids[A]]
    assert [links.count_links_to(job_id, ids[url]) for url in (ROOT, A, B, C)] == [1, 1, 2, 1]
    assert links.links_to(job_id, 10**9, 10) == []
    assert links.count_links_to("another", ids[B]) == 0


def test_links_to_another_address_of_a_page_lead_to_it(storage: Storage) -> None:
    site = MadeSite(
        {ROOT: [A, OLD, TWIN], A: [OLD], B: [TWIN]},
        redirects={OLD: B},
        contents={TWIN: "same", A: "same"},
    )
    job_id, _ = crawl(storage, site)
    links = LinkStore(storage.database)
    page = next(row for row in storage.rows(job_id).values() if row.final_url == B)
    assert [link.url for link in links.links_to(job_id, page.id, 10)] == [ROOT, A]
    kept = next(
        row
        for url, row in storage.rows(job_id).items()
        if url in (A, TWIN) and row.duplicate_of is None
    )
    assert {link.url for link in links.links_to(job_id, kept.id, 10)} == {ROOT, B}


def test_the_text_is_that_of_the_link(storage: Storage) -> None:
    job_id, ids = crawl(storage, MadeSite({ROOT: [A], A: []}, titles={ROOT: "Home"}))
    links = LinkStore(storage.database)
    assert links.links_to(job_id, ids[A], 5) == [LinkFrom(ids[ROOT], ROOT, "Home", "to a")]
