"""One fetch: the way along its redirects, within its limits, to an outcome.

A site's misbehaviour comes back as a `FetchFailure`; nothing that a site does raises.
"""

import contextlib
from collections.abc import Callable
from dataclasses import dataclass, field
from time import monotonic, perf_counter

import gevent
from requests import PreparedRequest
from urllib3 import HTTPResponse

from crawler.domain.reasons import Reason
from crawler.domain.urls import resolve
from crawler.fetching.connection import GuardedAdapter, abandon, network_of
from crawler.fetching.decoding import ACCEPT_ENCODING, Body, TooLarge
from crawler.fetching.failures import NO_ANSWER_IN_TIME, SITE_ERRORS, explain
from crawler.fetching.guard import Guard, IPNetwork, Network, Resolve
from crawler.fetching.lookup import ThreadedLookup
from crawler.fetching.outcomes import Fetched, FetchFailure, FetchLimits, Hop, Redirected

__all__ = [
    "FetchConfig",
    "FetchFailure",
    "FetchLimits",
    "Fetched",
    "Fetcher",
    "Hop",
    "Redirected",
]

ACCEPT = "text/html,application/xhtml+xml,text/markdown;q=0.9,text/plain;q=0.9,*/*;q=0.5"

READ_BYTES = 65_536

DRAIN_BYTES = 16_384
"""An unwanted body up to this size is read and dropped, which keeps the connection: to close it
would cost the site, and us, a new one (and its TLS handshake) per redirect or missing page."""

DRAIN_SECONDS = 0.5

_REDIRECTS = frozenset((301, 302, 303, 307, 308))

WantsBody = Callable[[int, str | None], bool]
Follow = Callable[[str], bool]


@dataclass(frozen=True, slots=True)
class FetchConfig:
    """What all fetches of a process have in common."""

    user_agent: str
    allow_private: tuple[IPNetwork, ...] = ()
    ca_bundle: str | None = None
    """A PEM file trusted in addition to certifi's."""


@dataclass(slots=True)
class _Course:
    """Where one fetch stands."""

    url: str
    limits: FetchLimits
    hops: list[Hop] = field(default_factory=list)
    seconds: float = 0.0
    status: int | None = None
    network: Network | None = None

    @property
    def milliseconds(self) -> int:
        return round(self.seconds * 1_000)

    @property
    def seconds_left(self) -> float:
        return self.limits.timeout_seconds - self.seconds

    def failure(self, reason: Reason, detail: str) -> FetchFailure:
        return FetchFailure(
            reason, detail, self.status, self.url, tuple(self.hops), self.milliseconds, self.network
        )


@dataclass(frozen=True, slots=True)
class _Moved:
    """A redirect, and where it leads to as far as that is a web address."""

    status: int
    target: str | None


@dataclass(frozen=True, slots=True)
class _Answered:
    status: int
    headers: tuple[tuple[str, str], ...]
    content_type: str | None
    body: bytes


class Fetcher:
    """Fetches URLs; one per process, shared by its greenlets, keeping connections between them."""

    def __init__(
        self,
        config: FetchConfig,
        resolve: Resolve | None = None,
        monotonic: Callable[[], float] = monotonic,
    ) -> None:
        """Takes the configuration, what looks names up (None: the system, in threads), a clock."""
        guard = Guard(config.allow_private, resolve or ThreadedLookup(), monotonic)
        self._adapter = GuardedAdapter(guard, config.ca_bundle)
        self._headers = {
            "User-Agent": config.user_agent,
            "Accept": ACCEPT,
            "Accept-Encoding": ACCEPT_ENCODING,
        }

    def fetch(
        self, url: str, limits: FetchLimits, *, wants_body: WantsBody, follow: Follow
    ) -> Fetched | Redirected | FetchFailure:
        """Fetches a canonical URL with GET, following redirects by hand.

        Args:
            url: as `crawler.domain.urls` makes it.
            limits: for all redirects together; the time that `follow` takes is not counted.
            wants_body: asked with status and content type; no: the body is not downloaded.
            follow: asked with each redirect's canonical target; no: the fetch ends there.
        """
        course = _Course(url, limits)
        while True:
            step = self._request(course, wants_body)
            if isinstance(step, FetchFailure):
                return step
            if isinstance(step, _Answered):
                return _fetched(course, step)
            end = _take_turn(course, step, follow)
            if end is not None:
                return end

    def close(self) -> None:
        """Closes the kept connections."""
        self._adapter.close()

    def _request(self, course: _Course, wants_body: WantsBody) -> _Answered | _Moved | FetchFailure:
        """One request within the time that is left, booked on the course."""
        started = perf_counter()
        deadline = gevent.Timeout.start_new(course.seconds_left)
        failure: tuple[Reason, str]
        try:
            return self._exchange(course, wants_body)
        except gevent.Timeout as expired:
            if expired is not deadline:
                raise
            failure = Reason.TIMEOUT, NO_ANSWER_IN_TIME
        except SITE_ERRORS as error:
            failure = explain(error, answered=course.status is not None)
        finally:
            deadline.close()
            course.seconds += perf_counter() - started
        return course.failure(*failure)

    def _exchange(self, course: _Course, wants_body: WantsBody) -> _Answered | _Moved:
        """Raises one of `SITE_ERRORS`; then the connection is closed."""
        course.status = course.network = None
        request = PreparedRequest()
        request.method, request.url = "GET", course.url
        request.headers = self._headers  # type: ignore[assignment]  # read as a mapping only
        raw: HTTPResponse = self._adapter.send(
            request, stream=True, timeout=max(course.seconds_left, 0.001)
        ).raw
        try:
            course.status, course.network = raw.status, network_of(raw)
            return _read(raw, course, wants_body)
        except BaseException:
            abandon(raw)
            raise


