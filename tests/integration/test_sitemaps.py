"""Sitemaps of a job on a real database: found, claimed by host, read, and their URLs queued."""

from collections.abc import Iterator
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.domain.events import EventName
from crawler.domain.lifecycle import JobStatus
from crawler.domain.model import ScopeKind
from crawler.storage import sitemaps
from crawler.storage.changes import Fenced
from crawler.storage.discovery import KnownUrls
from crawler.storage.frontier import Halted
from crawler.storage.leases import Lease
from crawler.storage.migrate import migrate
from crawler.storage.results import SitemapResult
from crawler.storage.sitemap_queue import MOST_SITEMAPS, add_sitemaps
from crawler.storage.sitemaps import SLICE, SitemapStore, nth_slice, pack_slices
from tests.storage import ROOT, MadeSite, Storage, crawl_root, in_passing

MAP = f"{ROOT}sitemap.xml"


@pytest.fixture(scope="module")
def storage(database_url: str) -> Iterator[Storage]:
    migrate(database_url)
    stores = Storage(database_url)
    yield stores
    stores.database.close()


@pytest.fixture
def store(storage: Storage) -> SitemapStore:
    return SitemapStore(storage.changes)


def add(storage: Storage, lease: Lease, *urls: str, level: int = 0) -> int:
    with storage.changes.change(lease.job_id, epoch=lease.epoch) as change:
        return add_sitemaps(change, urls, level=level)


def claim(store: SitemapStore, lease: Lease, limit: int = 10, *busy: str) -> list[str]:
    return [each.url for each in store.claim(lease, limit, busy).sitemaps]


def read(store: SitemapStore, lease: Lease, *urls: str, **more: object) -> None:
    """Claims one sitemap, which lists these URLs."""
    (sitemap,) = store.claim(lease, 1).sitemaps
    store.settle(lease, [SitemapResult(sitemap.id, urls=urls, **more)])  # type: ignore[arg-type]


def expand(store: SitemapStore, lease: Lease) -> int:
    known, total = KnownUrls(), 0
    while looked_at := store.expand(lease, known):
        total += looked_at
    return total


def rows(storage: Storage, lease: Lease) -> list[dict[str, object]]:
    return storage.sql("SELECT * FROM sitemaps WHERE job_id = %(id)s ORDER BY id", id=lease.job_id)


def states(storage: Storage, lease: Lease) -> list[tuple[object, object]]:
    return [(row["state"], row["reason"]) for row in rows(storage, lease)]


def depths(storage: Storage, lease: Lease) -> dict[str, int]:
    found = storage.sql("SELECT url, depth FROM frontier WHERE job_id = %(id)s", id=lease.job_id)
    return {row["url"]: row["depth"] for row in found}


def test_urls_of_a_sitemap_are_found_as_if_a_root_linked_to_them(
    storage: Storage, store: SitemapStore
) -> None:
    lease = storage.begin()
    crawl_root(storage, lease, f"{ROOT}a")
    add(storage, lease, MAP)
    read(store, lease, f"{ROOT}a", f"{ROOT}b", f"{ROOT}c")
    assert expand(store, lease) == 3
    assert depths(storage, lease) == {ROOT: 0, f"{ROOT}a": 1, f"{ROOT}b": 1, f"{ROOT}c": 1}
    root = storage.rows(lease.job_id)[ROOT]
    assert storage.rows(lease.job_id)[f"{ROOT}c"].found_on == root.id
    *_, told = storage.events(lease.job_id)
    assert (told.name, told.data["count"]) == (EventName.URLS_DISCOVERED, 2)


def test_what_a_job_does_not_cover_is_counted_and_sampled(
    storage: Storage, store: SitemapStore
) -> None:
    lease = storage.begin(f"{ROOT}docs/", scope=ScopeKind.PATH, exclude=("*/old/*",))
    crawl_root(storage, lease)
    add(storage, lease, MAP)
    read(store, lease, f"{ROOT}docs/a", f"{ROOT}docs/old/b", f"{ROOT}c", f"{ROOT}d")
    expand(store, lease)
    assert set(depths(storage, lease)) == {f"{ROOT}docs/", f"{ROOT}docs/a"}
    *_, told = storage.events(lease.job_id)
    assert told.name == EventName.URLS_SKIPPED
    assert told.data["reasons"] == {"scope": 2, "excluded": 1}
    links = {each.reason: each.count for each in storage.reports.report(lease.job_id).links}
    assert links == {"scope": 2, "excluded": 1}


