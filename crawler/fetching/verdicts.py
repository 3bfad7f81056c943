"""What is known of an origin through its robots.txt: its rules, or why there are none to read."""

from dataclasses import dataclass

from crawler.aside import aside
from crawler.domain.reasons import Reason
from crawler.domain.robots import RobotsRules, rules_for_status
from crawler.fetching.failures import NO_ANSWER_IN_TIME
from crawler.fetching.outcomes import FetchFailure

MANY_RULES = 1_000
LONG_BYTES = 32_768
"""With more rules or bytes robots.txt is read in a thread: it takes milliseconds, for which the
loop that serves viewers does not stop."""

SILENT = 0
"""What is shelved in place of a status where a host is down that never answers."""

_NO_HOST = frozenset(
    (Reason.DNS, Reason.BLOCKED_ADDRESS, Reason.DENIED_HOST, Reason.REFUSED, Reason.TLS)
)
"""Failures of the whole origin: the page would fail by the same, so it is told that."""


@dataclass(frozen=True, slots=True)
class RobotsVerdict:
    """Whether a URL may be fetched, and why not."""

    allowed: bool
    reason: Reason | None = None
    """`robots`: it is asked not to be. Otherwise nothing is known, and it failed by this."""
    detail: str = ""
    """A sentence for people where the origin can't be reached."""
    rule: str | None = None
    """The line that blocks it, as it stands in the file: `Disallow: /private`."""
    is_passing: bool = False
    """Where the origin can't be reached: whether that may well be otherwise later."""
    is_of_host: bool = False
    """Whether nothing of the origin can be reached: no answer came, not the head of one."""


@dataclass(frozen=True, slots=True)
class Unreachable:
    """An origin whose robots.txt can't be read: nothing of it may be fetched."""

    reason: Reason
    detail: str
    is_passing: bool
    is_of_host: bool = False

    @property
    def verdict(self) -> RobotsVerdict:
        """What that means for each of its URLs."""
        return RobotsVerdict(
            False,
            self.reason,
            self.detail,
            is_passing=self.is_passing,
            is_of_host=self.is_of_host,
        )


Known = RobotsRules | Unreachable


def understand(status: int, body: bytes) -> Known:
    """What an answer says, or what is shelved in its place."""
    if status == SILENT:
        detail = f"robots.txt: {NO_ANSWER_IN_TIME.detail}"
        return Unreachable(Reason.ROBOTS_UNREACHABLE, detail, is_passing=False, is_of_host=True)
    if len(body) > LONG_BYTES:
        rules = aside(rules_for_status, status, body)
    else:
        rules = rules_for_status(status, body)
    detail = f"robots.txt answered {status}"
    return rules or Unreachable(Reason.ROBOTS_UNREACHABLE, detail, is_passing=True)


def without_answer(failure: FetchFailure, *, is_down: bool) -> Unreachable:
    """What a failure says; `is_down`: the host failed for so long that its URLs fail with it."""
    is_of_host = is_of_the_host(failure)
    if is_of_host and failure.reason in _NO_HOST:
        return Unreachable(failure.reason, failure.detail, failure.is_passing and not is_down, True)
    detail = f"robots.txt: {failure.detail}"
    return Unreachable(Reason.ROBOTS_UNREACHABLE, detail, not is_down, is_of_host)


def is_of_the_host(failure: FetchFailure) -> bool:
    """Whether the origin itself failed, and not a file of it or where that is led to."""
    return not failure.hops and (failure.reason in _NO_HOST or is_silence(failure))


def is_silence(failure: FetchFailure) -> bool:
    """Whether the time for an answer passed without the head of one."""
    return failure.reason is Reason.TIMEOUT and failure.status is None
