"""May this URL be fetched: robots.txt of its origin, asked for once and remembered.

Fetched through the guard like everything else, each request in its turn. While one greenlet asks
an origin for it, the others that want a page of that origin wait for the same answer; a shelf
that workers share spares the site the question of each worker.
"""

from collections.abc import Callable

import gevent

from crawler.aside import aside
from crawler.domain.politeness import NotNow, Why
from crawler.domain.reasons import Reason
from crawler.domain.robots import ALLOW_ALL, MAX_BYTES, RobotsRules
from crawler.domain.urls import origin
from crawler.fetching.fetcher import Fetcher
from crawler.fetching.memory import Memory
from crawler.fetching.outcomes import (
    Fetched,
    FetchFailure,
    FetchLimits,
    Postponed,
    Redirected,
    Turns,
)
from crawler.fetching.shelf import NO_SHELF, RobotsShelf
from crawler.fetching.verdicts import (
    MANY_RULES,
    SILENT,
    Known,
    RobotsVerdict,
    Unreachable,
    is_of_the_host,
    is_silence,
    understand,
    without_answer,
)

MAX_ORIGINS = 1_024

MOST_RULES = 30_000
"""Rules remembered over all origins: at up to 1.5 KB each, what a worker can spare."""

TTL_SECONDS = 3_600.0
"""How long an answer holds."""

MAX_TTL_SECONDS = 86_400.0
"""How long RFC 9309, section 2.4, allows it to."""

SHELVED_SECONDS = 300.0
"""How long an answer off the shelf, of whose age the shelf knows, holds without a look there."""

BUSY_SECONDS = 600.0
"""How long 429 holds once its `Retry-After` is over. It is a 4xx like the others, by which all
is allowed, but it says more about the moment than about the file."""

RETRY_SECONDS = 15.0
"""How long an origin is left alone whose robots.txt answers 5xx, or is waited for in vain: a site
that restarts must not lose its crawl, one that is down is not asked with every URL. So long all
workers know of a host that is down by its silence, since to ask it takes long each time."""

LED_SECONDS = 300.0
"""For how long a redirect of robots.txt is remembered that could not be followed at once."""

FAILED_SECONDS = 0.5
"""How long a failed connection counts: those who ask at the same time share it."""

DOWN_SECONDS = 2.0
"""How long it counts once the host is taken for down, so that its URLs fail soon:
longer than the pause after which it would be asked again."""

CLAIM_SECONDS = 15.0
"""For how long one worker may keep the others waiting for its answer: the time of a fetch, and
of its turns."""

AGAIN_SECONDS = 0.25
"""When those come again who waited for a request that its own job's pace put off: theirs may be
another job's."""

_OF_THE_HOST = frozenset((Why.ASKED, Why.BACKING_OFF))

_SHELF_POLL_SECONDS = 0.1

LIMITS = FetchLimits(max_bytes=MAX_BYTES, timeout_seconds=10.0, max_redirects=5, keep_prefix=True)
"""Five redirects by RFC 9309, section 2.3.1.2; what is longer than the parsed part is cut."""

_NO_FILE = 404
"""What an answer is shelved as that leads nowhere, and so means that there is no robots.txt."""

_NO_ROBOTS = frozenset((Reason.REDIRECT_LOOP, Reason.BAD_REDIRECT))
"""Failures by which there is no robots.txt, rather than one that can't be reached."""


