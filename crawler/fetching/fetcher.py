"""One fetch: the way along its redirects, a turn for each, within its limits, to an outcome.

A site's misbehaviour comes back as a `FetchFailure`; nothing that a site does raises.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from time import monotonic, perf_counter

import gevent
from requests import PreparedRequest
from urllib3 import HTTPResponse

from crawler.domain.politeness import NotNow
from crawler.domain.retry_after import retry_after_seconds
from crawler.fetching.connection import GuardedAdapter, abandon, head_seconds_of, network_of
from crawler.fetching.decoding import ACCEPT_ENCODING
from crawler.fetching.failures import (
    A_CIRCLE,
    NO_ANSWER_IN_TIME,
    NO_WEB_ADDRESS,
    SITE_ERRORS,
    TOO_MANY_REDIRECTS,
    Failure,
    explain,
)
from crawler.fetching.guard import Denials, Guard, IPNetwork, Network, Resolve
from crawler.fetching.lookup import ThreadedLookup
from crawler.fetching.outcomes import (
    FREE_TURNS,
    Fetched,
    FetchFailure,
    FetchLimits,
    Follow,
    HeadersFor,
    Hop,
    Postponed,
    Redirected,
    Turns,
    WantsBody,
)
from crawler.fetching.reading import Answered, Moved, first_header, read

__all__ = [
    "FREE_TURNS",
    "FetchConfig",
    "FetchFailure",
    "FetchLimits",
    "Fetched",
    "Fetcher",
    "Hop",
    "Postponed",
    "Redirected",
    "Turns",
]

ACCEPT = "text/html,application/xhtml+xml,text/markdown;q=0.9,text/plain;q=0.9,*/*;q=0.5"


@dataclass(frozen=True, slots=True)
class FetchConfig:
    """What all fetches of a process have in common."""

    user_agent: str
    allow_private: tuple[IPNetwork, ...] = ()
    ca_bundle: str | None = None
    """A PEM file trusted in addition to certifi's."""
    deny: Denials | None = None
    """The hosts that whoever runs Clew does not let anyone fetch from."""


@dataclass(slots=True)
class _Course:
    """Where one fetch stands."""

    url: str
    limits: FetchLimits
    wants_body: WantsBody
    hops: list[Hop] = field(default_factory=list)
    seconds: float = 0.0
    downgraded: bool = False
    status: int | None = None
    network: Network | None = None
    head_seconds: float | None = None
    retry_after_seconds: float | None = None

    @property
    def milliseconds(self) -> int:
        return round(self.seconds * 1_000)

    @property
    def seconds_left(self) -> float:
        return self.limits.timeout_seconds - self.seconds

    def begin_request(self) -> None:
        """Forgets the answer of the hop before."""
        self.status = self.network = self.head_seconds = self.retry_after_seconds = None

    def postponed(self, url: str, wait: NotNow) -> Postponed:
        return Postponed(url, wait.seconds, wait.why, tuple(self.hops))

    def failure(self, failure: Failure) -> FetchFailure:
        return FetchFailure(
            failure.reason,
            failure.detail,
            self.status,
            self.url,
            tuple(self.hops),
            self.milliseconds,
            self.network,
            failure.is_passing,
        )


