"""Whose turn it is at a host, over all jobs: the rules, and a store of hosts in memory.

Before a request its worker asks for a turn; after it the worker gives the turn back and tells
what came of it. A turn is granted when

- the host did not ask for a pause (429 or 503, with `Retry-After` or without), nor seems down;
- the time between starts is over: the job's delay, or the one that the host's robots.txt asked
  for last (the job may not have read it yet), and more while the host answers slower than it
  used to;
- fewer requests are under way, of all jobs, than this job may make at once;
- no other job stands before it in the line.

The line holds jobs, first come first served, so that one with many requests can't starve another.
A job that waits for its delay lets others go ahead until then: it is given the moment at which
it may start, and only from then on it holds the others up. Whoever stands in the line and is not
heard of for a second has left it.

`crawler.storage.hosts` keeps the same in Redis, for all workers, by the same rules in Lua: one
test suite runs both in step. This store serves a worker while Redis is away.
"""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field

from crawler.domain.politeness import Why
from crawler.domain.turns import (
    BUSY,
    DOWN_AFTER,
    DOWN_PAUSE_MS,
    FADE_GAPS,
    FADE_MS,
    FIRST_BACKOFF_MS,
    FIRST_PAUSE_MS,
    GATEWAY,
    GRACE_MS,
    IDLE_MS,
    LEAST_HINT_MS,
    LONGEST_BACKOFF_MS,
    LONGEST_BLOCK_MS,
    MOST_HINT_MS,
    MOST_SLOWER_MS,
    SILENCE,
    SILENT,
    SLOT_MS,
    SLOW_US,
    UNREACHED,
    Answer,
    Ask,
    Report,
)


