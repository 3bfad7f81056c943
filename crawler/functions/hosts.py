"""Turns at hosts, from a store that all workers share; from this worker alone while it is away.

Alone, a worker keeps a share of a job's concurrency, and its delay times the number of workers. It
looks for the store again once a second, one greenlet at a time. What was under way when the store
went or came back is carried over, so that a host does not get twice the load meanwhile.
"""

import logging
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from math import ceil

import redis

from crawler.domain.hosts import Hosts
from crawler.domain.politeness import Why
from crawler.domain.turns import Answer, Ask, HostStore, Report

_AWAY_SECONDS = 1.0

_MOST_PAUSES = 1_024

_PAUSES = frozenset((Why.ASKED, Why.BACKING_OFF))

log = logging.getLogger(__name__)


class SharedHosts:
    """A `HostStore` over one that may raise `redis.RedisError`; it raises none itself."""

    def __init__(
        self,
        store: HostStore,
        workers: int,
        under_way: Callable[[], Mapping[str, Collection[str]]],
        monotonic: Callable[[], float],
        clock: Callable[[], float],
    ) -> None:
        """Takes the shared store, the number of its workers, and two clocks in seconds.

        `under_way` gives the turns that this worker has granted to itself or been granted, by
        host; `clock` gives Unix time.
        """
        self._store = store
        self._workers = max(1, workers)
        self._under_way = under_way
        self._monotonic = monotonic
        self._own = Hosts(clock)
        self._look_again_at: float | None = None
        self._asked_alone: set[str] = set()
        self._pauses: dict[str, tuple[float, Answer]] = {}

    def ask(self, host: str, ask: Ask, reports: Sequence[Report]) -> Answer:
        """Takes the reports in, then grants a turn or says how long to wait."""
        pause = self._pause_of(host) if self._pauses else None
        if pause is not None:
            if reports:
                self.give_back(host, reports)
            return pause
        if not self._is_away():
            try:
                answer = self._store.ask(host, ask, reports)
            except redis.RedisError as error:
                self._lose(error)
            else:
                return self._granted(host, ask, answer)
        self._asked_alone.add(host)
        return self._noted(host, self._own.ask(host, self._share_of(ask), reports))

    def give_back(self, host: str, reports: Sequence[Report]) -> Answer:
        """Takes the reports in; the answer says whether the host may be asked at all."""
        if not self._is_away():
            try:
                return self._noted(host, self._store.give_back(host, reports))
            except redis.RedisError as error:
                self._lose(error)
        return self._noted(host, self._own.give_back(host, reports))

    def hold(self, host: str, slots: Collection[str], *, started: bool = False) -> None:
        """Says that these turns go on; `started`: a request began that the store missed."""
        if not self._is_away():
            try:
                return self._store.hold(host, slots, started=started)
            except redis.RedisError as error:
                self._lose(error)
        self._own.hold(host, slots, started=started)

    def _granted(self, host: str, ask: Ask, answer: Answer) -> Answer:
        if answer.why is not None:
            return self._noted(host, answer)
        if ask.delay_ms or ask.site_delay_ms:
            # Workers start one after the other; alone, each goes on from where it was.
            self._own.note_start(host, self._share_of(ask))
        return answer

    def _share_of(self, ask: Ask) -> Ask:
        site_ms = ask.site_delay_ms
        return replace(
            ask,
            concurrency=max(1, ask.concurrency // self._workers),
            delay_ms=ask.delay_ms * self._workers,
            site_delay_ms=None if site_ms is None else site_ms * self._workers,
        )

    def _pause_of(self, host: str) -> Answer | None:
        known = self._pauses.get(host)
        if known is None:
            return None
        until, answer = known
        left = until - self._monotonic()
        if left <= 0:
            del self._pauses[host]
            return None
        return answer._replace(wait_ms=ceil(left * 1_000))

    def _noted(self, host: str, answer: Answer) -> Answer:
        """Remembers a host's pause: neither an outage nor a flush of the store may end it."""
        if answer.why in _PAUSES:
            if len(self._pauses) >= _MOST_PAUSES:
                self._forget_pauses()
            self._pauses[host] = (self._monotonic() + answer.wait_ms / 1_000, answer)
        return answer

    def _forget_pauses(self) -> None:
        for host in tuple(self._pauses):
            self._pause_of(host)

    def _is_away(self) -> bool:
        """Whether to do without the store; now and then it is looked for again."""
        if self._look_again_at is None:
            return False
        now = self._monotonic()
        if now < self._look_again_at:
            return True
        self._look_again_at = now + _AWAY_SECONDS  # the others go on alone meanwhile
        try:
            self._carry_over()
            self._look_again_at = None
            self._carry_over()  # what the others have started meanwhile
        except redis.RedisError:
            self._look_again_at = now + _AWAY_SECONDS
            return True
        log.warning("turns at hosts: Redis is back")
        return False

    def _carry_over(self) -> None:
        """Tells the store of what it missed, before it is asked for anything."""
        under_way = self._under_way()
        asked = frozenset(self._asked_alone)
        for host in asked | under_way.keys():
            self._store.hold(host, under_way.get(host, ()), started=host in asked)
        self._asked_alone -= asked

    def _lose(self, error: redis.RedisError) -> None:
        if self._look_again_at is None:
            log.warning("turns at hosts: Redis is away: %s", error)
            for host, slots in self._under_way().items():
                self._own.hold(host, slots, started=False)
        self._look_again_at = self._monotonic() + _AWAY_SECONDS
