"""The ill-behaved pages: each writes to the connection what no server should."""

import asyncio
import contextlib
import socket
import struct
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n"
CHUNKED = HEAD + b"Transfer-Encoding: chunked\r\n\r\n"
PATIENCE_SECONDS = 120
"""Bound for what never ends, should the client not give up."""


@dataclass
class Line:
    """A client's connection, with what a fault needs to know of the request."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    rest: str
    query: dict[str, str]
    position: int
    """How many requests came before on this connection."""

    async def send(self, data: bytes) -> None:
        """Sends and waits until the client has taken most of it."""
        self.writer.write(data)
        await self.writer.drain()

    async def flood(self, data: bytes, pause_seconds: float = 0.0) -> None:
        """Sends `data` again and again until the client goes."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            while not self.writer.is_closing():
                await self.send(data)
                await asyncio.sleep(pause_seconds)


async def drop(line: Line) -> None:
    """Closes without a byte."""


async def reset(line: Line) -> None:
    """Ends the connection with a TCP reset."""
    sock: socket.socket = line.writer.get_extra_info("socket")
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    line.writer.transport.abort()


async def reset_body(line: Line) -> None:
    """A reset in the middle of the body."""
    await line.send(HEAD + b"Content-Length: 1000\r\n\r\n<p>so far")
    await asyncio.sleep(0.05)
    await reset(line)


async def keep_then_drop(line: Line) -> None:
    """Answers a connection's first request, and closes at the second without a byte."""
    if line.position == 0:
        await line.send(HEAD + b"Content-Length: 4\r\n\r\nkept")


async def silent(line: Line) -> None:
    """Takes the request and never answers."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        await line.reader.read()


async def partial(line: Line) -> None:
    """Less than Content-Length says."""
    await line.send(HEAD + b"Content-Length: 1000\r\n\r\n<p>half a page")


async def excess(line: Line) -> None:
    """More than Content-Length says: what follows would pass for the next answer."""
    answer = HEAD + b"Content-Length: 4\r\n\r\n"
    await line.send(answer + b"page")
    await asyncio.sleep(0.05)
    await line.send(answer + b"fake")
    async with asyncio.timeout(1):
        await line.reader.read()


async def two_lengths(line: Line) -> None:
    """Two different Content-Lengths."""
    await line.send(HEAD + b"Content-Length: 4\r\nContent-Length: 6\r\n\r\npage..")


async def broken_chunk(line: Line) -> None:
    """A chunk whose size is no number."""
    await line.send(CHUNKED + b"5\r\n<p>ok\r\nnonsense\r\n<p>lost\r\n0\r\n\r\n")


async def cut_chunks(line: Line) -> None:
    """Chunks without the last one."""
    await line.send(CHUNKED + b"5\r\n<p>ok\r\n")


async def endless(line: Line) -> None:
    """A body without end, as fast as it goes."""
    await line.send(CHUNKED)
    await line.flood(b"10000\r\n" + b"x" * 65_536 + b"\r\n")


async def minus_one(line: Line) -> None:
    """A chunk of -1 bytes, and then bytes without end."""
    await line.send(CHUNKED + b"-1\r\n")
    await line.flood(b"x" * 65_536)


async def slow_headers(line: Line) -> None:
    """A header line every tenth of a second, for ever."""
    await line.send(HEAD)
    await line.flood(b"X-More: 1\r\n", 0.1)


async def slow_body(line: Line) -> None:
    """A byte every tenth of a second, for ever."""
    await line.send(CHUNKED)
    await line.flood(b"1\r\nx\r\n", 0.1)


async def error_body(line: Line) -> None:
    """`<status>/<kind>`: an error that asks for seven seconds, whose body begins and is then
    endless, slow, still, reset or cut."""
    status, _, kind = line.rest.partition("/")
    head = HEAD.replace(b"200 OK", status.encode() + b" Error") + b"Retry-After: 7\r\n"
    if kind == "cut":
        return await line.send(head + b"Content-Length: 99999999\r\n\r\n<p>because")
    await line.send(head + b"Transfer-Encoding: chunked\r\n\r\na\r\n<p>because\r\n")
    match kind:
        case "endless":
            await line.flood(b"10000\r\n" + b"x" * 65_536 + b"\r\n")
        case "slow":
            await line.flood(b"1\r\nx\r\n", 0.1)
        case "still":
            await silent(line)
        case _:
            await asyncio.sleep(0.05)
            await reset(line)


async def junk(line: Line) -> None:
    """Not HTTP at all."""
    await line.send(b"SSH-2.0-OpenSSH_9.2\r\n\x00\xff\xfe binary\r\n\r\n")


async def raw(line: Line) -> None:
    """The bytes that the query asks for, `PAD` in them made `pad` bytes long, then the end."""
    padding = b"a" * int(line.query.get("pad", "3"))
    await line.send(line.query["bytes"].encode("latin-1").replace(b"PAD", padding))


async def header_flood(line: Line) -> None:
    """Header lines without end."""
    await line.send(HEAD)
    await line.flood(b"X-Flood: again\r\n" * 100)


async def long_header(line: Line) -> None:
    """One header line without end."""
    await line.send(HEAD + b"X-Long: ")
    await line.flood(b"a" * 65_536)


async def continue_flood(line: Line) -> None:
    """`100 Continue` without end."""
    await line.flood(b"HTTP/1.1 100 Continue\r\n\r\n" * 1_000)


async def trailer_flood(line: Line) -> None:
    """Trailers without end behind the last chunk."""
    await line.send(CHUNKED + b"5\r\n<p>ok\r\n0\r\n")
    await line.flood(b"X-Trailer: again\r\n" * 1_000)


async def extension_flood(line: Line) -> None:
    """One byte of body per 60 KB of chunk extension."""
    await line.send(CHUNKED)
    await line.flood(b"1;" + b"e" * 60_000 + b"\r\nx\r\n")


async def huge(line: Line) -> None:
    """A body of so many MiB, with its true length."""
    mib = int(line.rest)
    await line.send(HEAD + b"Content-Length: %d\r\n\r\n" % (mib * 2**20))
    for _ in range(mib * 16):
        await line.send(b"x" * 65_536)


FAULTS: dict[str, Callable[[Line], Awaitable[None]]] = {
    "drop": drop,
    "reset": reset,
    "reset-body": reset_body,
    "keep-then-drop": keep_then_drop,
    "silent": silent,
    "partial": partial,
    "excess": excess,
    "two-lengths": two_lengths,
    "broken-chunk": broken_chunk,
    "cut-chunks": cut_chunks,
    "endless": endless,
    "minus-one": minus_one,
    "slow-headers": slow_headers,
    "slow-body": slow_body,
    "error-body": error_body,
    "junk": junk,
    "raw": raw,
    "header-flood": header_flood,
    "long-header": long_header,
    "continue-flood": continue_flood,
    "trailer-flood": trailer_flood,
    "extension-flood": extension_flood,
    "huge": huge,
}
"""What answers, by the first segment of the path; the connection is closed after each but one."""


async def serve(fault: Callable[[Line], Awaitable[None]], line: Line) -> bool:
    """Lets a fault happen; returns whether the connection stays open for the next request."""
    with contextlib.suppress(ConnectionError, TimeoutError):
        await fault(line)
    return fault is keep_then_drop and line.position == 0
