"""The turns of one crawl call at the hosts it asks.

A lane gives turns back together with its next request for one, so that a crawl at full speed
costs one round trip per request. What concerns others is told at once: a host that asks to be
left alone, or can't be reached.
"""

import secrets
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from gevent.event import Event
from gevent.lock import BoundedSemaphore

from crawler.domain.politeness import NotNow, Why
from crawler.domain.turns import (
    BUSY,
    DOWN_AFTER,
    GATEWAY,
    LONGEST_BLOCK_MS,
    SILENT,
    UNREACHED,
    Answer,
    Ask,
    Report,
)
from crawler.domain.urls import authority
from crawler.functions.hosts import SharedHosts

PATIENCE_SECONDS = 2.0
"""Longer than this no request waits for its turn: its call ends instead, and a later one tries."""

_AGAIN_SECONDS = 0.25
"""When to come back to a host whose requests under way leave no room."""

_TOLD_AT_ONCE = BUSY | GATEWAY

_ROBOTS = "/robots.txt"

PaceAt = Callable[[str], tuple[int, int]]
"""Asked with a request's canonical URL: how many requests may be under way at its host, and how
many milliseconds lie between two starts."""

_UNTOLD = Answer(0, Why.BUSY, 0)


@dataclass(frozen=True, slots=True)
class _Turn:
    host: str
    slot: str
    since: float


@dataclass(slots=True)
class _Queue:
    """A lane's requests that wait for one host; only the first one asks for a turn."""

    length: int = 0
    first: BoundedSemaphore = field(default_factory=BoundedSemaphore)
    answer: Answer = _UNTOLD
    _turn_came_back: Event = field(default_factory=Event)

    def wait(self, seconds: float) -> None:
        """Waits so long, or until the lane itself has a turn to give back."""
        self._turn_came_back.clear()
        self._turn_came_back.wait(seconds)

    def hurry(self) -> None:
        """The lane has a turn to give back; that helps where the host is busy."""
        if self.answer.why is Why.BUSY:
            self._turn_came_back.set()


