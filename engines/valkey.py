"""Valkey, embedded: an append-only file, no port, one unix socket.

What it holds is a copy of what PostgreSQL knows. So when it can't read its own file after a crash,
the file is set aside and Valkey starts empty.
"""

import shutil
import signal
import socket
from typing import ClassVar
from urllib.parse import quote

from engines.engine import Engine, read_pid
from engines.home import Home
from engines.process import Steps

_ANSWER_TIMEOUT_SECONDS = 3
_APPEND_FOLDER = "appendonlydir"


class Valkey(Engine):
    """One Valkey server."""

    name: ClassVar[str] = "Valkey"
    stop_steps: ClassVar[Steps] = ((signal.SIGTERM, 5), (signal.SIGKILL, 3))

    def __init__(self, home: Home) -> None:
        super().__init__(home, "valkey")
        self._data = home.data_dir / "valkey"
        self._pid_file = self._data / "valkey.pid"
        self._socket = home.sockets / "valkey.sock"
        self._healed = False

    @property
    def url(self) -> str:
        """The URL of database 0."""
        return f"unix://{quote(str(self._socket))}?db=0"

    def answers(self) -> bool:
        """Send a PING; an error reply means that it is still reading its file."""
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(_ANSWER_TIMEOUT_SECONDS)
            try:
                connection.connect(str(self._socket))
                connection.sendall(b"PING\r\n")
                return connection.recv(64).startswith(b"+PONG")
            except OSError:
                return False

    def heal(self) -> bool:
        """Set the append-only file aside, once."""
        if self._healed or not (self._data / _APPEND_FOLDER).exists():
            return False
        self._healed = True
        damaged = self._data / f"{_APPEND_FOLDER}.damaged"
        shutil.rmtree(damaged, ignore_errors=True)
        (self._data / _APPEND_FOLDER).rename(damaged)
        return True

    def _prepare(self) -> list[str]:
        self.home.folder("valkey")
        return [
            str(self.home.binaries.valkey),
            "--port", "0",
            "--unixsocket", str(self._socket),
            "--unixsocketperm", "700",
            "--dir", str(self._data),
            "--pidfile", str(self._pid_file),
            "--set-proc-title", "no",  # the arguments are how an orphan is recognised
            "--daemonize", "no",
            "--appendonly", "yes",
            "--appendfsync", "everysec",
            "--appenddirname", _APPEND_FOLDER,
            "--save", "",
            "--loglevel", "notice",
        ]

    def _orphan(self) -> tuple[int, str, str] | None:
        pid = read_pid(self._pid_file)
        return (pid, "valkey-server", str(self._data)) if pid else None
