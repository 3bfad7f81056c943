"""The real command, as a user runs it: `scripts/run` with a data folder and a port of its own.

It is found again by its process tree and by the data folder in its environment, so that
"kill everything" means everything that this server started and nothing else.
"""

import os
import random
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.processes import Process, all_processes, environment, is_alive, tree

ROOT = Path(__file__).resolve().parent.parent
PATIENCE_SECONDS = 60.0
"""How long is waited for what has to come: far longer than it takes on a slow and busy machine."""
START_SECONDS = 120
"""Bound for a start: the first one on a machine also makes the virtual environment."""
STOP_SECONDS = 40


class ServerFailed(Exception):
    """The server did not start or stop as it should; the text ends with what it last printed."""


def free_port() -> int:
    """A TCP port on 127.0.0.1 that nobody has at this moment.

    None of those that the system gives out by itself (from 32,768 on Linux, from 49,152 else):
    any connection of others could have got it before the server binds it, or between two starts.
    """
    while True:
        port = random.SystemRandom().randrange(20_000, 32_000)
        with socket.socket() as probe, suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port


def make_data_folder() -> Path:
    """A new, empty folder that PostgreSQL's user can enter (`mkdtemp` alone gives 0700)."""
    folder = Path(tempfile.mkdtemp(prefix="clew-test-"))
    folder.chmod(0o755)
    return folder


def wait_until(
    condition: Callable[[], bool], what: str, timeout_seconds: float = PATIENCE_SECONDS
) -> None:
    """Returns as soon as `condition` holds; else raises TimeoutError, which says `what`.

    `timeout_seconds` is given where it is a promise; else only what hangs is to be found.
    """
    deadline = time.monotonic() + timeout_seconds
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError(f"not within {timeout_seconds:g} s: {what}")
        time.sleep(0.05)


