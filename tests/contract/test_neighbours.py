"""Workers of one machine find one another through Redis, on fakeredis and on a server."""

import fakeredis
import pytest
import redis

from crawler.functions.spread import Spread
from crawler.runtime.neighbours import Neighbours
from crawler.storage.eventlog import connect


class Clock:
    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def on_fakeredis():
    with fakeredis.FakeRedis(decode_responses=True) as made:
        yield made


@pytest.fixture
def on_a_server(redis_url):
    with redis.Redis.from_url(redis_url, decode_responses=True) as made:
        made.flushdb()
        yield made


def worker(client, port, clock):
    spread = Spread("http://127.0.0.1:1")
    return Neighbours(client, "here", port, spread, clock), spread


def known(spread):
    return set(spread._addresses)


class Suite:
    def test_workers_learn_of_one_another(self, client):
        clock = Clock()
        (first, seen), (second, _) = worker(client, 11, clock), worker(client, 12, clock)
        first.tell()
        assert known(seen) == {"http://127.0.0.1:11"}
        second.tell()
        first.tell()
        assert known(seen) == {"http://127.0.0.1:11", "http://127.0.0.1:12"}

    def test_a_silent_worker_is_left_out_after_three_seconds(self, client):
        clock = Clock()
        (first, seen), (second, _) = worker(client, 11, clock), worker(client, 12, clock)
        second.tell()
        for _ in range(4):
            clock.now += 1
            first.tell()
        assert known(seen) == {"http://127.0.0.1:11"}

    def test_a_worker_that_leaves_is_known_no_more_and_stays_silent(self, client):
        clock = Clock()
        (first, seen), (second, _) = worker(client, 11, clock), worker(client, 12, clock)
        second.tell()
        second.leave()
        second.tell()
        first.tell()
        assert known(seen) == {"http://127.0.0.1:11"}

    def test_workers_of_another_machine_are_not_mixed_in(self, client):
        clock = Clock()
        Neighbours(client, "elsewhere", 13, Spread("http://127.0.0.1:1"), clock).tell()
        first, seen = worker(client, 11, clock)
        first.tell()
        assert known(seen) == {"http://127.0.0.1:11"}


class TestOnFakeredis(Suite):
    @pytest.fixture
    def client(self, on_fakeredis):
        return on_fakeredis


class TestOnAServer(Suite):
    @pytest.fixture
    def client(self, on_a_server):
        return on_a_server


def test_without_redis_the_common_address_is_used():
    nowhere = connect("redis://127.0.0.1:1/0")
    neighbour, seen = worker(nowhere, 11, Clock())
    neighbour.tell()
    neighbour.leave()
    with seen.choose("crawl") as address:
        assert address == "http://127.0.0.1:1"
    nowhere.close()