def test_at_times_only_the_sitemaps_of_some_hosts_count(
    storage: Storage, store: SitemapStore
) -> None:
    lease = storage.begin()
    add(storage, lease, "http://one/map", "http://two/map")
    claims = [store.claim(lease, 10, (), only) for only in ((), ("two",), None)]
    assert [claim.host for claim in claims] == ["", "two", "one"]


def test_urls_wait_until_the_roots_are_in(storage: Storage, store: SitemapStore) -> None:
    lease = storage.begin()
    add(storage, lease, MAP)
    read(store, lease, f"{ROOT}a")
    assert expand(store, lease) == 0
    crawl_root(storage, lease)
    assert expand(store, lease) == 1


def test_a_root_that_failed_in_passing_holds_no_sitemap_back(
    storage: Storage, store: SitemapStore
) -> None:
    lease = storage.begin()
    add(storage, lease, MAP)
    read(store, lease, f"{ROOT}a")
    storage.frontier.apply(lease, in_passing(storage.frontier.claim(lease, 1)), KnownUrls())
    assert expand(store, lease) == 1


def test_a_job_ends_only_when_its_sitemaps_are_read_and_queued(
    storage: Storage, store: SitemapStore
) -> None:
    lease = storage.begin()
    crawl_root(storage, lease)
    add(storage, lease, MAP)
    assert storage.finish(lease) is None
    read(store, lease, f"{ROOT}a")
    assert storage.finish(lease) is None
    expand(store, lease)
    batch = MadeSite().answer(storage.frontier.claim(lease, 10))
    storage.frontier.apply(lease, batch, KnownUrls())
    assert store.claim(lease, 1).is_last
    assert storage.finish(lease) is JobStatus.COMPLETED


def test_sitemaps_come_with_the_roots_that_name_them(storage: Storage, store: SitemapStore) -> None:
    lease = storage.begin()
    named = f"{ROOT}maps/one.xml"
    batch = MadeSite().answer(storage.frontier.claim(lease, 1))
    storage.frontier.apply(lease, replace(batch, sitemaps=(named, MAP)), KnownUrls())
    claimed = store.claim(lease, 10)
    assert [(each.url, each.is_named) for each in claimed.sitemaps] == [(named, True), (MAP, False)]
    assert not claimed.is_last


def test_a_claim_takes_sitemaps_of_one_host_that_is_free(
    storage: Storage, store: SitemapStore
) -> None:
    lease = storage.begin()
    ones = [f"http://one/{n}.xml" for n in range(3)]
    others = [f"http://other:8080/{n}.xml" for n in range(2)]
    add(storage, lease, ones[0], others[0], *ones[1:], others[1])
    assert claim(store, lease, 2) == ones[:2]
    assert claim(store, lease, 9, "one") == others
    assert claim(store, lease, 9, "one") == []
    assert claim(store, lease, 9) == ones[2:]


def test_an_index_leads_three_levels_down(storage: Storage, store: SitemapStore) -> None:
    lease = storage.begin()
    add(storage, lease, MAP)
    for level in range(4):
        read(store, lease, sitemaps=(f"{ROOT}{level}.xml", MAP))
    assert [row["level"] for row in rows(storage, lease)] == [0, 1, 2, 3]
    assert store.claim(lease, 1).is_last


def test_a_job_has_so_many_sitemaps_and_no_more(storage: Storage, store: SitemapStore) -> None:
    lease = storage.begin()
    urls = [f"{ROOT}{n}.xml" for n in range(MOST_SITEMAPS + 5)]
    assert add(storage, lease, *urls[:10], *urls[:10]) == 10
    assert add(storage, lease, *urls[:MOST_SITEMAPS]) == MOST_SITEMAPS - 10
    assert add(storage, lease, *urls) == 0


