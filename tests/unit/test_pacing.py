"""Turns as calls take them: few round trips, short waits, told at once, given back in the end."""

import time
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Sequence
from itertools import pairwise

import gevent
import pytest

from crawler.domain.hosts import Hosts
from crawler.domain.politeness import NotNow, Why
from crawler.domain.turns import DOWN_AFTER, SLOT_MS, Answer, Ask, Report
from crawler.functions import lane as lane_module
from crawler.functions.pacing import HostPacing, Lane

URL = "http://a.test/1"
OTHER_URL = "http://b.test/1"


class Counted(Hosts):
    """Hosts in memory that count what is asked of them, and know when turns were granted."""

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        super().__init__(clock)
        self.calls: Counter[str] = Counter()
        self.granted_ms: list[float] = []
        self.held: list[tuple[str, tuple[str, ...]]] = []

    def ask(self, host: str, ask: Ask, reports: Sequence[Report]) -> Answer:
        self.calls["ask"] += 1
        gevent.sleep(0)
        answer = super().ask(host, ask, reports)
        if answer.why is None:
            self.granted_ms.append(self._hosts[host].last_ms)
        return answer

    def give_back(self, host: str, reports: Sequence[Report]) -> Answer:
        self.calls["give_back"] += 1
        return super().give_back(host, reports)

    def hold(self, host: str, slots: Collection[str], *, started: bool) -> None:
        self.held.append((host, tuple(slots)))
        super().hold(host, slots, started=started)


@pytest.fixture
def store() -> Counted:
    return Counted()


@pytest.fixture
def pacing(store: Counted) -> HostPacing:
    return HostPacing(store, 2, time.monotonic)


@pytest.fixture
def lane(pacing: HostPacing) -> Iterator[Lane]:
    made = pacing.lane("job", lambda url: (2, 0))
    yield made
    made.close()


def short_patience(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lane_module, "PATIENCE_SECONDS", 0.05)


def test_at_full_speed_a_request_costs_one_round_trip(store: Counted, lane: Lane) -> None:
    def crawl() -> None:
        for _ in range(20):
            lane.take(URL)
            gevent.sleep(0)
            lane.done(URL, 200, 0.001, None)

    gevent.joinall([gevent.spawn(crawl) for _ in range(2)], raise_error=True)
    assert store.calls == {"ask": 40}
    lane.close()
    assert store.calls == {"ask": 40, "give_back": 1}
    assert not store._hosts["a.test"].slots


def test_starts_of_all_a_calls_requests_lie_the_delay_apart(
    store: Counted, pacing: HostPacing
) -> None:
    lane = pacing.lane("job", lambda url: (9, 40))
    began = time.time()

    def crawl() -> None:
        for _ in range(2):
            lane.take(URL)
            lane.done(URL, 200, 0.001, None)

    gevent.joinall([gevent.spawn(crawl) for _ in range(3)], raise_error=True)
    assert len(store.granted_ms) == 6
    assert all(b - a >= 40 for a, b in pairwise(store.granted_ms))
    assert time.time() - began >= 5 * 0.04, "nobody starts before the turn is granted"
    lane.close()


def test_each_host_has_its_own_pace(pacing: HostPacing) -> None:
    lane = pacing.lane("job", lambda url: (1, 0) if url == URL else (3, 0))
    for _ in range(3):
        lane.take(OTHER_URL)
    lane.take(URL)
    with pytest.raises(gevent.Timeout), gevent.Timeout(0.05):
        lane.take(URL)
    lane.close()


def test_a_crawl_delay_that_one_lane_knows_holds_for_others_that_do_not(
    pacing: HostPacing,
) -> None:
    lane = pacing.lane("job", lambda url: (9, 0))
    lane.note_delay(URL, 30.0)
    lane.take("http://a.test/2")
    fresh = pacing.lane("other", lambda url: (9, 0))
    for url in ("http://a.test/robots.txt", URL):
        with pytest.raises(NotNow) as raised:
            fresh.take(url)
        assert raised.value.seconds > 20
    fresh.take(OTHER_URL)
    pacing.lane("third", lambda url: (9, 0), ignores_site=True).take(URL)
    lane.note_delay(URL, None)
    lane.take(URL)


