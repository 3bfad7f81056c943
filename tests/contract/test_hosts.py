"""Turns at hosts: one suite, in memory, on fakeredis and on real servers, and all in step."""

from collections.abc import Callable, Iterator
from itertools import pairwise
from typing import Any

import fakeredis
import pytest
import redis
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from crawler.domain.hosts import Hosts, spacing_ms
from crawler.domain.politeness import Why
from crawler.domain.turns import (
    DOWN_AFTER,
    DOWN_PAUSE_MS,
    FADE_GAPS,
    FADE_MS,
    GRACE_MS,
    IDLE_MS,
    LONGEST_BACKOFF_MS,
    LONGEST_BLOCK_MS,
    SILENCE,
    SILENT,
    SITE_DELAY_MS,
    SLOT_MS,
    UNREACHED,
    Answer,
    Ask,
    HostStore,
    Report,
)
from crawler.storage.hosts import RedisHosts, connect, keys

HOST = "example.org"
NOON = 1_800_000_000_000
TEST_TIME = "local now = tonumber(redis.call('GET', 'clew:now'))\n"


class Bench:
    """A store of hosts whose time is the test's."""

    def __init__(self, store: HostStore, tell_time: Callable[[int], object]) -> None:
        self.store = store
        self._tell_time = tell_time
        self._slots = 0
        self.slot = ""
        self.at(NOON)

    def at(self, now: int) -> None:
        self.now = now
        self._tell_time(now)

    def later(self, milliseconds: int) -> None:
        self.at(self.now + milliseconds)

    def ask(
        self,
        job: str = "a",
        concurrency: int = 1,
        delay_ms: int = 0,
        host: str = HOST,
        *reports: Report,
        site_ms: int | None = None,
        ignores_site: bool = False,
    ) -> Answer:
        """Asks for a turn; the newest one that is granted is `self.slot`."""
        self._slots += 1
        slot = f"s{self._slots}"
        ask = Ask(job, slot, concurrency, delay_ms, site_ms, ignores_site)
        answer = self.store.ask(host, ask, reports)
        self.slot = self.slot if answer.why else slot
        return answer

    def tell(self, status: int = 200, head_us: int = -1, asked_ms: int = 0) -> Answer:
        return self.store.give_back(HOST, [Report(self.slot, status, head_us, asked_ms)])

    def take(self, *arguments: Any, **named: Any) -> str:
        answer = self.ask(*arguments, **named)
        assert answer.why is None, answer
        return self.slot


def in_memory() -> Bench:
    time = [0]
    return Bench(Hosts(lambda: time[0] / 1_000), lambda now: time.__setitem__(0, now))


def on_redis(client: "redis.Redis") -> Bench:
    return Bench(RedisHosts(client, TEST_TIME), lambda now: client.set("clew:now", now))


