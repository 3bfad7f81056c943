"""Redirects: the target counts as the page, and a page counts once."""

from collections.abc import Iterator

import pytest

from crawler.domain.lifecycle import JobStatus
from crawler.domain.model import ScopeKind, Totals
from crawler.storage.discovery import KnownUrls
from crawler.storage.leases import Lease
from crawler.storage.migrate import migrate
from crawler.storage.pages import PageFilter
from tests.storage import ROOT, MadeSite, Storage, crawl_all, crawl_root, totals_in

A, B, C, D, T, U, V = (f"{ROOT}{name}" for name in "abcdtuv")


@pytest.fixture(scope="module")
def storage(database_url: str) -> Iterator[Storage]:
    migrate(database_url)
    stores = Storage(database_url)
    yield stores
    stores.database.close()


def apply_next(
    storage: Storage, lease: Lease, site: MadeSite, limit: int = 10, known: KnownUrls | None = None
) -> list[str]:
    """Claims a batch, applies its answer; the URLs that it holds."""
    claim = storage.frontier.claim(lease, limit)
    storage.frontier.apply(lease, site.answer(claim), known or KnownUrls())
    return [url.url for url in claim.urls]


def told(storage: Storage, lease: Lease) -> list[tuple[str, str, str | None]]:
    """URL, outcome and reason of the last batch's pages."""
    batch = [e for e in storage.events(lease.job_id) if e.name == "batch_completed"][-1]
    return sorted((p["url"], p["outcome"], p["reason"]) for p in batch.data["pages"])


def test_an_unknown_target_becomes_an_alias_of_the_url_that_led_to_it(storage: Storage) -> None:
    lease = storage.begin_with(A)
    site = MadeSite({T: [B, T, A]}, {A: T})
    apply_next(storage, lease, site)
    assert told(storage, lease) == [(A, "fetched", None)]
    assert storage.states(lease.job_id) == {ROOT: "fetched", A: "fetched", T: "alias", B: "queued"}
    page = storage.pages.page(lease.job_id, storage.rows(lease.job_id)[A].id)
    assert page.row.final_url == T
    assert T not in storage.rows(lease.job_id), "an alias is no URL of its own"
    assert apply_next(storage, lease, MadeSite({B: [T]})) == [B]
    assert apply_next(storage, lease, site) == [], "a link to the alias is no second fetch"
    assert storage.totals(lease.job_id).discovered == 3
    assert storage.finish(lease) is JobStatus.COMPLETED


def test_a_waiting_target_takes_the_page_and_the_claim(storage: Storage) -> None:
    lease = storage.begin_with(A, T)
    apply_next(storage, lease, MadeSite({T: [B]}, {A: T}), limit=1)
    assert told(storage, lease) == [(A, "skipped", "duplicate"), (T, "fetched", None)]
    assert storage.totals(lease.job_id) == Totals(
        4, 1, 0, 2, 0, 1, bytes=200, reasons={"duplicate": 1}
    )
    rows = storage.rows(lease.job_id)
    assert rows[B].found_on == rows[T].id
    assert rows[A].content_hash is None and rows[T].content_hash is not None
    assert apply_next(storage, lease, MadeSite()) == [B], "the target is not fetched again"
    assert storage.finish(lease) is JobStatus.COMPLETED


def test_a_target_beyond_the_depth_comes_in_by_a_redirect(storage: Storage) -> None:
    lease = storage.begin(max_depth=2)
    site = MadeSite({ROOT: [B, A], B: [C], C: [T], T: [U], U: [V]}, {A: T})
    crawl_root(storage, lease, B, A)
    first = storage.frontier.claim(lease, 1)
    held = storage.frontier.claim(lease, 1)
    storage.frontier.apply(lease, site.answer(first), KnownUrls())
    assert apply_next(storage, lease, site) == [C]
    assert storage.states(lease.job_id)[T] == "beyond"
    storage.frontier.apply(lease, site.answer(held), KnownUrls())
    assert told(storage, lease) == [(A, "skipped", "duplicate"), (T, "fetched", None)]
    assert storage.rows(lease.job_id)[T].depth == 1
    assert crawl_all(storage, lease, site) is JobStatus.COMPLETED
    assert storage.states(lease.job_id) == {
        ROOT: "done", A: "done", B: "done", C: "done", T: "done", U: "done", V: "beyond"
    }  # fmt: skip
    assert storage.totals(lease.job_id).discovered == 6


