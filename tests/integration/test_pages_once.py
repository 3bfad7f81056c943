"""A URL is a duplicate of a page, of nothing else, whatever answers first and leads where."""

import random
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from crawler.domain.lifecycle import JobStatus
from crawler.domain.model import Outcome, Totals
from crawler.storage.discovery import KnownUrls
from crawler.storage.frontier import Claim
from crawler.storage.leases import Lease
from crawler.storage.migrate import migrate
from crawler.storage.results import BatchResult
from tests.storage import ROOT, MadeSite, Storage, crawl_root, failed, totals_in

A, B, T = (f"{ROOT}{name}" for name in "abt")


@pytest.fixture(scope="module")
def storage(database_url: str) -> Iterator[Storage]:
    migrate(database_url)
    stores = Storage(database_url)
    yield stores
    stores.database.close()


def outcomes(storage: Storage, lease: Lease) -> dict[str, str | None]:
    """Outcome or reason of every URL but the root; of a duplicate the URL whose page it is."""
    rows = storage.rows(lease.job_id)
    names = {row.id: row.url for row in rows.values()}
    return {
        url: names[row.duplicate_of] if row.duplicate_of else row.reason or row.outcome
        for url, row in rows.items()
        if url != ROOT
    }


def asking(storage: Storage, lease: Lease, site: MadeSite) -> MadeSite:
    """The site with calls that ask, as they do, whether a redirect leads to a page of the job."""

    def is_settled(url_id: int, target: str) -> bool:
        return storage.reader.is_settled(lease.job_id, url_id, target)

    return replace(site, is_settled=is_settled)


