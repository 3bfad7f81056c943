"""gunicorn as a child: its port, its readiness, its end."""

import errno
import http.client
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

from crawler.settings import Settings
from engines.engine import read_pid
from engines.errors import EngineError
from engines.process import Steps, end_child, end_session, spawn

_ROOT = Path(__file__).resolve().parent.parent
# A worker that is still starting misses the signal that its master passes on, and the master waits
# for it as long as it may; so after a second everyone gets it once more.
_ASK_STEPS: Steps = ((signal.SIGTERM, 1),)
_STOP_STEPS: Steps = ((signal.SIGTERM, 11), (signal.SIGKILL, 3))
_LEFTOVER_STEPS: Steps = ((signal.SIGTERM, 3), (signal.SIGKILL, 3))
_READY_TIMEOUT_SECONDS = 2


class WebServer:
    """gunicorn with its workers, on the address of the settings."""

    name = "the web server"

    def __init__(self, settings: Settings, environ: Mapping[str, str]) -> None:
        self._host, self._port = settings.bind_host, settings.bind_port
        self._environ = environ
        data_dir = settings.data_dir.resolve()
        self._pid_file = data_dir / "gunicorn.pid"
        # The name changes nothing for gunicorn; it is how a later start knows its own orphans.
        self._mark = f"clew:{data_dir}"
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int | None:
        """The master's pid while it was not stopped."""
        return self._process.pid if self._process else None

    def launch(self) -> None:
        """End what is left of an earlier one and start gunicorn; raises EngineError."""
        self.end_leftovers()
        command = [sys.executable, "-m", "gunicorn", "-c", str(_ROOT / "gunicorn.conf.py")]
        try:
            self._process = spawn(
                [*command, "-n", self._mark],
                death_signal=signal.SIGTERM,
                env=self._environ,
                cwd=_ROOT,
            )
            self._pid_file.write_text(str(self._process.pid))
        except OSError as error:
            raise EngineError(f"{self.name} can't be started: {error}") from None

    def end_leftovers(self) -> None:
        """End the master or the workers of a run that was killed: they would hold the port."""
        leader = read_pid(self._pid_file)
        if leader and not end_session(leader, "gunicorn", self._mark, _LEFTOVER_STEPS):
            raise EngineError(f"the web server of a former run (process {leader}) does not end")

    def has_died(self) -> bool:
        """Tell whether the master was launched and has ended."""
        return self._process is not None and self._process.poll() is not None

    def stop(self, hurry: Callable[[], bool]) -> None:
        """Stop gracefully, by force after 12 s or when ``hurry`` says so."""
        if self._process is None:
            return
        end_child(self._process, _ASK_STEPS, hurry)
        end_session(self._process.pid, "gunicorn", self._mark, _STOP_STEPS, hurry)
        self._process.poll()
        self._process = None
        self._pid_file.unlink(missing_ok=True)

    def is_ready(self) -> bool:
        """Ask for GET /readyz and tell whether it is 200."""
        host = _reached_at(self._host)
        connection = http.client.HTTPConnection(host, self._port, timeout=_READY_TIMEOUT_SECONDS)
        try:
            connection.request("GET", "/readyz")
            return connection.getresponse().status == http.client.OK
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()


def _reached_at(host: str) -> str:
    """Return an address of this machine where whoever listens on all of them is reached."""
    return {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)


def local_address(settings: Settings, *, asked: bool = True) -> str:
    """Return the URL of what listens by these settings.

    With ``asked`` it is one that this machine can ask, where the settings say "all addresses".
    """
    host = _reached_at(settings.bind_host) if asked else settings.bind_host
    return f"http://{f'[{host}]' if ':' in host else host}:{settings.bind_port}"


def check_address(host: str, port: int) -> None:
    """Raise EngineError, with what to do, when nobody could listen on the address."""
    where = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    try:
        family, kind, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
            probe.listen(1)
    except OSError as error:
        why = "is taken by another program" if error.errno == errno.EADDRINUSE else (
            f"can't be used ({error.strerror})"
        )
        raise EngineError(f"{where} {why}: set CLEW_BIND to another address and port") from None