class HostsContract:
    """What every store has to show; subclasses give a `bench`."""

    def test_no_more_requests_are_under_way_than_the_job_may_make(self, bench: Bench) -> None:
        slots = [bench.take(concurrency=3) for _ in range(3)]
        assert bench.ask(concurrency=3).why is Why.BUSY
        assert bench.ask("b", concurrency=3).why is Why.BUSY, "those of all jobs count"
        bench.store.give_back(HOST, [Report(slots[0])])
        assert bench.ask(concurrency=3).why is None

    def test_a_turn_comes_back_with_the_next_request(self, bench: Bench) -> None:
        slot = bench.take()
        assert bench.ask("a", 1, 0, HOST, Report(slot, 200)).why is None

    def test_hosts_do_not_hold_one_another_up(self, bench: Bench) -> None:
        bench.take(delay_ms=1_000)
        bench.tell(429, asked_ms=5_000)
        assert bench.ask(host="example.org:8080").why is None

    @pytest.mark.parametrize(
        ("delay_ms", "apart"),
        [(100, 105), (250, 263), (1_000, 1_100), (10_000, 10_500), (1, 2), (0, 0)],
    )
    def test_starts_lie_the_delay_apart_with_a_margin(
        self, bench: Bench, delay_ms: int, apart: int
    ) -> None:
        assert spacing_ms(delay_ms) == apart
        bench.take(concurrency=9, delay_ms=delay_ms)
        if apart:
            assert bench.ask("a", 9, delay_ms) == Answer(apart, Why.DELAY, 0)
            bench.later(apart - 1)
            assert bench.ask("b", 9, delay_ms) == Answer(1, Why.DELAY, 0)
            bench.later(1)
        bench.take(concurrency=9, delay_ms=delay_ms)

    def test_a_start_counts_for_all_jobs(self, bench: Bench) -> None:
        starts = []
        for _ in range(200):
            for job in ("a", "b"):
                if bench.ask(job, 9, 1_000).why is None:
                    starts.append((bench.now, job))
            bench.later(20)
        gaps = [after[0] - before[0] for before, after in pairwise(starts)]
        assert min(gaps) >= 1_100
        assert max(gaps) <= 1_120
        assert [job for _, job in starts[1:]] == ["b", "a", "b"]

    def test_a_job_with_a_long_delay_neither_starves_nor_holds_others_up(
        self, bench: Bench
    ) -> None:
        starts: dict[str, list[int]] = {"slow": [], "fast": []}
        for _ in range(250):
            for job, delay_ms in (("fast", 100), ("slow", 5_000)):
                if bench.ask(job, 99, delay_ms).why is None:
                    starts[job].append(bench.now)
            bench.later(50)
        assert len(starts["slow"]) == 2
        assert len(starts["fast"]) >= 75
        both = sorted(starts["slow"] + starts["fast"])
        assert min(b - a for a, b in pairwise(both)) >= 105

    def test_the_line_is_first_come_first_served(self, bench: Bench) -> None:
        bench.take("a")
        for job in "bac":
            assert bench.ask(job).why is Why.BUSY
            bench.later(1)
        bench.tell()
        assert bench.ask("c").why is Why.BUSY
        assert bench.ask("a").why is Why.BUSY
        assert bench.ask("b").why is None

    def test_who_is_not_heard_of_leaves_the_line(self, bench: Bench) -> None:
        bench.take("a")
        hint = bench.ask("b").wait_ms
        bench.tell()
        bench.later(hint + GRACE_MS)
        assert bench.ask("a").why is Why.BUSY
        bench.later(1)
        assert bench.ask("a").why is None

    def test_a_place_is_kept_for_who_comes_back_when_told(self, bench: Bench) -> None:
        bench.take("a", delay_ms=10_000)
        wait = bench.ask("b", 1, 10_000).wait_ms
        bench.tell()
        bench.later(wait)
        assert bench.ask("a", 1, 10_000).why is Why.BUSY
        assert bench.ask("b", 1, 10_000).why is None

    def test_turns_of_a_lost_worker_are_free_after_five_seconds(self, bench: Bench) -> None:
        slot = bench.take()
        bench.later(SLOT_MS - 1)
        bench.store.hold(HOST, [slot], started=False)
        bench.later(SLOT_MS - 1)
        assert bench.ask().why is Why.BUSY
        bench.later(1)
        assert bench.ask().why is None

    def test_what_the_store_missed_is_carried_over(self, bench: Bench) -> None:
        bench.store.hold(HOST, ["elsewhere"], started=True)
        assert bench.ask("a", 2, 1_000) == Answer(1_100, Why.DELAY, 0)
        bench.later(1_100)
        assert bench.ask("b", 1).why is Why.BUSY
        assert bench.ask("a", 2, 1_000).why is None

    @pytest.mark.parametrize("status", [429, 503])
    def test_a_host_is_left_alone_as_long_as_it_asks(self, bench: Bench, status: int) -> None:
        bench.take()
        assert bench.tell(status, asked_ms=3_000) == Answer(3_000, Why.ASKED, 0)
        for wait in (3_000, 1):
            assert bench.ask("b") == Answer(wait, Why.ASKED, 0)
            bench.later(2_999 if wait > 1 else 1)
        assert bench.ask("b").why is None

    def test_the_longest_pause_counts_and_none_is_over_a_day(self, bench: Bench) -> None:
        bench.take(concurrency=3)
        assert bench.tell(429, asked_ms=5_000).wait_ms == 5_000
        assert bench.tell(429, asked_ms=1_000).wait_ms == 5_000
        assert bench.tell(503, asked_ms=10**12).wait_ms == LONGEST_BLOCK_MS
        bench.later(LONGEST_BLOCK_MS)
        assert bench.ask().why is None

    def test_refusals_without_a_time_double_the_pause_until_an_answer(self, bench: Bench) -> None:
        pauses = []
        for _ in range(9):
            bench.take()
            answer = bench.tell(503)
            assert answer.why is Why.BACKING_OFF
            pauses.append(answer.wait_ms)
            bench.later(answer.wait_ms)
        assert pauses == [1_000, 2_000, 4_000, 8_000, 16_000, 32_000, *[LONGEST_BACKOFF_MS] * 3]
        bench.take()
        assert bench.tell(404) == Answer(0, None, 0)
        bench.take()
        assert bench.tell(429).wait_ms == 1_000

    def test_refusals_at_one_moment_are_one(self, bench: Bench) -> None:
        slots = [bench.take(concurrency=8) for _ in range(8)]
        for slot in slots:
            answer = bench.store.give_back(HOST, [Report(slot, 429)])
            assert answer.wait_ms == 1_000
        bench.store.give_back(HOST, [Report("late", 200)])
        bench.later(1_000)
        bench.take()
        assert bench.tell(429).wait_ms == 2_000, "an answer from before is no success"

    @pytest.mark.parametrize("status", [UNREACHED, 502, 504])
    def test_a_host_without_answers_pauses_shortly_and_is_down_in_the_end(
        self, bench: Bench, status: int
    ) -> None:
        pauses = []
        for failures in range(1, DOWN_AFTER + 3):
            bench.take()
            answer = bench.tell(status)
            assert answer.failures == failures
            pauses.append(answer.wait_ms)
            bench.later(answer.wait_ms)
        assert pauses == [0, 500, 1_000, 2_000, 4_000, *[DOWN_PAUSE_MS] * 3]
        bench.take()
        assert bench.tell(200).failures == 0

    def test_silence_counts_for_several_refusals(self, bench: Bench) -> None:
        for failures, wait in ((SILENCE, 1_000), (2 * SILENCE, DOWN_PAUSE_MS)):
            bench.take()
            told = [bench.tell(SILENT) for _ in range(2)]
            assert told == [Answer(wait, Why.BACKING_OFF, failures)] * 2
            bench.later(wait)
        assert failures >= DOWN_AFTER

    @pytest.mark.parametrize(("faded_ms", "failures"), [(FADE_MS - 1, 3), (FADE_MS, 1)])
    def test_failures_that_are_long_over_do_not_count(
        self, bench: Bench, faded_ms: int, failures: int
    ) -> None:
        for _ in range(2):
            bench.take()
            answer = bench.tell(UNREACHED)
        bench.later(answer.wait_ms + faded_ms)
        bench.take()
        assert bench.tell(502).failures == failures

    def test_a_host_that_is_seldom_asked_and_never_reached_is_down_in_the_end(
        self, bench: Bench
    ) -> None:
        failures = 0
        for _ in range(DOWN_AFTER + 1):
            bench.take()
            failures = bench.tell(UNREACHED).failures
            bench.later((FADE_GAPS - 1) * FADE_MS)
        assert failures == DOWN_AFTER
        bench.later(IDLE_MS)
        assert bench.ask() == Answer(0, None, 0)

    def test_refusals_that_are_long_over_do_not_count(self, bench: Bench) -> None:
        for wait in (1_000, 2_000, 1_000):
            bench.take()
            assert bench.tell(503).wait_ms == wait
            bench.later(wait + (FADE_MS if wait == 2_000 else 0))

    def test_what_robots_txt_asks_for_holds_for_who_has_not_read_it(self, bench: Bench) -> None:
        bench.take("a", 9, 100, site_ms=10_000)
        for job in "ab":
            assert bench.ask(job, 9, 100) == Answer(10_500, Why.DELAY, 0)
        assert bench.ask("c", 9, 20_000) == Answer(20_500, Why.DELAY, 0), "a longer delay counts"
        bench.take(host="other.example")
        bench.later(10_500)
        bench.take("a", 9, 100)
        assert bench.ask("a", 9, 100, site_ms=5_000) == Answer(5_500, Why.DELAY, 0)
        bench.later(1_000)
        assert bench.ask("b", 9, 0) == Answer(4_500, Why.DELAY, 0), "the newest one counts"
        bench.take("b", 9, 0, site_ms=0)
        bench.take("b", 9, 0)

    def test_robots_txt_is_nothing_to_a_job_that_ignores_it(self, bench: Bench) -> None:
        bench.take("a", 9, 100, site_ms=10_000)
        assert bench.ask("b", 9, 100, ignores_site=True) == Answer(105, Why.DELAY, 0)
        bench.later(105)
        bench.take("b", 9, 100, ignores_site=True)
        assert bench.ask("c", 9, 100) == Answer(10_500, Why.DELAY, 0)

    @pytest.mark.parametrize("status", [0, 500, 501])
    def test_other_errors_tell_nothing_of_the_host(self, bench: Bench, status: int) -> None:
        bench.take()
        assert bench.tell(502).failures == 1
        bench.take()
        assert bench.tell(status) == Answer(0, None, 1)

    def test_a_host_that_gets_slower_is_asked_less(self, bench: Bench) -> None:
        for head_us in [50_000] * 20 + [2_000_000] * 8:
            bench.take()
            bench.tell(200, head_us)
            bench.later(5_000)
        bench.take()
        answer = bench.ask("a", 9)
        assert answer.why is Why.DELAY
        assert 500 < answer.wait_ms < 1_600
        assert bench.ask("b", 9, 100).wait_ms == answer.wait_ms + 105, "on top of the delay"
        for _ in range(40):
            bench.later(5_000)
            bench.take("a", 9)
            bench.tell(200, 50_000)
        assert bench.ask("a", 9).why is None, "it recovered"

    @pytest.mark.parametrize("head_us", [1_000, 390_000, 3_000_000])
    def test_a_host_that_is_as_slow_as_ever_is_not_slowed_down(
        self, bench: Bench, head_us: int
    ) -> None:
        for _ in range(20):
            bench.take("a", 9)
            bench.tell(200, head_us)

    @pytest.mark.parametrize(
        ("head_us", "hint_ms"), [(-1, 5), (2_000, 5), (60_000, 60), (9_000_000, 200)]
    )
    def test_a_busy_host_is_asked_again_when_its_answers_come(
        self, bench: Bench, head_us: int, hint_ms: int
    ) -> None:
        bench.take()
        bench.tell(200, head_us)
        bench.take()
        assert bench.ask() == Answer(hint_ms, Why.BUSY, 0)


