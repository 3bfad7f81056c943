"""Verdicts of robots.txt: how long they hold, who asks, and what workers share."""

from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import replace
from typing import Any

import gevent
import pytest

from crawler.domain.politeness import NotNow, Why
from crawler.domain.reasons import Reason
from crawler.fetching import robots
from crawler.fetching.guard import Network
from crawler.fetching.outcomes import (
    FREE_TURNS,
    Fetched,
    FetchFailure,
    Hop,
    Postponed,
    Turns,
)
from crawler.fetching.robots import RobotsGate
from crawler.fetching.verdicts import RobotsVerdict

ORIGIN = "https://example.com"
PAGE = f"{ORIGIN}/private/page"
RULES = b"User-agent: *\nDisallow: /private\nCrawl-delay: 2"
Answer = Fetched | FetchFailure | Postponed


def answer(status: int, body: bytes = RULES, retry_after: float | None = None) -> Fetched:
    return Fetched(
        f"{ORIGIN}/robots.txt", status, (), None, body, (), 1, Network.PUBLIC, retry_after
    )


def failure(reason: Reason, *, passing: bool = False, hops: tuple[Hop, ...] = ()) -> FetchFailure:
    return FetchFailure(reason, "a sentence", None, ORIGIN, hops, 1, None, passing)


def put_off(why: Why) -> Postponed:
    return Postponed(f"{ORIGIN}/robots.txt", 9.0, why, ())


WAIT = put_off(Why.ASKED)


class Site:
    """A fetcher that answers from a list, the last answer for ever, after a while."""

    def __init__(self, *answers: Answer, seconds: float = 0.0) -> None:
        self._answers = list(answers)
        self._seconds = seconds
        self.asked = 0

    def fetch(self, url: str, *args: object, turns: Turns, **kwargs: object) -> Answer:
        assert url == f"{ORIGIN}/robots.txt"
        turns.take(url)
        self.asked += 1
        gevent.sleep(self._seconds)
        return self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


class Shelf:
    """What workers share, in memory."""

    def __init__(self) -> None:
        self.answers: dict[str, tuple[int, bytes]] = {}
        self.seconds: list[float] = []
        self.claimed: set[str] = set()

    def get(self, origin: str) -> tuple[int, bytes] | None:
        return self.answers.get(origin)

    def put(self, origin: str, status: int, body: bytes, ttl_seconds: float) -> None:
        self.answers[origin] = (status, body)
        self.seconds.append(ttl_seconds)

    def claim(self, origin: str, seconds: float) -> bool:
        free = origin not in self.claimed
        self.claimed.add(origin)
        return free

    def release(self, origin: str) -> None:
        self.claimed.discard(origin)


def gate(site: Site, clock: Callable[[], float] | None = None, shelf: Shelf | None = None):
    return RobotsGate(site, clock or Clock(), shelf)  # type: ignore[arg-type]


def verdict(of: RobotsGate, url: str = PAGE) -> RobotsVerdict:
    return of.verdict(url, FREE_TURNS)


def test_a_verdict_names_the_rule_and_the_delay() -> None:
    asked = gate(Site(answer(200)))
    assert verdict(asked) == RobotsVerdict(
        False, Reason.ROBOTS, rule="Disallow: /private"
    )
    assert verdict(asked, f"{ORIGIN}/public") == RobotsVerdict(True)


@pytest.mark.parametrize(
    ("answered", "reason", "passes"),
    [
        (answer(404), None, False),
        (answer(429), None, False),
        (answer(304), None, False),
        (failure(Reason.REDIRECT_LOOP), None, False),
        (failure(Reason.BAD_REDIRECT), None, False),
        (answer(500), Reason.ROBOTS_UNREACHABLE, True),
        (answer(999), Reason.ROBOTS_UNREACHABLE, True),
        (failure(Reason.TIMEOUT, passing=True), Reason.ROBOTS_UNREACHABLE, True),
        (failure(Reason.TIMEOUT, hops=(Hop(ORIGIN, 302),)), Reason.ROBOTS_UNREACHABLE, True),
        (failure(Reason.BROKEN_RESPONSE), Reason.ROBOTS_UNREACHABLE, True),
        (failure(Reason.REFUSED, passing=True), Reason.REFUSED, True),
        (failure(Reason.DNS, passing=True), Reason.DNS, True),
        (failure(Reason.DNS), Reason.DNS, False),
        (failure(Reason.TLS), Reason.TLS, False),
        (failure(Reason.BLOCKED_ADDRESS), Reason.BLOCKED_ADDRESS, False),
        (failure(Reason.DENIED_HOST), Reason.DENIED_HOST, False),
        (failure(Reason.DNS, hops=(Hop(ORIGIN, 302),)), Reason.ROBOTS_UNREACHABLE, True),
    ],
)
def test_what_no_robots_txt_means(answered: Answer, reason: Reason | None, passes: bool) -> None:
    got = verdict(gate(Site(answered)))
    assert (got.allowed, got.reason, got.is_passing) == (reason is None, reason, passes)


