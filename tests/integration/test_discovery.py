"""Depth does not depend on timing: whatever answers first, the set is a breadth-first walk's."""

import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from crawler.domain.lifecycle import JobStatus
from crawler.domain.model import ScopeKind, Totals
from crawler.storage.discovery import Discovery, KnownUrls
from crawler.storage.frontier import Claim
from crawler.storage.leases import Lease
from crawler.storage.migrate import migrate
from crawler.storage.results import BatchResult
from tests.storage import ROOT, MadeSite, Storage, crawl_all, totals_in

Graph = Mapping[int, Sequence[int]]
ON_DATABASE = settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)


@pytest.fixture(scope="module")
def storage(database_url: str) -> Iterator[Storage]:
    migrate(database_url)
    stores = Storage(database_url)
    yield stores
    stores.database.close()


def url_of(page: int) -> str:
    return f"{ROOT}{page or ''}"


def made_site(
    links: Graph, redirects: Mapping[int, int], alike: Mapping[int, int] | None = None
) -> MadeSite:
    """`alike` names for some pages another one that has the same content and links."""
    alike = alike or {}
    return MadeSite(
        {url_of(p): [url_of(each) for each in links[end_of(p, alike)]] for p in links},
        {url_of(page): url_of(target) for page, target in redirects.items()},
        contents={url_of(page): f"content {end_of(page, alike)}" for page in links},
    )


def end_of(page: int, redirects: Mapping[int, int]) -> int:
    while page in redirects:
        page = redirects[page]
    return page


def breadth_first(links: Graph, redirects: Mapping[int, int], depth: int | None) -> dict[int, int]:
    """Pages within so many clicks of page 0, with their clicks; a redirect costs none."""
    found = {end_of(0, redirects): 0}
    level, clicks = set(found), 0
    while level and clicks != depth:
        clicks += 1
        ends = {end_of(each, redirects) for page in level for each in links.get(page, ())}
        level = ends - set(found)
        found.update(dict.fromkeys(level, clicks))
    return found


def crawled(storage: Storage, job_id: str) -> dict[str, int]:
    """What was fetched, by the URL it answered at, with its depth; none of it twice."""
    found: dict[str, int] = {}
    for row in storage.rows(job_id).values():
        if row.outcome == "fetched":
            assert row.final_url is not None and row.final_url not in found
            found[row.final_url] = row.depth
    return found


class Shuffled:
    """An orchestrator whose calls answer in any order and in any part.

    `choose(most)` gives a number from 0 to `most`: every choice is somebody else's. Answers of
    `slow` URLs come last, when all else that can be crawled was crawled, by longer ways.
    """

    def __init__(
        self,
        storage: Storage,
        lease: Lease,
        site: MadeSite,
        slow: frozenset[str],
        choose: Callable[[int], int],
    ) -> None:
        self._storage = storage
        self._lease = lease
        self._site = site
        self._slow = slow
        self._choose = choose
        self._known = KnownUrls()
        self._answers: list[BatchResult] = []
        self._held: list[BatchResult] = []
        self.fetched: list[str] = []

    def run(self) -> None:
        """Until nothing waits, is in flight or is stale."""
        while True:
            while self._storage.frontier.adjust(self._lease):
                pass
            claim = self._storage.frontier.claim(self._lease, 1 + self._choose(2))
            if claim.urls:
                self._send(claim)
                if len(self._answers) < 4 and self._choose(1):
                    continue
            if self._answers:
                self._apply(self._answers)
            elif not self._expand():
                if not self._held:
                    return
                self._apply(self._held)

    def _send(self, claim: Claim) -> None:
        reached = [url for url in claim.urls if self._choose(4)]
        answer = self._site.answer(claim, reached)
        self.fetched += [r.final_url for r in answer.results if r.is_page and r.final_url]
        is_slow = any(url.url in self._slow for url in claim.urls)
        (self._held if is_slow else self._answers).append(answer)

    def _apply(self, answers: list[BatchResult]) -> None:
        answer = answers.pop(self._choose(len(answers) - 1))
        if not self._choose(9):
            self._known.forget()
        applied = self._storage.frontier.apply(self._lease, answer, self._known)
        if applied.made_stale and self._choose(1):
            self._expand()

    def _expand(self) -> int:
        return self._storage.frontier.expand(self._lease, self._known)


PAGES = 14


@dataclass
class Case:
    """A site, how far it is crawled, what answers last and who else decides.

    Page 1 is a click from the root and answers late; it links far down a branch that was crawled
    meanwhile, so that depths come out wrong wherever they hang on what answered first.
    """

    links: dict[int, list[int]]
    redirects: dict[int, int]
    max_depths: list[int]
    slow: frozenset[int]
    chance: random.Random


