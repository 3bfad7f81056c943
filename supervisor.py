"""Starts all of Clew and keeps it running: `python app.py` hands over to `main`.

    1  read the settings; one start per data folder (a lock); end what a killed one left behind
    2  start the engines that have no URL, beside each other
    3  bring the schema up to date
    4  start gunicorn, and when it is ready say where it is
    5  start again whatever dies, with pauses that grow
    6  at Ctrl-C or SIGTERM stop gunicorn, then the engines; a second one shortens the waits

No thread is ever started here, because children are bound to the thread that started them
(engines/process.py). As PID 1 of a container it also reaps orphans that are not its own.
"""

try:
    import resource
except ImportError:
    raise SystemExit(
        "clew: the server runs on Linux and macOS only: on Windows use WSL, or a Linux container"
        " with DATABASE_URL and REDIS_URL set to servers of your own"
    ) from None

import os
import signal
import sys
from collections.abc import Sequence
from contextlib import closing, suppress
from pathlib import Path
from time import monotonic

import psycopg2

import engines
from crawler.settings import Settings, SettingsError, load_secret
from engines import Engine, EngineError, Home, Postgres, Valkey, open_home
from engines.home import make_data_dir
from engines.process import spawn
from supervision import complain, say
from supervision.keeping import Child, Kept, reap_strangers
from supervision.lock import only_supervisor
from supervision.requests import StopAsked, StopRequests
from supervision.webserver import WebServer, check_address, local_address

_ROOT = Path(__file__).resolve().parent
_USAGE = "usage: python app.py (no arguments; settings come from the environment, see README.md)"
_SPARE_CONNECTIONS = 20  # the schema step, a psql, a backup, and those reserved for superusers
_OPEN_FILES = 65_536
_DATABASE_WAIT_SECONDS = 60
_DATABASE_RETRY_SECONDS = 0.5
_READY_WARNING_SECONDS = 15
_READY_POLL_SECONDS = 0.05
_TICK_SECONDS = 1.0


def main(argv: Sequence[str] | None = None) -> int:
    """Serve until asked to stop; returns the exit status.

    ``argv`` is what follows the program's name, None for that of this process.
    """
    if list(sys.argv[1:] if argv is None else argv):
        complain(_USAGE)
        return 2
    requests = StopRequests()
    try:
        settings = Settings.from_environ(os.environ)
        make_data_dir(settings.data_dir)
        with only_supervisor(settings.data_dir, local_address(settings)):
            Supervisor(settings, requests).run()
    except StopAsked:
        return 0
    except (SettingsError, EngineError) as error:
        complain(str(error))
        return 1
    return 0


class Supervisor:
    """All children of one run."""

    def __init__(self, settings: Settings, requests: StopRequests) -> None:
        self._settings = settings
        self._requests = requests
        self._home: Home | None = None
        self._engines: list[Engine] = []
        self._environ = dict(os.environ)
        self._web = WebServer(settings, self._environ)

    def run(self) -> None:
        """Start everything and keep it; raises StopAsked at the end, EngineError instead of it."""
        self._web.end_leftovers()
        check_address(self._settings.bind_host, self._settings.bind_port)
        _allow_many_files()
        try:
            self._start_engines()
            self._prepare_database()
            self._web.launch()
            self._keep()
        finally:
            self._stop()

    def _start_engines(self) -> None:
        settings, environ = self._settings, self._environ
        if not (settings.database_url and settings.redis_url):
            self._home = open_home(settings.data_dir)
        if self._home and not settings.database_url:
            postgres = Postgres(self._home, _max_connections(settings))
            self._engines.append(postgres)
            environ["DATABASE_URL"] = postgres.url
        if self._home and not settings.redis_url:
            valkey = Valkey(self._home)
            self._engines.append(valkey)
            environ["REDIS_URL"] = valkey.url
        # Native parsers in threads fragment glibc's arenas: two keep a worker a third smaller.
        environ.setdefault("MALLOC_ARENA_MAX", "2")
        environ["CLEW_SECRET"] = settings.secret or load_secret(settings.data_dir)
        engines.start(self._engines, self._requests.check)

    def _prepare_database(self) -> None:
        if self._settings.database_url:
            self._await_database(self._settings.database_url)
        command = [sys.executable, "-m", "supervision.migration"]
        death_signal = signal.SIGTERM
        with spawn(command, death_signal=death_signal, env=self._environ, cwd=_ROOT) as migration:
            try:
                while migration.poll() is None:
                    self._requests.wait(_TICK_SECONDS)
            except StopAsked:
                migration.terminate()
                raise
        if migration.returncode != 0:
            raise EngineError("the database's schema can't be brought up to date: see above")

    def _await_database(self, url: str) -> None:
        """Wait for a database of the user's own, which may be starting at the same moment."""
        deadline, told = monotonic() + _DATABASE_WAIT_SECONDS, False
        while True:
            try:
                with closing(psycopg2.connect(url, connect_timeout=3)):
                    return
            except psycopg2.OperationalError as error:
                why = " ".join(str(error).split())
            if monotonic() > deadline:
                raise EngineError(f"the database of DATABASE_URL can't be reached: {why}")
            if not told:
                complain(f"waiting for the database of DATABASE_URL: {why}")
                told = True
            self._requests.wait(_DATABASE_RETRY_SECONDS)

    def _keep(self) -> None:
        kept = [Kept(child, monotonic()) for child in self._children()]
        self._await_ready(kept)
        while True:
            self._tend(kept)
            self._requests.wait(_TICK_SECONDS)

    def _await_ready(self, kept: Sequence[Kept]) -> None:
        warn_at = monotonic() + _READY_WARNING_SECONDS
        while not self._web.is_ready():
            if self._web.has_died():  # it will not do better by being started again
                raise EngineError("the web server ended before it was ready: see above")
            if monotonic() > warn_at:
                complain(f"not ready yet: {_address(self._settings)}/readyz says what is missing")
                warn_at += _READY_WARNING_SECONDS
            self._tend(kept)
            self._requests.wait(_READY_POLL_SECONDS)
        say(f"Clew is ready at {_address(self._settings)}")
        say(f"Its data are in {self._settings.data_dir}. Ctrl-C stops it.")

    def _tend(self, kept: Sequence[Kept]) -> None:
        for one in kept:
            one.tend(monotonic())
        for engine in self._engines:
            engine.bound_log()
        reap_strangers({child.pid for child in self._children()})

    def _children(self) -> list[Child]:
        return [*self._engines, self._web]

    def _stop(self) -> None:
        """Stop the web server first: its workers write their last results into the engines."""
        for child in reversed(self._children()):
            child.stop(self._requests.hurry)
        if self._home:
            self._home.close()


def _max_connections(settings: Settings) -> int:
    """Return room for all pools twice: workers that are being replaced still hold theirs."""
    return 2 * settings.workers * settings.db_pool + _SPARE_CONNECTIONS


def _allow_many_files() -> None:
    """Raise the limit of open files: every viewer is one, and the usual 1,024 are soon used up."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _OPEN_FILES if hard == resource.RLIM_INFINITY else min(_OPEN_FILES, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        with suppress(OSError, ValueError):  # macOS has a lower limit that it does not tell
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def _address(settings: Settings) -> str:
    return settings.public_url or local_address(settings, asked=False)


if __name__ == "__main__":
    sys.exit(main())
