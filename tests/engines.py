"""PostgreSQL and Valkey (or Redis) for the tests: embedded, given by URL, or the system's own.

What touches them is tested against both kinds, the embedded engines and Debian's PostgreSQL and
Redis; CLEW_TEST_ENGINES=embedded or =system takes one kind only. With DATABASE_URL and REDIS_URL
set, those are taken and nothing is started.
A missing engine fails the run; it is never quietly skipped.
"""

import os
import secrets
import shutil
import tempfile
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import ClassVar, NamedTuple
from urllib.parse import urlsplit

import psycopg2

from engines import Postgres, Valkey, open_home, start, stop
from engines.binaries import Binaries

MAX_CONNECTIONS = 100


class EngineUrls(NamedTuple):
    """Where the engines are, and how to stop those that were started here."""

    database_url: str
    redis_url: str
    stop: Callable[[], None]


def make_data_dir() -> Path:
    """A new, empty data folder that root's engines can enter (pytest's own are closed to them)."""
    folder = Path(tempfile.mkdtemp(prefix="clew-test-"))
    folder.chmod(0o711)
    return folder


def wanted_kinds() -> list[str]:
    """The kinds of engines to test against."""
    if os.environ.get("DATABASE_URL") and os.environ.get("REDIS_URL"):
        return ["given"]
    only = os.environ.get("CLEW_TEST_ENGINES")
    return [only] if only else ["embedded", "system"]


def start_engines(
    data_dir: Path | None = None,
    extra_settings: Mapping[str, str] | None = None,
    kind: str = "embedded",
) -> EngineUrls:
    """Start both engines of a kind (or take the given ones) and return their URLs.

    `data_dir` None means a new folder, removed at the stop. `extra_settings` are PostgreSQL's,
    e.g. {"log_statement": "all"}; its log is `<data_dir>/logs/postgresql.log`.
    """
    if kind == "given":
        return EngineUrls(os.environ["DATABASE_URL"], os.environ["REDIS_URL"], lambda: None)
    return _start_own(data_dir, extra_settings or {}, kind)


def _start_own(
    data_dir: Path | None, extra_settings: Mapping[str, str], kind: str
) -> EngineUrls:
    folder = data_dir or make_data_dir()
    home = open_home(folder)
    unsafe_but_fast = {"fsync": "off", **extra_settings}
    if kind == "system":
        home = replace(home, binaries=_system_binaries(home.binaries))
        postgres: Postgres = _SystemPostgres(home, MAX_CONNECTIONS, unsafe_but_fast)
        valkey: Valkey = _SystemRedis(home)
    else:
        postgres, valkey = Postgres(home, MAX_CONNECTIONS, unsafe_but_fast), Valkey(home)

    def end() -> None:
        stop([valkey, postgres])
        home.close()
        if data_dir is None:
            shutil.rmtree(folder, ignore_errors=True)

    try:
        start([postgres, valkey])
    except BaseException:
        end()
        raise
    return EngineUrls(postgres.url, valkey.url, end)


class _SystemPostgres(Postgres):
    """Debian's PostgreSQL 15 knows neither the builtin locale provider nor io_method."""

    initdb_options = ("--encoding=UTF8", "--locale=C.UTF-8")
    settings: ClassVar[Mapping[str, str]] = {
        name: value for name, value in Postgres.settings.items() if name != "io_method"
    }


class _SystemRedis(Valkey):
    name = "Redis"


def _system_binaries(embedded: Binaries) -> Binaries:
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin"))
    redis = shutil.which("redis-server")
    if not folders or not redis:
        raise FileNotFoundError("install Debian's packages postgresql and redis-server")
    return replace(
        embedded, postgres=folders[-1] / "postgres", initdb=folders[-1] / "initdb",
        valkey=Path(redis),
    )


def create_database(server_url: str) -> str:
    """Create an empty database with a name of its own beside the one of `server_url`."""
    name = f"test_{secrets.token_hex(6)}"
    _execute(server_url, f"CREATE DATABASE {name}")
    parts = urlsplit(server_url)
    return f"{parts.scheme}://{parts.netloc}/{name}?{parts.query}"


def drop_database(server_url: str, database_url: str) -> None:
    """Remove a database made by `create_database`, whoever is still connected to it."""
    name = urlsplit(database_url).path.lstrip("/")
    _execute(server_url, f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")


def _execute(url: str, statement: str) -> None:
    with closing(psycopg2.connect(url)) as connection:
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute(statement)