@pytest.mark.parametrize(
    ("answered", "seconds"),
    [
        (answer(200), 3_600),
        (answer(404), 3_600),
        (failure(Reason.REDIRECT_LOOP), 3_600),
        (answer(503), 15),
        (answer(429), 600),
        (answer(429, retry_after=60.0), 660),
        (answer(429, retry_after=1e6), 86_400),
        (failure(Reason.REFUSED), 0.5),
        (failure(Reason.TIMEOUT), 0.5),
    ],
)
def test_how_long_an_answer_holds(answered: Answer, seconds: float) -> None:
    site, clock = Site(answered), Clock()
    asked = gate(site, clock)
    for now, times in ((0.0, 1), (seconds - 0.1, 1), (seconds + 0.1, 2)):
        clock.now = now
        verdict(asked)
        assert site.asked == times


def test_turns_know_the_crawl_delay_before_robots_txt_is_asked_for_anew() -> None:
    log: list[object] = []

    class Noting(type(FREE_TURNS)):  # type: ignore[misc]
        def take(self, url: str) -> None:
            log.append("asked")

        def note_delay(self, url: str, seconds: float | None) -> None:
            log.append((url, seconds))

    clock = Clock()
    asked = gate(Site(answer(200), answer(404)), clock)
    for clock.now in (0.0, 3_601.0):
        asked.verdict(PAGE, Noting())
    page = f"{ORIGIN}/"
    assert log == ["asked", (page, 2.0), (page, 2.0), "asked", (page, None)]


@pytest.mark.parametrize("unreachable", [answer(503), failure(Reason.TIMEOUT)])
def test_rules_that_were_known_go_on_while_they_cannot_be_asked_for(unreachable: Answer) -> None:
    site, clock = Site(answer(200), unreachable), Clock()
    asked = gate(site, clock)
    for now, times in ((0.0, 1), (3_601.0, 2), (3_610.0, 2), (3_620.0, 3)):
        clock.now = now
        assert verdict(asked).rule == "Disallow: /private"
        assert site.asked == times


@pytest.mark.parametrize(
    ("why", "others_seconds"),
    [(Why.ASKED, 9.0), (Why.BACKING_OFF, 9.0), (Why.DELAY, 0.25), (Why.BUSY, 0.25)],
)
def test_all_who_wait_are_told_at_once_but_of_anothers_pace_nobody_learns_his_own(
    why: Why, others_seconds: float
) -> None:
    site = Site(put_off(why), answer(404), seconds=0.01)
    asked = gate(site)
    waiting = [gevent.spawn(verdict, asked) for _ in range(8)]
    gevent.joinall(waiting)
    told = [greenlet.exception for greenlet in waiting]
    assert [(wait.seconds, wait.why) for wait in told] == [(9.0, why)] + [(others_seconds, why)] * 7
    assert site.asked == 1
    assert verdict(asked).allowed


