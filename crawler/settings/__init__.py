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
from ipaddress import IPv4Network, IPv6Network, ip_address
from pathlib import Path
from typing import TYPE_CHECKING, Self, TypeVar

from crawler.cores import usable_cores
from crawler.settings import values
from crawler.version import PROJECT_URL, VERSION

if TYPE_CHECKING:
    from crawler.domain.admission import HostRules

_T = TypeVar("_T")
_SECRET_KEYS = frozenset({"CLEW_TOKEN", "CLEW_SECRET"})
_SHOWN_CHARACTERS = 200
_SECRET_BYTES = 32
_CACHE_BYTES = 2**30
_LEAST_DISK_BYTES = 2**20
_CACHE_SHARE = 4


class SettingsError(ValueError):
    """A setting is wrong; the text is one line for whoever runs Clew."""


@dataclass(frozen=True, kw_only=True)
class Settings:
    """All settings, checked. ``database_url`` and ``redis_url`` are None when embedded.

    What bounds every user is None where there is no bound: ``deny_hosts``, ``max_pages`` and
    ``max_running_jobs``, ``max_disk_bytes``.
    """

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
    deny_hosts: "HostRules | None"
    max_pages: int | None
    max_running_jobs: int | None
    allow_ignore_robots: bool
    max_disk_bytes: int | None
    cache_bytes: int

    @classmethod
    def from_environ(cls, environ: Mapping[str, str]) -> Self:
        """Read the settings from ``environ``; raises SettingsError for the first wrong one."""
        read = _Reader(environ)
        host, port = read("CLEW_BIND", values.bind, ("127.0.0.1", 8000))
        token = read("CLEW_TOKEN", values.token, None)
        public_url = read("CLEW_PUBLIC_URL", values.base_url, None)
        _check_exposure(environ, host, token, public_url)
        contact = read("CLEW_CONTACT", values.header_text, None)
        max_disk_bytes = read("CLEW_MAX_DISK", values.size(_LEAST_DISK_BYTES), None)
        cache_bytes = read("CLEW_CACHE_SIZE", values.size(0), _CACHE_BYTES)
        return cls(
            database_url=read("DATABASE_URL", values.database_url, None),
            redis_url=read("REDIS_URL", values.redis_url, None),
            data_dir=read("CLEW_DATA_DIR", values.data_dir, None) or _default_data_dir(environ),
            bind_host=host,
            bind_port=port,
            token=token,
            public_url=public_url,
            allow_private=read("CLEW_ALLOW_PRIVATE", values.networks, ()),
            functions_url=read("CLEW_FUNCTIONS_URL", values.base_url, None),
            secret=read("CLEW_SECRET", values.secret, None),
            workers=read("WEB_CONCURRENCY", values.whole_number(1, 64), None) or default_workers(),
            db_pool=read("CLEW_DB_POOL", values.whole_number(2, 100), 8),
            user_agent=_with_contact(read("CLEW_USER_AGENT", values.header_text, None), contact),
            contact=contact,
            ca_bundle=read("CLEW_CA_BUNDLE", values.ca_bundle, None),
            deny_hosts=read("CLEW_DENY_HOSTS", values.host_rules, None),
            max_pages=read("CLEW_MAX_PAGES", values.whole_number(1, 999_999_999), None),
            max_running_jobs=read("CLEW_MAX_RUNNING_JOBS", values.whole_number(1, 9_999), None),
            allow_ignore_robots=read("CLEW_ALLOW_IGNORE_ROBOTS", values.yes_or_no, True),
            max_disk_bytes=max_disk_bytes,
            cache_bytes=_beside(cache_bytes, max_disk_bytes),
        )

    @property
    def fetch_realm(self) -> str:
        """Return what a site's answer depends on beside its URL, see ``HttpCache``."""
        denied = self.deny_hosts.text if self.deny_hosts else ""
        return f"{self.user_agent} {' '.join(map(str, self.allow_private))} {denied}".rstrip()


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
    if len(secret) < values.SECRET_MIN_CHARACTERS:
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


def _beside(cache_bytes: int, max_disk_bytes: int | None) -> int:
    """Bound the cache to a part of the disk: crawls must not wait for what can be fetched again."""
    if max_disk_bytes is None:
        return cache_bytes
    return min(cache_bytes, max_disk_bytes // _CACHE_SHARE)


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


def _with_contact(user_agent: str | None, contact: str | None) -> str:
    """Return the user agent, in which whoever is crawled finds whom to write to."""
    if user_agent is None:
        where = f"+{PROJECT_URL}; {contact}" if contact else f"+{PROJECT_URL}"
        return f"Clew/{VERSION} ({where})"
    return f"{user_agent} ({contact})" if contact and contact not in user_agent else user_agent


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
