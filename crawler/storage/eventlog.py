"""The event log's copy in Redis: a sorted set per job, score = event id, and a wake-up channel.

Redis is never the truth. Events get here after their commit, byte for byte as Postgres keeps
them, by a script that changes nothing when it runs twice; whatever is missing here (a hole, a
trimmed part, a flushed or lost Redis) is read from Postgres. A publish is a wake-up: whoever
hears it reads "after my last".
"""

from collections.abc import Iterable, Iterator
from typing import Any

import redis

from crawler.domain.events import TERMINAL_EVENTS, LoggedEvent, parse_event

CHANNEL = "clew:events"
"""One channel for all jobs; a message is `<job id> <event id>`."""

MOST_EVENTS = 2_000
RUNNING_SECONDS = 86_400
ENDED_SECONDS = 3_600

_APPEND = """
local newest = ''
for i = 5, #ARGV, 2 do
    redis.call('ZADD', KEYS[1], ARGV[i], ARGV[i + 1])
    newest = ARGV[i]
end
redis.call('ZREMRANGEBYRANK', KEYS[1], 0, -tonumber(ARGV[1]) - 1)
redis.call('EXPIRE', KEYS[1], ARGV[2])
redis.call('PUBLISH', ARGV[3], ARGV[4] .. ' ' .. newest)
return newest
"""


class EventLog:
    """Appends to and reads from the copy.

    Every method raises `redis.RedisError` when Redis is away; callers fall back to Postgres.
    """

    def __init__(self, client: "redis.Redis", most_events: int = MOST_EVENTS) -> None:
        self._client = client
        self._most_events = most_events
        self._append = client.register_script(_APPEND)

    def append(self, job_id: str, events: Iterable[LoggedEvent]) -> None:
        """Copies committed events of one job and wakes its viewers, in one round trip."""
        listed = list(events)
        if not listed:
            return
        ended = any(event.name in TERMINAL_EVENTS for event in listed)
        arguments: list[str | int] = [
            self._most_events,
            ENDED_SECONDS if ended else RUNNING_SECONDS,
            CHANNEL,
            job_id,
        ]
        for event in listed:
            arguments += (event.id, event.text)
        self._append(keys=[key(job_id)], args=arguments)

    def read(self, job_id: str, after: int, limit: int) -> list[LoggedEvent]:
        """Events after an id as far as they follow one another without a hole.

        An empty answer proves nothing: the next event may be missing here.
        """
        texts = self._client.zrangebyscore(key(job_id), f"({after}", "+inf", start=0, num=limit)
        return list(_contiguous((parse_event(str(text)) for text in texts), after))

    def delete(self, job_id: str) -> None:
        """Forgets a deleted job."""
        self._client.delete(key(job_id))

    def subscribe(self) -> Any:
        """A subscription (`redis.client.PubSub`, which has no types) to the wake-up channel."""
        subscription = self._client.pubsub(ignore_subscribe_messages=True)  # type: ignore[no-untyped-call]
        subscription.subscribe(CHANNEL)
        return subscription


def key(job_id: str) -> str:
    """A job's key; the braces keep all of a job's keys on one node of a cluster."""
    return f"clew:{{{job_id}}}:events"


def connect(url: str) -> "redis.Redis":
    """A client as every part of Clew uses it: short time-outs, since Postgres can stand in.

    Unbounded, because a greenlet that waits for a connection would be a viewer that waits.
    """
    client: redis.Redis = redis.Redis.from_url(
        url,
        socket_timeout=2.0,
        socket_connect_timeout=1.0,
        health_check_interval=5,
        decode_responses=True,
    )
    return client


def _contiguous(events: Iterable[LoggedEvent], after: int) -> Iterator[LoggedEvent]:
    for expected, event in enumerate(events, start=after + 1):
        if event.id != expected:
            return
        yield event