class LeadingSite:
    """A fetcher that is led on, and has to wait for its turn after the first redirect."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, int]] = []

    def fetch(self, url: str, *args: object, hops: tuple[Hop, ...], **kwargs: object) -> Answer:
        self.asked.append((url, len(hops)))
        if not hops:
            return Postponed(f"{ORIGIN}/rules", 9.0, Why.DELAY, (Hop(url, 301),))
        return answer(200)


@pytest.mark.parametrize(("later", "asks_anew"), [(9.0, False), (301.0, True)])
def test_a_robots_txt_that_was_led_on_is_asked_for_where_it_was_led_to(
    later: float, asks_anew: bool
) -> None:
    site, clock = LeadingSite(), Clock()
    asked = gate(site, clock)  # type: ignore[arg-type]
    with pytest.raises(NotNow):
        verdict(asked)
    clock.now = later
    with pytest.raises(NotNow) if asks_anew else nullcontext():
        assert verdict(asked).rule == "Disallow: /private"
    anew = (f"{ORIGIN}/robots.txt", 0)
    assert site.asked == [anew, anew if asks_anew else (f"{ORIGIN}/rules", 1)]


def test_a_shelved_answer_spares_the_site_the_question() -> None:
    shelf, clock = Shelf(), Clock()
    first, second = Site(answer(200)), Site(answer(500))
    assert verdict(gate(first, clock, shelf)).rule == "Disallow: /private"
    other = gate(second, clock, shelf)
    assert verdict(other).rule == "Disallow: /private"
    assert (first.asked, second.asked, shelf.seconds) == (1, 0, [3_600.0])
    del shelf.answers[ORIGIN]
    clock.now = 301.0
    verdict(other)
    assert second.asked == 1


def test_of_several_workers_one_asks_while_the_others_wait() -> None:
    shelf = Shelf()
    sites = [Site(answer(200), seconds=0.05) for _ in range(4)]
    asked = [gevent.spawn(verdict, gate(site, Clock(), shelf)) for site in sites]
    gevent.joinall(asked, raise_error=True)
    assert {greenlet.get().rule for greenlet in asked} == {"Disallow: /private"}
    assert sum(site.asked for site in sites) == 1
    assert not shelf.claimed


def test_an_answer_that_was_shelved_between_a_look_and_a_claim_is_seen() -> None:
    class Overtaken(Shelf):
        looks = 0

        def get(self, origin: str) -> tuple[int, bytes] | None:
            self.looks += 1
            if self.looks == 2:
                self.answers[origin] = (200, RULES)
            return super().get(origin)

    shelf, site = Overtaken(), Site(answer(404))
    assert verdict(gate(site, Clock(), shelf)).rule == "Disallow: /private"
    assert site.asked == 0
    assert not shelf.claimed


@pytest.mark.parametrize("first", [WAIT, failure(Reason.REFUSED)], ids=["no turn", "refused"])
def test_a_worker_without_an_answer_leaves_the_question_to_the_next(first: Answer) -> None:
    shelf = Shelf()
    with pytest.raises(NotNow) if first is WAIT else nullcontext():
        verdict(gate(Site(first), Clock(), shelf))
    assert not shelf.answers and not shelf.claimed
    assert verdict(gate(Site(answer(404)), Clock(), shelf)).allowed


def test_a_worker_that_waits_in_vain_asks_by_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(robots, "_SHELF_POLL_SECONDS", 0.0)
    shelf, site, clock = Shelf(), Site(answer(404)), Clock()
    shelf.claimed.add(ORIGIN)

    def passing_time() -> float:
        clock.now += 1.0
        return clock.now

    assert verdict(gate(site, passing_time, shelf)).allowed
    assert site.asked == 1


def test_a_failing_site_is_known_to_the_other_workers_for_a_moment() -> None:
    shelf, clock = Shelf(), Clock()
    verdict(gate(Site(answer(503)), clock, shelf))
    assert (shelf.answers[ORIGIN], shelf.seconds) == ((503, RULES), [15.0])
    asked = gate(Site(answer(404)), clock, shelf)
    assert verdict(asked).reason is Reason.ROBOTS_UNREACHABLE
    del shelf.answers[ORIGIN]
    clock.now = 1.1
    assert verdict(asked).allowed


class FailingHost:
    """Turns at a host that is down after so many failures, which it takes down."""

    def __init__(self, down_after: int) -> None:
        self.silences: list[bool] = []
        self._down_after = down_after

    def take(self, url: str) -> None:
        """Any time."""

    def unreachable(self, url: str, *, silent: bool) -> bool:
        assert url.startswith(f"{ORIGIN}/")
        self.silences.append(silent)
        return len(self.silences) >= self._down_after


SILENCE = failure(Reason.TIMEOUT, passing=True)


@pytest.mark.parametrize("failed", [SILENCE, failure(Reason.REFUSED, passing=True)])
def test_a_request_without_answer_is_told_once_and_passes_until_the_host_is_down(
    failed: FetchFailure,
) -> None:
    clock, host = Clock(), FailingHost(down_after=2)
    asked = gate(Site(failed), clock)
    got = []
    for clock.now in (0.0, 0.4, 0.6, 1.5):
        each = asked.verdict(PAGE, host)  # type: ignore[arg-type]
        assert each.is_of_host
        got.append(each.is_passing)
    assert got == [True, True, False, False]
    assert host.silences == [failed is SILENCE] * 2


def test_a_host_that_is_down_by_its_silence_is_not_asked_by_any_worker_for_a_while() -> None:
    shelf, clock, host = Shelf(), Clock(), FailingHost(down_after=1)
    site, other_site = Site(SILENCE), Site(answer(404))
    asked, other = gate(site, clock, shelf), gate(other_site, clock, shelf)
    got = {each.verdict(PAGE, host) for each in (asked, other)}  # type: ignore[arg-type]
    assert got == {
        RobotsVerdict(
            False,
            Reason.ROBOTS_UNREACHABLE,
            "robots.txt: the site did not answer in time",
            is_of_host=True,
        )
    }
    assert (site.asked, other_site.asked, shelf.seconds) == (1, 0, [15.0])
    clock.now = 14.9
    assert not verdict(asked).allowed
    assert site.asked == 1
    del shelf.answers[ORIGIN]
    assert verdict(other).allowed


@pytest.mark.parametrize("more", [{"status": 200}, {"hops": (Hop(ORIGIN, 302),)}])
def test_a_robots_txt_that_is_waited_for_in_vain_tells_nothing_of_its_host(more: Any) -> None:
    host, clock, site = FailingHost(down_after=1), Clock(), Site(replace(SILENCE, **more))
    asked = gate(site, clock)
    for clock.now in (0.0, 14.9):
        got = asked.verdict(PAGE, host)  # type: ignore[arg-type]
        assert (got.reason, got.is_passing) == (Reason.ROBOTS_UNREACHABLE, True)
        assert not got.is_of_host
    assert (site.asked, host.silences) == (1, [])


def test_a_long_robots_txt_is_read_all_the_same() -> None:
    body = RULES + b"\n" + b"".join(b"Disallow: /%d\n" % n for n in range(3_000))
    assert verdict(gate(Site(answer(200, body)))).rule == "Disallow: /private"
