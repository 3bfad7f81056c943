"""What whoever runs Clew can choose, read once from the environment and passed in.

README.md lists the keys. An empty value counts as unset. A wrong one stops the start
with one line that names the key, the value and what is expected; secrets and passwords are never
repeated in it, because such lines end up in logs.
"""

import os
import re
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from pathlib import Path
from typing import Self, TypeVar
from urllib.parse import SplitResult, urlsplit

from crawler.cores import usable_cores
from crawler.version import PROJECT_URL, VERSION

_T = TypeVar("_T")
_PRINTABLE = re.compile(r"[\x20-\x7e]+")
_TOKEN = re.compile(r"[\x21-\x7e]+")
_HOST = re.compile(r"[A-Za-z0-9_.-]+|[0-9A-Fa-f:.]+")
_SECRET_KEYS = frozenset({"CLEW_TOKEN", "CLEW_SECRET"})
_SHOWN_CHARACTERS = 200
_SECRET_BYTES = 32
_SECRET_MIN_CHARACTERS = 16


class SettingsError(ValueError):
    """A setting is wrong; the text is one line for whoever runs Clew."""


@dataclass(frozen=True, kw_only=True)
class Settings:
    """All settings, checked. ``database_url`` and ``redis_url`` are None when embedded."""

    database_url: str | None
    redis_url: str | None
    data_dir: Path
    bind_host: str
    bind_port: int
    token: str | None
    public_url: str | None
    allow_private: tuple[IPv4Network | IPv6Network, ...]
    functions_url: str | None
    secret: str | None
    workers: int
    db_pool: int
    user_agent: str
    contact: str | None
    ca_bundle: str | None

    @classmethod
    def from_environ(cls, environ: Mapping[str, str]) -> Self:
        """Read the settings from ``environ``; raises SettingsError for the first wrong one."""
        read = _Reader(environ)
        host, port = read("CLEW_BIND", _bind, ("127.0.0.1", 8000))
        token = read("CLEW_TOKEN", _token, None)
        public_url = read("CLEW_PUBLIC_URL", _base_url, None)
        _check_exposure(environ, host, token, public_url)
        contact = read("CLEW_CONTACT", _header_text, None)
        return cls(
            database_url=read("DATABASE_URL", _database_url, None),
            redis_url=read("REDIS_URL", _redis_url, None),
            data_dir=read("CLEW_DATA_DIR", _data_dir, None) or _default_data_dir(environ),
            bind_host=host,
            bind_port=port,
            token=token,
            public_url=public_url,
            allow_private=read("CLEW_ALLOW_PRIVATE", _networks, ()),
            functions_url=read("CLEW_FUNCTIONS_URL", _base_url, None),
            secret=read("CLEW_SECRET", _secret, None),
            workers=read("WEB_CONCURRENCY", _whole_number(1, 64), None) or default_workers(),
            db_pool=read("CLEW_DB_POOL", _whole_number(2, 100), 8),
            user_agent=_with_contact(read("CLEW_USER_AGENT", _header_text, None), contact),
            contact=contact,
            ca_bundle=read("CLEW_CA_BUNDLE", _ca_bundle, None),
        )


def default_workers() -> int:
    """Return a worker per usable core: two at least, so that one may die, and eight at most."""
    return min(8, max(2, usable_cores()))


def load_secret(data_dir: Path) -> str:
    """Return the secret kept in ``data_dir`` as 64 hex digits; the first call makes it.

    Raises SettingsError when the file holds something else.
    """
    path = data_dir / "secret"
    if not path.exists():
        _write_once(path, secrets.token_hex(_SECRET_BYTES))
    secret = path.read_text(encoding="ascii", errors="replace").strip()
    if len(secret) < _SECRET_MIN_CHARACTERS:
        raise SettingsError(f"{path} holds no secret: remove it, or set CLEW_SECRET")
    return secret


def is_loopback(host: str) -> bool:
    """Tell whether only this machine can reach ``host``; a name other than localhost is not."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host.lower() == "localhost"


class _Reader:
    """Reads one key after the other and puts the key's name on what is wrong."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._environ = environ

    def __call__(self, key: str, parse: Callable[[str], _T], default: _T) -> _T:
        value = self._environ.get(key, "").strip()
        if not value:
            return default
        try:
            return parse(value)
        except ValueError as error:
            raise SettingsError(f"{key} is {_shown(key, value)}: expected {error}") from None


def _shown(key: str, value: str) -> str:
    """Return ``value`` as it may stand in a log: one line, short, without secrets."""
    if key in _SECRET_KEYS:
        return "set to a value that can't be used"
    text = re.sub(r"(?s)^.*@", "***@", value) if key.endswith("_URL") else value
    text = re.sub(r"(?i)(password=)[^&\s]*", r"\1***", text)
    return repr(text[:_SHOWN_CHARACTERS])