class TestInMemory(HostsContract):
    """As a worker keeps hosts by itself."""

    @pytest.fixture
    def bench(self) -> Bench:
        return in_memory()

    def test_idle_hosts_are_forgotten_when_there_are_many(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        bench = in_memory()
        hosts = bench.store
        assert isinstance(hosts, Hosts)
        monkeypatch.setattr(Hosts, "MOST", 2)
        bench.take(host="old")
        bench.store.give_back("old", [Report(bench.slot)])
        bench.take(host="in use")
        bench.later(IDLE_MS)
        bench.take(host="new")
        assert set(hosts._hosts) == {"in use", "new"}


class TestOnFakeredis(HostsContract):
    """Without a server."""

    @pytest.fixture
    def bench(self) -> Iterator[Bench]:
        with fakeredis.FakeRedis() as client:
            yield on_redis(client)


class TestOnAServer(HostsContract):
    """On Valkey, or Debian's Redis."""

    @pytest.fixture
    def client(self, redis_url: str) -> Iterator["redis.Redis"]:
        with connect(redis_url) as client:
            client.flushdb()
            yield client

    @pytest.fixture
    def bench(self, client: "redis.Redis") -> Bench:
        return on_redis(client)

    def test_every_key_expires(self, bench: Bench, client: "redis.Redis") -> None:
        bench.take(delay_ms=10_000, site_ms=10_000)
        bench.ask("b", 1, 10_000)
        assert SITE_DELAY_MS - 60_000 < client.pttl(keys(HOST)[3]) <= SITE_DELAY_MS
        assert all(client.pttl(key) > 0 for key in keys(HOST))
        bench.store.hold("other", ["slot"], started=True)
        assert all(client.pttl(key) > 0 for key in keys("other")[:2])

    def test_a_pause_outlives_what_else_is_known(self, bench: Bench, client: "redis.Redis") -> None:
        bench.take()
        bench.tell(429, asked_ms=LONGEST_BLOCK_MS)
        bench.store.hold(HOST, [], started=True)
        assert client.pttl(keys(HOST)[0]) > LONGEST_BLOCK_MS

    def test_by_the_servers_own_time_the_rules_hold_too(self, client: "redis.Redis") -> None:
        store = RedisHosts(client)
        assert store.ask(HOST, Ask("a", "s1", 2, 60_000), ()).why is None
        wait = store.ask(HOST, Ask("a", "s2", 2, 60_000), ()).wait_ms
        assert 30_000 < wait <= 60_500

    def test_a_flushed_server_learns_the_script_anew(self, client: "redis.Redis") -> None:
        bench = on_redis(client)
        bench.take()
        client.script_flush()
        client.flushall()
        bench.at(NOON)
        bench.take()


JOBS = st.sampled_from("abc")
STATUSES = st.sampled_from([0, 200, 404, 429, 500, 502, 503, UNREACHED, SILENT])
LATENCIES = st.sampled_from([-1, 0, 900, 60_000, 700_000, 3_000_000, 20_000_000])
REPORTS = st.tuples(
    st.integers(0, 30), STATUSES, LATENCIES, st.sampled_from([0, 0, 0, 1, 3_000, 10**11])
)
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("wait"), st.sampled_from([0, 1, 7, 499, 1_001, 1_100, 5_000, 31_000])),
        st.tuples(
            st.just("ask"),
            JOBS,
            st.integers(1, 3),
            st.sampled_from([0, 0, 100, 1_000]),
            st.lists(REPORTS, max_size=2),
            st.sampled_from([None, None, 0, 500, 2_000]),
            st.booleans(),
        ),
        st.tuples(st.just("tell"), st.lists(REPORTS, min_size=1, max_size=2)),
        st.tuples(st.just("hold"), st.integers(0, 30), st.booleans()),
    ),
    max_size=40,
)