class Lane:
    """The turns of one call: the `Turns` that its requests take."""

    def __init__(
        self,
        hosts: SharedHosts,
        job_id: str,
        pace: PaceAt,
        ignores_site: bool,
        monotonic: Callable[[], float],
        open_lanes: "set[Lane]",
    ) -> None:
        """As `HostPacing.lane` makes it; `open_lanes` are those that are not closed yet."""
        self._hosts = hosts
        self._job_id = job_id
        self._pace = pace
        self._ignores_site = ignores_site
        self._monotonic = monotonic
        self._open_lanes = open_lanes
        self._name = secrets.token_hex(6)
        self._taken = 0
        self._site_delays_ms: dict[str, int] = {}
        self._turns: dict[str, list[_Turn]] = {}
        self._reports: dict[str, list[Report]] = {}
        self._queues: dict[str, _Queue] = {}

    def take(self, url: str) -> None:
        """Returns when a request for a canonical URL may start; waits for a short while.

        Raises:
            NotNow: the host's turn comes later than that.
        """
        host = authority(url)
        self._taken += 1
        slot = f"{self._name}{self._taken}"
        try:
            self._await_turn(host, self._wish(url, slot))
        except NotNow:
            raise
        except BaseException:
            # Broken off; the turn may have been granted unheard.
            self._reports.setdefault(host, []).append(Report(slot))
            raise
        self._turns.setdefault(url, []).append(_Turn(host, slot, self._monotonic()))

    def done(
        self,
        url: str,
        status: int | None,
        head_seconds: float | None,
        retry_after_seconds: float | None,
    ) -> None:
        """Gives a turn back: its answer is read to its end, or there was none.

        Args:
            url: as `take` was given it.
            status: of the answer; None where none came, which tells nothing of the host.
            head_seconds: from the request to the answer's headers.
            retry_after_seconds: what the answer asks for.
        """
        turns = self._turns.get(url)
        if not turns:
            return  # the call has ended and gave all its turns back
        turn = turns.pop()
        if not turns:
            del self._turns[url]
        if url.endswith(_ROBOTS):
            head_seconds = None  # a file at hand tells nothing of how long pages take
        report = _report(turn.slot, status, head_seconds, retry_after_seconds)
        self._reports.setdefault(turn.host, []).append(report)
        if status in _TOLD_AT_ONCE:
            self._give_back(turn.host)
        elif turn.host in self._queues:
            self._queues[turn.host].hurry()

    def note_delay(self, url: str, seconds: float | None) -> None:
        """Takes down the `Crawl-delay` at a URL's host: it holds for the lane's requests, and for
        all who have not read it yet."""
        self._site_delays_ms[authority(url)] = round((seconds or 0.0) * 1_000)

    def unreachable(self, url: str, *, silent: bool) -> bool:
        """Tells that a request at a URL's host got no answer, which may well be otherwise later.

        `silent` is whether the time for an answer passed, rather than that no connection came
        about or held. Returns whether the host fails for so long that it is taken for down: then
        its URLs need not be tried again.
        """
        host = authority(url)
        self._reports.setdefault(host, []).append(Report("", SILENT if silent else UNREACHED))
        return self._give_back(host).failures >= DOWN_AFTER

    def close(self) -> None:
        """Gives back all turns, those of broken-off requests too; for the end of the call."""
        self._open_lanes.discard(self)
        for turn in (turn for turns in self._turns.values() for turn in turns):
            self._reports.setdefault(turn.host, []).append(Report(turn.slot))
        self._turns.clear()
        for host in tuple(self._reports):
            self._give_back(host)

    def under_way(self, before: float) -> Iterator[tuple[str, str]]:
        """Host and slot of each turn taken up to that time."""
        for turns in self._turns.values():
            yield from ((turn.host, turn.slot) for turn in turns if turn.since <= before)

    def _await_turn(self, host: str, ask: Ask) -> None:
        answer = None if host in self._queues else self._ask(host, ask)
        if answer is None or answer.why is not None:
            self._wait(host, ask, answer)

    def _wish(self, url: str, slot: str) -> Ask:
        concurrency, delay_ms = self._pace(url)
        site_ms = self._site_delays_ms.get(authority(url))
        return Ask(self._job_id, slot, concurrency, delay_ms, site_ms, self._ignores_site)

    def _ask(self, host: str, ask: Ask) -> Answer:
        return self._hosts.ask(host, ask, self._reports.pop(host, ()))

    def _give_back(self, host: str) -> Answer:
        return self._hosts.give_back(host, self._reports.pop(host, ()))

    def _wait(self, host: str, ask: Ask, answer: Answer | None) -> None:
        """Waits behind the lane's other requests for the host, then for the host."""
        deadline = self._monotonic() + PATIENCE_SECONDS
        for other in self._reports.keys() - {host}:
            self._give_back(other)  # nobody may wait for a turn that waits here
        queue = self._queues.setdefault(host, _Queue())
        if queue.length:
            answer = None  # it is old when the others have had their turns
        queue.length += 1
        try:
            if not queue.first.acquire(timeout=PATIENCE_SECONDS):
                raise _not_now(queue.answer)
            try:
                self._poll(host, ask, answer, queue, deadline)
            finally:
                queue.first.release()
        finally:
            queue.length -= 1
            if not queue.length:
                del self._queues[host]

    def _poll(
        self, host: str, ask: Ask, answer: Answer | None, queue: _Queue, deadline: float
    ) -> None:
        """Asks again when the answer says so, until the turn is granted."""
        while answer is None or answer.why is not None:
            if answer is not None:
                queue.answer = answer
                seconds = answer.wait_ms / 1_000
                if self._monotonic() + seconds > deadline:
                    raise _not_now(answer)
                queue.wait(seconds)
            answer = self._ask(host, ask)


def _not_now(answer: Answer) -> NotNow:
    why = answer.why or Why.BUSY
    seconds = answer.wait_ms / 1_000
    return NotNow(max(seconds, _AGAIN_SECONDS) if why is Why.BUSY else seconds, why)


def _report(
    slot: str, status: int | None, head_seconds: float | None, asked_seconds: float | None
) -> Report:
    return Report(
        slot,
        status or 0,
        -1 if head_seconds is None else max(0, int(head_seconds * 1_000_000)),
        0 if asked_seconds is None else _milliseconds(asked_seconds),
    )


def _milliseconds(asked_seconds: float) -> int:
    """What a site asks for, whatever that is: it may be without end."""
    return int(min(max(asked_seconds, 0.0) * 1_000, LONGEST_BLOCK_MS))
