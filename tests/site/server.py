"""The server of the test site: HTTP/1.1 on asyncio, an access log, and a port to ask it by.

Of its two ports, the site's own serves pages; the other one answers the test (`GET /log`,
`GET /counts`, `POST /robots`, `POST /page`, `POST /refusal`, `POST /clear`), so that asking leaves
no trace in the log.
"""

import asyncio
import contextlib
import json
import random
import ssl
import sys
import time
from collections import Counter, deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qsl, unquote

from tests.site.asked import Asked, read_headers
from tests.site.faults import FAULTS, Line, serve
from tests.site.manners import MANNERS
from tests.site.pages import PAGES, Reply
from tests.site.sitemaps import SITEMAPS
from tests.site.traps import TRAPS
from tests.site.variants import VARIANTS

MAX_LOG = 200_000

ANSWERS: dict[str, Callable[[Asked], Reply]] = {**MANNERS, **SITEMAPS, **TRAPS, **VARIANTS}
"""What answers by more than its path, by the first segment of it."""

Handler = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@dataclass
class Refusal:
    """What is answered to `times` requests, from the one after the next `after` ones on."""

    reply: Reply
    after: int
    times: int

    def next(self) -> Reply | None:
        """The answer to the next request; None: it gets its page."""
        if self.after > 0:
            self.after -= 1
            return None
        self.times -= 1
        return self.reply if self.times >= 0 else None


class SiteServer:
    """What the site remembers: its log, its counts, its robots.txt."""

    def __init__(self) -> None:
        self.log: deque[list[object]] = deque(maxlen=MAX_LOG)
        self.robots = Reply(b"no robots.txt", status=404)
        self.robots_delay_seconds = 0.0
        self.pages: dict[str, Reply] = {}
        self.refusal: Refusal | None = None
        self.asked: Counter[str] = Counter()
        self.connections = 0
        self.open = 0
        self.peak = 0

    async def connection(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serves one client until it or a fault closes the connection."""
        self.connections += 1
        position = 0
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError, ssl.SSLError):
            while await self._request(reader, writer, position):
                position += 1
        writer.close()

    async def _request(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, position: int
    ) -> bool:
        head = await reader.readuntil(b"\r\n\r\n")
        method, target, _ = head.split(b"\r\n", 1)[0].decode("latin-1").split(" ", 2)
        entry: list[object] = [time.time(), method, target, 0]
        self.log.append(entry)
        self.asked[target] += 1
        self.open += 1
        self.peak = max(self.peak, self.open)
        try:
            return await self._answer(reader, writer, head, position, entry)
        finally:
            self.open -= 1

    async def _answer(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        head: bytes,
        position: int,
        entry: list[object],
    ) -> bool:
        target = str(entry[2])
        path, _, query_text = target.partition("?")
        query = dict(parse_qsl(query_text, keep_blank_values=True, encoding="latin-1"))
        first, _, rest = path.removeprefix("/").partition("/")
        if first in FAULTS:
            return await serve(FAULTS[first], Line(reader, writer, unquote(rest), query, position))
        await self._wait(first, rest, query)
        earlier = self.asked[target] - 1
        asked = Asked(path, unquote(rest), query, read_headers(head), earlier)
        reply = self._refuse(first) or self.pages.get(target)
        if reply is None:
            reply = Reply(head, "text/plain") if first == "echo" else self._reply(first, asked)
        entry[3] = reply.status
        writer.write(encode(reply))
        await writer.drain()
        return True

    async def _wait(self, first: str, rest: str, query: dict[str, str]) -> None:
        if first == "robots.txt":
            await asyncio.sleep(self.robots_delay_seconds)
        if first == "delay":
            await asyncio.sleep(int(rest) / 1_000)
        if first == "graph" and "delay" in query:
            await asyncio.sleep(random.random() * int(query["delay"]) / 1_000)

    def _refuse(self, first: str) -> Reply | None:
        """What a site that has had enough answers to everything but robots.txt."""
        if self.refusal is None or first == "robots.txt":
            return None
        return self.refusal.next()

    def _reply(self, first: str, asked: Asked) -> Reply:
        if first == "robots.txt":
            return self.robots
        if first == "delay":
            return PAGES["page"]("2000", asked.query)
        try:
            if first in ANSWERS:
                return ANSWERS[first](asked)
            return PAGES[first](asked.rest, asked.query)
        except (KeyError, ValueError, LookupError):
            return Reply(b"no such page", status=404)

    async def control(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answers the test: one request per connection."""
        head = await reader.readuntil(b"\r\n\r\n")
        target = head.split(b" ", 2)[1].decode()
        length = 0
        for line in head.lower().split(b"\r\n"):
            if line.startswith(b"content-length:"):
                length = int(line.partition(b":")[2])
        answer = self._obey(target, await reader.readexactly(length))
        writer.write(encode(Reply(json.dumps(answer).encode(), "application/json")))
        await writer.drain()
        writer.close()

    def _obey(self, target: str, body: bytes) -> object:
        match target:
            case "/log":
                return list(self.log)
            case "/counts":
                return {
                    "connections": self.connections,
                    "open": self.open,
                    "peak": self.peak,
                }
            case "/clear":
                self.log.clear()
                self.asked.clear()
                self.pages.clear()
                self.refusal = None
                self.connections = self.peak = 0
            case "/robots":
                asked = json.loads(body)
                self.robots = _reply_of(asked)
                self.robots_delay_seconds = asked["delay_seconds"]
            case "/page":
                asked = json.loads(body)
                self.pages[asked["path"]] = _reply_of(asked)
            case "/refusal":
                asked = json.loads(body)
                self.refusal = Refusal(_reply_of(asked), asked["after"], asked["times"])
        return None


def _reply_of(asked: dict[str, Any]) -> Reply:
    """A reply as a test writes it: texts hold bytes as latin-1."""
    headers = [(name, value.encode("latin-1")) for name, value in asked["headers"].items()]
    body = asked["body"].encode("latin-1")
    return Reply(body, asked["content_type"], asked["status"], headers)


def encode(reply: Reply) -> bytes:
    """A reply as it goes over the wire."""
    try:
        phrase = HTTPStatus(reply.status).phrase
    except ValueError:
        phrase = "Unknown"
    lines = [
        f"HTTP/1.1 {reply.status} {phrase}\r\n".encode(),
        f"Content-Type: {reply.content_type}\r\n".encode(),
        *(name.encode() + b": " + value + b"\r\n" for name, value in reply.headers),
    ]
    if reply.status not in (204, 304):
        lines.append(b"Content-Length: %d\r\n" % len(reply.body))
    return b"".join((*lines, b"\r\n", reply.body))


async def run(certificate: str | None) -> None:
    """Serves on two free ports of 127.0.0.1, prints them as JSON, and ends when stdin does."""
    site = SiteServer()
    tls = None
    if certificate is not None:
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        tls.load_cert_chain(certificate)
    pages = await _listen(site.connection, tls)
    control = await _listen(site.control, None)
    ports = [server.sockets[0].getsockname()[1] for server in (pages, control)]
    print(json.dumps(ports), flush=True)
    # The test's end of this pipe closes when the test process ends, however it ends.
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)


async def _listen(handler: Handler, tls: ssl.SSLContext | None) -> asyncio.Server:
    return await asyncio.start_server(handler, "127.0.0.1", 0, ssl=tls, backlog=512)
