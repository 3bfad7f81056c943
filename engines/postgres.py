"""PostgreSQL, embedded: initdb once, then the server on a unix socket.

Its folder appears complete or not at all: initdb works in a draft that is renamed when it is done.
A lost acknowledged commit is never acceptable, so fsync and synchronous_commit stay on.
"""

import os
import shutil
import signal
from collections.abc import Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import ClassVar
from urllib.parse import quote

import psycopg2

from engines.engine import Engine, read_pid
from engines.errors import EngineError
from engines.home import Home
from engines.process import Steps, spawn

_DATABASE = "clew"
_USER = "clew"
_PORT = "5432"  # names the socket only; said everywhere, or PGPORT would change it
_CONNECT_TIMEOUT_SECONDS = 3
_ACCESS = (
    f"--username={_USER}", "--auth-local=trust", "--auth-host=reject", "--no-instructions",
)


class Postgres(Engine):
    """One PostgreSQL server with the database ``clew``.

    ``max_connections`` must cover all pools and some more; ``extra_settings`` (names and values as
    in postgresql.conf) win over ours.
    """

    name: ClassVar[str] = "PostgreSQL"
    # Fast shutdown, then immediate shutdown, which costs a recovery and no row.
    stop_steps: ClassVar[Steps] = (
        (signal.SIGINT, 10), (signal.SIGQUIT, 3), (signal.SIGKILL, 3),
    )
    initdb_options: ClassVar[Sequence[str]] = (
        "--encoding=UTF8", "--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C",
    )
    settings: ClassVar[Mapping[str, str]] = {
        "listen_addresses": "",
        "unix_socket_permissions": "0700",
        "shared_buffers": "64MB",
        "io_method": "sync",
        "wal_level": "minimal",  # nobody replicates from here
        "max_wal_senders": "0",
        "max_wal_size": "256MB",
        "min_wal_size": "64MB",
        "checkpoint_timeout": "15min",
        "max_parallel_workers_per_gather": "0",  # the cores are busy crawling
        "max_logical_replication_workers": "0",
        "logging_collector": "off",
        "log_min_duration_statement": "-1",
        "log_checkpoints": "off",
        "log_autovacuum_min_duration": "-1",
        "log_timezone": "UTC",
        "timezone": "UTC",
    }

    def __init__(
        self, home: Home, max_connections: int, extra_settings: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(home, "postgresql")
        self._data = home.data_dir / "postgres"
        self._settings = {
            **self.settings,
            "max_connections": str(max_connections),
            "unix_socket_directories": f'"{home.sockets}"',
            **(extra_settings or {}),
        }

    @property
    def url(self) -> str:
        """The URL of the database ``clew``."""
        return self.url_of(_DATABASE)

    def url_of(self, database: str) -> str:
        """Return the URL of another database of this server."""
        host = quote(str(self.home.sockets), safe="")
        return f"postgresql:///{database}?host={host}&port={_PORT}&user={_USER}"

    def answers(self) -> bool:
        """Connect, and make the database ``clew`` if it is not there yet."""
        try:
            connection = psycopg2.connect(
                self.url_of("postgres"), connect_timeout=_CONNECT_TIMEOUT_SECONDS
            )
        except psycopg2.OperationalError:  # no socket yet, or "starting up"
            return False
        with closing(connection):
            connection.autocommit = True
            with connection.cursor() as cursor:
                cursor.execute("SELECT 1 FROM pg_database WHERE datname = %s", (_DATABASE,))
                if cursor.fetchone() is None:
                    cursor.execute(f"CREATE DATABASE {_DATABASE}")
        return True

    def _prepare(self) -> list[str]:
        if not self._data.exists():
            self._initialize()
        self.home.folder("postgres")  # checks the owner
        # Safe because this folder is ours alone and no server of ours is left: a pid in here that
        # belongs to somebody else by now would stop the start.
        (self.home.sockets / f".s.PGSQL.{_PORT}.lock").unlink(missing_ok=True)
        command = [str(self.home.binaries.postgres), "-D", str(self._data), "-p", _PORT]
        for name, value in self._settings.items():
            command += ["-c", f"{name}={value}"]
        return command

    def _initialize(self) -> None:
        shutil.rmtree(self._draft, ignore_errors=True)
        draft = self.home.folder(self._draft.name)
        log = self.home.log("initdb")
        with log.open("wb") as output:
            initdb = spawn(
                [str(self.home.binaries.initdb), "-D", str(draft), *_ACCESS, *self.initdb_options],
                death_signal=signal.SIGTERM,
                env=self._environment(),
                cwd=Path("/"),
                account=self.home.account,
                output=output,
            )
        if initdb.wait() != 0:
            lines = log.read_text(errors="replace").strip().splitlines() or ["no message"]
            raise EngineError(f"PostgreSQL's data can't be made: {lines[-1]} ({log})")
        os.rename(draft, self._data)
        _sync_folder(self._data.parent)

    @property
    def _draft(self) -> Path:
        return self._data.with_name("postgres.draft")

    def _orphan(self) -> tuple[int, str, str] | None:
        pid = read_pid(self._data / "postmaster.pid")
        return (pid, "postgres", str(self._data)) if pid else None

    def _environment(self) -> dict[str, str]:
        """A pid in postmaster.pid that is not ours has been given to somebody else since; the
        server accepts that only of its grandparent, so we tell it that this is who it is."""
        stale = read_pid(self._data / "postmaster.pid")
        extra = {"PG_GRANDPARENT_PID": str(stale)} if stale else {}
        return super()._environment() | extra


def _sync_folder(folder: Path) -> None:
    """Make a rename in ``folder`` last through a power cut."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
