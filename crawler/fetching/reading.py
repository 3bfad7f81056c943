"""Reading one answer: its headers, its body within the limits, or where it redirects to."""

import contextlib
from collections.abc import Sequence
from dataclasses import dataclass

import gevent
from urllib3 import HTTPResponse

from crawler.domain.freshness import may_be_stored
from crawler.domain.urls import resolve
from crawler.fetching.connection import abandon
from crawler.fetching.decoding import Body, TooLarge, Undecodable
from crawler.fetching.failures import SITE_ERRORS
from crawler.fetching.outcomes import FetchLimits, WantsBody

READ_BYTES = 65_536

DRAIN_BYTES = 16_384
"""An unwanted body up to this size is read and dropped, which keeps the connection: to close it
would cost the site, and us, a new one (and its TLS handshake) per redirect or missing page."""

DRAIN_SECONDS = 0.5

ERROR_BYTES = 65_536
ERROR_SECONDS = 2.0
"""What is read of an error's body, at most: it is read for who sent it alone."""

_SPARE_SECONDS = 0.05
"""Before the end of the fetch's time an error's body is given up, so that its status stands."""

_REDIRECTS = frozenset((301, 302, 303, 307, 308))

Headers = tuple[tuple[str, str], ...]
"""As they came, in order, decoded as latin-1."""


@dataclass(frozen=True, slots=True)
class Moved:
    """A redirect, and where it leads to as far as that is a web address."""

    status: int
    target: str | None
    may_be_kept: bool
    """Whether a shared cache may keep it."""


@dataclass(frozen=True, slots=True)
class Answered:
    """Any other answer, read to its end or given up where its body was not wanted."""

    status: int
    headers: Headers
    content_type: str | None
    body: bytes


def read(
    raw: HTTPResponse,
    url: str,
    limits: FetchLimits,
    wants_body: WantsBody,
    seconds_left: float,
) -> Answered | Moved:
    """What an answer to `url` says. Raises one of `SITE_ERRORS`, and what `wants_body` does.

    `seconds_left` is when its caller ends it; what need not be read ends before.
    """
    spare = max(0.0, seconds_left - _SPARE_SECONDS)
    if _is_redirect(raw):
        _discard(raw, spare)
        may_be_kept = may_be_stored(raw.status, raw.headers.items())
        return Moved(raw.status, _target(raw, url), may_be_kept)
    headers = tuple((name, value.replace("\0", " ")) for name, value in raw.headers.items())
    content_type = last_header(headers, "content-type")
    if not wants_body(raw.status, content_type):
        _discard(raw, spare)
        body = b""
    elif 200 <= raw.status < 300:
        body = _read_body(raw, limits)
    else:
        body = _read_error(raw, limits, spare)
    return Answered(raw.status, headers, content_type, body)


def first_header(headers: Sequence[tuple[str, str]], name: str) -> str | None:
    """The first value of a header, its name in lower case, or None."""
    return next((value for key, value in headers if key.lower() == name), None)


def last_header(headers: Sequence[tuple[str, str]], name: str) -> str | None:
    """The last value: it counts for Content-Type (Fetch Standard, "extract a MIME type")."""
    return first_header(headers[::-1], name)


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


def _read_error(raw: HTTPResponse, limits: FetchLimits, seconds: float) -> bytes:
    """The beginning of an error's body, as far as it comes: without it the status still stands."""
    coding = raw.headers.get("content-encoding", "")
    try:
        body = Body(coding, min(ERROR_BYTES, limits.max_bytes))
    except Undecodable:
        _discard(raw, seconds)
        return b""
    with contextlib.suppress(*SITE_ERRORS):
        gevent.with_timeout(min(ERROR_SECONDS, seconds), _fill, body, raw, timeout_value=None)
    if raw.connection is not None:
        abandon(raw)
    return body.so_far


def _fill(body: Body, raw: HTTPResponse) -> None:
    """Takes what there is, without waiting until it is much."""
    while data := raw.read1(READ_BYTES, decode_content=False):
        body.feed(data)


def _discard(raw: HTTPResponse, seconds: float) -> None:
    """Drops a body: a short one by reading it, a long one with its connection."""
    length = raw.length_remaining
    if raw.chunked or (length is not None and length <= DRAIN_BYTES):
        with contextlib.suppress(*SITE_ERRORS):
            gevent.with_timeout(
                min(DRAIN_SECONDS, seconds),
                raw.read,
                DRAIN_BYTES + 1,
                decode_content=False,
                timeout_value=b"",
            )
    if raw.connection is not None:
        abandon(raw)