def make_case(seed: int) -> Case:
    """A number makes all of it, so that cases are as unlike as can be."""
    chance = random.Random(seed)
    links: dict[int, list[int]] = {page: [] for page in range(PAGES)}
    for page in (1, 2):
        links[0].append(page)
    for page in range(3, PAGES):
        links[chance.randrange(max(2, page - 2), page)].append(page)
    for page in (1, 1, *chance.choices(range(PAGES), k=4)):
        links[page].append(chance.randrange(PAGES))
    for targets in links.values():
        chance.shuffle(targets)
    return Case(
        links,
        _redirects(chance),
        chance.choices((1, 2, 3, 4, 5), weights=(1, 1, 2, 2, 2), k=3),
        frozenset({1, *chance.sample(range(2, PAGES), k=chance.randrange(3))}),
        chance,
    )


def _redirects(chance: random.Random) -> dict[int, int]:
    """Some pages that lead to others, without a circle."""
    redirects: dict[int, int] = {}
    for page in chance.sample(range(2, PAGES), k=3):
        target = chance.randrange(PAGES)
        if end_of(target, redirects) != page:
            redirects[page] = target
    return redirects


cases = st.integers(0, 2**32).map(make_case)


def crawl_shuffled(storage: Storage, lease: Lease, case: Case, site: MadeSite) -> Shuffled:
    site.is_settled = lambda url_id, target: storage.reader.is_settled(
        lease.job_id, url_id, target
    )
    held = frozenset(url_of(page) for page in case.slow)
    shuffled = Shuffled(storage, lease, site, held, lambda most: case.chance.randint(0, most))
    shuffled.run()
    return shuffled


@given(cases)
@ON_DATABASE
def test_any_order_of_answers_gives_the_breadth_first_set_and_depths(
    storage: Storage, case: Case
) -> None:
    max_depth = case.max_depths[0]
    lease = storage.begin(max_depth=max_depth)
    shuffled = crawl_shuffled(storage, lease, case, made_site(case.links, {}))
    assert storage.finish(lease) is JobStatus.COMPLETED
    expected = {url_of(page): n for page, n in breadth_first(case.links, {}, max_depth).items()}
    assert crawled(storage, lease.job_id) == expected
    assert len(shuffled.fetched) == len(expected), "none was fetched twice"
    events = storage.events(lease.job_id)
    assert totals_in(events[-1]) == storage.totals(lease.job_id)
    assert sum(e.data["count"] for e in events if e.name == "urls_discovered") == len(expected) - 1


@given(cases)
@ON_DATABASE
def test_redirects_are_no_clicks_in_any_order_of_answers(storage: Storage, case: Case) -> None:
    max_depth = case.max_depths[0]
    lease = storage.begin(max_depth=max_depth)
    crawl_shuffled(storage, lease, case, made_site(case.links, case.redirects))
    assert storage.finish(lease) is JobStatus.COMPLETED
    walked = breadth_first(case.links, case.redirects, max_depth)
    assert crawled(storage, lease.job_id) == {url_of(page): n for page, n in walked.items()}
    storage.events(lease.job_id)


@given(cases)
@ON_DATABASE
def test_pages_with_the_same_content_are_one_in_any_order_of_answers(
    storage: Storage, case: Case
) -> None:
    alike, max_depth = case.redirects, case.max_depths[0]
    lease = storage.begin(max_depth=max_depth)
    crawl_shuffled(storage, lease, case, made_site(case.links, {}, alike))
    assert storage.finish(lease) is JobStatus.COMPLETED
    number_of = {url_of(page): page for page in case.links}
    found = {
        end_of(number_of[url], alike): depth
        for url, depth in crawled(storage, lease.job_id).items()
    }
    assert found == breadth_first(case.links, alike, max_depth)
    assert len(found) == storage.totals(lease.job_id).completed
    storage.events(lease.job_id)


@given(cases)
@ON_DATABASE
def test_a_depth_raised_or_lowered_and_resumed_equals_the_greatest_at_once(
    storage: Storage, case: Case
) -> None:
    lease = storage.begin(max_depth=case.max_depths[0])
    site = made_site(case.links, {})
    fetched: list[str] = []
    for depth in case.max_depths:
        if storage.job(lease.job_id).status is JobStatus.COMPLETED:
            if len(breadth_first(case.links, {}, depth)) <= len(fetched):
                continue
            lease = storage.resume(lease, max_depth=depth)
        fetched += crawl_shuffled(storage, lease, case, site).fetched
        assert storage.finish(lease) is JobStatus.COMPLETED
    walked = breadth_first(case.links, {}, max(case.max_depths))
    expected = {url_of(page): n for page, n in walked.items()}
    assert crawled(storage, lease.job_id) == expected
    assert sorted(fetched) == sorted(expected), "deeper links came from stored pages"
    storage.events(lease.job_id)


# One case each

CHAIN = MadeSite({url_of(n): [url_of(n + 1)] for n in range(6)})