def test_only_the_first_of_those_that_wait_asks(store: Counted, pacing: HostPacing) -> None:
    lane = pacing.lane("job", lambda url: (9, 60))
    gevent.joinall([gevent.spawn(lane.take, URL) for _ in range(4)], raise_error=True)
    assert store.calls["ask"] <= 4 + 2 * 3
    lane.close()


def test_a_turn_that_is_far_away_is_not_waited_for(pacing: HostPacing) -> None:
    lane = pacing.lane("job", lambda url: (1, 10_000))
    lane.take(URL)
    lane.done(URL, 200, 0.001, None)
    began = time.monotonic()
    with pytest.raises(NotNow) as raised:
        lane.take(URL)
    assert time.monotonic() - began < lane_module.PATIENCE_SECONDS
    assert raised.value.why is Why.DELAY
    assert 5.0 < raised.value.seconds <= 10.5
    lane.take(OTHER_URL)
    lane.close()


def test_a_busy_host_is_waited_for_for_a_short_while(
    pacing: HostPacing, monkeypatch: pytest.MonkeyPatch
) -> None:
    short_patience(monkeypatch)
    first, second = (pacing.lane(job, lambda url: (1, 0)) for job in ("a", "b"))
    first.take(URL)
    for _ in range(2):
        with pytest.raises(NotNow) as raised:
            second.take(URL)
        assert (raised.value.seconds, raised.value.why) == (0.25, Why.BUSY)
    first.close()
    second.take(URL)
    second.close()


def test_those_behind_the_first_do_not_wait_longer(
    pacing: HostPacing, monkeypatch: pytest.MonkeyPatch
) -> None:
    short_patience(monkeypatch)
    other = pacing.lane("b", lambda url: (1, 0))
    other.take(URL)
    lane = pacing.lane("a", lambda url: (1, 0))
    began = time.monotonic()
    waiting = [gevent.spawn(lane.take, URL) for _ in range(3)]
    gevent.joinall(waiting)
    assert all(isinstance(each.exception, NotNow) for each in waiting)
    assert time.monotonic() - began < 1.0
    other.close()
    lane.take(URL)
    lane.close()


def test_a_turn_that_comes_back_in_the_call_itself_is_used_at_once(
    store: Counted, monkeypatch: pytest.MonkeyPatch
) -> None:
    wait = lane_module._Queue.wait
    monkeypatch.setattr(lane_module._Queue, "wait", lambda queue, seconds: wait(queue, 60.0))
    pacing = HostPacing(store, 1, time.monotonic)
    lane = pacing.lane("job", lambda url: (1, 0))
    lane.take(URL)
    waiting = gevent.spawn(lane.take, URL)
    while not lane._queues:
        gevent.sleep(0)
    lane.done(URL, 200, 0.001, None)
    waiting.get(timeout=30)
    lane.close()


def test_what_waits_holds_no_turn_of_another_host(store: Counted, pacing: HostPacing) -> None:
    lane = pacing.lane("job", lambda url: (1, 0))
    other = pacing.lane("other", lambda url: (1, 0))
    other.take(URL)
    lane.take(OTHER_URL)
    lane.done(OTHER_URL, 200, 0.001, None)
    waiting = gevent.spawn(lane.take, URL)
    other.take(OTHER_URL)
    other.done(URL, 200, 0.001, None)
    other.close()
    waiting.get(timeout=30)
    lane.close()


@pytest.mark.parametrize("status", [429, 503])
def test_a_host_that_asks_for_a_pause_is_known_to_all_workers_at_once(
    store: Counted, lane: Lane, status: int
) -> None:
    lane.take(URL)
    lane.done(URL, status, 0.001, 30.0)
    elsewhere = HostPacing(store, 2, time.monotonic).lane("other", lambda url: (8, 0))
    for each in (lane, elsewhere):
        with pytest.raises(NotNow) as raised:
            each.take(URL)
        assert raised.value.why is Why.ASKED
        assert 20 < raised.value.seconds <= 30
    lane.take(OTHER_URL)


