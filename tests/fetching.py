"""Fetches as the server's workers make them: what tests run in a `PatchedProcess`."""

import os
import socket
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from ipaddress import ip_network
from typing import Any

import gevent

from crawler.domain.politeness import NotNow, Why
from crawler.domain.reasons import Reason
from crawler.domain.urls import origin
from crawler.fetching.fetcher import (
    FREE_TURNS,
    FetchConfig,
    Fetched,
    Fetcher,
    FetchFailure,
    FetchLimits,
    Hop,
    Postponed,
    Redirected,
)
from crawler.fetching.robots import RobotsGate
from crawler.fetching.verdicts import RobotsVerdict

Outcome = Fetched | Redirected | FetchFailure | Postponed

LOOPBACK = ("127.0.0.1/32",)
"""One address of loopback: others (127.0.0.2) stand for what must not be reached."""


@dataclass
class Setting:
    """How a fetch is to be made.

    `names`: what each name is looked up to, one list of addresses after the other, the last one
    for ever. `clock_step_seconds`: how far time goes on, for the guard, with each fetch.
    `pause_seconds`: real time between two fetches. `deny`: hosts and addresses that the operator
    denies. `waits`: origins whose turn does not come, with the seconds that this takes.
    `robots_wait`: redirects' targets whose robots.txt has no turn. `turn_seconds`: how long it
    takes until another one's turn comes, `follow_seconds` until robots.txt is known.
    `headers`: what is sent beside the fetcher's own headers, by origin. `hops`: redirects that an
    earlier fetch followed.
    """

    allow: tuple[str, ...] = LOOPBACK
    ca_bundle: str | None = None
    limits: FetchLimits = field(default_factory=lambda: FetchLimits(timeout_seconds=10.0))
    names: Mapping[str, Sequence[Sequence[str]]] = field(default_factory=dict)
    clock_step_seconds: float = 0.0
    pause_seconds: float = 0.0
    wants_body: bool = True
    follows: bool = True
    environment: Mapping[str, str] = field(default_factory=dict)
    deny: tuple[str, ...] = ()
    waits: Mapping[str, float] = field(default_factory=dict)
    robots_wait: Mapping[str, float] = field(default_factory=dict)
    turn_seconds: float = 0.0
    follow_seconds: float = 0.0
    headers: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    hops: tuple[Hop, ...] = ()

    def denies(self, host: str) -> bool:
        """As the operator's rules do."""
        return host in self.deny

    def follow(self, target: str) -> Reason | None:
        """As a crawl does, which asks robots.txt at each new host."""
        gevent.sleep(self.follow_seconds)
        if target in self.robots_wait:
            raise NotNow(self.robots_wait[target], Why.DELAY)
        return None if self.follows else Reason.SCOPE


class _Names:
    """A name server by script."""

    def __init__(self, answers: Mapping[str, Sequence[Sequence[str]]]) -> None:
        self._answers = {name: list(lists) for name, lists in answers.items()}

    def __call__(self, name: str, port: object, type: int = 0) -> Sequence[tuple[Any, ...]]:
        if name == "slow.test":
            gevent.sleep(60)
        if name == "again.test":
            raise socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")
        lists = self._answers.get(name)
        if lists is None:
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        addresses = lists.pop(0) if len(lists) > 1 else lists[0]
        return [(0, type, 6, "", (address, 0)) for address in addresses]


class _Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def _fetcher(setting: Setting, clock: _Clock) -> Fetcher:
    networks = tuple(ip_network(text) for text in setting.allow)
    config = FetchConfig("Clew/test (+https://example.com)", networks, setting.ca_bundle, setting)
    return Fetcher(config, _Names(setting.names), clock)


@dataclass(frozen=True)
class Done:
    """A turn that was given back."""

    url: str
    status: int | None
    head_seconds: float | None
    retry_after_seconds: float | None


class Turns:
    """Turns that are written down: a URL when one is taken, a `Done` when it is given back."""

    def __init__(self, setting: Setting) -> None:
        self._setting = setting
        self.log: list[str | Done] = []

    def take(self, url: str) -> None:
        self.log.append(url)
        if origin(url) in self._setting.waits:
            raise NotNow(self._setting.waits[origin(url)], Why.ASKED)
        gevent.sleep(self._setting.turn_seconds)

    def done(
        self,
        url: str,
        status: int | None,
        head_seconds: float | None,
        retry_after_seconds: float | None,
    ) -> None:
        self.log.append(Done(url, status, head_seconds, retry_after_seconds))

    def note_delay(self, url: str, seconds: float | None) -> None:
        """Of no account here."""


def _fetch(fetcher: Fetcher, url: str, setting: Setting, turns: Turns | None = None) -> Outcome:
    return fetcher.fetch(
        url,
        setting.limits,
        wants_body=lambda status, content_type: setting.wants_body,
        follow=setting.follow,
        turns=turns or Turns(setting),
        headers_for=lambda url: setting.headers.get(origin(url), {}),
        hops=setting.hops,
    )


def fetch_in_turn(url: str, setting: Setting | None = None) -> tuple[Outcome, list[str | Done]]:
    """The outcome of a fetch, and the turns that it took and gave back."""
    setting = setting or Setting()
    turns = Turns(setting)
    fetcher = _fetcher(setting, _Clock())
    try:
        return _fetch(fetcher, url, setting, turns), turns.log
    finally:
        fetcher.close()