@pytest.mark.parametrize("settles", [True, False], ids=["call stopped at it", "call fetched it"])
def test_a_known_target_makes_the_url_a_duplicate(storage: Storage, settles: bool) -> None:
    lease = storage.begin_with(T, A)
    apply_next(storage, lease, MadeSite(), limit=1)
    site = MadeSite({}, {A: T}, is_settled=lambda url_id, target: settles)
    apply_next(storage, lease, site)
    assert told(storage, lease) == [(A, "skipped", "duplicate")]
    assert storage.totals(lease.job_id) == Totals(
        3, completed=2, skipped=1, bytes=200, reasons={"duplicate": 1}
    )
    assert storage.finish(lease) is JobStatus.COMPLETED


def test_two_urls_of_one_batch_with_one_target_give_one_page(storage: Storage) -> None:
    lease = storage.begin_with(A, B)
    apply_next(storage, lease, MadeSite({}, {A: T, B: T}))
    assert told(storage, lease) == [(A, "fetched", None), (B, "skipped", "duplicate")]
    assert storage.totals(lease.job_id) == Totals(
        3, completed=2, skipped=1, bytes=200, reasons={"duplicate": 1}
    )


def test_two_urls_of_one_batch_share_a_waiting_target(storage: Storage) -> None:
    lease = storage.begin_with(A, B, T)
    apply_next(storage, lease, MadeSite({}, {A: T, B: T}), limit=2)
    assert told(storage, lease) == [
        (A, "skipped", "duplicate"), (B, "skipped", "duplicate"), (T, "fetched", None)
    ]  # fmt: skip
    assert storage.totals(lease.job_id).adds_up


def test_a_redirect_into_its_own_batch_is_a_duplicate(storage: Storage) -> None:
    lease = storage.begin_with(A, T)
    apply_next(storage, lease, MadeSite({}, {A: T}))
    assert told(storage, lease) == [(A, "skipped", "duplicate"), (T, "fetched", None)]


def test_a_call_asks_whether_a_target_needs_no_fetch(storage: Storage) -> None:
    lease = storage.begin_with(A, B, C)
    a, b = storage.frontier.claim(lease, 2).urls
    settled = storage.reader.is_settled
    assert not settled(lease.job_id, a.id, T), "unknown"
    assert not settled(lease.job_id, a.id, C), "waiting: the claim will pass to it"
    assert not settled(lease.job_id, a.id, A), "itself"
    assert not settled(lease.job_id, a.id, B), "another call has it in hand: it may lead back"
    storage.frontier.return_urls(lease, [a.id, b.id])
    apply_next(storage, lease, MadeSite({}, {A: T}, frozenset({C})))
    assert settled(lease.job_id, b.id, T), "an alias of another"
    assert not settled(lease.job_id, a.id, T), "its own alias"
    assert not settled(lease.job_id, a.id, C), "failed"
    assert settled(lease.job_id, a.id, ROOT), "a page"


@pytest.mark.parametrize(
    ("root", "target", "kind", "inside", "outside"),
    [
        ("http://site/", "http://www.site/", ScopeKind.HOST, "http://www.site/x", "http://site/x"),
        ("http://site/", "https://site/", ScopeKind.HOST, "http://site/x", "http://other/"),
        ("http://site/", "http://other/y", ScopeKind.HOST, "http://other/x", "http://site/x"),
        ("http://site/", "http://site/docs/", ScopeKind.HOST, "http://site/x", "http://other/"),
        ("http://site/", "http://site/docs/", ScopeKind.PATH, "http://site/docs/x", "http://site/x"),
        ("http://site/d", "http://site/d/en/", ScopeKind.PATH, "http://site/d/en/x", "http://site/d"),
    ],
)
def test_a_root_moves_the_scope_by_its_redirect(
    storage: Storage, root: str, target: str, kind: ScopeKind, inside: str, outside: str
) -> None:
    lease = storage.begin(root, scope=kind)
    site = MadeSite({target: [inside, outside]}, {root: target})
    assert crawl_all(storage, lease, site) is JobStatus.COMPLETED
    assert storage.job(lease.job_id).scope_bases == (target,)
    assert storage.states(lease.job_id) == {root: "done", target: "alias", inside: "done"}