def spacing_ms(delay_ms: int) -> int:
    """Milliseconds between two starts that keep their arrivals at the site a delay apart.

    What a request takes on its way varies: a new connection, a busy loop. A delay of a second or
    more is a rule of somebody's who may read his log; there the margin is larger.
    """
    return delay_ms + (min(delay_ms // 10, 500) if delay_ms >= 1_000 else -(-delay_ms // 20))


@dataclass(slots=True)
class _Place:
    """A job's place in the line: from when on it may start, and until when it is kept."""

    joined_ms: int
    from_ms: int
    until_ms: int


@dataclass(slots=True)
class Host:
    """What is known of one host."""

    last_ms: int = 0
    spacing_ms: int = 0
    blocked_ms: int = 0
    why: Why = Why.BACKING_OFF
    strikes: int = 0
    failures: int = 0
    trouble_ms: int = 0
    """When a refusal or failure was counted last."""
    gap_ms: int = 0
    """The time between the last two."""
    recent_us: int = -1
    usual_us: int = -1
    slots: dict[str, int] = field(default_factory=dict)
    line: dict[str, _Place] = field(default_factory=dict)
    site_ms: int = 0
    """The spacing that its robots.txt asks for."""

    def fade(self, now: int) -> None:
        """Forgets refusals and failures that are long over: what comes now is another story."""
        lasting = max(FADE_MS, min(FADE_GAPS * self.gap_ms, IDLE_MS))
        if now >= max(self.trouble_ms, self.blocked_ms) + lasting:
            self.strikes = self.failures = 0

    def settle(self, report: Report, now: int) -> None:
        """Takes in what came of a turn."""
        self.slots.pop(report.slot, None)
        if report.head_us >= 0:
            self._learn(report.head_us)
        if report.status in BUSY:
            self._strike(report.asked_ms, now)
        elif report.status in GATEWAY or report.status == UNREACHED:
            self._fail(1, now)
        elif report.status == SILENT:
            self._fail(SILENCE, now)
        elif 0 < report.status < 500 and now >= self.blocked_ms:
            self.strikes = self.failures = self.trouble_ms = 0

    def ask(self, ask: Ask, now: int) -> Answer:
        """Grants a turn, or says how long to wait and keeps the job's place in the line."""
        self._expire(now)
        if now < self.blocked_ms:
            return self.standing(now)
        spacing = self._spacing_of(ask)
        ready = self._ready_ms(ask.job_id, spacing)
        if now < ready:
            return self._line_up(ask.job_id, now, ready - now, Why.DELAY)
        if len(self.slots) >= ask.concurrency or self._is_behind(ask.job_id, now):
            return self._line_up(ask.job_id, now, self._hint_ms(), Why.BUSY)
        self.slots[ask.slot] = now + SLOT_MS
        self.last_ms, self.spacing_ms = now, spacing
        self.line.pop(ask.job_id, None)
        return Answer(0, None, self.failures)

    def standing(self, now: int) -> Answer:
        """Whether the host may be asked at all."""
        if now < self.blocked_ms:
            return Answer(self.blocked_ms - now, self.why, self.failures)
        return Answer(0, None, self.failures)

    def started(self, ask: Ask, now: int) -> None:
        """A request began by a turn of another store's."""
        self.last_ms, self.spacing_ms = now, self._spacing_of(ask)

    def is_idle(self, now: int) -> bool:
        """Whether nothing of it is worth keeping."""
        return not self.slots and now >= max(self.last_ms, self.blocked_ms) + IDLE_MS

    def _expire(self, now: int) -> None:
        if self.slots:
            self.slots = {slot: until for slot, until in self.slots.items() if until > now}
        if self.line:
            self.line = {job: place for job, place in self.line.items() if place.until_ms >= now}

    def _spacing_of(self, ask: Ask) -> int:
        """The spacing that a request keeps; what its job knows of robots.txt is taken down."""
        own = spacing_ms(ask.delay_ms)
        if ask.ignores_site:
            return own
        if ask.site_delay_ms is not None:
            self.site_ms = spacing_ms(ask.site_delay_ms)
        return max(own, self.site_ms)

    def _ready_ms(self, job_id: str, spacing: int) -> int:
        """When the delays let a job start.

        Two starts lie at least the smaller of their jobs' delays apart. Of that, a job in the
        line is sure: what faster ones start meanwhile does not push its own start out.
        """
        slower = self._slower_ms()
        ready = self.last_ms + spacing + slower
        place = self.line.get(job_id)
        if place is None:
            return ready
        least = self.last_ms + min(spacing, self.spacing_ms) + slower
        return max(min(place.from_ms, ready), least)

    def _is_behind(self, job_id: str, now: int) -> bool:
        own = self.line.get(job_id)
        rank = (own.joined_ms if own else now, job_id)
        return any(
            (place.joined_ms, job) < rank and place.from_ms <= now
            for job, place in self.line.items()
        )

    def _line_up(self, job_id: str, now: int, wait_ms: int, why: Why) -> Answer:
        start = now + wait_ms if why is Why.DELAY else now
        place = self.line.get(job_id)
        if place is None:
            self.line[job_id] = _Place(now, start, now + wait_ms + GRACE_MS)
        else:
            place.from_ms = min(place.from_ms, start)
            place.until_ms = now + wait_ms + GRACE_MS
        return Answer(wait_ms, why, self.failures)

    def _strike(self, asked_ms: int, now: int) -> None:
        # What else was under way when the host began to refuse is no further refusal.
        if now >= self.blocked_ms:
            self.strikes += 1
            self._note_trouble(now)
        if asked_ms > 0:
            self._block(now + min(asked_ms, LONGEST_BLOCK_MS), Why.ASKED)
        else:
            pause = FIRST_BACKOFF_MS * 2 ** min(max(self.strikes - 1, 0), 16)
            self._block(now + min(pause, LONGEST_BACKOFF_MS), Why.BACKING_OFF)

    def _fail(self, count: int, now: int) -> None:
        if now < self.blocked_ms:
            return
        self.failures += count
        self._note_trouble(now)
        if self.failures >= DOWN_AFTER:
            self._block(now + DOWN_PAUSE_MS, Why.BACKING_OFF)
        elif self.failures > 1:
            pause = FIRST_PAUSE_MS * 2 ** (self.failures - 2)
            self._block(now + pause, Why.BACKING_OFF)

    def _note_trouble(self, now: int) -> None:
        self.gap_ms = now - self.trouble_ms if self.trouble_ms else 0
        self.trouble_ms = now

    def _block(self, until_ms: int, why: Why) -> None:
        if until_ms > self.blocked_ms:
            self.blocked_ms, self.why = until_ms, why

    def _learn(self, head_us: int) -> None:
        """Two averages of the time to an answer's headers.

        The recent one follows eight answers. The usual one falls fast and rises slowly, so that
        it stays near what the host takes at ease, and yet gets used to one that is always slow.
        """
        if self.recent_us < 0:
            self.recent_us = self.usual_us = head_us
            return
        self.recent_us += (head_us - self.recent_us) // 8
        self.usual_us += (head_us - self.usual_us) // (4 if head_us < self.usual_us else 64)

    def _slower_ms(self) -> int:
        """The delay that is added since the host answers slower than usual."""
        excess_us = self.recent_us - max(2 * self.usual_us, SLOW_US)
        return min(excess_us // 1_000, MOST_SLOWER_MS) if excess_us > 0 else 0

    def _hint_ms(self) -> int:
        return min(max(self.recent_us // 1_000, LEAST_HINT_MS), MOST_HINT_MS)


class Hosts:
    """Hosts in this process's memory."""

    MOST = 4_096
    """Above so many, idle ones are forgotten."""

    def __init__(self, clock: Callable[[], float]) -> None:
        """`clock` gives Unix seconds."""
        self._clock = clock
        self._hosts: dict[str, Host] = {}

    def ask(self, host: str, ask: Ask, reports: Sequence[Report]) -> Answer:
        """As `HostStore`."""
        known, now = self._settled(host, reports)
        return known.ask(ask, now)

    def give_back(self, host: str, reports: Sequence[Report]) -> Answer:
        """As `HostStore`."""
        known, now = self._settled(host, reports)
        return known.standing(now)

    def hold(self, host: str, slots: Collection[str], *, started: bool) -> None:
        """As `HostStore`."""
        known, now = self._settled(host, ())
        known.slots.update(dict.fromkeys(slots, now + SLOT_MS))
        if started:
            known.last_ms = now

    def note_start(self, host: str, ask: Ask) -> None:
        """A turn that another store granted: delays go on from there if that one goes away."""
        known, now = self._settled(host, ())
        known.started(ask, now)

    def _settled(self, host: str, reports: Sequence[Report]) -> tuple[Host, int]:
        now = int(self._clock() * 1_000)
        known = self._hosts.get(host)
        if known is None:
            self._make_room(now)
            known = self._hosts[host] = Host()
        known.fade(now)
        for report in reports:
            known.settle(report, now)
        return known, now

    def _make_room(self, now: int) -> None:
        if len(self._hosts) >= self.MOST:
            self._hosts = {
                name: host for name, host in self._hosts.items() if not host.is_idle(now)
            }
