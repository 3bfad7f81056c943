"""A reader of event streams (WHATWG HTML, section 9.2) that can cut the TCP connection.

It neither reconnects nor remembers: what the server sends is what the test sees.
"""

import http.client
import json
import socket
import struct
from collections.abc import Callable, Iterator
from contextlib import suppress
from types import TracebackType
from typing import Any, NamedTuple, Self
from urllib.parse import urlsplit

IDLE_SECONDS = 30.0
"""Silence after which a stream counts as dead; heartbeats come every 10 s."""


class Message(NamedTuple):
    """One block of a stream; `id` is its own `id:` line, None when it has none."""

    id: int | None
    event: str
    data: Any


class StreamRefused(Exception):
    """The server answered with another status than 200 or 204."""

    def __init__(self, status: int, body: str) -> None:
        super().__init__(f"{status}: {body[:500]}")
        self.status = status
        self.body = body


class SseParser:
    """Bytes in, messages out; an unfinished block at the end is never given out."""

    def __init__(self, decode: Callable[[str], Any] = json.loads) -> None:
        self._decode = decode
        self._rest = b""
        self._lines: list[str] = []

    def feed(self, chunk: bytes) -> Iterator[Message]:
        """The messages that `chunk` completes."""
        *lines, self._rest = (self._rest + chunk).split(b"\n")
        for raw in lines:
            line = raw.removesuffix(b"\r").decode()
            if line:
                self._lines.append(line)
                continue
            block, self._lines = self._lines, []
            message = self._message(block)
            if message is not None:
                yield message

    def _message(self, block: list[str]) -> Message | None:
        identity: int | None = None
        event, data = "message", []
        for line in block:
            name, _, value = line.partition(":")
            value = value.removeprefix(" ")
            if name == "id":
                identity = int(value)
            elif name == "event":
                event = value
            elif name == "data":
                data.append(value)
        return Message(identity, event, self._decode("\n".join(data))) if data else None


class SseClient:
    """One connection to a stream, iterated until the server closes it or `cut` is called.

    A 204 is a stream without messages; `status` and `headers` tell.

    Args:
        url: the stream's full URL, `?after=N` included where wanted.
        last_event_id: sent as the `Last-Event-ID` header.
        headers: further request headers.
        decode: what becomes of a block's data; streams of HTML pass `str`.
        idle_seconds: silence after which reading raises TimeoutError.

    Raises:
        StreamRefused: for any status but 200 and 204, when opened.
    """

    def __init__(
        self,
        url: str,
        last_event_id: int | str | None = None,
        headers: dict[str, str] | None = None,
        decode: Callable[[str], Any] = json.loads,
        idle_seconds: float = IDLE_SECONDS,
    ) -> None:
        self.url = url
        self._headers = {"Accept": "text/event-stream", **(headers or {})}
        if last_event_id is not None:
            self._headers["Last-Event-ID"] = str(last_event_id)
        self._parser = SseParser(decode)
        self._is_cut = False
        self._connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=idle_seconds)
        self._response = self._open()
        self.status = self._response.status
        self.headers = self._response.headers

    def _open(self) -> http.client.HTTPResponse:
        parts = urlsplit(self.url)
        target = parts.path + (f"?{parts.query}" if parts.query else "")
        self._connection.request("GET", target, headers=self._headers)
        # A response to be closed by the server takes the socket with it: keep a hold on it.
        self._socket = self._connection.sock
        response = self._connection.getresponse()
        if response.status not in (200, 204):
            body = response.read().decode(errors="replace")
            self._connection.close()
            raise StreamRefused(response.status, body)
        return response

    def __iter__(self) -> Iterator[Message]:
        while chunk := self._read():
            yield from self._parser.feed(chunk)
        self._close()

    def _read(self) -> bytes:
        try:
            return self._response.read1(65536)
        except TimeoutError:
            raise
        except (OSError, ValueError, AttributeError, http.client.HTTPException):
            # Cut by us (also from another thread), or by a server that was killed: the end.
            return b""

    def cut(self) -> None:
        """Drops the connection, as a network does, without a word. Any thread may call it."""
        self._is_cut = True
        with suppress(OSError):
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        with suppress(OSError):
            # Wakes a thread that waits in `read1`; closing alone would not.
            self._socket.shutdown(socket.SHUT_RDWR)
        self._close()

    def _close(self) -> None:
        with suppress(OSError, ValueError):
            self._response.close()
        self._connection.close()

    @property
    def is_cut(self) -> bool:
        """Whether this side ended it."""
        return self._is_cut

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.cut()
