"""What HTTP allows to be kept of an answer, and when it has to be asked for again (RFC 9111).

The cache is a shared one: every job of an installation reads it. Whoever crawls says how old a
page may be (`maxAgeSeconds`, the request's own max-age of section 5.2.1.1), so that freshness
that a site grants is not looked at; what a site forbids is.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass

Headers = tuple[tuple[str, str], ...]
"""As they came, in order; names in any case."""

_GONE = frozenset((404, 410))
_STORABLE = frozenset((200, 301, 308))
_STORABLE_WHERE_SAID = frozenset((302, 303, 307))
_SAYING = frozenset(("max-age", "s-maxage", "public"))
_FORBIDDING = frozenset(("no-store", "private"))

# What can travel back in a header as it came. Many servers leave a tag's quotes out (RFC 9110,
# section 8.8.3, wants them) and understand it only like that.
_SENDABLE = re.compile(r"[\x21-\x7e\x80-\xff](?:[\x20-\x7e\x80-\xff]*[\x21-\x7e\x80-\xff])?")
_MOST_VALIDATOR_CHARACTERS = 1_000

_OF_ONE_REQUEST = frozenset(("set-cookie", "set-cookie2"))

# Of an old answer's headers a 304 replaces those that it carries (RFC 9111, section 3.2), except
# those that speak of the message or of the body, which is the old one.
_KEPT_AT_REVALIDATION = frozenset(
    (
        "connection",
        "content-encoding",
        "content-length",
        "content-range",
        "content-type",
        "keep-alive",
        "proxy-authenticate",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
    )
)


@dataclass(frozen=True, slots=True)
class Validators:
    """By what a site knows which version of a page is meant (RFC 9110, section 8.8)."""

    etag: str | None = None
    last_modified: str | None = None

    def __bool__(self) -> bool:
        return self.etag is not None or self.last_modified is not None

    def conditions(self) -> dict[str, str]:
        """Headers that ask for the page only if it is another one (RFC 9110, section 13.1)."""
        conditions = {}
        if self.etag is not None:
            conditions["If-None-Match"] = self.etag
        if self.last_modified is not None:
            conditions["If-Modified-Since"] = self.last_modified
        return conditions

    def may_be_meant_by(self, answered: "Validators") -> bool:
        """Whether a 304 with these validators can speak of the page that has ours.

        RFC 9111, section 4.3.4; tags are compared weakly (RFC 9110, section 8.8.3.2).
        """
        if answered.etag is None or self.etag is None:
            return True
        return answered.etag.removeprefix("W/") == self.etag.removeprefix("W/")


def validators_of(headers: Iterable[tuple[str, str]]) -> Validators:
    """The validators of an answer; one that could not be sent back is none."""
    found: dict[str, str] = {}
    for name, value in headers:
        if name.lower() in ("etag", "last-modified"):
            found.setdefault(name.lower(), value.strip())
    return Validators(_sendable(found.get("etag")), _sendable(found.get("last-modified")))


def may_be_stored(status: int, headers: Iterable[tuple[str, str]]) -> bool:
    """Whether a shared cache may keep an answer (RFC 9111, section 3): a page or a redirect."""
    listed = tuple(headers)
    directives = _directives(listed)
    # Every request of an installation has the same headers, so whatever else an answer may vary
    # by, it is the same for the next one; by "*" it varies by what no header tells (section 4.1).
    if _FORBIDDING & directives or "*" in _members(listed, "vary"):
        return False
    if status in _STORABLE_WHERE_SAID:
        return bool(_SAYING & directives or _members(listed, "expires"))
    return status in _STORABLE


def must_be_validated(headers: Iterable[tuple[str, str]]) -> bool:
    """Whether a site wants to be asked before each use, however young the answer is."""
    listed = tuple(headers)
    directives = _directives(listed)
    if directives:
        return "no-cache" in directives
    return "no-cache" in _members(listed, "pragma")  # RFC 9111, section 5.4


def is_young(age_seconds: float, max_age_seconds: int) -> bool:
    """Whether an answer of this age may be used without asking; a limit of 0 wants to ask."""
    return max_age_seconds > 0 and age_seconds <= max_age_seconds


def is_gone(status: int) -> bool:
    """Whether a status says that what was there before is there no more."""
    return status in _GONE


def shareable(headers: Iterable[tuple[str, str]]) -> Headers:
    """Headers of an answer without those that are for whoever asked, and for nobody else."""
    return tuple(pair for pair in headers if pair[0].lower() not in _OF_ONE_REQUEST)


def freshened(stored: Headers, answered: Iterable[tuple[str, str]]) -> Headers:
    """The stored answer's headers after a 304: its new ones in place of old ones."""
    new = tuple(
        (name, value) for name, value in answered if name.lower() not in _KEPT_AT_REVALIDATION
    )
    replaced = {name.lower() for name, _ in new}
    return tuple(pair for pair in stored if pair[0].lower() not in replaced) + new


def _directives(headers: Iterable[tuple[str, str]]) -> frozenset[str]:
    """Names of Cache-Control's directives, lower case.

    Commas within quotes part them, too: at worst that forbids more than the site did.
    """
    return frozenset(
        member.partition("=")[0].strip().strip('"') for member in _members(headers, "cache-control")
    )


def _members(headers: Iterable[tuple[str, str]], wanted: str) -> frozenset[str]:
    """The members of all headers of a name (RFC 9110, section 5.6.1), lower case."""
    values = (value for name, value in headers if name.lower() == wanted)
    return frozenset(
        member.strip().lower() for value in values for member in value.split(",") if member.strip()
    )


def _sendable(value: str | None) -> str | None:
    if value is None or len(value) > _MOST_VALIDATOR_CHARACTERS:
        return None
    return value if _SENDABLE.fullmatch(value) else None
