"""What a fetch is given (limits, turns) and what it gives back.

Fetched         an answer, whatever its status
Redirected      a redirect that was not to be followed
FetchFailure    no answer, and why
Postponed       not asked to the end: a host's turn comes later
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

from crawler.domain.politeness import Why
from crawler.domain.reasons import Reason
from crawler.fetching.guard import Network

WantsBody = Callable[[int, str | None], bool]
"""Asked with status and content type; no: the body is not downloaded."""

Follow = Callable[[str], Reason | None]
"""Asked with a redirect's canonical target; a reason: the fetch ends there, by that reason."""

HeadersFor = Callable[[str], Mapping[str, str]]
"""Asked with the URL of each request; gives the headers that this one request has beside its own.
They never go along to a redirect's target: that is asked for anew."""


class Turns(Protocol):
    """Whose turn it is at a host. Every request of every kind takes one and gives it back."""

    def take(self, url: str) -> None:
        """Returns when a request may start; may wait for a short while.

        Raises:
            crawler.domain.politeness.NotNow: its turn comes later than that.
        """

    def done(
        self,
        url: str,
        status: int | None,
        head_seconds: float | None,
        retry_after_seconds: float | None,
    ) -> None:
        """Gives the turn back: the answer to `url` is read to its end, or failed.

        A request that its caller broke off (an error of its own, a deadline, a kill) is not
        done: that says nothing about the host, and whoever made the turns takes them back.

        Args:
            url: as `take` was given it.
            status: HTTP status of the answer, or None if none came.
            head_seconds: from the request's last byte to the answer's headers.
            retry_after_seconds: for how long the site asks to be left alone (`Retry-After`).
        """

    def note_delay(self, url: str, seconds: float | None) -> None:
        """Takes down the `Crawl-delay` in the robots.txt of a URL's origin, None where it has
        none: turns at that host keep it from now on."""

    def unreachable(self, url: str, *, silent: bool) -> bool:
        """Tells that a request got no answer, which may well be otherwise later.

        Args:
            url: whose host was asked.
            silent: whether the time for an answer passed.

        Returns:
            Whether the host fails for so long that it is taken for down.
        """


class _FreeTurns:
    """Turns without end: no host is spared."""

    def take(self, url: str) -> None:
        """Returns at once."""

    def done(
        self,
        url: str,
        status: int | None,
        head_seconds: float | None,
        retry_after_seconds: float | None,
    ) -> None:
        """Keeps nothing."""

    def note_delay(self, url: str, seconds: float | None) -> None:
        """Keeps nothing."""

    def unreachable(self, url: str, *, silent: bool) -> bool:
        """No host is ever down."""
        return False


FREE_TURNS: Turns = _FreeTurns()
"""For what is no crawl of a site: tests, and fetches whose hosts the operator chose."""


@dataclass(frozen=True, slots=True)
class FetchLimits:
    """What one fetch may cost, all its redirects together."""

    max_bytes: int = 10 * 2**20
    """Size of the body, decompressed, in bytes."""
    timeout_seconds: float = 20.0
    """Time on the wire, from the look-up of the name to the body's last byte."""
    max_redirects: int = 10
    keep_prefix: bool = False
    """Whether a body that is too large is cut at the limit rather than a failure."""
    deadline: float | None = None
    """When the whole fetch has to be over, on the fetcher's clock: waiting for turns counts, and
    what `follow` takes."""


@dataclass(frozen=True, slots=True)
class Hop:
    """A redirect on the way: the URL that answered with it, and its HTTP status."""

    url: str
    status: int
    may_be_kept: bool = False
    """Whether a shared cache may keep it (`domain.freshness`)."""


@dataclass(frozen=True, slots=True)
class Fetched:
    """An answer, whatever its HTTP status."""

    url: str
    """Canonical URL that answered, after redirects."""
    status: int
    headers: tuple[tuple[str, str], ...]
    """As they came, in order, decoded as latin-1; NUL is a space (RFC 9110, section 5.5)."""
    content_type: str | None
    body: bytes
    """Decompressed; empty where it was not wanted, and with 304."""
    hops: tuple[Hop, ...]
    milliseconds: int
    """Time on the wire, all redirects together; waiting for turns is not counted."""
    network: Network
    retry_after_seconds: float | None = None
    """For how long an error's answer asks to be left alone (RFC 9110, section 10.2.3)."""
    downgraded: bool = False
    """Whether a redirect led from https to http on the way."""


@dataclass(frozen=True, slots=True)
class Redirected:
    """A redirect that was not followed."""

    target: str
    reason: Reason
    """What `follow` said against it."""
    hops: tuple[Hop, ...]
    """The last one is the redirect to `target`."""
    milliseconds: int
    network: Network


@dataclass(frozen=True, slots=True)
class FetchFailure:
    """No answer, and why. A site's misbehaviour is data, not an exception."""

    reason: Reason
    detail: str
    """A sentence for people; it names no address that the URL itself does not name."""
    status: int | None
    """HTTP status, where one came before it failed."""
    url: str
    """The URL that failed: the last of the redirects."""
    hops: tuple[Hop, ...]
    milliseconds: int
    network: Network | None
    """None where it failed before a status came."""
    is_passing: bool = False
    """Whether the same request may well succeed later."""
    cut_short: bool = False
    """Whether `FetchLimits.deadline` ended it: that tells nothing of the site."""


@dataclass(frozen=True, slots=True)
class Postponed:
    """Not asked, or not to the end, since a host on the way is to be left alone for now.

    Another fetch can go on from here, at `url` after these hops.
    """

    url: str
    """Whose host waits: the URL itself or, where there are hops, the target of the last one."""
    seconds: float
    why: Why
    hops: tuple[Hop, ...]
