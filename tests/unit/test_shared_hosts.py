"""Turns at hosts while Redis is away: a share each, no pause forgotten, nothing doubled."""

import logging
from collections.abc import Collection, Sequence

import gevent
import pytest
import redis

from crawler.domain.hosts import Hosts
from crawler.domain.politeness import Why
from crawler.domain.turns import Answer, Ask, Report
from crawler.functions.hosts import SharedHosts

HOST = "a.test"


class Clock:
    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        return self.now


class Fickle(Hosts):
    """A store of all workers that can go away."""

    def __init__(self, clock: Clock) -> None:
        super().__init__(clock)
        self.away = False
        self.tries = 0

    def _answer(self) -> None:
        self.tries += 1
        gevent.sleep(0)
        if self.away:
            raise redis.ConnectionError("no Redis")

    def ask(self, host: str, ask: Ask, reports: Sequence[Report]) -> Answer:
        self._answer()
        return super().ask(host, ask, reports)

    def give_back(self, host: str, reports: Sequence[Report]) -> Answer:
        self._answer()
        return super().give_back(host, reports)

    def hold(self, host: str, slots: Collection[str], *, started: bool) -> None:
        self._answer()
        super().hold(host, slots, started=started)


class Worker:
    """One of two workers, and its turns under way."""

    def __init__(self, store: Fickle, clock: Clock, workers: int = 2) -> None:
        self.under_way: dict[str, list[str]] = {}
        self.hosts = SharedHosts(store, workers, lambda: self.under_way, clock, clock)
        self._slots = 0

    def ask(self, concurrency: int = 4, delay_ms: int = 0, host: str = HOST) -> Answer:
        self._slots += 1
        slot = f"{id(self)}-{self._slots}"
        answer = self.hosts.ask(host, Ask("job", slot, concurrency, delay_ms), ())
        if answer.why is None:
            self.under_way.setdefault(host, []).append(slot)
        return answer

    def give_back(self, status: int = 200, asked_ms: int = 0) -> Answer:
        slot = self.under_way[HOST].pop()
        return self.hosts.give_back(HOST, [Report(slot, status, -1, asked_ms)])


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def store(clock: Clock) -> Fickle:
    return Fickle(clock)


@pytest.fixture
def workers(store: Fickle, clock: Clock) -> list[Worker]:
    return [Worker(store, clock), Worker(store, clock)]


def grants(worker: Worker, concurrency: int) -> int:
    return sum(worker.ask(concurrency).why is None for _ in range(concurrency + 1))


@pytest.mark.parametrize(("concurrency", "share"), [(1, 1), (2, 1), (3, 1), (8, 4), (9, 4)])
def test_alone_a_worker_keeps_its_share_of_the_concurrency(
    store: Fickle, workers: list[Worker], concurrency: int, share: int
) -> None:
    store.away = True
    assert [grants(worker, concurrency) for worker in workers] == [share, share]


def test_alone_the_delays_of_all_workers_add_up(
    store: Fickle, clock: Clock, workers: list[Worker]
) -> None:
    store.away = True
    for worker in workers:
        assert worker.ask(8, 1_000).why is None
        assert worker.ask(8, 1_000) == Answer(2_200, Why.DELAY, 0)


def test_alone_a_worker_goes_on_from_its_last_start(
    store: Fickle, clock: Clock, workers: list[Worker]
) -> None:
    workers[0].ask(8, 1_000)
    clock.now += 1.2
    workers[1].ask(8, 1_000)
    store.away = True
    clock.now += 0.8
    assert workers[0].ask(8, 1_000).wait_ms == 200
    assert workers[1].ask(8, 1_000).wait_ms == 1_400


def test_alone_a_worker_keeps_the_crawl_delay_that_it_knew(
    store: Fickle, clock: Clock, workers: list[Worker]
) -> None:
    for worker in workers:
        worker.hosts.ask(HOST, Ask("job", "slot", 8, 0, site_delay_ms=2_000), ())
        clock.now += 2.2
    store.away = True
    assert workers[1].ask(8, 0) == Answer(2_200, Why.DELAY, 0)