def answers(bench: Bench, steps: list[Any]) -> list[object]:
    """What a store says to a history."""
    bench.at(NOON)
    given: list[object] = []
    for kind, *rest in steps:
        if kind == "wait":
            bench.later(rest[0])
        elif kind == "ask":
            *wish, reports, site_ms, ignores = rest
            told = map(_report, reports)
            given.append(bench.ask(*wish, HOST, *told, site_ms=site_ms, ignores_site=ignores))
        elif kind == "tell":
            given.append(bench.store.give_back(HOST, list(map(_report, rest[0]))))
        else:
            bench.store.hold(HOST, [f"s{rest[0]}"], started=rest[1])
    return given


def _report(drawn: tuple[int, int, int, int]) -> Report:
    slot, *rest = drawn
    return Report(f"s{slot}", *rest)


@given(steps=STEPS)
@settings(
    max_examples=150,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
def test_redis_and_memory_go_in_step(redis_url: str, steps: list[Any]) -> None:
    with connect(redis_url) as client:
        client.flushdb()
        assert answers(on_redis(client), steps) == answers(in_memory(), steps)


def test_an_absent_server_raises_at_once() -> None:
    store = RedisHosts(connect("redis://127.0.0.1:1/0"))
    for use in (
        lambda: store.ask(HOST, Ask("a", "s", 1, 0), ()),
        lambda: store.give_back(HOST, ()),
        lambda: store.hold(HOST, ["s"], started=False),
    ):
        with pytest.raises(redis.RedisError):
            use()
