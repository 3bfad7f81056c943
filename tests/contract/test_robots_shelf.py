"""robots.txt shared by workers: one suite, on fakeredis and on real servers."""

import os
from collections.abc import Iterator

import fakeredis
import pytest
import redis

from crawler.storage.hosts import connect
from crawler.storage.robots_shelf import RobotsShelf

SITE, OTHER = "https://example.org", "http://example.org:8080"
RULES = b"User-agent: *\r\nDisallow: /\xff\x00private\n"


class ShelfContract:
    """What every Redis has to show; subclasses give a `client`."""

    @pytest.fixture
    def shelf(self, client: "redis.Redis") -> RobotsShelf:
        client.flushdb()
        return RobotsShelf(client)

    @pytest.mark.parametrize(
        ("status", "body"),
        [(200, RULES), (404, b""), (503, b""), (200, b"#" * 512_000), (999, os.urandom(9_999))],
    )
    def test_an_answer_is_known_to_all_workers(
        self, shelf: RobotsShelf, client: "redis.Redis", status: int, body: bytes
    ) -> None:
        shelf.put(SITE, status, body, 60)
        assert RobotsShelf(client).get(SITE) == (status, body)
        assert shelf.get(OTHER) is None

    def test_an_answer_is_kept_for_its_time_and_is_small(
        self, shelf: RobotsShelf, client: "redis.Redis"
    ) -> None:
        shelf.put(SITE, 200, RULES * 10_000, 3_600)
        (key,) = client.keys()
        assert 3_500_000 < client.pttl(key) <= 3_600_000
        assert client.strlen(key) < 10_000
        shelf.put(SITE, 503, b"", 0.0)
        assert shelf.get(SITE) in (None, (503, b""))

    def test_one_of_all_workers_asks(self, shelf: RobotsShelf, client: "redis.Redis") -> None:
        other = RobotsShelf(client)
        assert shelf.claim(SITE, 10)
        assert not other.claim(SITE, 10)
        assert not shelf.claim(SITE, 10)
        assert other.claim(OTHER, 10)
        other.release(SITE)
        assert not other.claim(SITE, 10), "only who holds a claim gives it up"
        shelf.release(SITE)
        assert other.claim(SITE, 10)

    def test_a_claim_ends_by_itself_and_its_late_release_harms_nobody(
        self, shelf: RobotsShelf, client: "redis.Redis"
    ) -> None:
        other = RobotsShelf(client)
        assert shelf.claim(SITE, 10)
        (key,) = client.keys()
        assert 5_000 < client.pttl(key) <= 10_000
        client.delete(key)
        assert other.claim(SITE, 10)
        shelf.release(SITE)
        assert not shelf.claim(SITE, 10)

    def test_a_value_that_is_no_answer_is_none(
        self, shelf: RobotsShelf, client: "redis.Redis"
    ) -> None:
        shelf.put(SITE, 200, RULES, 60)
        (key,) = client.keys()
        client.set(key, b"\x00\xc8nonsense")
        assert shelf.get(SITE) is None


class TestOnFakeredis(ShelfContract):
    """Without a server."""

    @pytest.fixture
    def client(self) -> Iterator["redis.Redis"]:
        with fakeredis.FakeRedis() as client:
            yield client


class TestOnAServer(ShelfContract):
    """On Valkey, or Debian's Redis."""

    @pytest.fixture
    def client(self, redis_url: str) -> Iterator["redis.Redis"]:
        with connect(redis_url) as client:
            yield client


def test_without_redis_every_worker_asks_by_itself() -> None:
    shelf = RobotsShelf(connect("redis://127.0.0.1:1/0"))
    shelf.put(SITE, 200, RULES, 60)
    assert shelf.get(SITE) is None
    assert shelf.claim(SITE, 10)
    assert shelf.claim(SITE, 10)
    shelf.release(SITE)
