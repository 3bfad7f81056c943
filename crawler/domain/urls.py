"""URLs by the WHATWG URL Standard, in the one form under which Clew knows a page.

Two spellings of one address must meet in the frontier, so every URL that enters it
(typed, linked, redirected to) passes through `canonical` or `resolve`.
"""

import re
from functools import lru_cache

from ada_url import URL, join_url, normalize_url

from crawler.domain.parameters import without_visit

MAX_URL_LENGTH = 2_000
"""Longest URL in characters that is accepted: what browsers and servers agree on in practice."""

_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_SCHEME = re.compile(r"[a-zA-Z][a-zA-Z0-9+.-]*:")
SCHEMES = ("http://", "https://")
"""How every canonical URL begins."""

_UNRESERVED = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")
# Escapes that have another normal form: lower-case digits, or an unreserved character. One that
# would make up a new escape with a `%` before it (`%%32E`) is left as it is.
_ODD_ESCAPE = re.compile(
    "%(?:[0-9A-F][a-f]|[a-f][0-9A-Fa-f]"
    "|2[DE]|3[0-9]|4[1-9A-F]|5[0-9AF]|6[1-9A-F]|7[0-9AE])(?<!%%..)(?<!%[0-9A-Fa-f]%..)"
)


class InvalidUrl(ValueError):
    """A URL that a person gave and that can't be crawled; the text says why, for that person."""


def canonical(url: str) -> str | None:
    """The canonical form of an absolute http(s) URL, or None where it is not one.

    WHATWG parsing normalises case, default ports and dots (URL Standard, section 4.4), and
    percent-encoding is normalised by RFC 3986, section 6.2.2. What makes no other page goes:
    fragment, empty query, parameters of tracking and sessions. Credentials make it None: a link
    must never carry them on.
    """
    try:
        return _page_url(normalize_url(url))
    except ValueError:
        return None


def resolve(href: str, base: str) -> str | None:
    """The canonical form of what `href` means on a page at `base`, or None (`mailto:`, broken…)."""
    try:
        return _page_url(join_url(base, href))
    except ValueError:
        return None


def _page_url(href: str) -> str | None:
    """What names the page in an URL that WHATWG parsing made; most links pass untouched."""
    if not href.startswith(SCHEMES):
        return None
    if "@" in href and _has_credentials(href):
        return None
    cut = href.find("#")
    if cut >= 0:
        href = href[:cut]
    if "%" in href:
        href = _ODD_ESCAPE.sub(_normal_escape, href)
    if "?" in href or ";" in href:
        href = without_visit(href)
    return href if len(href) <= MAX_URL_LENGTH else None


def _normal_escape(match: re.Match[str]) -> str:
    char = chr(int(match[0][1:], 16))
    return char if char in _UNRESERVED else match[0].upper()


def spelled(path: str) -> str:
    """A path with its query, or the end of one, in the spelling of canonical URLs; `*` stays.

    Raises:
        ValueError: for lone surrogates, which no URL can hold.
    """
    site = "http://site/"
    form = normalize_url(site + path.removeprefix("/"))
    return path[: path.startswith("/")] + _ODD_ESCAPE.sub(_normal_escape, form[len(site) :])


def _has_credentials(href: str) -> bool:
    url = URL(href)
    return bool(url.username or url.password)


def parse_typed(text: str) -> str:
    """The canonical URL for what the caller of the API gave.

    Raises:
        InvalidUrl: with a sentence that names what is wrong with it.
    """
    if len(text) > MAX_URL_LENGTH:
        raise InvalidUrl(f"is longer than {MAX_URL_LENGTH:,} characters")
    if _CONTROL.search(text):
        raise InvalidUrl("contains control characters")
    text = text.strip()
    if not text:
        raise InvalidUrl("is empty")
    if "\\" in text:
        # `http://127.0.0.1\@example.com` names another host to a browser than to a reader.
        raise InvalidUrl("contains a backslash")
    return _parse_absolute(text)


def _parse_absolute(text: str) -> str:
    if not _SCHEME.match(text):
        raise InvalidUrl("is not an absolute URL: it should begin with http:// or https://")
    scheme = text.partition(":")[0].lower()
    if scheme not in ("http", "https"):
        raise InvalidUrl(f"has the scheme {scheme}:, and only http and https can be crawled")
    rest = text.partition(":")[2]
    if not rest.startswith("//") or rest[2:3] in ("", "/", "?", "#"):
        # A browser reads http:///path as http://path/; a person who types it forgot the host.
        raise InvalidUrl("names no host")
    try:
        url = URL(text)
    except ValueError:
        raise InvalidUrl("is not a valid URL") from None
    if url.username or url.password:
        raise InvalidUrl("contains credentials, which would end up in logs and links")
    result = _page_url(url.href)
    if result is None:
        raise InvalidUrl(f"is longer than {MAX_URL_LENGTH:,} characters once encoded")
    return result


def complete_typed(text: str) -> str:
    """What a person typed into the form, with the `https://` that people leave out.

    `localhost:8000/docs` has a colon but no scheme: a scheme counts only before `//`,
    or where it is one that is known to be something else (`mailto:`, `ftp:`).
    """
    text = text.strip()
    head, colon, rest = text.partition(":")
    has_scheme = colon and _SCHEME.match(text) and not rest[:1].isdigit() and "." not in head
    if not text or has_scheme or (rest.startswith("//") and "/" not in head):
        return text
    return "https://" + text.lstrip("/")


def authority(url: str) -> str:
    """`host[:port]` of a canonical URL: what manners go by.

    Default ports are absent from canonical URLs, so http and https of one name are one host.
    """
    start = url.index("//") + 2
    return url[start : url.index("/", start)]


@lru_cache(maxsize=4096)
def origin(url: str) -> str:
    """`scheme://host[:port]` of a canonical URL (URL Standard, section 4.7)."""
    return str(URL(url).origin)


@lru_cache(maxsize=4096)
def host(url: str) -> str:
    """Host of a canonical URL, without the port."""
    return str(URL(url).hostname)


def path(url: str) -> str:
    """Path of a canonical URL, without the query."""
    rest = url[url.index("/", url.index("//") + 2) :]
    return rest.partition("?")[0]
