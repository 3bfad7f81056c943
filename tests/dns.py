"""A name server of the tests' own, and a resolver that asks it.

A zone says what a name answers, one look-up after the other, the last answer for ever: so names
can be rebound between two look-ups. Messages are those of RFC 1035, section 4.
"""

import random
import socket
import struct
import threading
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address
from types import TracebackType
from typing import Any, Self

A, CNAME, AAAA = 1, 5, 28
INTERNET = 1
NO_ERROR, SERVER_FAILURE, NO_SUCH_NAME = 0, 2, 3
MAX_ALIASES = 16
TTL_SECONDS = 0
"""Nobody on the way may keep an answer: each look-up comes here."""

_HEADER = struct.Struct(">HHHHHH")
_IS_ANSWER = 0x8580
"""Flags of an answer: authoritative, with recursion wanted and given."""


@dataclass(frozen=True)
class Answer:
    """What a name answers: addresses of both families, or another name, or a failure."""

    addresses: tuple[str, ...] = ()
    alias: str | None = None
    code: int = NO_ERROR
    silent: bool = False


def at(*addresses: str) -> Answer:
    """A name that is at these addresses."""
    return Answer(addresses)


def alias(name: str) -> Answer:
    """A name that only stands for another one."""
    return Answer(alias=name)


NOWHERE = Answer(code=NO_SUCH_NAME)
BROKEN = Answer(code=SERVER_FAILURE)
SILENT = Answer(silent=True)

Zone = Mapping[str, Sequence[Answer]]


class DnsServer:
    """Answers for `zone` over UDP while the `with` block lasts; other names do not exist.

    `asked` counts the questions by name and type; `zone` may be replaced at any time.
    """

    def __init__(self, zone: Zone, port: int = 0, host: str = "127.0.0.1") -> None:
        self.zone = zone
        self.asked: Counter[tuple[str, int]] = Counter()
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind((host, port))
        self.host = host
        self.port: int = self._socket.getsockname()[1]
        self._thread = threading.Thread(target=self._serve, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        # An empty datagram ends the loop: closing a socket does not wake who waits for it.
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as ender:
            ender.sendto(b"", (self.host, self.port))
        self._thread.join()
        self._socket.close()

    def _serve(self) -> None:
        while True:
            question, sender = self._socket.recvfrom(4_096)
            if not question:
                return
            answer = self._answer(question)
            if answer is not None:
                self._socket.sendto(answer, sender)

    def _answer(self, message: bytes) -> bytes | None:
        number = _HEADER.unpack_from(message)[0]
        name, end = read_name(message, _HEADER.size)
        kind = struct.unpack_from(">H", message, end)[0]
        found = self._look_up(name.lower(), kind)
        if found is None:
            return None
        code, records = found
        head = _HEADER.pack(number, _IS_ANSWER | code, 1, len(records), 0, 0)
        return head + message[_HEADER.size : end + 4] + b"".join(records)

    def _look_up(self, name: str, kind: int) -> tuple[int, list[bytes]] | None:
        """Code and records of an answer with all its aliases; None: silence."""
        records: list[bytes] = []
        for _ in range(MAX_ALIASES):
            answer = self._next(name, kind)
            if answer.silent:
                return None
            if answer.alias is None:
                return answer.code, records + _addresses(name, kind, answer)
            records.append(_record(name, CNAME, write_name(answer.alias)))
            name = answer.alias
        return NO_ERROR, records

    def _next(self, name: str, kind: int) -> Answer:
        turn = self.asked[name, kind]
        self.asked[name, kind] += 1
        answers = self.zone.get(name, (NOWHERE,))
        return answers[min(turn, len(answers) - 1)]


def _addresses(name: str, kind: int, answer: Answer) -> list[bytes]:
    family = {A: IPv4Address, AAAA: IPv6Address}.get(kind)
    found = [ip for ip in map(ip_address, answer.addresses) if type(ip) is family]
    return [_record(name, kind, ip.packed) for ip in found]


def _record(name: str, kind: int, data: bytes) -> bytes:
    return write_name(name) + struct.pack(">HHIH", kind, INTERNET, TTL_SECONDS, len(data)) + data


def write_name(name: str) -> bytes:
    """A name as labels. Raises UnicodeError where IDNA has no form for it."""
    labels = [label for label in name.encode("idna").split(b".") if label]
    return b"".join(bytes((len(label),)) + label for label in labels) + b"\0"


def read_name(message: bytes, start: int) -> tuple[str, int]:
    """The name at `start` and where it ends; it is not packed, as none is here."""
    labels = []
    while length := message[start]:
        labels.append(message[start + 1 : start + 1 + length].decode("latin-1"))
        start += 1 + length
    return ".".join(labels), start + 1


class Resolver:
    """Looks names up at a `DnsServer`, with the signature and the errors of `getaddrinfo`."""

    def __init__(self, port: int, host: str = "127.0.0.1", timeout_seconds: float = 1.0) -> None:
        self._server = (host, port)
        self._timeout_seconds = timeout_seconds

    def __call__(self, name: str, port: object, type: int = 0) -> Sequence[tuple[Any, ...]]:
        found = [*self._ask(name, A), *self._ask(name, AAAA)]
        if not found:
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        return [(0, type, 6, "", (address, 0)) for address in found]

    def _ask(self, name: str, kind: int) -> list[str]:
        number = random.randrange(65_536)
        head = _HEADER.pack(number, 0x0100, 1, 0, 0, 0)
        question = head + write_name(name) + struct.pack(">HH", kind, INTERNET)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            sock.settimeout(self._timeout_seconds)
            sock.sendto(question, self._server)
            try:
                return _read_addresses(sock.recv(65_535), len(question))
            except TimeoutError:
                raise socket.gaierror(socket.EAI_AGAIN, "Temporary failure") from None


def _read_addresses(message: bytes, start: int) -> list[str]:
    _, flags, _, count, _, _ = _HEADER.unpack_from(message)
    if flags & 15 == SERVER_FAILURE:
        raise socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")
    found = []
    for _ in range(count):
        _, start = read_name(message, start)
        kind, _, _, length = struct.unpack_from(">HHIH", message, start)
        start += 10
        if kind in (A, AAAA):
            found.append(str(ip_address(message[start : start + length])))
        start += length
    return found
