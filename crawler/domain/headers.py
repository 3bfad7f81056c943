"""Headers and cookies that a user gives for a site: a token, a session, a language.

They are secrets. Their values are kept sealed, stand in no answer, log line or `repr`, and go to
the origin of the job's roots only.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

MAX_FIELDS = 50
"""Most headers, and most cookies, of one job."""

MAX_VALUE_BYTES = 8 * 1024
"""Longest value in bytes: what most servers take in one header line."""

_MAX_NAME_LENGTH = 100

_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
# RFC 9110, section 5.5, without the bytes beyond ASCII, which no two servers read alike.
_FIELD_VALUE = re.compile(r"[\t\x20-\x7e]*")
# RFC 6265, section 4.1.1, and what browsers send beside it: spaces, commas, quotes, backslashes.
_COOKIE_VALUE = re.compile(r"[\x20-\x3a\x3c-\x7e]*")

_REFUSED = {
    **dict.fromkeys(
        ("host", "content-length", "content-encoding", "transfer-encoding", "expect", "te",
         "trailer", "connection", "keep-alive", "proxy-connection", "upgrade", "http2-settings"),
        "belongs to the connection, which Clew looks after",
    ),
    **dict.fromkeys(
        ("accept-encoding", "range", "if-match", "if-none-match", "if-modified-since",
         "if-unmodified-since", "if-range"),
        "decides which part of an answer comes, and in which coding: Clew sets it itself",
    ),
    **dict.fromkeys(("cookie", "cookie2"), "is made of cookies: give them there"),
    "user-agent": "tells sites whose crawler this is: whoever runs Clew sets it",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Credentials:
    """Headers and cookies to send, name to value.

    Raises:
        ValueError: where `parse_headers` or `parse_cookies` would.
    """

    headers: Mapping[str, str] = field(default_factory=dict)
    cookies: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        object.__setattr__(self, "headers", parse_headers(self.headers))
        object.__setattr__(self, "cookies", parse_cookies(self.cookies))

    def __repr__(self) -> str:
        return f"Credentials(headers={list(self.headers)}, cookies={list(self.cookies)})"

    def __bool__(self) -> bool:
        return bool(self.headers or self.cookies)

    def for_request(self) -> dict[str, str]:
        """The headers of one request, the cookies among them (RFC 6265, section 4.2.1)."""
        if not self.cookies:
            return dict(self.headers)
        pairs = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        return {**self.headers, "Cookie": pairs}

    def as_bytes(self) -> bytes:
        """In a form to seal and keep."""
        return json.dumps({"headers": self.headers, "cookies": self.cookies}).encode()

    @classmethod
    def from_bytes(cls, data: bytes) -> "Credentials":
        """What `as_bytes` made."""
        return cls(**json.loads(data))


def parse_headers(value: Any) -> dict[str, str]:
    """Request headers, name to value, values without the spaces around them (RFC 9110, 5.5).

    Raises:
        ValueError: with a sentence that names the header and never shows a value.
    """
    headers = _pairs(value, "headers", _FIELD_VALUE)
    for name in headers:
        if (why := _refusal(name.lower())) is not None:
            raise ValueError(f"has {name}, which {why}")
    if len({name.lower() for name in headers}) < len(headers):
        raise ValueError("names one header twice, in other letters")
    return headers


def parse_cookies(value: Any) -> dict[str, str]:
    """Cookies, name to value (RFC 6265, section 4.1.1).

    Raises:
        ValueError: as `parse_headers`.
    """
    return _pairs(value, "cookies", _COOKIE_VALUE)


def _refusal(name: str) -> str | None:
    if name.startswith("proxy-"):
        return "is for proxies, and Clew uses none"
    if name.startswith("sec-"):
        return "only browsers may say"
    return _REFUSED.get(name)


def _pairs(value: Any, what: str, allowed: re.Pattern[str]) -> dict[str, str]:
    if not isinstance(value, Mapping):
        raise ValueError("must be an object of names and values")
    if len(value) > MAX_FIELDS:
        raise ValueError(f"has more than {MAX_FIELDS} {what}")
    return {_name(name): _value(name, each, allowed) for name, each in value.items()}


def _name(name: Any) -> str:
    if isinstance(name, str) and len(name) <= _MAX_NAME_LENGTH and _TOKEN.fullmatch(name):
        return name
    shown = "".join(char if char.isprintable() else "?" for char in str(name)[:30])
    raise ValueError(f"has a name that is none: {shown!r}")


def _value(name: str, value: Any, allowed: re.Pattern[str]) -> str:
    if not isinstance(value, str):
        raise ValueError(f"has no string as the value of {name}")
    text: str = value.strip(" \t")
    if len(text) > MAX_VALUE_BYTES:
        raise ValueError(f"has a value of {name} that is longer than {MAX_VALUE_BYTES:,} bytes")
    if not allowed.fullmatch(text):
        raise ValueError(f"has characters in the value of {name} that can't be sent")
    return text
