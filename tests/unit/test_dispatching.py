"""A call is sent once its claim is committed, and what was not committed takes no room."""

from typing import Any, cast

import pytest

from crawler.domain.model import FrontierUrl, JobOptions
from crawler.functions.applying import Applying
from crawler.functions.crawling import Call, Crawling
from crawler.functions.dispatching import Dispatching
from crawler.functions.wire import CrawlAnswer
from crawler.storage.claims import Claim, Claimer, Wish
from crawler.storage.database import Outage
from crawler.storage.frontier import Applied
from crawler.storage.leases import Lease
from crawler.storage.results import BatchResult

OPTIONS = JobOptions(concurrency=4)
LEASE = Lease("job", 1, 0, ("http://site/",), OPTIONS, 1)
NEXT = Claim((FrontierUrl(2, "http://site/2", 1),), OPTIONS, (), host="site")


class Frontier:
    """Claims one batch with an answer's results; what `ends` says becomes of the commit."""

    def __init__(self, crawling: Crawling, ends: Exception | None = None) -> None:
        self.in_hand: list[int] = []
        self.failed: list[int] = []
        self.returned: list[int] = []
        self.claims = 0
        self.claimed = False
        self._crawling = crawling
        self._ends = ends

    def apply(self, lease: Any, batch: Any, known: Any, claimer: Claimer | None) -> Applied:
        if claimer is not None and claimer.wish() is not None:
            self.claimed = claimer.take(NEXT)
            self.in_hand = self._crawling.in_hand
        if self._ends is not None:
            raise self._ends
        return Applied([], made_stale=False)

    def claim(self, lease: Any, limit: int, busy_hosts: Any, only_hosts: Any) -> Claim:
        self.claims += 1
        return Claim((), OPTIONS, ())

    def return_urls(self, lease: Any, ids: list[int]) -> None:
        self.returned = ids

    def fail_call(self, lease: Any, ids: list[int], error: str) -> None:
        self.failed = ids


class Calls:
    def __init__(self) -> None:
        self.sent: list[int] = []

    def crawl(self, payload: dict[str, Any]) -> dict[str, Any]:
        self.sent += [url["id"] for url in payload["urls"]]
        raise ValueError("no answer is wanted")


class Processing:
    is_behind = False

    def add(self, pages: Any) -> None:
        pass


class Bench:
    """One answer to apply."""

    def __init__(self, ends: Exception | None = None) -> None:
        self.calls = Calls()
        self.crawling = Crawling(LEASE, cast(Any, self.calls), lambda: 0.0, lambda: None)
        self.frontier = Frontier(self.crawling, ends)
        processing = cast(Any, Processing())
        frontier = cast(Any, self.frontier)
        dispatching = Dispatching(LEASE, frontier, self.crawling, processing, lambda: 60.0)
        self.dispatching = dispatching
        self.applying = Applying(
            LEASE, frontier, self.crawling, cast(Any, None), processing, cast(Any, None),
            dispatching,
        )  # fmt: skip
        self.applying.made_stale = False
        answer = CrawlAnswer(BatchResult((), ()), (), ())
        urls = (FrontierUrl(1, "http://site/1", 1),)
        self.crawling.answers.append(Call("site", 1, 0.0, urls, answer=answer))

    def run(self, may_claim: bool = True) -> None:
        self.applying.run(lambda: may_claim)
        self.crawling._group.join(timeout=5)


def test_a_call_is_sent_after_the_commit() -> None:
    bench = Bench()
    bench.run()
    assert bench.frontier.claimed
    assert bench.calls.sent == [2]


def test_a_claim_is_in_hand_before_it_is_committed() -> None:
    bench = Bench()
    bench.run()
    assert sorted(bench.frontier.in_hand) == [1, 2]


def test_a_lost_commit_sends_nothing_and_leaves_the_answer_in_line() -> None:
    bench = Bench(Outage[0]("gone"))
    with pytest.raises(Outage):
        bench.run()
    assert bench.calls.sent == []
    assert bench.crawling.in_hand == [1]


def test_an_error_sends_nothing_returns_the_claims_and_fails_the_call_of_the_answer() -> None:
    bench = Bench(RuntimeError("after the commit, perhaps"))
    bench.run()
    assert (bench.frontier.failed, bench.frontier.returned, bench.calls.sent) == ([1], [2], [])
    assert bench.crawling.idle


@pytest.mark.parametrize("first", ["something else", "stale links", "a halt"])
def test_what_has_to_come_first_comes_first(first: str) -> None:
    bench = Bench()
    bench.applying.made_stale = first == "stale links"
    bench.applying.halt = "the disk is full" if first == "a halt" else None
    bench.run(may_claim=first != "something else")
    assert not bench.frontier.claimed


def test_a_wish_that_was_missed_is_left_to_the_loop_until_a_host_is_free() -> None:
    bench = Bench()
    assert bench.dispatching.wish() is not None
    assert bench.dispatching.run() is not None
    assert bench.dispatching.wish() is None
    bench.dispatching.run()
    assert bench.frontier.claims == 2
    bench.dispatching.miss(Wish(10, {"site"}, bench.crawling.only_hosts))
    assert bench.dispatching.wish() is not None


def test_answers_that_come_meanwhile_are_left_for_the_next_turn() -> None:
    bench = Bench()
    (answer,) = bench.crawling.answers
    bench.crawling.answers.append(answer)
    applied = bench.frontier.apply

    def apply(*args: Any) -> Applied:
        bench.crawling.answers.append(answer)
        return applied(*args)

    bench.frontier.apply = apply  # type: ignore[method-assign]
    bench.run(may_claim=False)
    assert len(bench.crawling.answers) == 2
