"""One fetch: the way along its redirects, a turn for each, within its limits, to an outcome.

A site's misbehaviour comes back as a `FetchFailure`; nothing that a site does raises.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from time import monotonic, perf_counter

import gevent
from requests import PreparedRequest
from urllib3 import HTTPResponse

from crawler.domain.politeness import NotNow
from crawler.domain.reasons import Reason
from crawler.domain.retry_after import retry_after_seconds
from crawler.fetching.connection import (
    GuardedAdapter,
    KeptConnectionLost,
    RequestAfresh,
    abandon,
    head_seconds_of,
    network_of,
)
from crawler.fetching.course import Course, CutShort
from crawler.fetching.decoding import ACCEPT_ENCODING
from crawler.fetching.failures import (
    A_CIRCLE,
    NO_ANSWER_IN_TIME,
    NO_TIME_LEFT,
    NO_WEB_ADDRESS,
    SITE_ERRORS,
    TOO_MANY_REDIRECTS,
    explain,
)
from crawler.fetching.guard import Denials, Guard, IPNetwork, Resolve
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
    "End",
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


End = Fetched | Redirected | FetchFailure | Postponed
"""What a fetch comes to."""


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
            monotonic: a clock in seconds, by which look-ups expire, and of `FetchLimits.deadline`.
            now: the time of day, with its zone, by which a date in `Retry-After` is read.
        """
        guard = Guard(config.allow_private, resolve or ThreadedLookup(), monotonic, config.deny)
        self._adapter = GuardedAdapter(guard, config.ca_bundle)
        self._monotonic = monotonic
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
        hops: Sequence[Hop] = (),
    ) -> End:
        """Fetches a canonical URL with GET, following redirects by hand.

        Args:
            url: as `crawler.domain.urls` makes it.
            limits: for all redirects together; the time that `follow` and waiting for turns
                take counts for the deadline alone. A fetch that it ends is a failure by time-out
                which is `cut_short`.
            wants_body: asked with status and content type; no: the body is not downloaded.
            follow: asked with each redirect's canonical target; a reason: the fetch ends there.
                It may raise NotNow, where the target's robots.txt has to wait for its turn.
            turns: a turn is taken for each request, redirects included, and a request that is sent
                once more since it went out on a kept connection that the site had closed.
            headers_for: asked for each request's URL; gives the headers of this one alone.
            hops: redirects that led to `url`, where an earlier fetch was postponed: `follow` is
                asked about `url` first, and they count as this fetch's own.
        """
        end: End | None = None
        if hops:
            course = Course.after(hops, limits, wants_body, self._monotonic)
            end = _follow(course, url, follow)
        else:
            course = Course(url, limits, wants_body, self._monotonic)
        while end is None:
            end = self._step(course, follow, turns, headers_for)
        return end

    def _step(
        self, course: Course, follow: Follow, turns: Turns, headers_for: HeadersFor
    ) -> End | None:
        """One request in its turn; None: the fetch goes on from where the course is now."""
        end = _take_turn(course, turns)
        if end is not None:
            return end
        step = self._request(course, _with(headers_for(course.url), self._headers))
        turns.done(course.url, course.status, course.head_seconds, course.retry_after_seconds)
        match step:
            case Answered():
                return course.fetched(step)
            case Moved():
                return _go_on(course, step, follow)
        return step

    def close(self) -> None:
        """Closes the kept connections."""
        self._adapter.close()

    def _request(
        self, course: Course, headers: Mapping[str, str]
    ) -> Answered | Moved | FetchFailure | None:
        """One request within the time that is left, booked on the course.

        None: it went out on a kept connection that is dead, and has to be sent once more.
        """
        left = course.seconds_to_deadline
        seconds = min(course.wire_seconds_left, left)
        started = perf_counter()
        deadline = gevent.Timeout.start_new(seconds)
        try:
            return self._exchange(course, headers, started + seconds)
        except gevent.Timeout as expired:
            if expired is not deadline:
                raise
            failure = NO_ANSWER_IN_TIME
        except KeptConnectionLost:
            course.afresh = True
            return None
        except SITE_ERRORS as error:
            failure = explain(error, answered=course.status is not None)
        finally:
            deadline.close()
            course.seconds += perf_counter() - started
        cut_short = seconds == left and failure.reason is Reason.TIMEOUT
        return course.failure(failure, cut_short=cut_short)

    def _exchange(
        self, course: Course, headers: Mapping[str, str], until: float
    ) -> Answered | Moved:
        """Raises one of `SITE_ERRORS`, or `KeptConnectionLost`; then the connection is closed."""
        request = RequestAfresh() if course.afresh else PreparedRequest()
        course.afresh = False
        request.method, request.url = "GET", course.url
        request.headers = headers  # type: ignore[assignment]  # read as a mapping only
        raw: HTTPResponse = self._adapter.send(
            request, stream=True, timeout=max(until - perf_counter(), 0.001)
        ).raw
        try:
            self._note_head(course, raw)
            left = until - perf_counter()
            return read(raw, course.url, course.limits, course.wants_body, left)
        except BaseException:
            abandon(raw)
            raise

    def _note_head(self, course: Course, raw: HTTPResponse) -> None:
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


def _take_turn(course: Course, turns: Turns) -> FetchFailure | Postponed | None:
    """Waits for a request's turn, or says why there is to be none."""
    course.begin_request()
    try:
        with course.until_deadline():
            turns.take(course.url)
    except NotNow as wait:
        return course.postponed(course.url, wait)
    except CutShort:
        return course.failure(NO_TIME_LEFT, cut_short=True)
    return None


def _go_on(course: Course, moved: Moved, follow: Follow) -> End | None:
    """Goes on to a redirect's target, or says why the fetch ends here."""
    target = moved.target
    if target is None:
        return course.failure(NO_WEB_ADDRESS)
    if target == course.url or any(hop.url == target for hop in course.hops):
        return course.failure(A_CIRCLE)
    if len(course.hops) >= course.limits.max_redirects:
        return course.failure(TOO_MANY_REDIRECTS)
    course.hops.append(Hop(course.url, moved.status, moved.may_be_kept))
    return _follow(course, target, follow)


def _follow(course: Course, target: str, follow: Follow) -> End | None:
    """Follows a redirect that is among the hops already, if nothing speaks against its target."""
    try:
        with course.until_deadline():
            against = follow(target)
    except NotNow as wait:
        return course.postponed(target, wait)
    except CutShort:
        return course.failure(NO_TIME_LEFT, cut_short=True)
    if against is not None:
        return course.redirected(target, against)
    course.go_on_to(target)
    return None
