"""Robots.txt within a crawl call: may a URL be fetched, and what becomes of one that may not."""

from collections.abc import Callable
from dataclasses import dataclass

import gevent

from crawler.domain.model import FrontierUrl
from crawler.domain.politeness import NotNow, Why
from crawler.domain.reasons import Reason
from crawler.fetching.outcomes import Turns
from crawler.fetching.robots import RETRY_SECONDS, RobotsGate
from crawler.fetching.verdicts import RobotsVerdict
from crawler.functions.crawl_batch import CrawlBatch
from crawler.functions.turns import CallOver
from crawler.storage.results import UrlResult

_UNREACHED_SECONDS = 0.5
"""How long a host that could not be reached is left alone at least."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """A URL, the asked one or where it redirects to, that robots.txt keeps from being fetched."""

    url: str
    verdict: RobotsVerdict

    @property
    def detail(self) -> str | None:
        """The line that blocks it, or what is wrong with the host."""
        return self.verdict.rule or self.verdict.detail or None


class Permission:
    """Asks robots.txt on behalf of calls."""

    def __init__(self, robots: RobotsGate, monotonic: Callable[[], float]) -> None:
        self._robots = robots
        self._monotonic = monotonic

    def refusal(self, batch: CrawlBatch, url: str, turns: Turns) -> Refusal | None:
        """What speaks against fetching a URL; None where it may be fetched, or need not be asked.

        Raises:
            NotNow: the host has to be asked, and it is not its turn.
            CallOver: the call's time is over before it is known.
        """
        if batch.call.options.ignore_robots:
            return None
        left = max(0.0, batch.deadline - self._monotonic())
        verdict: RobotsVerdict | None = gevent.with_timeout(
            left, self._robots.verdict, url, turns, timeout_value=None
        )
        if verdict is None:
            raise CallOver
        return None if verdict.allowed else Refusal(url, verdict)

    def settle(
        self,
        batch: CrawlBatch,
        url: FrontierUrl,
        result: UrlResult,
        refusal: Refusal,
    ) -> None:
        """What robots.txt forbids is settled. A host that can't be reached at all, or never
        answers, is tried again later, at no cost of its own URLs, until it is taken for down; one
        whose robots.txt answers with an error costs each URL an attempt.

        Raises:
            NotNow: the URL's own host can't be reached now.
        """
        verdict = refusal.verdict
        if verdict.is_of_host and verdict.is_passing and refusal.url == url.start:
            raise NotNow(_UNREACHED_SECONDS, Why.BACKING_OFF)
        pause = RETRY_SECONDS if verdict.reason is Reason.ROBOTS_UNREACHABLE else None
        batch.settle(url, result, is_passing=verdict.is_passing, asked_seconds=pause)
