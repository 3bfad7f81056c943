"""Where one fetch stands, on its way along redirects."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from math import inf

import gevent

from crawler.domain.politeness import NotNow
from crawler.domain.reasons import Reason
from crawler.fetching.failures import Failure
from crawler.fetching.guard import Network
from crawler.fetching.outcomes import (
    Fetched,
    FetchFailure,
    FetchLimits,
    Hop,
    Postponed,
    Redirected,
    WantsBody,
)
from crawler.fetching.reading import Answered


class CutShort(Exception):
    """The deadline of the whole fetch came, whatever it was about."""


@dataclass(slots=True)
class Course:
    """A fetch under way."""

    url: str
    limits: FetchLimits
    wants_body: WantsBody
    monotonic: Callable[[], float]
    """The clock of `limits.deadline`."""
    hops: list[Hop] = field(default_factory=list)
    seconds: float = 0.0
    """Spent on the wire so far."""
    afresh: bool = False
    """Whether the next request has to have a connection of its own."""
    downgraded: bool = False
    status: int | None = None
    network: Network | None = None
    head_seconds: float | None = None
    retry_after_seconds: float | None = None

    @classmethod
    def after(
        cls,
        hops: Sequence[Hop],
        limits: FetchLimits,
        wants_body: WantsBody,
        monotonic: Callable[[], float],
    ) -> "Course":
        """The course of a fetch that an earlier one has begun, at the last of its redirects."""
        course = cls(hops[0].url, limits, wants_body, monotonic, list(hops))
        for hop in hops[1:]:
            course.go_on_to(hop.url)
        return course

    @property
    def milliseconds(self) -> int:
        """Time on the wire so far."""
        return round(self.seconds * 1_000)

    @property
    def wire_seconds_left(self) -> float:
        """What is left of the time on the wire."""
        return self.limits.timeout_seconds - self.seconds

    @property
    def seconds_to_deadline(self) -> float:
        """Until the whole fetch has to be over; without end where it has no deadline."""
        deadline = self.limits.deadline
        return inf if deadline is None else deadline - self.monotonic()

    @contextmanager
    def until_deadline(self) -> Iterator[None]:
        """Bounds what is not on the wire: waiting for a turn, asking whether to follow.

        Raises:
            CutShort: the deadline has come.
        """
        left = self.seconds_to_deadline
        if left <= 0:
            raise CutShort
        deadline = gevent.Timeout.start_new(None if left == inf else left)
        try:
            yield
        except gevent.Timeout as expired:
            if expired is not deadline:
                raise
            raise CutShort from None
        finally:
            deadline.close()

    def begin_request(self) -> None:
        """Forgets the answer of the hop before."""
        self.status = self.network = self.head_seconds = self.retry_after_seconds = None

    def go_on_to(self, target: str) -> None:
        """Follows a redirect."""
        self.downgraded |= self.url.startswith("https:") and target.startswith("http:")
        self.url = target

    def fetched(self, answer: Answered) -> Fetched:
        """The outcome where an answer came."""
        return Fetched(
            url=self.url,
            status=answer.status,
            headers=answer.headers,
            content_type=answer.content_type,
            body=answer.body,
            hops=tuple(self.hops),
            milliseconds=self.milliseconds,
            network=self.network or Network.PUBLIC,
            retry_after_seconds=self.retry_after_seconds,
            downgraded=self.downgraded,
        )

    def redirected(self, target: str, against: Reason) -> Redirected:
        """The outcome where a redirect is not followed."""
        network = self.network or Network.PUBLIC
        return Redirected(target, against, tuple(self.hops), self.milliseconds, network)

    def postponed(self, url: str, wait: NotNow) -> Postponed:
        """The outcome where a host's turn comes later."""
        return Postponed(url, wait.seconds, wait.why, tuple(self.hops))

    def failure(self, failure: Failure, *, cut_short: bool = False) -> FetchFailure:
        """The outcome where no answer came."""
        return FetchFailure(
            failure.reason,
            failure.detail,
            self.status,
            self.url,
            tuple(self.hops),
            self.milliseconds,
            self.network,
            failure.is_passing,
            cut_short,
        )
