"""The event log's copy: one suite, on fakeredis and on a real server."""

from collections.abc import Iterator
from typing import Any

import fakeredis
import pytest
import redis
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from crawler.domain.events import EventName, Happening, LoggedEvent, log_events
from crawler.domain.model import Totals
from crawler.storage.eventlog import (
    CHANNEL,
    ENDED_SECONDS,
    RUNNING_SECONDS,
    EventLog,
    connect,
    key,
)

JOB = "job"
SHARED = settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[
        HealthCheck.function_scoped_fixture,
        HealthCheck.differing_executors,
        HealthCheck.too_slow,
    ],
)


def events(
    first: int, last: int, name: EventName = EventName.BATCH_COMPLETED, job_id: str = JOB
) -> list[LoggedEvent]:
    happenings = [Happening(name, {"title": "ü\n\ud800"}) for _ in range(first, last + 1)]
    return log_events(
        happenings, first_id=first, job_id=job_id, at="2026-01-01", totals=Totals().as_json()
    )


def ids(listed: list[LoggedEvent]) -> list[int]:
    return [event.id for event in listed]


def next_message(subscription: Any) -> str | None:
    """The next wake-up; None when there is none."""
    for _ in range(3):  # fakeredis and servers answer a subscription at different moments
        message = subscription.get_message(timeout=1.0)
        if message is not None:
            return str(message["data"])
    return None


class EventLogContract:
    """What every Redis has to show; subclasses give a `client`."""

    @pytest.fixture
    def log(self, client: "redis.Redis") -> EventLog:
        client.flushdb()
        return EventLog(client)

    def test_what_was_appended_is_read_to_the_letter(self, log: EventLog) -> None:
        log.append(JOB, events(1, 3))
        assert log.read(JOB, 0, 10) == events(1, 3)

    def test_appending_twice_changes_nothing(
        self, log: EventLog, client: "redis.Redis"
    ) -> None:
        log.append(JOB, events(1, 3))
        before = client.zrange(key(JOB), 0, -1, withscores=True)
        log.append(JOB, events(1, 3))
        log.append(JOB, events(2, 2))
        assert client.zrange(key(JOB), 0, -1, withscores=True) == before

    def test_copies_that_come_in_another_order_fill_the_hole(self, log: EventLog) -> None:
        log.append(JOB, events(3, 4))
        assert log.read(JOB, 0, 10) == []
        assert ids(log.read(JOB, 2, 10)) == [3, 4]
        log.append(JOB, events(1, 2))
        assert ids(log.read(JOB, 0, 10)) == [1, 2, 3, 4]

    def test_a_hole_ends_a_read(self, log: EventLog, client: "redis.Redis") -> None:
        log.append(JOB, events(1, 6))
        client.zremrangebyscore(key(JOB), 3, 3)
        assert ids(log.read(JOB, 0, 10)) == [1, 2]
        assert log.read(JOB, 2, 10) == []
        assert ids(log.read(JOB, 3, 10)) == [4, 5, 6]

    def test_only_the_newest_are_kept(self, client: "redis.Redis") -> None:
        client.flushdb()
        log = EventLog(client, most_events=5)
        for first in (1, 4, 7):
            log.append(JOB, events(first, first + 2))
        assert client.zcard(key(JOB)) == 5
        assert ids(log.read(JOB, 4, 10)) == [5, 6, 7, 8, 9]
        assert log.read(JOB, 3, 10) == [], "trimmed: Postgres has it"

    def test_an_ended_jobs_copy_goes_sooner_and_a_resumed_ones_stays(
        self, log: EventLog, client: "redis.Redis"
    ) -> None:
        for first, name, most, least in [
            (1, EventName.JOB_STARTED, RUNNING_SECONDS, ENDED_SECONDS),
            (2, EventName.JOB_COMPLETED, ENDED_SECONDS, 0),
            (3, EventName.JOB_RESUMED, RUNNING_SECONDS, ENDED_SECONDS),
            (4, EventName.JOB_CANCELLED, ENDED_SECONDS, 0),
        ]:
            log.append(JOB, events(first, first, name))
            assert least < client.ttl(key(JOB)) <= most

    def test_a_publish_carries_the_newest_id(self, log: EventLog) -> None:
        subscription = log.subscribe()
        log.append(JOB, events(1, 3))
        assert next_message(subscription) == f"{JOB} 3"
        log.append("other", events(1, 1, job_id="other"))
        assert next_message(subscription) == "other 1"
        subscription.close()

    def test_nothing_appended_wakes_nobody(self, log: EventLog, client: "redis.Redis") -> None:
        subscription = log.subscribe()
        log.append(JOB, [])
        assert client.publish(CHANNEL, "mark") == 1
        assert next_message(subscription) == "mark"
        assert not client.exists(key(JOB))
        subscription.close()

    def test_jobs_are_kept_apart_and_a_deleted_one_is_forgotten(self, log: EventLog) -> None:
        log.append(JOB, events(1, 2))
        log.append("other", events(1, 3, job_id="other"))
        log.delete(JOB)
        log.delete("unknown")
        assert log.read(JOB, 0, 10) == []
        assert ids(log.read("other", 0, 10)) == [1, 2, 3]

    @given(st.integers(0, 30), st.integers(0, 35), st.integers(1, 40))
    @SHARED
    def test_reading_after_any_id_gives_the_rest(
        self, log: EventLog, last: int, after: int, limit: int
    ) -> None:
        log.delete(JOB)
        log.append(JOB, events(1, last))
        assert log.read(JOB, after, limit) == events(after + 1, last)[:limit]

    @given(st.sets(st.integers(1, 20)), st.integers(0, 20))
    @SHARED
    def test_a_read_is_never_with_a_hole(
        self, log: EventLog, kept: set[int], after: int
    ) -> None:
        log.delete(JOB)
        for event_id in kept:
            log.append(JOB, events(event_id, event_id))
        found = ids(log.read(JOB, after, 100))
        assert found == list(range(after + 1, after + 1 + len(found)))
        assert after + len(found) + 1 not in kept


class TestOnFakeredis(EventLogContract):
    """Without a server."""

    @pytest.fixture
    def client(self) -> Iterator["redis.Redis"]:
        client = fakeredis.FakeRedis(decode_responses=True)
        yield client
        client.close()


class TestOnAServer(EventLogContract):
    """On Valkey, or Debian's Redis."""

    @pytest.fixture
    def client(self, redis_url: str) -> Iterator["redis.Redis"]:
        client = connect(redis_url)
        yield client
        client.close()


def test_an_absent_server_raises_rather_than_being_empty() -> None:
    log = EventLog(connect("redis://127.0.0.1:1/0"))
    for use in (
        lambda: log.append(JOB, events(1, 1)),
        lambda: log.read(JOB, 0, 1),
        lambda: log.delete(JOB),
        log.subscribe,
    ):
        with pytest.raises(redis.RedisError):
            use()