def test_a_running_jobs_depth_lets_urls_in_and_leaves_them_out(storage: Storage) -> None:
    lease = storage.begin(max_depth=1)
    known = KnownUrls()

    def step() -> int:
        claim = storage.frontier.claim(lease, 10)
        storage.frontier.apply(lease, CHAIN.answer(claim), known)
        while storage.frontier.expand(lease, known):
            pass
        return len(claim.urls)

    assert [step(), step(), step()] == [1, 1, 0]
    assert storage.totals(lease.job_id) == Totals(2, completed=2, bytes=200)
    last = storage.job(lease.job_id).last_event_id
    storage.change_limits(lease.job_id, max_depth=3)
    assert [storage.frontier.adjust(lease), storage.frontier.adjust(lease)] == [1, 0]
    assert step() == 1
    storage.change_limits(lease.job_id, max_depth=2)
    assert [storage.frontier.adjust(lease), storage.frontier.adjust(lease)] == [1, 0]
    assert step() == 0
    told = [
        (e.name, e.data.get("count"), e.data.get("depth"), e.data.get("reasons"))
        for e in storage.events(lease.job_id, last)
        if e.name != "batch_completed"
    ]
    assert told == [
        ("urls_discovered", 1, 2, None),
        ("urls_discovered", 1, 3, None),
        ("urls_skipped", 1, None, {"depth": 1}),
    ]
    assert storage.totals(lease.job_id).discovered == 3
    storage.change_limits(lease.job_id, max_depth=None)
    assert crawl_all(storage, lease, CHAIN) is JobStatus.COMPLETED
    assert len(crawled(storage, lease.job_id)) == 7


def test_links_beyond_the_depth_are_counted_distinct_per_page_and_reported(
    storage: Storage,
) -> None:
    deep = [url_of(n) for n in (1, 2, 10, 11, 12, 10)] + ["http://other/", "http://other/"]
    root = [url_of(1), url_of(2), "http://other/"]
    site = MadeSite({ROOT: root, url_of(1): deep, url_of(2): deep})
    lease = storage.begin(max_depth=1)
    assert crawl_all(storage, lease, site) is JobStatus.COMPLETED
    told = [e.data["reasons"] for e in storage.events(lease.job_id) if e.name == "urls_skipped"]
    assert told == [{"scope": 1}, {"scope": 2, "depth": 6}]
    shown = storage.pages.snapshot(lease.job_id)
    assert shown.links_left_out == {"scope": 3, "depth": 6}
    assert shown.left_out == {"depth": 3}


def test_a_resume_does_not_count_the_same_links_twice(storage: Storage) -> None:
    site = MadeSite({ROOT: [url_of(1)], url_of(1): [url_of(2), "http://other/"]})
    lease = storage.begin(max_depth=1)
    crawl_all(storage, lease, site)
    lease = storage.resume(lease, max_depth=2)
    crawl_all(storage, lease, site)
    assert storage.pages.snapshot(lease.job_id).links_left_out == {"scope": 1, "depth": 1}


@pytest.mark.parametrize(
    ("kind", "inside", "outside"),
    [
        (ScopeKind.HOST, ["http://site/x", "https://site/y"], ["http://other/", "http://site:81/"]),
        (ScopeKind.PATH, ["http://site/docs/x"], ["http://site/docs-old", "http://site/"]),
    ],
)
def test_links_out_of_scope_are_left_out(
    storage: Storage, kind: ScopeKind, inside: list[str], outside: list[str]
) -> None:
    root = "http://site/docs/"
    lease = storage.begin(root, scope=kind)
    crawl_all(storage, lease, MadeSite({root: [*inside, *outside]}))
    assert set(storage.states(lease.job_id)) == {root, *inside}
    assert storage.pages.snapshot(lease.job_id).links_left_out == {"scope": len(outside)}


def test_known_urls_may_forget_everything_at_any_time(storage: Storage) -> None:
    class Forgetful(KnownUrls):
        def learn(self, learned: Mapping[bytes, int]) -> None:
            """Learns nothing."""

    everywhere = [url_of(n) for n in range(5)]
    site = MadeSite(dict.fromkeys(everywhere, everywhere))
    totals: list[Totals] = []
    for known in (KnownUrls(), Forgetful()):
        lease = storage.begin(max_depth=2)
        for _ in range(3):
            claim = storage.frontier.claim(lease, 10)
            storage.frontier.apply(lease, site.answer(claim), known)
            storage.frontier.expand(lease, known)
        totals.append(storage.totals(lease.job_id))
    assert totals[0] == totals[1]


def test_a_memory_of_too_many_urls_starts_anew(monkeypatch: Any) -> None:
    monkeypatch.setattr("crawler.storage.discovery._MOST_KNOWN", 3)
    known = KnownUrls()
    known.learn(Discovery(learned={b"a": 1, b"b": 1}))
    known.learn(Discovery(learned={b"c": 2}))
    assert known.depths == {b"a": 1, b"b": 1, b"c": 2}
    known.learn(Discovery(learned={b"d": 3}))
    assert known.depths == {b"d": 3}
