"""What a fetch gives back: a page, a redirect that was not followed, or a named failure."""

from dataclasses import dataclass

from crawler.domain.reasons import Reason
from crawler.fetching.guard import Network


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


@dataclass(frozen=True, slots=True)
class Hop:
    """A redirect on the way: the URL that answered with it, and its HTTP status."""

    url: str
    status: int


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
    """Decompressed; empty where it was not wanted."""
    hops: tuple[Hop, ...]
    milliseconds: int
    network: Network


@dataclass(frozen=True, slots=True)
class Redirected:
    """A redirect that was not followed, since its target is known already."""

    target: str
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
