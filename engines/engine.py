"""What PostgreSQL and Valkey have in common as processes that we keep."""

import os
import re
import subprocess
from abc import ABC, abstractmethod
from collections.abc import Callable
from pathlib import Path
from typing import ClassVar

from engines.errors import EngineError
from engines.home import Home
from engines.process import Steps, end_child, end_orphan, spawn

_LOG_LIMIT_BYTES = 4 * 1024 * 1024
_COMPLAINT_BYTES = 4096
_TELLING = re.compile(r"PANIC|FATAL(?!:  the database system is starting up)|[Ee]rror")


class Engine(ABC):
    """A server of ours: launched, asked whether it answers, stopped, launched again."""

    name: ClassVar[str]
    stop_steps: ClassVar[Steps]

    def __init__(self, home: Home, log_name: str) -> None:
        self.home = home
        self.log = home.log(log_name)
        self.process: subprocess.Popen[bytes] | None = None

    @property
    @abstractmethod
    def url(self) -> str:
        """Where clients connect."""

    @abstractmethod
    def answers(self) -> bool:
        """Connect for real and tell whether the engine is ready for work."""

    @abstractmethod
    def _prepare(self) -> list[str]:
        """Get the data ready and return the command that serves them."""

    @abstractmethod
    def _orphan(self) -> tuple[int, str, str] | None:
        """Return the pid that a former run left behind, with its program and an argument."""

    def heal(self) -> bool:
        """Do what may help after a failed start; returns whether to try once more."""
        return False

    def launch(self) -> None:
        """Start the process and return at once; an orphan of a former run is stopped first.

        Raises EngineError.
        """
        self._end_orphan()
        try:
            command = self._prepare()
            self.bound_log()
            with self.log.open("ab") as output:
                self.process = spawn(
                    command,
                    death_signal=self.stop_steps[0][0],
                    env=self._environment(),
                    cwd=Path("/"),
                    account=self.home.account,
                    output=output,
                )
        except OSError as error:
            raise EngineError(f"{self.name} can't be started: {error}") from None

    def has_died(self) -> bool:
        """Tell whether the process was launched and has ended."""
        return self.process is not None and self.process.poll() is not None

    @property
    def pid(self) -> int | None:
        """The process while it was not stopped."""
        return self.process.pid if self.process else None

    def stop(self, hurry: Callable[[], bool] = lambda: False) -> None:
        """Stop the process and wait until it is gone; ``hurry`` shortens the wait."""
        if self.process is not None:
            end_child(self.process, self.stop_steps, hurry)
            self.process = None

    def bound_log(self) -> None:
        """Keep the log small: what is too much moves to one older file."""
        if self.log.exists() and self.log.stat().st_size > _LOG_LIMIT_BYTES:
            older = self.log.with_suffix(".log.1")
            older.write_bytes(self.log.read_bytes())
            os.truncate(self.log, 0)  # the engine appends, so it goes on at the start

    def complaint(self) -> str:
        """Return the line of the log that says best why the engine did not start."""
        try:
            text = self.log.read_bytes()[-_COMPLAINT_BYTES:].decode(errors="replace")
        except OSError:
            text = ""
        lines = [line.strip() for line in text.splitlines() if line.strip()]
        telling = [line for line in lines if _TELLING.search(line)]
        return f"{(telling or lines or ['no message'])[-1]} ({self.log})"

    def _environment(self) -> dict[str, str]:
        """The least that is needed: PGPORT and the like would change what our arguments say."""
        kept = {key: os.environ[key] for key in ("PATH", "LD_LIBRARY_PATH") if key in os.environ}
        return kept | {"LC_ALL": "C", "TZ": "UTC", "CLEW_DATA_DIR": str(self.home.data_dir)}

    def _end_orphan(self) -> None:
        orphan = self._orphan()
        if orphan and not end_orphan(*orphan, steps=self.stop_steps):
            raise EngineError(f"{self.name} of a former run (process {orphan[0]}) does not end")


def read_pid(path: Path) -> int | None:
    """Return the pid in the first line of ``path``, None without one."""
    try:
        first = path.read_text(encoding="ascii", errors="replace").split("\n", 1)[0].strip()
    except OSError:
        return None
    return int(first) if re.fullmatch(r"[0-9]{1,10}", first) else None


