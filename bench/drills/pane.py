"""A real terminal, tmux's, to type into and to look at."""

import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.server import wait_until

LINES = 24


class Pane:
    """A shell in a terminal of so many columns, gone when the `with` block ends.

    The tmux that serves it is its own, on a socket of its own.
    """

    def __init__(self, columns: int, environ: Mapping[str, str], folder: Path) -> None:
        self._home = tempfile.TemporaryDirectory(prefix="clew-tmux-")
        self._columns = columns
        self._environ = environ
        self._folder = folder

    def __enter__(self) -> Self:
        given = [f"-e{name}={value}" for name, value in self._environ.items()]
        size = ["-x", str(self._columns), "-y", str(LINES)]
        folder = ["-c", str(self._folder)]
        self._tmux("-f/dev/null", "new-session", "-d", *size, *given, *folder, "sh")
        self.type("PS1='$ '; clear")
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if error is not None:
            error.add_note("\n".join(self.lines()))
        self._tmux("kill-server")
        self._home.cleanup()

    def _tmux(self, *arguments: str) -> str:
        command = ["tmux", "-S", f"{self._home.name}/socket", *arguments]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout

    def type(self, command: str) -> None:
        """A line typed into the shell."""
        self._tmux("send-keys", "-l", command)
        self.press("Enter")

    def press(self, key: str) -> None:
        """A key by tmux's name, `C-c` for Ctrl-C."""
        self._tmux("send-keys", key)

    def resize(self, columns: int) -> None:
        """Another width, as when somebody pulls at the window."""
        self._tmux("resize-window", "-x", str(columns), "-y", str(LINES))

    def lines(self) -> list[str]:
        """What it shows just now, without blank lines at the end."""
        return self._tmux("capture-pane", "-p").rstrip().split("\n")

    def wait_for(self, words: str, timeout_seconds: float = 60) -> list[str]:
        """What it shows once these words stand there, across the wraps of a narrow window."""
        found: list[str] = []

        def stand_there() -> bool:
            found[:] = self.lines()
            return words in "".join(found) or words in " ".join(found)

        wait_until(stand_there, f"{words!r} on the terminal", timeout_seconds)
        return found