@pytest.mark.parametrize("size", [1, 2], ids=["in two calls", "in one call"])
def test_urls_that_lead_to_each_other_are_a_loop(storage: Storage, size: int) -> None:
    lease = storage.begin_with(A, B)
    site = asking(storage, lease, MadeSite({}, {A: B, B: A}))
    claims = [storage.frontier.claim(lease, size) for _ in range(2 // size)]
    for answer in [site.answer(claim) for claim in claims]:
        storage.frontier.apply(lease, answer, KnownUrls())
    assert outcomes(storage, lease) == {A: "redirect-loop", B: "redirect-loop"}


def test_a_target_that_another_call_has_in_hand_gets_the_page_that_comes_first(
    storage: Storage,
) -> None:
    lease = storage.begin_with(A, T)
    site = asking(storage, lease, MadeSite({}, {A: T}))
    first, second = (storage.frontier.claim(lease, 1) for _ in range(2))
    answers = [site.answer(first), site.answer(second)]
    storage.frontier.apply(lease, answers[0], KnownUrls())
    assert outcomes(storage, lease) == {A: T, T: "fetched"}
    before = storage.events(lease.job_id)
    storage.frontier.apply(lease, answers[1], KnownUrls())
    assert storage.events(lease.job_id) == before, "the target has its page already"
    assert storage.totals(lease.job_id) == Totals(
        3, completed=2, skipped=1, bytes=200, reasons={"duplicate": 1}
    )


def test_two_urls_whose_sites_take_turns_in_leading_are_one_page(storage: Storage) -> None:
    lease = storage.begin_with(A, B)
    claim = storage.frontier.claim(lease, 2)
    (there, _), (_, back) = (
        MadeSite({}, redirects).answer(claim).results for redirects in ({A: B}, {B: A})
    )
    storage.frontier.apply(lease, BatchResult((there, back), ()), KnownUrls())
    assert outcomes(storage, lease) == {A: B, B: "fetched"}


@pytest.mark.parametrize("at_once", [False, True])
def test_a_target_that_failed_gets_the_page_that_a_redirect_brings(
    storage: Storage, at_once: bool
) -> None:
    lease = storage.begin_with(T, A)
    site = asking(storage, lease, MadeSite({}, {A: T}))
    if at_once:
        claim = storage.frontier.claim(lease, 2)
        (broken, page) = (failed(claim).results[0], site.answer(claim).results[1])
        storage.frontier.apply(lease, BatchResult((broken, page), ()), KnownUrls())
    else:
        storage.frontier.apply(lease, failed(storage.frontier.claim(lease, 1)), KnownUrls())
        claim = storage.frontier.claim(lease, 1)
        storage.frontier.apply(lease, site.answer(claim), KnownUrls())
    assert outcomes(storage, lease) == {A: T, T: "fetched"}
    assert storage.totals(lease.job_id).reasons == {"duplicate": 1}
    assert totals_in(storage.events(lease.job_id)[-1]).completed == 2


def test_what_was_led_to_a_page_that_turns_out_to_be_another_is_that_other(
    storage: Storage,
) -> None:
    lease = storage.begin_with(B, A, T)
    site = MadeSite({}, {A: T}, contents={B: "same", T: "same"})
    for _ in range(2):
        claim = storage.frontier.claim(lease, 1)
        storage.frontier.apply(lease, site.answer(claim), KnownUrls())
    assert outcomes(storage, lease) == {B: "fetched", A: B, T: B}


def test_a_call_that_stopped_at_what_is_no_page_is_made_anew(storage: Storage) -> None:
    lease = storage.begin_with(A, T)
    claim = storage.frontier.claim(lease, 1)
    mistaken = MadeSite({}, {A: T}, is_settled=lambda url_id, target: True)
    storage.frontier.apply(lease, mistaken.answer(claim), KnownUrls())
    assert outcomes(storage, lease) == {A: None, T: None}
    assert storage.totals(lease.job_id).queued == 2


# Any site, any order


class Unreliable:
    """Calls that answer in any order, some early and some late, and fail now and then."""

    def __init__(self, storage: Storage, lease: Lease, site: MadeSite, seed: int) -> None:
        self._storage = storage
        self._lease = lease
        self._site = asking(storage, lease, site)
        self._chance = random.Random(seed)

    def run(self) -> None:
        """Until nothing waits or is in hand; duplicates are held to be of pages all the time."""
        in_hand: list[tuple[Claim, BatchResult | None]] = []
        while True:
            claim = self._storage.frontier.claim(self._lease, self._chance.randint(1, 3))
            if claim.urls:
                is_early = self._chance.random() < 0.5
                in_hand.append((claim, self._answer(claim) if is_early else None))
            if in_hand and (not claim.urls or len(in_hand) > self._chance.randrange(4)):
                held, answer = in_hand.pop(self._chance.randrange(len(in_hand)))
                self._apply(answer or self._answer(held))
            elif not claim.urls:
                return

    def _answer(self, claim: Claim) -> BatchResult:
        answer = self._site.answer(claim)
        broken = failed(claim, "http-500").results
        results = tuple(
            bad if self._chance.random() < 0.15 else good
            for good, bad in zip(answer.results, broken, strict=True)
        )
        return replace(answer, results=results)

    def _apply(self, answer: BatchResult) -> None:
        self._storage.frontier.apply(self._lease, answer, KnownUrls())
        assert _duplicates_of_no_page(self._storage, self._lease) == []


def _duplicates_of_no_page(storage: Storage, lease: Lease) -> list[object]:
    return [*storage.sql(
        "SELECT frontier.url, page.url AS named, page.state"
        " FROM frontier LEFT JOIN frontier AS page"
        " ON page.job_id = frontier.job_id AND page.id = frontier.duplicate_of"
        " WHERE frontier.job_id = %(id)s"
        " AND (frontier.reason = 'duplicate' OR frontier.duplicate_of IS NOT NULL)"
        " AND coalesce(page.outcome, '') NOT IN ('fetched', 'cached')",
        id=lease.job_id,
    )]  # fmt: skip


def made_site(seed: int) -> tuple[MadeSite, list[str]]:
    """Redirects in chains, circles and stars; pages alike by content, or by name and title."""
    chance = random.Random(seed)
    names = [f"{ROOT}{number}" for number in range(10)]
    known = names[:8]
    site = MadeSite(
        redirects={name: chance.choice(names) for name in chance.sample(known, 5)},
        contents={name: str(chance.randrange(8)) for name in names},
        titles={name: str(chance.randrange(3)) for name in names},
        canonicals={name: chance.choice(names) for name in chance.sample(names, 3)},
        gone=frozenset(chance.sample(names, 1)),
    )
    return site, known


@given(st.integers(0, 2**32))
@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
def test_duplicates_are_of_pages_and_no_page_comes_twice(storage: Storage, seed: int) -> None:
    site, known = made_site(seed)
    lease = storage.begin(max_depth=1)
    crawl_root(storage, lease, *known)
    for attempt in range(2):
        Unreliable(storage, lease, site, seed + attempt).run()
        assert storage.finish(lease) is JobStatus.COMPLETED
        storage.leases.release(lease, handed_over=False)
        rows = [row for row in storage.rows(lease.job_id).values() if row.outcome == "fetched"]
        assert Counter(row.final_url for row in rows).most_common(1)[0][1] == 1
        assert Counter(row.content_hash for row in rows).most_common(1)[0][1] == 1
        storage.events(lease.job_id)
        if not any(row.outcome == Outcome.FAILED for row in storage.rows(lease.job_id).values()):
            return
        storage.jobs.resume(lease.job_id, retry_failed=True)
        lease = storage.take(lease.job_id)