def test_what_was_under_way_counts_when_redis_goes_and_when_it_comes_back(
    store: Fickle, clock: Clock, workers: list[Worker]
) -> None:
    first, second = workers
    assert [first.ask().why for _ in range(2)] == [None, None]
    store.away = True
    assert first.ask().why is Why.BUSY
    assert [second.ask().why for _ in range(2)] == [None, None]
    store.away = False
    clock.now += 1.01
    assert first.ask(3).why is None
    assert second.ask(5).why is Why.BUSY, "two of its own, three of the first"


def test_a_start_that_redis_missed_counts_when_it_is_back(
    store: Fickle, clock: Clock, workers: list[Worker]
) -> None:
    store.away = True
    workers[0].ask(8, 100)
    store.away = False
    clock.now += 1.01
    assert workers[0].ask(8, 1_000) == Answer(1_100, Why.DELAY, 0)


def test_a_start_while_redis_is_being_told_is_not_lost(
    store: Fickle, clock: Clock, workers: list[Worker]
) -> None:
    store.away = True
    workers[0].ask(8, 100, "first")
    store.away = False
    clock.now += 1.01
    looking, alone = (gevent.spawn(workers[0].ask, 8, 100, name) for name in ("first", "second"))
    gevent.joinall([looking, alone], raise_error=True)
    assert not workers[0].hosts._asked_alone
    assert {name for name, host in store._hosts.items() if host.last_ms} == {"first", "second"}


@pytest.mark.parametrize("event", ["goes away", "was away", "is flushed"])
def test_a_pause_outlives_redis(
    store: Fickle, clock: Clock, workers: list[Worker], event: str
) -> None:
    worker = workers[0]
    worker.ask()
    store.away = event == "was away"
    assert worker.give_back(429, asked_ms=30_000) == Answer(30_000, Why.ASKED, 0)
    store.away = event == "goes away"
    store._hosts.clear()
    clock.now += 20
    assert worker.ask() == Answer(10_000, Why.ASKED, 0)
    clock.now += 10
    assert worker.ask().why is None


def test_reports_get_through_during_a_pause(
    store: Fickle, clock: Clock, workers: list[Worker]
) -> None:
    worker = workers[0]
    worker.ask(1)
    slot = worker.under_way[HOST][0]
    worker.hosts.give_back(HOST, [Report("", 429, -1, 2_000)])
    worker.hosts.ask(HOST, Ask("job", "next", 1, 0), [Report(slot, 200)])
    assert not store._hosts[HOST].slots


def test_an_absent_redis_is_tried_once_a_second_by_one_greenlet(
    store: Fickle, clock: Clock, workers: list[Worker], caplog: pytest.LogCaptureFixture
) -> None:
    worker = workers[0]
    store.away = True
    with caplog.at_level(logging.WARNING):
        for _ in range(20):
            worker.ask(host="a")
        assert store.tries == 1
        for _ in range(3):
            clock.now += 1.01
            gevent.joinall([gevent.spawn(worker.ask, host="b") for _ in range(5)])
        assert store.tries == 4
        store.away = False
        clock.now += 1.01
        worker.ask()
        worker.ask()
    assert [record.message for record in caplog.records] == [
        "turns at hosts: Redis is away: no Redis",
        "turns at hosts: Redis is back",
    ]


def test_a_renewal_that_redis_misses_is_kept_here(
    store: Fickle, clock: Clock, workers: list[Worker]
) -> None:
    worker = workers[0]
    worker.ask(2)
    store.away = True
    for _ in range(4):
        clock.now += 1.5
        worker.hosts.hold(HOST, worker.under_way[HOST])
    assert worker.ask(2).why is Why.BUSY


def test_pauses_that_are_over_are_forgotten(
    store: Fickle, clock: Clock, workers: list[Worker], monkeypatch: pytest.MonkeyPatch
) -> None:
    hosts = workers[0].hosts
    monkeypatch.setattr("crawler.functions.hosts._MOST_PAUSES", 2)
    for name, seconds in (("a", 1), ("b", 60), ("c", 60)):
        hosts.give_back(name, [Report("", 429, -1, seconds * 1_000)])
        clock.now += 2
    assert set(hosts._pauses) == {"b", "c"}
