"""Batches of one host and one depth, and URLs that wait to be tried again."""

from collections.abc import Iterator

import pytest

from crawler.domain.lifecycle import JobStatus
from crawler.domain.model import Outcome, ScopeKind, Trail
from crawler.domain.options import Policy
from crawler.storage.changes import Changes
from crawler.storage.discovery import KnownUrls
from crawler.storage.frontier import FrontierStore
from crawler.storage.leases import Lease
from crawler.storage.migrate import migrate
from crawler.storage.results import BatchResult, Retry, UrlResult
from tests.storage import ROOT, MadeSite, Storage, crawl_all, crawl_root, failed, in_passing

ONE, TWO, THREE = "http://one/", "http://two:81/", "http://three/"
A, B = f"{ROOT}a", f"{ROOT}b"


@pytest.fixture(scope="module")
def storage(database_url: str) -> Iterator[Storage]:
    migrate(database_url)
    stores = Storage(database_url)
    yield stores
    stores.database.close()


def pages(host: str, count: int) -> list[str]:
    return [f"{host}{number}" for number in range(count)]


def claimed(storage: Storage, lease: Lease, *busy: str, limit: int = 10) -> list[str]:
    return [url.url for url in storage.frontier.claim(lease, limit, busy).urls]


def with_hosts(storage: Storage, *urls: str) -> Lease:
    return storage.begin_with(*urls, scope=ScopeKind.ANY)


# Hosts


def test_a_batch_is_of_one_host_and_says_which(storage: Storage) -> None:
    mixed = [url for both in zip(pages(ONE, 3), pages(TWO, 3), strict=True) for url in both]
    lease = with_hosts(storage, *mixed)
    claim = storage.frontier.claim(lease, 10)
    assert ([url.url for url in claim.urls], claim.host) == (pages(ONE, 3), "one")
    claim = storage.frontier.claim(lease, 10)
    assert ([url.url for url in claim.urls], claim.host) == (pages(TWO, 3), "two:81")
    claim = storage.frontier.claim(lease, 10)
    assert (claim.urls, claim.host, claim.wait_seconds) == ((), "", None)


def test_http_and_https_of_a_name_are_one_host(storage: Storage) -> None:
    lease = with_hosts(storage, "http://one/a", "https://one/b", "https://one:444/c")
    assert claimed(storage, lease) == ["http://one/a", "https://one/b"]
    assert claimed(storage, lease) == ["https://one:444/c"]


def test_busy_hosts_are_stepped_over(storage: Storage) -> None:
    lease = with_hosts(storage, *pages(ONE, 3), *pages(TWO, 3), *pages(THREE, 3))
    assert claimed(storage, lease, "one", "two:81") == pages(THREE, 3)
    assert claimed(storage, lease, "one", "two:81") == []
    assert claimed(storage, lease, "two:81", limit=2) == pages(ONE, 2)
    assert storage.totals(lease.job_id).queued == 4


