"""Values of settings: each function reads one, or raises ValueError with what is expected."""

import os
import re
from collections.abc import Callable
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import SplitResult, urlsplit

if TYPE_CHECKING:
    from crawler.domain.admission import HostRules

SECRET_MIN_CHARACTERS = 16

_PRINTABLE = re.compile(r"[\x20-\x7e]+")
_TOKEN = re.compile(r"[\x21-\x7e]+")
_HOST = re.compile(r"[A-Za-z0-9_.-]+|[0-9A-Fa-f:.]+")
_SIZE = re.compile(r"([0-9]{1,15})\s*([KMGT]?)(?:I?B)?", re.IGNORECASE)
_SIZE_UNITS = {"": 0, "K": 10, "M": 20, "G": 30, "T": 40}
_YES_OR_NO = {"1": True, "true": True, "yes": True, "0": False, "false": False, "no": False}


def bind(value: str) -> tuple[str, int]:
    """An address and a port; `[...]` around an IPv6 address."""
    expected = "an address and a port from 1 to 65535, such as 127.0.0.1:8000 or [::1]:8000"
    host, colon, port = value.rpartition(":")
    bracketed = host.startswith("[") and host.endswith("]")
    host = host[1:-1] if bracketed else host
    if not colon or not _HOST.fullmatch(host) or bracketed != (":" in host):
        raise ValueError(expected)
    if bracketed:
        _address(host, expected)
    if not re.fullmatch(r"[0-9]{1,5}", port) or not 1 <= int(port) <= 65535:
        raise ValueError(expected)
    return host, int(port)


def _address(host: str, expected: str) -> None:
    try:
        ip_address(host)
    except ValueError:
        raise ValueError(expected) from None


def token(value: str) -> str:
    """An access token, as it can travel in a header."""
    if not _TOKEN.fullmatch(value):
        raise ValueError("visible ASCII characters without spaces, as it travels in a header")
    return value


def secret(value: str) -> str:
    """What signs and seals; too short a one could be guessed."""
    if len(value) < SECRET_MIN_CHARACTERS:
        raise ValueError(f"{SECRET_MIN_CHARACTERS} characters or more, best 64 random hex digits")
    return value


def _split(value: str, expected: str) -> SplitResult:
    try:
        parts = urlsplit(value)
        _ = parts.port
    except ValueError:
        raise ValueError(expected) from None
    if not _PRINTABLE.fullmatch(value):
        raise ValueError(expected)
    return parts


def base_url(value: str) -> str:
    """An http or https URL under which paths can be put."""
    expected = "an http or https URL without query, such as https://crawl.example.org/clew"
    parts = _split(value, expected)
    plain = not (parts.query or parts.fragment or "@" in parts.netloc or " " in value)
    if parts.scheme not in ("http", "https") or not parts.hostname or not plain:
        raise ValueError(expected)
    return value.rstrip("/")


def database_url(value: str) -> str:
    """PostgreSQL's."""
    expected = "a PostgreSQL URL such as postgresql://user:password@host:5432/clew"
    if _split(value, expected).scheme not in ("postgresql", "postgres"):
        raise ValueError(expected)
    return value


def redis_url(value: str) -> str:
    """Redis' or Valkey's."""
    expected = "a Redis or Valkey URL such as redis://host:6379/0 or unix:///path/to/socket?db=0"
    if _split(value, expected).scheme not in ("redis", "rediss", "unix"):
        raise ValueError(expected)
    return value


def data_dir(value: str) -> Path:
    """A folder, or a path where one can be made; absolute."""
    path = Path(os.path.abspath(os.path.expanduser(value)))
    if path.exists() and not path.is_dir():
        raise ValueError("a folder, or a path where one can be made")
    return path


def networks(value: str) -> tuple[IPv4Network | IPv6Network, ...]:
    """Networks by CIDR, with commas between them."""
    try:
        return tuple(ip_network(part.strip()) for part in value.split(",") if part.strip())
    except ValueError:
        raise ValueError("networks separated by commas, such as 127.0.0.0/8,fd00::/8") from None


def whole_number(least: int, most: int) -> Callable[[str], int]:
    """What reads a whole number within bounds, both of them allowed."""

    def parse(value: str) -> int:
        if not re.fullmatch(r"[0-9]{1,9}", value) or not least <= int(value) <= most:
            raise ValueError(f"a whole number from {least} to {most}")
        return int(value)

    return parse


def yes_or_no(value: str) -> bool:
    """1 or 0."""
    answer = _YES_OR_NO.get(value.lower())
    if answer is None:
        raise ValueError("1 (yes) or 0 (no)")
    return answer


def size(least: int) -> Callable[[str], int]:
    """What reads a size in bytes, `least` or more; units are powers of 1,024."""

    def parse(value: str) -> int:
        match = _SIZE.fullmatch(value)
        found = int(match[1]) << _SIZE_UNITS[match[2].upper()] if match else -1
        if not least <= found <= 2**60:
            expected = "a size such as 500M, 10G or 1T"
            raise ValueError(f"{expected}, {least >> 20}M or more" if least else expected)
        return found

    return parse


def host_rules(value: str) -> "HostRules":
    """Hosts by name, address or network, with commas between them."""
    # Only where it is set: with what reads URLs the supervisor would be a quarter larger.
    from crawler.domain.admission import HostRules

    try:
        return HostRules.parse(value)
    except ValueError:
        raise ValueError(
            "host names, addresses or networks separated by commas,"
            " such as example.com,*.internal,10.0.0.0/8"
        ) from None


def header_text(value: str) -> str:
    """Text that can travel in a header."""
    if not _PRINTABLE.fullmatch(value):
        raise ValueError("printable ASCII characters, as it travels in a header")
    return value


def ca_bundle(value: str) -> str:
    """A file of certificates."""
    expected = "a readable file with certificates in PEM form"
    try:
        text = Path(value).read_text(encoding="ascii", errors="replace")
    except OSError:
        raise ValueError(expected) from None
    if "-----BEGIN CERTIFICATE-----" not in text:
        raise ValueError(expected)
    return value