def _check_exposure(
    environ: Mapping[str, str], host: str, token: str | None, public_url: str | None
) -> None:
    """Raise SettingsError when others than this machine would get in without a token."""
    if token:
        return
    if not is_loopback(host):
        raise SettingsError(
            f"CLEW_BIND is {_shown('CLEW_BIND', environ['CLEW_BIND'])}: expected a loopback address"
            " such as 127.0.0.1:8000, or an access token in CLEW_TOKEN beside it"
        )
    if public_url:
        raise SettingsError(
            f"CLEW_PUBLIC_URL is {_shown('CLEW_PUBLIC_URL', public_url)}:"
            " expected an access token in CLEW_TOKEN beside it"
        )


def _bind(value: str) -> tuple[str, int]:
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


def _token(value: str) -> str:
    if not _TOKEN.fullmatch(value):
        raise ValueError("visible ASCII characters without spaces, as it travels in a header")
    return value


def _secret(value: str) -> str:
    if len(value) < _SECRET_MIN_CHARACTERS:
        raise ValueError(f"{_SECRET_MIN_CHARACTERS} characters or more, best 64 random hex digits")
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


def _base_url(value: str) -> str:
    expected = "an http or https URL without query, such as https://crawl.example.org/clew"
    parts = _split(value, expected)
    plain = not (parts.query or parts.fragment or "@" in parts.netloc or " " in value)
    if parts.scheme not in ("http", "https") or not parts.hostname or not plain:
        raise ValueError(expected)
    return value.rstrip("/")


def _database_url(value: str) -> str:
    expected = "a PostgreSQL URL such as postgresql://user:password@host:5432/clew"
    if _split(value, expected).scheme not in ("postgresql", "postgres"):
        raise ValueError(expected)
    return value


def _redis_url(value: str) -> str:
    expected = "a Redis or Valkey URL such as redis://host:6379/0 or unix:///path/to/socket?db=0"
    if _split(value, expected).scheme not in ("redis", "rediss", "unix"):
        raise ValueError(expected)
    return value


def _data_dir(value: str) -> Path:
    path = Path(os.path.abspath(os.path.expanduser(value)))
    if path.exists() and not path.is_dir():
        raise ValueError("a folder, or a path where one can be made")
    return path


def _default_data_dir(environ: Mapping[str, str]) -> Path:
    """As root the data stand where the engines' unprivileged user can reach them."""
    if os.geteuid() == 0:
        return Path("/var/lib/clew")
    base = environ.get("XDG_DATA_HOME", "")
    # The XDG base directory specification says to ignore relative paths.
    return (Path(base) if base.startswith("/") else _home() / ".local/share") / "clew"


def _home() -> Path:
    try:
        return Path.home()
    except RuntimeError:
        raise SettingsError(
            "CLEW_DATA_DIR is unset: expected a folder, as this user has no home folder"
        ) from None


def _networks(value: str) -> tuple[IPv4Network | IPv6Network, ...]:
    try:
        return tuple(ip_network(part.strip()) for part in value.split(",") if part.strip())
    except ValueError:
        raise ValueError("networks separated by commas, such as 127.0.0.0/8,fd00::/8") from None


def _whole_number(least: int, most: int) -> Callable[[str], int]:
    def parse(value: str) -> int:
        if not re.fullmatch(r"[0-9]{1,9}", value) or not least <= int(value) <= most:
            raise ValueError(f"a whole number from {least} to {most}")
        return int(value)

    return parse


def _header_text(value: str) -> str:
    if not _PRINTABLE.fullmatch(value):
        raise ValueError("printable ASCII characters, as it travels in a header")
    return value


def _with_contact(user_agent: str | None, contact: str | None) -> str:
    """Return the user agent, in which whoever is crawled finds whom to write to."""
    if user_agent is None:
        where = f"+{PROJECT_URL}; {contact}" if contact else f"+{PROJECT_URL}"
        return f"Clew/{VERSION} ({where})"
    return f"{user_agent} ({contact})" if contact and contact not in user_agent else user_agent


def _ca_bundle(value: str) -> str:
    expected = "a readable file with certificates in PEM form"
    try:
        text = Path(value).read_text(encoding="ascii", errors="replace")
    except OSError:
        raise ValueError(expected) from None
    if "-----BEGIN CERTIFICATE-----" not in text:
        raise ValueError(expected)
    return value


def _write_once(path: Path, text: str) -> None:
    """Write a file that only we can read, whole or not at all; the first of two writers wins."""
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    draft.unlink(missing_ok=True)
    with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text + "\n")
        file.flush()
        os.fsync(file.fileno())
    try:
        os.link(draft, path)
    except FileExistsError:
        pass
    finally:
        draft.unlink()