def test_a_host_is_not_taken_for_slow_since_its_robots_txt_is_fast(
    store: Counted, lane: Lane
) -> None:
    for url, seconds in [("http://a.test/robots.txt", 0.001)] + [(URL, 3.0)] * 8:
        lane.take(url)
        lane.done(url, 200, seconds, None)
    lane.take(URL)
    assert store.calls == {"ask": 10}


@pytest.mark.parametrize("asked", [float("inf"), 1e300, -5.0, 0.0])
def test_whatever_a_site_asks_for_is_taken(lane: Lane, asked: float) -> None:
    lane.take(URL)
    lane.done(URL, 429, 0.001, asked)
    if asked > 0:
        with pytest.raises(NotNow) as raised:
            lane.take(URL)
        assert raised.value.seconds <= 86_400


def test_broken_off_requests_give_their_turns_back_when_the_call_ends(
    store: Counted, lane: Lane
) -> None:
    lane.take(URL)
    lane.take(URL)
    lane.take(OTHER_URL)
    lane.close()
    assert not any(host.slots for host in store._hosts.values())
    assert not any(host.strikes or host.failures for host in store._hosts.values())
    lane.done(URL, 429, None, 30.0)
    lane.take(URL)


def test_a_turn_that_was_granted_unheard_is_given_back(
    store: Counted, lane: Lane, monkeypatch: pytest.MonkeyPatch
) -> None:
    def granted_late(*args: object) -> Answer:
        Hosts.ask(store, *args)  # type: ignore[arg-type]
        gevent.sleep(60)
        raise AssertionError

    with monkeypatch.context() as patch, gevent.Timeout(0.01, False):
        patch.setattr(store, "ask", granted_late)
        lane.take(URL)
    assert store._hosts["a.test"].slots
    lane.close()
    assert not store._hosts["a.test"].slots


def test_a_killed_request_leaves_the_queue(pacing: HostPacing) -> None:
    first, second = (pacing.lane(job, lambda url: (1, 0)) for job in ("a", "b"))
    first.take(URL)
    waiting = [gevent.spawn(second.take, URL) for _ in range(2)]
    gevent.sleep(0.02)
    gevent.killall(waiting)
    assert not second._queues
    first.close()
    second.take(URL)
    second.close()


def test_a_host_that_is_never_reached_is_down_in_the_end() -> None:
    now = [1_000.0]
    lane = HostPacing(Counted(lambda: now[0]), 1, lambda: now[0]).lane("job", lambda url: (8, 0))
    told = []
    for _ in range(DOWN_AFTER):
        lane.take(URL)
        lane.done(URL, None, None, None)
        told.append(lane.unreachable(URL, silent=False))
        now[0] += 10
    assert told == [False] * (DOWN_AFTER - 1) + [True]
    lane.take(URL)
    lane.done(URL, 200, 0.001, None)
    assert lane.unreachable(URL, silent=False) is False


def test_a_host_that_lets_the_time_for_an_answer_pass_twice_running_is_down() -> None:
    now = [1_000.0]
    lane = HostPacing(Counted(lambda: now[0]), 1, lambda: now[0]).lane("job", lambda url: (8, 0))
    told = []
    for _ in range(2):
        told += [lane.unreachable(URL, silent=True) for _ in range(3)]
        now[0] += 11
    assert told == [False] * 3 + [True] * 3, "those that end at one moment count once"


def test_long_requests_keep_their_turns_and_short_ones_cost_nothing() -> None:
    now = [1_000.0]
    store = Counted(lambda: now[0])
    pacing = HostPacing(store, 1, lambda: now[0])
    lane = pacing.lane("job", lambda url: (1, 0))
    lane.take(URL)
    pacing.renew()
    assert store.held == []
    for _ in range(6):
        now[0] += 1.5
        pacing.renew()
    assert len(store.held) == 6
    assert now[0] > 1_000 + SLOT_MS / 1_000
    assert store.ask("a.test", Ask("other", "slot", 1, 0), ()).why is Why.BUSY
    lane.close()
    pacing.renew()
    assert len(store.held) == 6