class RunningServer:
    """`scripts/run` in the background, ready when the `with` block begins, gone when it ends.

    Args:
        data_dir: CLEW_DATA_DIR; None makes a new folder, removed at the end. A given one is kept.
        env: further variables, e.g. `{"CLEW_ALLOW_PRIVATE": "127.0.0.0/8"}`. CLEW_*, DATABASE_URL
            and REDIS_URL of the calling environment are not passed on.
        port: the port to bind; None takes a free one, kept over restarts.
    """

    def __init__(
        self,
        data_dir: Path | None = None,
        env: Mapping[str, str] | None = None,
        port: int | None = None,
    ) -> None:
        self._keeps_data = data_dir is not None
        self.data_dir = data_dir or make_data_folder()
        self.port = port or free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.output_path = self.data_dir.with_name(f"{self.data_dir.name}.{self.port}.out")
        # Distinguishes the processes of this server from those of another on the same data.
        self._mark = secrets.token_hex(8)
        self._env = self._environment(env or {})
        self._process: subprocess.Popen[bytes] | None = None
        self._seen: dict[tuple[int, int], Process] = {}

    def _environment(self, extra: Mapping[str, str]) -> dict[str, str]:
        foreign = ("DATABASE_URL", "REDIS_URL", "WEB_CONCURRENCY")
        kept = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith("CLEW_") and name not in foreign
        }
        own = {
            "CLEW_DATA_DIR": str(self.data_dir),
            "CLEW_BIND": f"127.0.0.1:{self.port}",
            "RUNNING_SERVER": self._mark,
        }
        return kept | own | dict(extra)

    @property
    def pid(self) -> int:
        """Process id of `scripts/run` (of the supervisor, once the script has handed over)."""
        assert self._process is not None, "the server was not started"
        return self._process.pid

    def __enter__(self) -> Self:
        try:
            self.start()
        except BaseException:
            self.kill_everything()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            if error is None:
                self.stop()
            else:
                error.add_note(f"The server's last words:\n{self.output_tail()}")
        finally:
            self.kill_everything()
            if not self._keeps_data:
                shutil.rmtree(self.data_dir, ignore_errors=True)
            if error is None:
                self.output_path.unlink(missing_ok=True)

    def start(self, timeout_seconds: float = START_SECONDS) -> float:
        """Starts the command and waits for it to be ready; returns the seconds it took.

        Workers of a run that was killed may still answer: it has to say so, and `/readyz` 200.
        """
        began, said = time.monotonic(), self._times_ready()
        with self.output_path.open("ab") as output:
            self._process = subprocess.Popen(
                [str(ROOT / "scripts" / "run")],
                env=self._env,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                cwd="/",
                start_new_session=True,
            )
        while self._times_ready() == said or not self.is_ready():
            if self._process.poll() is not None:
                raise ServerFailed(f"ended with {self._process.returncode}\n{self.output_tail()}")
            if time.monotonic() - began > timeout_seconds:
                raise ServerFailed(f"not ready after {timeout_seconds:g} s\n{self.output_tail()}")
            time.sleep(0.05)
        return time.monotonic() - began

    def _times_ready(self) -> int:
        return self.output().count("Clew is ready at ")

    def is_ready(self) -> bool:
        """Whether `/readyz` answers 200."""
        try:
            with urllib.request.urlopen(f"{self.url}/readyz", timeout=5) as response:
                return bool(response.status == 200)
        except (urllib.error.URLError, OSError):
            return False

    def stop(self, timeout_seconds: float = STOP_SECONDS) -> float:
        """Asks it to stop (SIGTERM); returns the seconds until no process was left.

        Raises:
            ServerFailed: when a process outlives the command or the bound; they are killed then.
        """
        began = time.monotonic()
        self.processes()
        if self._process is not None and self._process.poll() is None:
            self._process.terminate()
            with suppress(subprocess.TimeoutExpired):
                self._process.wait(timeout_seconds)
        try:
            wait_until(lambda: not self.processes(), "every process gone", 15)
        except TimeoutError:
            left = [process.command for process in self.processes()]
            self.kill_everything()
            raise ServerFailed(f"still there after SIGTERM: {left}\n{self.output_tail()}") from None
        return time.monotonic() - began

    def kill_everything(self, timeout_seconds: float = 30) -> None:
        """kill -9 of supervisor, gunicorn, workers and engines; returns when all are gone."""
        deadline = time.monotonic() + timeout_seconds
        while processes := self.processes():
            for process in processes:
                with suppress(ProcessLookupError):
                    os.kill(process.pid, signal.SIGKILL)
            if self._process is not None:
                with suppress(subprocess.TimeoutExpired):
                    self._process.wait(0.2)
            if time.monotonic() > deadline:
                raise ServerFailed(f"kill -9 left {processes}")

    def restart(self) -> float:
        """Stops it if it runs, then starts it on the same data and port; seconds until ready."""
        self.stop()
        return self.start()

    def processes(self) -> list[Process]:
        """All living processes of this server, orphans included, parents first."""
        found = {(p.pid, p.started): p for p in tree(self.pid)} if self._process else {}
        for process in all_processes().values():
            # PostgreSQL overwrites its environment; it is known from the tree, before or now.
            if environment(process.pid).get("RUNNING_SERVER") == self._mark:
                for member in tree(process.pid):
                    found.setdefault((member.pid, member.started), member)
        known = {key: process for key, process in self._seen.items() if is_alive(process)}
        self._seen = found | known
        return [*found.values(), *(p for key, p in known.items() if key not in found)]

    def worker_pids(self) -> list[int]:
        """The gunicorn workers: forks of gunicorn's master, so their command line is the same."""
        members = {process.pid: process for process in self.processes()}
        return sorted(
            process.pid
            for process in members.values()
            if "gunicorn" in process.command
            and process.parent in members
            and members[process.parent].command == process.command
        )

    def worker_environment(self) -> dict[str, str]:
        """What the workers were started with: the embedded engines' URLs among it."""
        return environment(self.worker_pids()[0])

    def output(self) -> str:
        """All that the command printed, over all its starts."""
        return self.output_path.read_text(errors="replace") if self.output_path.exists() else ""

    def output_tail(self, lines: int = 30) -> str:
        """The last lines that the command printed."""
        return "\n".join(self.output().splitlines()[-lines:])