class RobotsGate:
    """Verdicts on URLs by the robots.txt of their origins, remembered per process."""

    def __init__(
        self,
        fetcher: Fetcher,
        monotonic: Callable[[], float],
        shelf: RobotsShelf | None = None,
    ) -> None:
        """Takes what fetches robots.txt, a clock in seconds, and the workers' shelf if any."""
        self._fetcher = fetcher
        self._monotonic = monotonic
        self._shelf = shelf or NO_SHELF
        self._known: Memory[str, Known] = Memory(
            MAX_ORIGINS, monotonic, shared=(NotNow,), weight=_weight, most_weight=MOST_RULES
        )
        self._led: dict[str, tuple[float, Postponed]] = {}

    def verdict(self, url: str, turns: Turns) -> RobotsVerdict:
        """Whether a canonical URL may be fetched; asks its origin first if need be.

        Raises:
            NotNow: the origin has to be asked, and it is not its turn.
        """
        known = self._rules_of(origin(url), turns)
        if isinstance(known, Unreachable):
            return known.verdict
        if known.size > MANY_RULES:
            rule = aside(known.blocking_rule, url)
        else:
            rule = known.blocking_rule(url)
        return RobotsVerdict(
            rule is None,
            None if rule is None else Reason.ROBOTS,
            rule=rule,
        )

    def rules(self, url: str, turns: Turns) -> RobotsRules | None:
        """The rules of a canonical URL's origin (its sitemaps too), or None if unreachable.

        Raises:
            NotNow: the origin has to be asked, and it is not its turn.
        """
        known = self._rules_of(origin(url), turns)
        return known if isinstance(known, RobotsRules) else None

    def _rules_of(self, site: str, turns: Turns) -> Known:
        is_own = False

        def learn(expired: Known | None) -> tuple[Known, float]:
            nonlocal is_own
            is_own = True
            return self._learn(site, expired, turns)

        try:
            known = self._known.get(site, learn)
        except NotNow as wait:
            if is_own or wait.why in _OF_THE_HOST:
                raise
            raise NotNow(min(wait.seconds, AGAIN_SECONDS), wait.why) from None
        _note_delay(turns, site, known)
        return known

    def _learn(self, site: str, expired: Known | None, turns: Turns) -> tuple[Known, float]:
        """What is known of an origin, from the shelf or by asking it, and for how long it holds.

        Rules that were known go on until they can be asked for again (RFC 9309, section 2.4).
        """
        _note_delay(turns, site, expired)
        shelved = self._claim(site)
        if shelved is None:
            known, seconds = self._ask_claimed(site, turns)
        else:
            known = understand(*shelved)
            seconds = SHELVED_SECONDS if isinstance(known, RobotsRules) else FAILED_SECONDS
        if isinstance(known, Unreachable) and isinstance(expired, RobotsRules):
            return expired, RETRY_SECONDS
        return known, seconds

    def _claim(self, site: str) -> tuple[int, bytes] | None:
        """The shelved answer; None when it is this worker that is to ask."""
        patience = self._monotonic() + CLAIM_SECONDS
        while (shelved := self._shelf.get(site)) is None and self._monotonic() <= patience:
            if self._shelf.claim(site, CLAIM_SECONDS):
                return self._look_again(site)
            gevent.sleep(_SHELF_POLL_SECONDS)
        return shelved

    def _look_again(self, site: str) -> tuple[int, bytes] | None:
        """What another worker shelved, and gave its claim up, since the look before ours."""
        shelved = self._shelf.get(site)
        if shelved is not None:
            self._shelf.release(site)
        return shelved

    def _ask_claimed(self, site: str, turns: Turns) -> tuple[Known, float]:
        try:
            return self._ask(site, turns)
        finally:
            self._shelf.release(site)

    def _ask(self, site: str, turns: Turns) -> tuple[Known, float]:
        led = self._led_before(site)
        outcome = self._fetcher.fetch(
            led.url if led else f"{site}/robots.txt",
            LIMITS,
            wants_body=_is_success,
            follow=_always,
            turns=turns,
            hops=led.hops if led else (),
        )
        match outcome:
            case Postponed():
                self._remember_led(site, outcome)
                raise NotNow(outcome.seconds, outcome.why)
            case Redirected():  # never: every redirect is followed
                return ALLOW_ALL, TTL_SECONDS
            case Fetched():
                return self._shelve(site, outcome.status, outcome.body, _lifetime(outcome))
            case FetchFailure() if outcome.reason in _NO_ROBOTS:
                return self._shelve(site, _NO_FILE, b"", TTL_SECONDS)
            case FetchFailure():
                return self._fail(site, outcome, turns)

    def _fail(self, site: str, failure: FetchFailure, turns: Turns) -> tuple[Known, float]:
        """What a failure says of an origin, and for how long; the host's turns are told of it."""
        silent, is_down = is_silence(failure), False
        if failure.is_passing and is_of_the_host(failure):
            is_down = turns.unreachable(f"{site}/", silent=silent)
        if is_down and silent:
            return self._shelve(site, SILENT, b"", RETRY_SECONDS)
        return without_answer(failure, is_down=is_down), _holds(failure, is_down=is_down)

    def _led_before(self, site: str) -> Postponed | None:
        """How far redirects were followed when a host had no turn for the next of them."""
        since, led = self._led.pop(site, (0.0, None))
        return led if self._monotonic() - since < LED_SECONDS else None

    def _remember_led(self, site: str, postponed: Postponed) -> None:
        """Asked from its beginning, one that is led on would cost each of its host's turns where
        these are further apart than a request may wait."""
        if postponed.hops:
            if len(self._led) >= MAX_ORIGINS:
                del self._led[next(iter(self._led))]
            self._led[site] = self._monotonic(), postponed

    def _shelve(self, site: str, status: int, body: bytes, seconds: float) -> tuple[Known, float]:
        self._shelf.put(site, status, body, seconds)
        return understand(status, body), seconds


def _is_success(status: int, content_type: str | None) -> bool:
    return 200 <= status < 300


def _always(target: str) -> None:
    """Redirects lead anywhere, other hosts included (RFC 9309, section 2.3.1.2)."""


def _lifetime(answer: Fetched) -> float:
    if answer.status == 429:
        return min(MAX_TTL_SECONDS, BUSY_SECONDS + (answer.retry_after_seconds or 0.0))
    return RETRY_SECONDS if answer.status >= 500 else TTL_SECONDS


def _holds(failure: FetchFailure, *, is_down: bool) -> float:
    """Seconds for which a failure counts."""
    if failure.reason is Reason.TIMEOUT and not is_of_the_host(failure):
        return RETRY_SECONDS  # each try takes long, and says nothing of whether the host is down
    return DOWN_SECONDS if is_down else FAILED_SECONDS


def _note_delay(turns: Turns, site: str, known: Known | None) -> None:
    """Tells the turns what an origin asks for, before another request goes there."""
    if isinstance(known, RobotsRules):
        turns.note_delay(f"{site}/", known.crawl_delay)


def _weight(known: Known) -> int:
    return known.size if isinstance(known, RobotsRules) else 0