def test_a_free_host_is_found_behind_any_number_of_urls_of_busy_ones(
    storage: Storage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("crawler.storage.claims._LOOK_AHEAD", 3)
    lease = with_hosts(storage, *pages(ONE, 5), *pages(TWO, 5), *pages(THREE, 2))
    assert claimed(storage, lease, "one", "two:81") == pages(THREE, 2)
    assert claimed(storage, lease, "one", "two:81", "three") == []
    assert claimed(storage, lease, "one", "elsewhere") == pages(TWO, 5)


@pytest.mark.parametrize("look_ahead", [3, 500])
def test_at_times_only_some_hosts_count(
    storage: Storage, monkeypatch: pytest.MonkeyPatch, look_ahead: int
) -> None:
    monkeypatch.setattr("crawler.storage.claims._LOOK_AHEAD", look_ahead)
    lease = with_hosts(storage, *pages(ONE, 5), *pages(TWO, 5), *pages(THREE, 2))

    def only(*hosts: str, busy: tuple[str, ...] = ()) -> list[str]:
        return [url.url for url in storage.frontier.claim(lease, 10, busy, hosts).urls]

    assert only() == only("elsewhere") == only("three", busy=("three",)) == []
    assert only("three", "two:81", "elsewhere", busy=("two:81",)) == pages(THREE, 2)
    assert only("three", "two:81") == pages(TWO, 5)
    assert claimed(storage, lease) == pages(ONE, 5)


def test_a_host_far_from_the_root_goes_on_while_a_near_one_waits(storage: Storage) -> None:
    lease = with_hosts(storage, *pages(ONE, 2), *pages(TWO, 2))
    storage.sql("UPDATE frontier SET depth = 2 WHERE job_id = %(id)s AND host = 'two:81'",
                id=lease.job_id)
    assert claimed(storage, lease, "one") == pages(TWO, 2)
    assert claimed(storage, lease) == pages(ONE, 2)


# Retries


def test_a_url_that_failed_in_passing_waits_and_is_tried_again(storage: Storage) -> None:
    lease = storage.begin_with(A, B)
    claim = storage.frontier.claim(lease, 1)
    last = storage.job(lease.job_id).last_event_id
    storage.frontier.apply(lease, in_passing(claim), KnownUrls())
    assert storage.events(lease.job_id, last) == [], "only what became of it is told"
    row = storage.rows(lease.job_id)[A]
    assert (row.outcome, row.reason, row.attempts) == (None, "timeout", 1)
    assert row.not_before is not None
    totals = storage.totals(lease.job_id)
    assert (totals.queued, totals.processing, totals.reasons) == (2, 0, {})
    assert claimed(storage, lease) == [B], "nothing else waits for it"
    wait = storage.frontier.claim(lease, 10).wait_seconds
    assert wait is not None and 50 < wait <= 60
    storage.make_due(lease.job_id)
    (url,) = storage.frontier.claim(lease, 10).urls
    assert (url.url, url.attempts) == (A, 1)


def test_a_job_does_not_end_while_something_waits_to_be_tried_again(storage: Storage) -> None:
    lease = storage.begin_with(A)
    storage.frontier.apply(lease, in_passing(storage.frontier.claim(lease, 1)), KnownUrls())
    assert storage.finish(lease) is None
    storage.make_due(lease.job_id)
    assert crawl_all(storage, lease, MadeSite()) is JobStatus.COMPLETED
    row = storage.rows(lease.job_id)[A]
    assert (row.outcome, row.reason, row.not_before) == ("fetched", None, None)


def test_being_led_to_a_host_without_a_turn_is_no_attempt(storage: Storage) -> None:
    lease = storage.begin_with(A)
    (url,) = storage.frontier.claim(lease, 1).urls
    led = Retry(url.id, "postponed", 5, is_attempt=False)
    storage.frontier.apply(lease, BatchResult((), (), retries=(led,)), KnownUrls())
    row = storage.rows(lease.job_id)[A]
    assert (row.attempts, row.reason) == (0, None) and row.not_before is not None


def test_a_rule_that_came_while_a_url_was_in_hand_lets_it_not_wait(storage: Storage) -> None:
    lease = storage.begin_with(A)
    claim = storage.frontier.claim(lease, 1)
    storage.change_limits(lease.job_id, exclude=("/a",))
    while storage.frontier.adjust(lease):
        pass
    storage.frontier.apply(lease, in_passing(claim), KnownUrls())
    row = storage.rows(lease.job_id)[A]
    assert (row.outcome, row.reason, row.not_before) == ("skipped", "excluded", None)
    assert storage.finish(lease) is JobStatus.COMPLETED
    assert storage.totals(lease.job_id).reasons == {"excluded": 1}


def lead_on(storage: Storage, lease: Lease, trail: Trail) -> None:
    """Has the one URL that waits be led to a host without a turn."""
    (url,) = storage.frontier.claim(lease, 1).urls
    led = Retry(url.id, "postponed", 0, is_attempt=False, trail=trail)
    storage.frontier.apply(lease, BatchResult((), (), retries=(led,)), KnownUrls())


def test_a_url_that_was_led_on_waits_at_the_host_where_it_goes_on(storage: Storage) -> None:
    lease = storage.begin_with(A)
    trail = Trail(((A, 301),), "http://other/a")
    lead_on(storage, lease, trail)
    claim = storage.frontier.claim(lease, 1, ["site"])
    assert claim.host == "other"
    (url,) = claim.urls
    assert (url.url, url.start, url.trail) == (A, "http://other/a", trail)
    storage.frontier.return_urls(lease, [url.id])
    assert not storage.frontier.claim(lease, 1, ["other"]).urls
    (again,) = storage.frontier.claim(lease, 1).urls
    assert again == url, "a call that did not get to it changes nothing"


@pytest.mark.parametrize("ends", [False, True])
def test_a_url_that_failed_where_it_was_led_to_begins_anew(storage: Storage, ends: bool) -> None:
    lease = storage.begin_with(A)
    lead_on(storage, lease, Trail(((A, 301),), "http://other/a"))
    claim = storage.frontier.claim(lease, 1)
    if ends:
        storage.frontier.apply(lease, failed(claim), KnownUrls())
        storage.finish(lease)
        storage.jobs.resume(lease.job_id, retry_failed=True)
    else:
        storage.frontier.apply(lease, in_passing(claim), KnownUrls())
    storage.make_due(lease.job_id)
    (url,) = storage.frontier.claim(lease, 1, ["other"]).urls
    assert (url.url, url.trail) == (A, None)


def test_retries_of_urls_that_are_not_in_hand_are_dropped(storage: Storage) -> None:
    lease = storage.begin_with(A)
    claim = storage.frontier.claim(lease, 1)
    storage.frontier.return_urls(lease, [claim.urls[0].id])
    storage.frontier.apply(lease, in_passing(claim), KnownUrls())
    assert storage.totals(lease.job_id).queued == 1
    assert claimed(storage, lease) == [A]


def test_what_waits_is_skipped_at_the_page_limit(storage: Storage) -> None:
    lease = storage.begin_with(A, B, max_pages=2)
    storage.frontier.apply(lease, in_passing(storage.frontier.claim(lease, 1)), KnownUrls())
    assert crawl_all(storage, lease, MadeSite()) is JobStatus.COMPLETED
    row = storage.rows(lease.job_id)[A]
    assert (row.reason, row.not_before) == ("page-limit", None)


def test_failed_urls_are_tried_again_with_all_their_attempts(storage: Storage) -> None:
    lease = storage.begin_with(A)
    storage.frontier.apply(lease, in_passing(storage.frontier.claim(lease, 1)), KnownUrls())
    storage.make_due(lease.job_id)
    (url,) = storage.frontier.claim(lease, 1).urls
    gone = UrlResult(url.id, url.url, Outcome.FAILED, "timeout")
    storage.frontier.apply(lease, BatchResult((gone,), ()), KnownUrls())
    assert storage.finish(lease) is JobStatus.COMPLETED
    assert storage.rows(lease.job_id)[A].attempts == 1
    storage.jobs.resume(lease.job_id, retry_failed=True)
    assert storage.totals(lease.job_id).reasons == {}
    assert storage.rows(lease.job_id)[A].attempts == 0


def test_a_root_that_waits_holds_nobody_back_and_may_still_move_the_scope(
    storage: Storage,
) -> None:
    lease = storage.begin("http://one/", "http://old/")
    one, old = storage.frontier.claim(lease, 1, ["old"]), storage.frontier.claim(lease, 1, ["one"])
    links = {"http://one/": ["http://one/a", "http://new/a"]}
    storage.frontier.apply(lease, MadeSite(links).answer(one), KnownUrls())
    assert storage.frontier.expand(lease, KnownUrls()) == 0, "a root is under way"
    storage.frontier.apply(lease, in_passing(old), KnownUrls())
    assert storage.frontier.expand(lease, KnownUrls()) == 1
    assert claimed(storage, lease) == ["http://one/a"]
    storage.make_due(lease.job_id)
    moved = MadeSite({}, {"http://old/": "http://new/"})
    applied = storage.frontier.apply(
        lease, moved.answer(storage.frontier.claim(lease, 1)), KnownUrls()
    )
    assert applied.made_stale
    while storage.frontier.expand(lease, KnownUrls()):
        pass
    assert claimed(storage, lease) == ["http://new/a"]
    assert storage.pages.snapshot(lease.job_id).links_left_out == {"scope": 1}, "counted once"


def test_roots_at_a_busy_host_hold_nobody_back(storage: Storage) -> None:
    lease = storage.begin("http://one/", "http://two/")
    one = storage.frontier.claim(lease, 1, ["two"])
    site = MadeSite({"http://one/": ["http://one/a"]})
    storage.frontier.apply(lease, site.answer(one), KnownUrls())
    assert storage.frontier.expand(lease, KnownUrls()) == 0
    assert storage.frontier.expand(lease, KnownUrls(), ["two"]) == 1
    assert claimed(storage, lease, "two") == ["http://one/a"]


def test_links_of_all_pages_are_judged_anew_in_slices_once_the_scope_has_moved(
    storage: Storage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("crawler.storage.batches._SLICE", 2)
    lease = storage.begin("http://old/", "http://one/")
    old = storage.frontier.claim(lease, 1, ["one"])
    storage.frontier.apply(lease, in_passing(old), KnownUrls())
    names = pages(ONE, 5)
    site = MadeSite({ONE: names, **{name: [f"http://new/{name[-1]}"] for name in names}},
                    {"http://old/": "http://new/"})  # fmt: skip
    crawl_all(storage, lease, site)
    storage.make_due(lease.job_id)
    moved = site.answer(storage.frontier.claim(lease, 1))
    assert storage.frontier.apply(lease, moved, KnownUrls()).made_stale
    stale = "SELECT count(*) AS pages FROM pages WHERE job_id = %(id)s AND stale"
    assert storage.sql(stale, id=lease.job_id) == [{"pages": 1}], "that of the root"
    assert storage.finish(lease) is None
    marked = []
    while storage.frontier.expand(lease, KnownUrls()):
        marked += storage.sql(stale, id=lease.job_id)
    assert [each["pages"] for each in marked][:3] == [2, 4, 6]
    assert {f"http://new/{n}" for n in range(5)} < set(storage.states(lease.job_id))
    assert crawl_all(storage, lease, site) is JobStatus.COMPLETED


# Shells


def shells(storage: Storage, lease: Lease, count: int, reason: str = "challenge") -> bool:
    claim = storage.frontier.claim(lease, count)
    results = tuple(UrlResult(url.id, url.url, Outcome.FAILED, reason) for url in claim.urls)
    return storage.frontier.apply(lease, BatchResult(results, ()), KnownUrls()).only_shells


@pytest.mark.parametrize("pages_before", [0, 1])
def test_ten_shells_and_no_page_are_told_once(storage: Storage, pages_before: int) -> None:
    lease = storage.begin(*pages(ONE, 30))
    for _ in range(pages_before):
        storage.frontier.apply(
            lease, MadeSite().answer(storage.frontier.claim(lease, 1)), KnownUrls()
        )
    told = [
        shells(storage, lease, 8),
        shells(storage, lease, 1, "needs-javascript"),
        shells(storage, lease, 5),
        shells(storage, lease, 2),
    ]
    assert told == [False, False, not pages_before, False]


def test_a_job_that_pauses_by_itself_says_why_and_goes_on_by_a_resume(storage: Storage) -> None:
    lease = storage.begin()
    crawl_root(storage, lease, A)
    storage.frontier.pause(lease, "Only shells.")
    job = storage.job(lease.job_id)
    assert (job.status, job.error) == (JobStatus.PAUSED, "Only shells.")
    assert storage.events(lease.job_id)[-1].data["error"] == "Only shells."
    storage.jobs.resume(lease.job_id)
    assert storage.job(lease.job_id).error is None
    assert claimed(storage, lease) == [A]


# The operator's rules


def test_a_job_from_before_a_rule_of_the_operators_is_held_to_it(storage: Storage) -> None:
    lease = storage.begin_with(*pages(ROOT, 9), max_pages=9)
    bound = Policy(max_pages=3).bound
    frontier = FrontierStore(Changes(storage.database, storage._hear, bound))
    assert len(frontier.claim(lease, 10).urls) == 2, "the root is one of three"
