"""What comes next is claimed in the transaction that applies an answer, or not at all."""

from collections.abc import Iterator

import pytest

from crawler.storage.claims import Claim, Wish
from crawler.storage.discovery import KnownUrls
from crawler.storage.frontier import FrontierStore
from crawler.storage.leases import Lease
from crawler.storage.migrate import migrate
from tests.storage import ROOT, MadeSite, Storage, crawl_root

LINKS = tuple(f"{ROOT}{number}" for number in range(40))
SITE = MadeSite({})


@pytest.fixture(scope="module")
def storage(database_url: str) -> Iterator[Storage]:
    migrate(database_url)
    stores = Storage(database_url)
    yield stores
    stores.database.close()


class Room:
    """Takes so many batches of ten."""

    def __init__(self, batches: int, takes: bool = True) -> None:
        self.claims: list[Claim] = []
        self.misses = 0
        self._batches = batches
        self._takes = takes

    def wish(self) -> Wish | None:
        return Wish(10, (), None) if len(self.claims) < self._batches else None

    def miss(self, wish: Wish) -> None:
        self.misses += 1

    def take(self, claim: Claim) -> bool:
        self.claims.append(claim)
        return self._takes


def begun(storage: Storage, **options: object) -> tuple[Lease, Claim]:
    """A job whose root is crawled, and its first batch."""
    lease = storage.begin(ROOT, **options)
    crawl_root(storage, lease, *LINKS)
    return lease, storage.frontier.claim(lease, 10)


def apply(frontier: FrontierStore, lease: Lease, claim: Claim, room: Room) -> list[int]:
    """Ids that were claimed with the results."""
    frontier.apply(lease, SITE.answer(claim), KnownUrls(), room)
    return [url.id for claimed in room.claims for url in claimed.urls]


def test_there_are_as_many_batches_as_there_is_room_for(storage: Storage) -> None:
    lease, first = begun(storage)
    ids = apply(storage.frontier, lease, first, Room(2))
    assert len(set(ids)) == 20
    totals = storage.jobs.get(lease.job_id).totals
    assert (totals.completed, totals.processing, totals.queued) == (11, 20, 10)


def test_nothing_is_claimed_once_nothing_waits(storage: Storage) -> None:
    lease, first = begun(storage)
    room = Room(9)
    assert len(apply(storage.frontier, lease, first, room)) == 30
    assert room.misses == 0, "a queue that is empty is not looked through"


def test_where_nothing_waits_for_a_wish_the_claimer_hears_of_it(storage: Storage) -> None:
    lease, first = begun(storage, max_pages=11)
    room = Room(2)
    apply(storage.frontier, lease, first, room)
    assert (room.claims, room.misses) == ([], 1)


def test_a_roots_links_come_before_the_next_claim(storage: Storage) -> None:
    lease = storage.begin(ROOT, f"{ROOT}other")
    room = Room(2)
    assert apply(storage.frontier, lease, storage.frontier.claim(lease, 1), room) == []


def test_a_paused_job_claims_nothing(storage: Storage) -> None:
    lease, first = begun(storage)
    storage.jobs.pause(lease.job_id)
    assert apply(storage.frontier, lease, first, Room(2)) == []
    assert storage.jobs.get(lease.job_id).totals.completed == 11


@pytest.mark.parametrize(("pages", "claimed"), [(11, 0), (12, 1), (25, 14), (1_000, 20)])
def test_several_batches_of_one_change_keep_the_page_limit(
    storage: Storage, pages: int, claimed: int
) -> None:
    lease, first = begun(storage, max_pages=pages)
    assert len(apply(storage.frontier, lease, first, Room(2))) == claimed


def test_what_there_is_no_call_for_after_all_waits_again(storage: Storage) -> None:
    lease, first = begun(storage)
    room = Room(2, takes=False)
    apply(storage.frontier, lease, first, room)
    assert len(room.claims) == 1
    totals = storage.jobs.get(lease.job_id).totals
    assert (totals.processing, totals.queued) == (0, 30)
