"""May this URL be fetched: robots.txt of its origin, asked for once and remembered.

Fetched through the guard like everything else; while one greenlet asks an origin for it, the
others that want a page of that origin wait for the same answer.
"""

from collections.abc import Callable
from dataclasses import dataclass

from crawler.domain.reasons import Reason
from crawler.domain.robots import ALLOW_ALL, MAX_BYTES, RobotsRules, rules_for_status
from crawler.domain.urls import origin
from crawler.fetching.fetcher import Fetcher
from crawler.fetching.memory import Memory
from crawler.fetching.outcomes import Fetched, FetchFailure, FetchLimits, Redirected

MAX_ORIGINS = 1_024

TTL_SECONDS = 3_600.0
"""How long an answer holds; RFC 9309, section 2.4, allows 24 hours."""

RETRY_SECONDS = 15.0
"""How long an origin whose robots.txt is unreachable is left alone: a site that restarts must
not lose its crawl, one that is down is not asked with every URL."""

LIMITS = FetchLimits(max_bytes=MAX_BYTES, timeout_seconds=10.0, max_redirects=5, keep_prefix=True)
"""Five redirects by RFC 9309, section 2.3.1.2; what is longer than the parsed part is cut."""

_NO_ROBOTS = frozenset((Reason.REDIRECT_LOOP, Reason.BAD_REDIRECT))
"""Failures by which there is no robots.txt, rather than one that can't be reached."""

_NO_HOST = frozenset((Reason.DNS, Reason.BLOCKED_ADDRESS, Reason.REFUSED, Reason.TLS))
"""Failures of the whole origin: the page would fail by the same, so it is told that."""


@dataclass(frozen=True, slots=True)
class RobotsVerdict:
    """Whether a URL may be fetched, and why not."""

    allowed: bool
    reason: Reason | None = None
    """`robots`: it is asked not to be. Otherwise nothing is known, and it failed by this."""
    detail: str = ""
    """A sentence for people where the origin can't be reached."""
    crawl_delay_seconds: float | None = None


@dataclass(frozen=True, slots=True)
class _Unreachable:
    reason: Reason
    detail: str


class RobotsGate:
    """Verdicts on URLs by the robots.txt of their origins, remembered per process."""

    def __init__(
        self,
        fetcher: Fetcher,
        monotonic: Callable[[], float],
        ttl_seconds: float = TTL_SECONDS,
        retry_seconds: float = RETRY_SECONDS,
    ) -> None:
        """Takes what fetches it, a clock in seconds, and how long answers hold."""
        self._fetcher = fetcher
        self._ttl_seconds = ttl_seconds
        self._retry_seconds = retry_seconds
        self._known: Memory[str, RobotsRules | _Unreachable] = Memory(MAX_ORIGINS, monotonic)

    def verdict(self, url: str) -> RobotsVerdict:
        """Whether a canonical URL may be fetched; asks its origin first if need be."""
        known = self._rules_of(origin(url))
        if isinstance(known, _Unreachable):
            return RobotsVerdict(False, known.reason, known.detail)
        allowed = known.allows(url)
        reason = None if allowed else Reason.ROBOTS
        return RobotsVerdict(allowed, reason, crawl_delay_seconds=known.crawl_delay)

    def rules(self, url: str) -> RobotsRules | None:
        """The rules of a canonical URL's origin (its sitemaps too), or None if unreachable."""
        known = self._rules_of(origin(url))
        return known if isinstance(known, RobotsRules) else None

    def _rules_of(self, site: str) -> RobotsRules | _Unreachable:
        return self._known.get(site, lambda expired: self._ask(site, expired))

    def _ask(
        self, site: str, expired: RobotsRules | _Unreachable | None
    ) -> tuple[RobotsRules | _Unreachable, float]:
        outcome = self._fetcher.fetch(
            f"{site}/robots.txt", LIMITS, wants_body=_is_success, follow=_always
        )
        known = _understand(outcome)
        if not isinstance(known, _Unreachable):
            return known, self._ttl_seconds
        # Rules that were known go on until they can be asked for again (section 2.4).
        kept = expired if isinstance(expired, RobotsRules) else known
        return kept, self._retry_seconds


def _is_success(status: int, content_type: str | None) -> bool:
    return 200 <= status < 300


def _always(target: str) -> bool:
    return True


def _understand(outcome: Fetched | Redirected | FetchFailure) -> RobotsRules | _Unreachable:
    match outcome:
        case Fetched():
            rules = rules_for_status(outcome.status, outcome.body)
            detail = f"robots.txt answered {outcome.status}"
            return rules or _Unreachable(Reason.ROBOTS_UNREACHABLE, detail)
        case FetchFailure():
            return _understand_failure(outcome)
        case Redirected():  # never: every redirect is followed
            return ALLOW_ALL


def _understand_failure(failure: FetchFailure) -> RobotsRules | _Unreachable:
    if failure.reason in _NO_ROBOTS:
        return ALLOW_ALL
    if failure.reason in _NO_HOST and not failure.hops:
        return _Unreachable(failure.reason, failure.detail)
    return _Unreachable(Reason.ROBOTS_UNREACHABLE, f"robots.txt: {failure.detail}")
