"""A wire between a browser and the server that can be cut, or go dead without a word."""

import socket
import struct
import threading
from contextlib import suppress
from types import TracebackType
from typing import Self

_CHUNK = 65_536


class Wire:
    """Forwards TCP connections to a port of loopback; the browser is given `url`."""

    def __init__(self, to_port: int) -> None:
        self._to_port = to_port
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self._pairs: list[tuple[socket.socket, socket.socket]] = []
        self._dead: set[socket.socket] = set()
        self._lock = threading.Lock()

    def __enter__(self) -> Self:
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self.cut()

    @property
    def connections(self) -> int:
        """How many are open now."""
        with self._lock:
            return len(self._pairs)

    def cut(self) -> int:
        """Resets every connection that is open now; returns how many there were."""
        with self._lock:
            pairs, self._pairs = self._pairs, []
            self._dead.clear()
        for pair in pairs:
            for end in pair:
                with suppress(OSError):
                    end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                    end.shutdown(socket.SHUT_RDWR)
                end.close()
        return len(pairs)

    def deaden(self) -> None:
        """Lets nothing pass any more on the connections that are open now; new ones work."""
        with self._lock:
            self._dead.update(end for pair in self._pairs for end in pair)

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            try:
                server = socket.create_connection(("127.0.0.1", self._to_port))
            except OSError:  # the server is away: so is the wire
                client.close()
                continue
            with self._lock:
                self._pairs.append((client, server))
            for ends in ((client, server), (server, client)):
                threading.Thread(target=self._forward, args=ends, daemon=True).start()

    def _forward(self, source: socket.socket, sink: socket.socket) -> None:
        with suppress(OSError):
            while chunk := source.recv(_CHUNK):
                if source in self._dead:
                    return
                sink.sendall(chunk)
        if source in self._dead:
            return
        with suppress(OSError):
            sink.shutdown(socket.SHUT_WR)
        source.close()
        with self._lock, suppress(ValueError):
            self._pairs.remove((sink, source))  # the server has closed it