def test_no_other_page_moves_the_scope(storage: Storage) -> None:
    lease = storage.begin_with(A)
    apply_next(storage, lease, MadeSite({}, {A: "http://other/"}))
    assert storage.job(lease.job_id).scope_bases == (ROOT,)


def test_one_root_that_leads_to_another_gives_one_page(storage: Storage) -> None:
    lease = storage.begin("http://site/", "http://www.site/")
    site = MadeSite({"http://www.site/": ["http://www.site/x"]}, {"http://site/": "http://www.site/"})
    assert crawl_all(storage, lease, site) is JobStatus.COMPLETED
    fetched = storage.pages.rows(lease.job_id, PageFilter("fetched"), 0, 10)
    assert [row.url for row in fetched] == ["http://www.site/", "http://www.site/x"]
    assert storage.job(lease.job_id).scope_bases == ("http://www.site/",) * 2


# Found closer

def job_with_a_slow_page(storage: Storage, chain: str, site: MadeSite, max_depth: int) -> Lease:
    """All is crawled but D, at one click, whose answer is still to come; D links to `chain`."""
    lease = storage.begin(max_depth=max_depth)
    crawl_root(storage, lease, D, B)
    slow = storage.frontier.claim(lease, 1)
    assert [url.url for url in slow.urls] == [D]
    known = KnownUrls()
    while apply_next(storage, lease, site, known=known):
        pass
    storage.frontier.apply(lease, MadeSite({D: [chain]}).answer(slow), known)
    assert crawl_all(storage, lease, site) is JobStatus.COMPLETED
    assert sum(totals_in(e).adds_up for e in storage.events(lease.job_id)) > 5
    return lease


CASES = {
    # B is found at 1, C at 2, A and what it leads to at 3; D's late answer has A at 2.
    "its alias": (MadeSite({B: [C], C: [A], T: [U], U: [V]}, {A: T}), A, A),
    "through its alias": (MadeSite({B: [C], C: [A], T: [U], U: [V]}, {A: T}), T, A),
    "through a duplicate": (MadeSite({B: [C], C: [T, A], T: [U], U: [V]}, {A: T}), A, T),
}


@pytest.mark.parametrize(("site", "chain", "page"), list(CASES.values()), ids=list(CASES))
def test_a_page_found_closer_takes_its_links_along(
    storage: Storage, site: MadeSite, chain: str, page: str
) -> None:
    lease = job_with_a_slow_page(storage, chain, site, max_depth=4)
    depths = {url: row.depth for url, row in storage.rows(lease.job_id).items()}
    assert (depths[page], depths[U], depths[V]) == (2, 3, 4)
    assert storage.rows(lease.job_id)[V].outcome == "fetched"


def test_the_closer_of_two_urls_with_one_target_counts(storage: Storage) -> None:
    lease = storage.begin_with(A, B, depth=3, max_depth=9)
    claim = storage.frontier.claim(lease, 2)
    storage.sql("UPDATE frontier SET depth = 2 WHERE job_id = %(id)s AND url = %(url)s",
                id=lease.job_id, url=B)
    site = MadeSite({T: [U]}, {A: T, B: T})
    storage.frontier.apply(lease, site.answer(claim), KnownUrls())
    assert crawl_all(storage, lease, site) is JobStatus.COMPLETED
    assert storage.rows(lease.job_id)[U].depth == 3


def test_a_target_in_the_same_batch_comes_closer_with_its_links(storage: Storage) -> None:
    lease = storage.begin_with(A, T, depth=3, max_depth=9)
    claim = storage.frontier.claim(lease, 2)
    storage.sql("UPDATE frontier SET depth = 2 WHERE job_id = %(id)s AND url = %(url)s",
                id=lease.job_id, url=A)
    site = MadeSite({T: [U]}, {A: T})
    storage.frontier.apply(lease, site.answer(claim), KnownUrls())
    assert crawl_all(storage, lease, site) is JobStatus.COMPLETED
    rows = storage.rows(lease.job_id)
    assert (rows[T].depth, rows[U].depth) == (2, 3)