def _read(raw: HTTPResponse, course: _Course, wants_body: WantsBody) -> _Answered | _Moved:
    if _is_redirect(raw):
        _discard(raw)
        return _Moved(raw.status, _target(raw, course.url))
    headers = tuple((name, value.replace("\0", " ")) for name, value in raw.headers.items())
    content_type = _content_type(headers)
    if wants_body(raw.status, content_type):
        body = _read_body(raw, course.limits)
    else:
        _discard(raw)
        body = b""
    return _Answered(raw.status, headers, content_type, body)


def _content_type(headers: tuple[tuple[str, str], ...]) -> str | None:
    """The last one counts where there are several (Fetch Standard, "extract a MIME type")."""
    values = [value for name, value in headers if name.lower() == "content-type"]
    return values[-1] if values else None


def _is_redirect(raw: HTTPResponse) -> bool:
    """The redirects of the Fetch Standard, and 300 with a choice made (RFC 9110, 15.4.1)."""
    return raw.status in _REDIRECTS or (raw.status == 300 and "location" in raw.headers)


def _target(raw: HTTPResponse, base: str) -> str | None:
    """Where Location leads to, its bytes read as browsers do: UTF-8, else latin-1."""
    locations = raw.headers.getlist("location")
    if not locations or not locations[0]:
        return None
    try:
        location = locations[0].encode("latin-1").decode()
    except UnicodeError:
        location = locations[0]
    return resolve(location, base)


def _read_body(raw: HTTPResponse, limits: FetchLimits) -> bytes:
    body = Body(raw.headers.get("content-encoding", ""), limits.max_bytes)
    announced = raw.length_remaining or 0
    if announced > limits.max_bytes and not limits.keep_prefix:
        raise TooLarge
    try:
        while data := raw.read(READ_BYTES, decode_content=False):
            body.feed(data)
    except TooLarge as excess:
        if not limits.keep_prefix:
            raise
        abandon(raw)
        return excess.prefix
    return body.finish()


def _discard(raw: HTTPResponse) -> None:
    """Drops a body: a short one by reading it, a long one with its connection."""
    length = raw.length_remaining
    if raw.chunked or (length is not None and length <= DRAIN_BYTES):
        with contextlib.suppress(*SITE_ERRORS):
            gevent.with_timeout(
                DRAIN_SECONDS, raw.read, DRAIN_BYTES + 1, decode_content=False, timeout_value=b""
            )
    if raw.connection is not None:
        abandon(raw)


def _fetched(course: _Course, answer: _Answered) -> Fetched:
    return Fetched(
        url=course.url,
        status=answer.status,
        headers=answer.headers,
        content_type=answer.content_type,
        body=answer.body,
        hops=tuple(course.hops),
        milliseconds=course.milliseconds,
        network=course.network or Network.PUBLIC,
    )


def _take_turn(course: _Course, moved: _Moved, follow: Follow) -> Redirected | FetchFailure | None:
    """Goes on to a redirect's target, or says why the fetch ends here."""
    target = moved.target
    if target is None:
        return course.failure(Reason.BAD_REDIRECT, "redirects to something that is no web address")
    if target == course.url or any(hop.url == target for hop in course.hops):
        return course.failure(Reason.REDIRECT_LOOP, "redirects in a circle")
    if len(course.hops) >= course.limits.max_redirects:
        return course.failure(Reason.REDIRECT_LOOP, "redirects too often")
    course.hops.append(Hop(course.url, moved.status))
    if not follow(target):
        network = course.network or Network.PUBLIC
        return Redirected(target, tuple(course.hops), course.milliseconds, network)
    course.url = target
    return None
