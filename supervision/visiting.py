"""A server for a command that needs one: that of this machine, or one started for the command.

    found    where the lock of the data folder says that its server is, else where CLEW_BIND says
    started  else `python app.py` is started, its output in a log, and stopped in the end

The server of another command is found like any other. It ends with that command: then `is_lost`,
and `find` brings another, which goes on with what was under way. A server that somebody started by
hand is never replaced: whoever did it may be about to start it again.
"""

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from time import monotonic, sleep
from urllib.parse import urlsplit

from crawler.settings import Settings, SettingsError
from crawler.terminal.server import NoServer
from engines import EngineError
from engines.engine import read_pid
from engines.home import make_data_dir
from engines.process import is_alive, spawn
from supervision.lock import Holder, read_holder
from supervision.webserver import check_address, local_address

_ROOT = Path(__file__).resolve().parent.parent
_ANSWER_SECONDS = 5.0
_READY_SECONDS = 120.0
_LOG_LINES = 15
_POLL_SECONDS = 0.05
_STOP_STEPS = ((signal.SIGTERM, 40.0), (signal.SIGTERM, 10.0), (signal.SIGKILL, 5.0))


class Visit:
    """A command's server, by the settings of the environment; see `ServerSource`."""

    def __init__(self, environ: Mapping[str, str] = os.environ) -> None:
        self._environ = environ
        self._process: subprocess.Popen[bytes] | None = None
        self._log: Path | None = None
        self._address = ""
        self._host_pid: int | None = None

    def find(self, pause: Callable[[str], None]) -> str:
        """The URL of a server that is ready; raises NoServer."""
        try:
            settings = Settings.from_environ(self._environ)
            make_data_dir(settings.data_dir)
            return self._find(settings, pause)
        except (SettingsError, EngineError) as error:
            raise NoServer(str(error)) from None

    def _find(self, settings: Settings, pause: Callable[[str], None]) -> str:
        self._process = self._host_pid = None
        deadline = monotonic() + _READY_SECONDS
        while monotonic() < deadline:
            holder = read_holder(settings.data_dir)
            if holder is None and self._process is None:
                bound = local_address(settings)
                is_ready = _is_ready(bound)
                if is_ready:
                    return bound
                if is_ready is None:
                    self._start(settings)
            elif self._process is not None and self._process.poll() is not None:
                self._give_up(settings)
            elif holder is not None and holder.address and _is_ready(holder.address):
                return self._arrive(holder, settings)
            pause("Waiting for Clew to be ready …" if self._process is None else "Starting Clew …")
        raise NoServer(f"Clew is not ready after {_READY_SECONDS:g} s")

    def _arrive(self, holder: Holder, settings: Settings) -> str:
        if self._process is None and read_pid(_mark(settings)) == holder.pid:
            self._host_pid = holder.pid
        self._address = holder.address
        return holder.address

    def _start(self, settings: Settings) -> None:
        """Start a server whose death is ours; raises EngineError, NoServer."""
        environ = {**self._environ, "CLEW_BIND": _free_bind(settings)}
        self._log = _log(settings)
        try:
            with self._log.open("wb") as output:
                self._process = spawn(
                    [sys.executable, str(_ROOT / "app.py")],
                    death_signal=signal.SIGTERM,
                    env=environ,
                    cwd=_ROOT,
                    output=output,
                )
            _mark(settings).write_text(str(self._process.pid))
        except OSError as error:
            raise NoServer(f"Clew can't be started: {error}") from None

    def _give_up(self, settings: Settings) -> None:
        """Ours has ended before it was ready: another one was faster, or it can't run here."""
        self._process = None
        if read_holder(settings.data_dir) is None:
            raise NoServer("\n".join(["Clew can't be started:", *_last_lines(self._log)]))

    def own(self) -> str | None:
        """What is to be said of a server that was started for this; None for one that was found."""
        if self._process is None:
            return None
        return f"Started Clew at {self._address} for this crawl; what it says is in {self._log}"

    def is_lost(self) -> bool:
        """Whether the server was a command's and has ended."""
        if self._process is not None:
            return self._process.poll() is not None
        return self._host_pid is not None and not is_alive(self._host_pid)

    def release(self, is_hurried: Callable[[], bool]) -> None:
        """Stop what was started here.

        When ``is_hurried`` it is asked for the second time, which shortens its own waits, and not
        waited for.
        """
        process, self._process = self._process, None
        if process is None:
            return
        for number, seconds in _STOP_STEPS:
            process.send_signal(number)
            if is_hurried():
                process.send_signal(signal.SIGTERM)
                return
            with suppress(subprocess.TimeoutExpired):
                _await_end(process, seconds, is_hurried)
                return


def _await_end(
    process: subprocess.Popen[bytes], seconds: float, is_hurried: Callable[[], bool]
) -> None:
    deadline = monotonic() + seconds
    while process.poll() is None:
        if monotonic() > deadline or is_hurried():
            raise subprocess.TimeoutExpired(process.args, seconds)
        sleep(_POLL_SECONDS)


def _is_ready(address: str) -> bool | None:
    """Tell whether a Clew that answers there is ready; None for no answer, or somebody else's."""
    parts = urlsplit(address)
    connection = http.client.HTTPConnection(
        parts.hostname or "", parts.port, timeout=_ANSWER_SECONDS
    )
    try:
        connection.request("GET", "/readyz")
        response = connection.getresponse()
        answer = json.loads(response.read())
    except (OSError, ValueError, http.client.HTTPException):
        return None
    finally:
        connection.close()
    is_clew = isinstance(answer, dict) and isinstance(answer.get("engines"), dict)
    return response.status == http.client.OK if is_clew else None


def _free_bind(settings: Settings) -> str:
    """The address of the settings, or one of this machine alone if somebody else has that."""
    host = settings.bind_host
    try:
        check_address(host, settings.bind_port)
    except EngineError:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            return f"127.0.0.1:{probe.getsockname()[1]}"
    return f"{f'[{host}]' if ':' in host else host}:{settings.bind_port}"


def _log(settings: Settings) -> Path:
    folder = settings.data_dir / "logs"
    folder.mkdir(mode=0o700, exist_ok=True)
    return folder / "crawl-command.log"


def _mark(settings: Settings) -> Path:
    """Where the pid of a server stands that a command has started."""
    return settings.data_dir / "started-for-a-command"


def _last_lines(log: Path | None) -> list[str]:
    text = log.read_text(errors="replace") if log else ""
    return text.splitlines()[-_LOG_LINES:]