def fetch_all_in_turn(*urls: str) -> tuple[list[Outcome], list[str | Done]]:
    """The outcomes of fetches by one fetcher, one after the other, and all their turns."""
    setting = Setting()
    turns = Turns(setting)
    fetcher = _fetcher(setting, _Clock())
    try:
        return [_fetch(fetcher, url, setting, turns) for url in urls], turns.log
    finally:
        fetcher.close()


def fetch_until(
    url: str, seconds: float, setting: Setting
) -> tuple[Outcome, list[str | Done], float]:
    """The outcome of a fetch that has so long for all that it does, its turns, its seconds."""
    began = time.monotonic()
    until = replace(setting, limits=replace(setting.limits, deadline=began + seconds))
    turns = Turns(until)
    networks = tuple(map(ip_network, until.allow))
    fetcher = Fetcher(FetchConfig("Clew/test", networks), _Names(until.names), time.monotonic)
    try:
        return _fetch(fetcher, url, until, turns), turns.log, time.monotonic() - began
    finally:
        fetcher.close()


def fetch(*urls: str, setting: Setting | None = None) -> list[Outcome]:
    """Fetches the URLs one after the other, by one fetcher, with every other look-up forbidden."""
    setting = setting or Setting()
    clock = _Clock()
    fetcher = _fetcher(setting, clock)
    outcomes = []
    hub = gevent.get_hub()
    before, hub.resolver = hub.resolver, _NoResolver()
    os.environ.update(setting.environment)
    try:
        for url in urls:
            outcomes.append(_fetch(fetcher, url, setting))
            clock.now += setting.clock_step_seconds
            gevent.sleep(setting.pause_seconds)
    finally:
        hub.resolver = before
        for name in setting.environment:
            del os.environ[name]
        fetcher.close()
    return outcomes


class _NoResolver:
    """What gevent's sockets ask for every name that they are given."""

    def getaddrinfo(self, *args: Any, **kwargs: Any) -> Any:
        raise AssertionError(f"looked up behind the guard's back: {args}")

    gethostbyname = gethostbyname_ex = gethostbyaddr = getnameinfo = getaddrinfo


def turns_of_one_broken_off(url: str, seconds: float) -> list[str | Done]:
    """The turns of a fetch whose caller runs out of time."""
    turns = Turns(Setting())
    fetcher = _fetcher(Setting(), _Clock())
    with gevent.Timeout(seconds, False):
        _fetch(fetcher, url, Setting(), turns)
    fetcher.close()
    return turns.log


def fetch_together(urls: Sequence[str], setting: Setting | None = None) -> list[Outcome]:
    """Fetches all URLs at once, a greenlet each, twice over; gives the second time's outcomes."""
    setting = setting or Setting()
    fetcher = _fetcher(setting, _Clock())
    for _ in range(2):
        greenlets = [gevent.spawn(_fetch, fetcher, url, setting) for url in urls]
        gevent.joinall(greenlets, raise_error=True)
    fetcher.close()
    return [greenlet.get() for greenlet in greenlets]


def longest_pause(url: str, setting: Setting) -> tuple[Outcome, float]:
    """The outcome of a fetch, and for how many seconds at most it kept other greenlets waiting."""
    pauses = [0.0]

    def tick() -> None:
        last = time.perf_counter()
        while True:
            gevent.sleep(0.001)
            now = time.perf_counter()
            pauses[0] = max(pauses[0], now - last)
            last = now

    ticker = gevent.spawn(tick)
    gevent.sleep(0)
    try:
        return fetch(url, setting=setting)[0], pauses[0]
    finally:
        ticker.kill()


def callers_error(url: str, seconds: float) -> tuple[list[str], Outcome]:
    """What its caller's own mistakes and deadline come out as, and that the fetcher goes on."""
    fetcher = _fetcher(Setting(), _Clock())
    limits = Setting().limits

    def fail(*args: object) -> Any:
        raise ZeroDivisionError

    def want(*args: object) -> bool:
        return True

    def go_on(target: str) -> None:
        return None

    caught: list[str] = []
    for wants_body, follow in ((fail, go_on), (want, fail), (want, go_on)):
        try:
            with gevent.Timeout(seconds):
                fetcher.fetch(url, limits, wants_body=wants_body, follow=follow, turns=FREE_TURNS)
        except (ZeroDivisionError, gevent.Timeout) as error:
            caught.append(type(error).__name__)
    after = _fetch(fetcher, url.partition("/redirect")[0] + "/text", Setting())
    fetcher.close()
    return caught, after


def system_lookup(url: str) -> Outcome:
    """A fetch that looks the name up by the system."""
    config = FetchConfig("Clew/test", (ip_network("127.0.0.0/8"), ip_network("::1/128")))
    fetcher = Fetcher(config)
    outcome = _fetch(fetcher, url, Setting())
    fetcher.close()
    return outcome


@dataclass
class Ask:
    """A question for a `RobotsGate`: the verdict on `url`, `at_seconds` on its clock."""

    url: str
    at_seconds: float = 0.0
    greenlets: int = 1


def verdicts(*asks: Ask, setting: Setting | None = None) -> list[RobotsVerdict]:
    """One gate's verdicts; where an ask has several greenlets, they agree."""
    setting = setting or Setting()
    clock = _Clock()
    fetcher = _fetcher(setting, clock)
    gate = RobotsGate(fetcher, clock)
    found = []
    for ask in asks:
        clock.now = ask.at_seconds
        greenlets = [gevent.spawn(gate.verdict, ask.url, FREE_TURNS) for _ in range(ask.greenlets)]
        gevent.joinall(greenlets, raise_error=True)
        assert len({greenlet.get() for greenlet in greenlets}) == 1
        found.append(greenlets[0].get())
    fetcher.close()
    return found