def test_sitemaps_that_are_too_many_or_too_deep_are_counted_in_the_report(
    storage: Storage, store: SitemapStore
) -> None:
    lease = storage.begin()
    crawl_root(storage, lease)
    add(storage, lease, MAP)
    read(store, lease, sitemaps=tuple(f"{ROOT}{n}.xml" for n in range(MOST_SITEMAPS + 5)))
    report = storage.reports.report(lease.job_id)
    assert (len(report.sitemaps), report.sitemap_count) == (100, MOST_SITEMAPS)
    assert report.sitemaps_left_out == 6
    add(storage, lease, MAP, f"{ROOT}1.xml", f"{ROOT}new.xml")
    assert storage.reports.report(lease.job_id).sitemaps_left_out == 7
    deep = storage.begin()
    add(storage, deep, MAP, level=3)
    assert add(storage, deep, MAP, f"{ROOT}a.xml", f"{ROOT}a.xml", level=4) == 0
    assert storage.reports.report(deep.job_id).sitemaps_left_out == 1


def test_a_failure_in_passing_waits_and_a_final_one_is_kept(
    storage: Storage, store: SitemapStore
) -> None:
    lease = storage.begin()
    add(storage, lease, MAP, f"{ROOT}b.xml")
    first, second = store.claim(lease, 2).sitemaps
    store.settle(
        lease,
        [SitemapResult(first.id, "timeout", 60_000), SitemapResult(second.id, "http-404")],
    )
    assert states(storage, lease) == [("queued", "timeout"), ("failed", "http-404")]
    waiting = store.claim(lease, 2)
    assert not waiting.sitemaps
    assert not waiting.is_last
    assert waiting.wait_seconds is not None
    assert 50 < waiting.wait_seconds <= 60
    storage.sql("UPDATE sitemaps SET not_before = clock_timestamp()")
    (again,) = store.claim(lease, 2).sitemaps
    assert (again.id, again.attempts) == (first.id, 1)
    store.settle(lease, [SitemapResult(first.id, urls=(f"{ROOT}a",), is_broken=True)])
    assert states(storage, lease)[0] == ("read", None)


def test_an_old_claims_result_is_dropped(storage: Storage, store: SitemapStore) -> None:
    lease = storage.begin()
    add(storage, lease, MAP)
    (sitemap,) = store.claim(lease, 1).sitemaps
    store.recover(lease, [])
    store.settle(lease, [SitemapResult(sitemap.id, urls=(f"{ROOT}a",))])
    assert states(storage, lease) == [("queued", None)]


def test_what_is_not_reached_or_whose_call_failed_is_read_again(
    storage: Storage, store: SitemapStore
) -> None:
    lease = storage.begin()
    add(storage, lease, MAP)
    for give_back in (
        lambda ids: store.settle(lease, [], ids),
        lambda ids: store.return_sitemaps(lease, ids),
        lambda ids: store.recover(lease, []),
        lambda ids: store.fail_call(lease, ids),
        lambda ids: store.fail_call(lease, ids),
    ):
        give_back([each.id for each in store.claim(lease, 1).sitemaps])
        assert states(storage, lease) == [("queued", None)]
    store.fail_call(lease, [each.id for each in store.claim(lease, 1).sitemaps])
    assert states(storage, lease) == [("failed", "function-error")]


def test_a_lost_orchestrators_sitemaps_are_read_by_the_next(
    storage: Storage, store: SitemapStore
) -> None:
    lease = storage.begin()
    add(storage, lease, MAP)
    assert claim(store, lease) == [MAP]
    storage.expire(lease.job_id)
    next_lease = storage.elsewhere.take(lease.job_id)
    assert next_lease is not None
    assert claim(store, next_lease) == [MAP]
    with pytest.raises(Fenced):
        store.settle(lease, [])


def test_a_paused_job_keeps_what_was_read_and_reads_no_more(
    storage: Storage, store: SitemapStore
) -> None:
    lease = storage.begin()
    crawl_root(storage, lease)
    add(storage, lease, MAP, f"{ROOT}b.xml")
    (sitemap,) = store.claim(lease, 1).sitemaps
    storage.jobs.pause(lease.job_id)
    store.settle(lease, [SitemapResult(sitemap.id, urls=(f"{ROOT}a",))])
    for work in (lambda: store.claim(lease, 1), lambda: store.expand(lease, KnownUrls())):
        with pytest.raises(Halted):
            work()


