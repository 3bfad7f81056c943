"""Reading answers with the standard library's parser, within bounds that it does not have.

Without end may be: interim answers, headers, chunk extensions, trailers. Each costs only its own
fetch, which its deadline ends.
"""

import http.client
import io
import socket
from typing import Any, BinaryIO

import gevent

MAX_HEAD_BYTES = 256 * 1024
"""All headers together: what browsers take. They are stored with every page."""

MAX_INTERIM = 16
"""Answers of the 1xx kind before the one that counts."""

_BODILESS = frozenset((http.HTTPStatus.NO_CONTENT, http.HTTPStatus.NOT_MODIFIED))

_BUFFER_BYTES = 65_536

_QUICK_READS = 2
"""Reads that an ordinary page takes: head, and rest of the body."""


class _SharedTurns(io.RawIOBase):
    """A socket's file that gives the other greenlets a turn with every read after the first ones.

    gevent switches only where a read would block. A site that sends without a pause (headers,
    chunk extensions, trailers without end) would hold the loop, its own deadline included.
    """

    def __init__(self, raw: BinaryIO) -> None:
        self._raw = raw
        self._reads = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        self._reads += 1
        if self._reads > _QUICK_READS:
            gevent.sleep(0)
        return self._raw.readinto(buffer)  # type: ignore[attr-defined,no-any-return]

    def close(self) -> None:
        if not self.closed:
            self._raw.close()
        super().close()


class _SocketFile:
    """What `http.client.HTTPResponse` asks of a socket: a file to read from."""

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock

    def makefile(self, mode: str) -> BinaryIO:
        raw: Any = self._sock.makefile("rb", buffering=0)
        return io.BufferedReader(_SharedTurns(raw), _BUFFER_BYTES)


class Answer(http.client.HTTPResponse):
    """The standard library's response, hardened where sites differ from what it expects."""

    _interim = 0

    def __init__(self, sock: socket.socket, *args: Any, **kwargs: Any) -> None:
        super().__init__(_SocketFile(sock), *args, **kwargs)  # type: ignore[arg-type]

    def begin(self) -> None:
        try:
            super().begin()
        except ConnectionResetError as reset:
            if isinstance(self.status, int):
                raise
            # A reset and a close mean the same as long as no status line has come.
            raise http.client.RemoteDisconnected(str(reset)) from reset
        if self.status in _BODILESS:
            self.chunked = False  # whatever the headers say (RFC 9112, section 6.3)
        if sum(len(name) + len(value) for name, value in self.headers.raw_items()) > MAX_HEAD_BYTES:
            raise http.client.LineTooLong("headers")

    def _read_status(self) -> tuple[str, int, str]:
        # The library passes over 100 alone, without end, and would take 103 (Early Hints) for
        # the answer.
        version, status, reason = super()._read_status()  # type: ignore[misc]
        if status == http.HTTPStatus.SWITCHING_PROTOCOLS or not 100 <= status < 200:
            return version, status, reason
        self._interim += 1
        if self._interim > MAX_INTERIM:
            raise http.client.HTTPException("interim answers without end")
        return version, http.HTTPStatus.CONTINUE, reason
