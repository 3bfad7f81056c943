"""A reader of event streams (WHATWG HTML, section 9.2) that can cut the TCP connection.

SseClient     one connection; it neither reconnects nor remembers: what is sent is what is seen
SseViewer     what an EventSource is: reconnects after its last id until the stream is done
"""

import http.client
import json
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from types import TracebackType
from typing import Any, NamedTuple, Self
from urllib.parse import urlsplit

IDLE_SECONDS = 30.0
"""Silence after which a stream counts as dead; heartbeats come every 10 s."""
PATIENCE_SECONDS = 180.0
"""How long a stream's end is waited for, which comes with the end of its crawl."""


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
        try:
            self._connection.request("GET", target, headers=self._headers)
            # A response to be closed by the server takes the socket with it: keep a hold on it.
            self._socket = self._connection.sock
            response = self._connection.getresponse()
        except BaseException:
            self._connection.close()
            raise
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


class Received(NamedTuple):
    """A message and the Unix time in seconds at which it was there."""

    at: float
    message: Message


class SseViewer:
    """Reads a stream along in a thread of its own, and comes back wherever it was cut off.

    Everything that came stands in `received`, in order; nothing is sorted out or made unique.
    """

    RETRY_SECONDS = 0.2

    def __init__(
        self,
        url: str,
        headers: dict[str, str] | None = None,
        idle_seconds: float = IDLE_SECONDS,
    ) -> None:
        self._url = url
        self._headers = headers
        self._idle_seconds = idle_seconds
        self.received: list[Received] = []
        self.connects = 0
        self.error: BaseException | None = None
        self._client: SseClient | None = None
        self._stopping = threading.Event()
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        try:
            while not self._stopping.is_set() and not self._done.is_set():
                self._read_once()
                self._done.wait(self.RETRY_SECONDS)
        except BaseException as error:
            self.error = error
            self._done.set()

    def _read_once(self) -> None:
        try:
            client = SseClient(
                self._url, self.last_id or None, self._headers, idle_seconds=self._idle_seconds
            )
        except StreamRefused as refused:
            if refused.status < 500:
                raise
            return
        except (OSError, http.client.HTTPException):
            return
        self._client = client
        self.connects += 1
        with client:
            self._take(client)

    def _take(self, client: SseClient) -> None:
        if client.status == 204:
            self._done.set()
        with suppress(TimeoutError):
            for message in client:
                self.received.append(Received(time.time(), message))
                if message.event == "done":
                    self._done.set()

    @property
    def ids(self) -> list[int]:
        """The ids in the order in which they came."""
        return [each.message.id for each in self.received if each.message.id is not None]

    @property
    def last_id(self) -> int:
        """The newest id, 0 before the first."""
        last = (r.message.id for r in reversed(self.received) if r.message.id is not None)
        return next(last, 0)

    @property
    def is_done(self) -> bool:
        """Whether the server said that nothing more will come."""
        return self._done.is_set()

    def drop(self) -> None:
        """Cuts the present connection; the viewer comes back by itself."""
        if self._client is not None:
            self._client.cut()

    def wait(self, timeout_seconds: float = PATIENCE_SECONDS) -> None:
        """Returns when the stream is done; raises TimeoutError, or what the server refused with."""
        if not self._done.wait(timeout_seconds):
            raise TimeoutError(f"no done within {timeout_seconds:g} s, last id {self.last_id}")
        if self.error is not None:
            raise self.error

    def stop(self) -> None:
        """Leaves."""
        self._stopping.set()
        self._done.set()
        self.drop()
        self._thread.join(10)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()