class Fetcher:
    """Fetches URLs; one per process, shared by its greenlets, keeping connections between them."""

    def __init__(
        self,
        config: FetchConfig,
        resolve: Resolve | None = None,
        monotonic: Callable[[], float] = monotonic,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        """Takes the configuration and what the world is asked by.

        Args:
            config: what all fetches have in common.
            resolve: what looks names up; None: the system, in threads.
            monotonic: a clock in seconds, by which look-ups expire.
            now: the time of day, with its zone, by which a date in `Retry-After` is read.
        """
        guard = Guard(config.allow_private, resolve or ThreadedLookup(), monotonic, config.deny)
        self._adapter = GuardedAdapter(guard, config.ca_bundle)
        self._now = now
        self._headers = {
            "User-Agent": config.user_agent,
            "Accept": ACCEPT,
            "Accept-Encoding": ACCEPT_ENCODING,
        }

    def fetch(
        self,
        url: str,
        limits: FetchLimits,
        *,
        wants_body: WantsBody,
        follow: Follow,
        turns: Turns,
        headers_for: HeadersFor = lambda url: {},
    ) -> Fetched | Redirected | FetchFailure | Postponed:
        """Fetches a canonical URL with GET, following redirects by hand.

        Args:
            url: as `crawler.domain.urls` makes it.
            limits: for all redirects together; the time that `follow` and waiting for turns
                take is not counted.
            wants_body: asked with status and content type; no: the body is not downloaded.
            follow: asked with each redirect's canonical target; a reason: the fetch ends there.
                It may raise NotNow, where the target's robots.txt has to wait for its turn.
            turns: a turn is taken for each request, redirects included.
            headers_for: asked for each request's URL; gives the headers of this one alone.
        """
        course = _Course(url, limits, wants_body)
        while True:
            try:
                turns.take(course.url)
            except NotNow as wait:
                return course.postponed(course.url, wait)
            step = self._request(course, _with(headers_for(course.url), self._headers))
            turns.done(course.url, course.status, course.head_seconds, course.retry_after_seconds)
            if isinstance(step, FetchFailure):
                return step
            if isinstance(step, Answered):
                return _fetched(course, step)
            end = _go_on(course, step, follow)
            if end is not None:
                return end

    def close(self) -> None:
        """Closes the kept connections."""
        self._adapter.close()

    def _request(
        self, course: _Course, headers: Mapping[str, str]
    ) -> Answered | Moved | FetchFailure:
        """One request within the time that is left, booked on the course."""
        course.begin_request()
        started = perf_counter()
        deadline = gevent.Timeout.start_new(course.seconds_left)
        try:
            return self._exchange(course, headers)
        except gevent.Timeout as expired:
            if expired is not deadline:
                raise
            failure = NO_ANSWER_IN_TIME
        except SITE_ERRORS as error:
            failure = explain(error, answered=course.status is not None)
        finally:
            deadline.close()
            course.seconds += perf_counter() - started
        return course.failure(failure)

    def _exchange(self, course: _Course, headers: Mapping[str, str]) -> Answered | Moved:
        """Raises one of `SITE_ERRORS`; then the connection is closed."""
        request = PreparedRequest()
        request.method, request.url = "GET", course.url
        request.headers = headers  # type: ignore[assignment]  # read as a mapping only
        raw: HTTPResponse = self._adapter.send(
            request, stream=True, timeout=max(course.seconds_left, 0.001)
        ).raw
        try:
            self._note_head(course, raw)
            return read(raw, course.url, course.limits, course.wants_body)
        except BaseException:
            abandon(raw)
            raise

    def _note_head(self, course: _Course, raw: HTTPResponse) -> None:
        course.status, course.network = raw.status, network_of(raw)
        course.head_seconds = head_seconds_of(raw)
        if raw.status >= 400:
            asked = first_header(tuple(raw.headers.items()), "retry-after")
            course.retry_after_seconds = retry_after_seconds(asked, self._now())


def _with(extra: Mapping[str, str], own: Mapping[str, str]) -> Mapping[str, str]:
    """The headers of one request: those it has beside its own win, whatever their case."""
    if not extra:
        return own
    given = {name.lower() for name in extra}
    return {**{name: own[name] for name in own if name.lower() not in given}, **extra}


def _fetched(course: _Course, answer: Answered) -> Fetched:
    return Fetched(
        url=course.url,
        status=answer.status,
        headers=answer.headers,
        content_type=answer.content_type,
        body=answer.body,
        hops=tuple(course.hops),
        milliseconds=course.milliseconds,
        network=course.network or Network.PUBLIC,
        retry_after_seconds=course.retry_after_seconds,
        downgraded=course.downgraded,
    )


def _go_on(
    course: _Course, moved: Moved, follow: Follow
) -> Redirected | FetchFailure | Postponed | None:
    """Goes on to a redirect's target, or says why the fetch ends here."""
    target = moved.target
    if target is None:
        return course.failure(NO_WEB_ADDRESS)
    if target == course.url or any(hop.url == target for hop in course.hops):
        return course.failure(A_CIRCLE)
    if len(course.hops) >= course.limits.max_redirects:
        return course.failure(TOO_MANY_REDIRECTS)
    course.hops.append(Hop(course.url, moved.status, moved.may_be_kept))
    try:
        against = follow(target)
    except NotNow as wait:
        return course.postponed(target, wait)
    if against is not None:
        network = course.network or Network.PUBLIC
        return Redirected(target, against, tuple(course.hops), course.milliseconds, network)
    course.downgraded |= course.url.startswith("https:") and target.startswith("http:")
    course.url = target
    return None
