"""Reading answers with the standard library's parser, within bounds that it does not have.

Without end may be: interim answers, headers, chunk extensions, trailers. Each has a limit, and
costs only its own fetch, which its deadline ends. Chunks are read by the grammar of RFC 9112: the
library takes one of -1 bytes for all that comes, past every limit on the body.
"""

import http.client
import io
import re
import socket
from typing import Any, BinaryIO

import gevent

MAX_HEAD_BYTES = 256 * 1024
"""All headers together: what browsers take. They are stored with every page."""

MAX_INTERIM = 16
"""Answers of the 1xx kind before the one that counts."""

MAX_ASIDE_BYTES = 256 * 1024
"""What a chunked body brings beside itself: chunk extensions and trailers, all together (RFC 9112,
section 7.1.1, asks for such a limit). None of it is used."""

_LINE_BYTES = 65_536

_CHUNK_SIZE = re.compile(rb"([0-9A-Fa-f]{1,16})([ \t]*(?:;[^\n]*)?)\r?\n")
"""RFC 9112, section 7.1; old servers put spaces behind the size."""

_LINE_ENDS = (b"\r\n", b"\n")


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


class Malformed(http.client.HTTPException):
    """Where the body of an answer ends can't be told: it does not keep to HTTP's grammar."""


class Answer(http.client.HTTPResponse):
    """The standard library's response, hardened where sites differ from what it expects.

    Reading a body raises `Malformed` besides what the library raises.
    """

    _interim = 0
    _aside_bytes = 0
    _codings: frozenset[str] = frozenset()

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
        self._frame()
        if sum(len(name) + len(value) for name, value in self.headers.raw_items()) > MAX_HEAD_BYTES:
            raise http.client.LineTooLong("headers")

    def _frame(self) -> None:
        """How long the body is (RFC 9112, section 6.3): the library looks at one header alone."""
        if self.status in _BODILESS:
            self.chunked = False  # whatever the headers say
            return
        values = self.headers.get_all("transfer-encoding", [])
        codings = {each.strip().lower() for value in values for each in value.split(",")}
        self._codings = frozenset(codings - {"", "identity"})
        if self._codings:
            # Others than `chunked` were not offered. They fail where the body is read, not here:
            # an error's status stands without it.
            self.chunked, self.chunk_left, self.length = True, None, None

    def _get_chunk_left(self) -> int | None:
        """Bytes left of the chunk, or of the next one; None at the end. Raises Malformed."""
        if self._codings - {"chunked"}:
            raise Malformed("a transfer coding that was not offered")
        if self.chunk_left:
            return self.chunk_left
        if self.chunk_left is not None and self._safe_read(2) != b"\r\n":  # type: ignore[attr-defined]
            raise Malformed("a chunk of another size than it says")
        self.chunk_left = self._read_next_chunk_size() or None
        if self.chunk_left is None:
            self._read_and_discard_trailer()
            self._close_conn()  # type: ignore[attr-defined]
        return self.chunk_left

    def _read_next_chunk_size(self) -> int:
        line = self._read_line()
        if not line.endswith(b"\n"):
            raise http.client.IncompleteRead(b"")
        size = _CHUNK_SIZE.fullmatch(line)
        if size is None:
            raise Malformed("a chunk size that is none")
        self._put_aside(len(size[2]))
        return int(size[1], 16)

    def _read_and_discard_trailer(self) -> None:
        # Some sites end the connection in place of the trailer's empty line.
        while (line := self._read_line()) and line not in _LINE_ENDS:
            self._put_aside(len(line))

    def _read_line(self) -> bytes:
        line = self.fp.readline(_LINE_BYTES + 1)
        if len(line) > _LINE_BYTES:
            raise Malformed("a line without end beside the body")
        return line

    def _put_aside(self, count: int) -> None:
        self._aside_bytes += count
        if self._aside_bytes > MAX_ASIDE_BYTES:
            raise Malformed("more beside the body than is read")

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