def test_sitemaps_are_read_only_while_urls_are_wanted(
    storage: Storage, store: SitemapStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    lease = storage.begin()
    crawl_root(storage, lease)
    add(storage, lease, MAP, f"{ROOT}b.xml")
    read(store, lease, *(f"{ROOT}{n}" for n in range(SLICE + 10)))
    monkeypatch.setattr(sitemaps, "ENOUGH_WAITING", 100)
    assert expand(store, lease) == SLICE
    assert claim(store, lease) == []
    assert storage.finish(lease) is None
    monkeypatch.setattr(sitemaps, "ENOUGH_WAITING", SLICE + 100)
    assert expand(store, lease) == 10
    assert claim(store, lease) == [f"{ROOT}b.xml"]
    assert rows(storage, lease)[0]["links"] is None


@pytest.mark.parametrize(
    ("limits", "reason"), [({"max_pages": 1}, "page-limit"), ({"max_depth": 0}, "depth")]
)
def test_a_limit_that_is_reached_leaves_sitemaps_for_one_that_is_raised(
    storage: Storage, store: SitemapStore, limits: dict[str, int], reason: str
) -> None:
    lease = storage.begin(**limits)
    crawl_root(storage, lease)
    add(storage, lease, MAP)
    assert claim(store, lease) == []
    assert storage.finish(lease) is JobStatus.COMPLETED
    (unread,) = storage.reports.report(lease.job_id).sitemaps
    assert (unread.state, unread.reason) == ("unread", reason)
    lease = storage.resume(lease, max_pages=10, max_depth=1)
    (waiting,) = storage.reports.report(lease.job_id).sitemaps
    assert (waiting.state, waiting.reason) == ("queued", None)
    read(store, lease, f"{ROOT}a")
    assert expand(store, lease) == 1


def test_another_try_reads_failed_sitemaps_again(storage: Storage, store: SitemapStore) -> None:
    lease = storage.begin()
    crawl_root(storage, lease)
    add(storage, lease, MAP)
    (sitemap,) = store.claim(lease, 1).sitemaps
    store.settle(lease, [SitemapResult(sitemap.id, "http-503")])
    assert storage.finish(lease) is JobStatus.COMPLETED
    storage.jobs.resume(lease.job_id, retry_failed=True)
    assert states(storage, lease) == [("queued", None)]


def test_a_report_tells_of_sitemaps_but_not_of_guesses_that_are_not_there(
    storage: Storage, store: SitemapStore
) -> None:
    lease = storage.begin()
    add(storage, lease, MAP, f"{ROOT}b.xml", f"{ROOT}c.xml")
    guess, second, _ = store.claim(lease, 3).sitemaps
    store.settle(
        lease,
        [SitemapResult(guess.id, "http-404"), SitemapResult(second.id, urls=(f"{ROOT}a",))],
    )
    used = storage.reports.report(lease.job_id).sitemaps
    assert [(each.url, each.state, each.urls) for each in used] == [
        (f"{ROOT}b.xml", "read", 1),
        (f"{ROOT}c.xml", "claimed", 0),
    ]


def test_a_crawl_that_ended_before_has_not_read_its_sitemaps(
    storage: Storage, store: SitemapStore
) -> None:
    lease = storage.begin()
    add(storage, lease, MAP, f"{ROOT}b.xml")
    first, second = store.claim(lease, 2).sitemaps
    results = [SitemapResult(first.id, "timeout", 60_000), SitemapResult(second.id, "postponed", 9)]
    store.settle(lease, results)
    waiting = storage.reports.report(lease.job_id).sitemaps
    assert [(each.state, each.reason) for each in waiting] == [
        ("queued", "timeout"), ("queued", None)
    ]  # fmt: skip
    storage.jobs.cancel(lease.job_id)
    unread = storage.reports.report(lease.job_id).sitemaps
    assert [(each.state, each.reason) for each in unread] == [
        ("unread", "timeout"), ("unread", None)
    ]  # fmt: skip


@given(st.integers(0, 3 * SLICE), st.integers(0, 4))
def test_a_slice_is_read_without_the_others(count: int, number: int) -> None:
    urls = [f"{ROOT}{n}" for n in range(count)]
    assert nth_slice(pack_slices(urls), number) == urls[number * SLICE : (number + 1) * SLICE]
