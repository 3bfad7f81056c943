"""Which addresses may be dialled.

The server fetches what strangers type, so a URL must never lead into the network that the
server stands in. A name is looked up once, every address it has is judged, and the caller dials
exactly what was judged: a second look-up could answer otherwise (DNS rebinding).
"""

import socket
from collections.abc import Callable, Iterable, Sequence
from copy import copy
from dataclasses import dataclass
from enum import StrEnum
from ipaddress import (
    IPv4Address,
    IPv4Network,
    IPv6Address,
    IPv6Network,
    ip_address,
    ip_network,
)
from time import monotonic as system_monotonic
from typing import Any, Protocol

from crawler.fetching.memory import Memory

IPAddress = IPv4Address | IPv6Address
IPNetwork = IPv4Network | IPv6Network
Resolve = Callable[..., Sequence[tuple[Any, ...]]]
"""The signature of `socket.getaddrinfo`."""

FOUND_SECONDS = 5.0
"""How long judged addresses are dialled without a new look-up."""

NOT_FOUND_SECONDS = 1.0
"""How long a failed look-up counts: eight greenlets at one host ask once, a retry asks anew."""

MAX_HOSTS = 4_096

MAX_ADDRESSES = 16
"""Addresses of one host that are tried, of all that were judged: a name server that gives
thousands would have each fetch knock at so many doors of other people."""

_FOR_NOW = frozenset((socket.EAI_AGAIN, socket.EAI_MEMORY, socket.EAI_SYSTEM))
"""Errors of a look-up that say nothing about the name: its servers, or the way there, failed."""

_NAT64 = IPv6Network("64:ff9b::/96")

_NOT_PUBLIC = tuple(
    ip_network(text)
    for text in (
        "192.0.0.0/24",  # protocol assignments; wholly private only since Python 3.11.10
        "192.88.99.0/24",  # 6to4 relay anycast, withdrawn (RFC 7526)
        "3fff::/20",  # documentation (RFC 9637), newer than Python 3.11
        "168.63.129.16/32",  # public by its number, yet Azure's agent on the machine itself
    )
)
"""What `is_global` lets through, on some Python that Clew runs on or everywhere."""

BAD_PORTS = frozenset(
    (
        0, 1, 7, 9, 11, 13, 15, 17, 19, 20, 21, 22, 23, 25, 37, 42, 43, 53, 69, 77, 79, 87, 95,
        101, 102, 103, 104, 109, 110, 111, 113, 115, 117, 119, 123, 135, 137, 139, 143, 161,
        179, 389, 427, 465, 512, 513, 514, 515, 526, 530, 531, 532, 540, 548, 554, 556, 563,
        587, 601, 636, 989, 990, 993, 995, 1719, 1720, 1723, 2049, 3659, 4045, 4190, 5060,
        5061, 6000, 6566, 6665, 6666, 6667, 6668, 6669, 6679, 6697, 10080,
    )
)  # fmt: skip
"""Ports that browsers refuse (Fetch Standard, "port blocking"): an HTTP request there would
speak to a mail server or the like; and 0, which is none."""


class Refusal(Exception):
    """Why a host is not dialled. The text names the host as typed, and no address it has."""


class BlockedAddress(Refusal):
    """It is not where the guard lets anyone go."""


class DeniedHost(Refusal):
    """Whoever runs Clew lets nobody fetch from it."""


class DnsFailure(Refusal):
    """Its name has no address."""

    def __init__(self, text: str, *, for_now: bool = False) -> None:
        """Takes a sentence, and whether its name servers may well answer later."""
        super().__init__(text)
        self.for_now = for_now


class Denials(Protocol):
    """The operator's rules, as far as the guard has to know them."""

    def denies(self, host: str) -> bool:
        """Whether nobody may fetch from a host: a name in lower case, or an IP address."""


class Network(StrEnum):
    """Where an address is: politeness differs."""

    PUBLIC = "public"
    ALLOWED = "allowed"


@dataclass(frozen=True, slots=True)
class Destination:
    """Judged addresses of one host, in the order in which they are to be tried."""

    addresses: tuple[str, ...]
    network: Network


def judge(address: str, allowed: Iterable[IPNetwork]) -> Network:
    """Where an IP address is.

    Args:
        address: an address in the form that `getaddrinfo` gives.
        allowed: networks that may be dialled though they are not public.

    Raises:
        BlockedAddress: it is neither public nor allowed, or no address at all.
    """
    try:
        ip = ip_address(address)
    except ValueError:
        raise BlockedAddress("is not an address") from None
    if isinstance(ip, IPv6Address) and ip.scope_id:
        raise BlockedAddress("is bound to one network interface")
    if _is_allowed(ip, allowed):
        return Network.ALLOWED
    if all(_is_public(reached) for reached in _reached(ip)):
        return Network.PUBLIC
    raise BlockedAddress("is not a public address")


def _is_allowed(ip: IPAddress, allowed: Iterable[IPNetwork]) -> bool:
    mapped = ip.ipv4_mapped if isinstance(ip, IPv6Address) else None
    return any(ip in network or (mapped and mapped in network) for network in allowed)


def _reached(ip: IPAddress) -> tuple[IPAddress, ...]:
    """The addresses that packets to `ip` end at, where it only wraps IPv4 ones."""
    if isinstance(ip, IPv4Address):
        return (ip,)
    if ip.ipv4_mapped:
        return (ip.ipv4_mapped,)
    if ip in _NAT64:  # RFC 6052, section 2.1
        return (IPv4Address(int(ip) & 0xFFFF_FFFF),)
    return ip.teredo or ((ip.sixtofour,) if ip.sixtofour else (ip,))


def _is_public(ip: IPAddress) -> bool:
    if not ip.is_global or ip.is_multicast or ip.is_reserved:
        return False
    if isinstance(ip, IPv6Address) and ip.is_site_local:
        return False
    return not any(ip in network for network in _NOT_PUBLIC)


class Guard:
    """Tells where a host may be dialled."""

    def __init__(
        self,
        allowed: Iterable[IPNetwork] = (),
        resolve: Resolve = socket.getaddrinfo,
        monotonic: Callable[[], float] = system_monotonic,
        denials: Denials | None = None,
    ) -> None:
        """Takes the rules and what the world is asked by.

        Args:
            allowed: networks allowed beside the public ones.
            resolve: how names are looked up.
            monotonic: a clock in seconds.
            denials: hosts denied by name or by an address that they have; None: none.
        """
        self._allowed = tuple(allowed)
        self._resolve = resolve
        self._denials = denials
        self._judged: Memory[str, Destination | Refusal] = Memory(MAX_HOSTS, monotonic)

    def resolve(self, host: str) -> Destination:
        """The judged addresses of a host.

        A name with one bad address is refused as a whole: which one gets dialled would
        otherwise be up to whoever runs its DNS.

        Raises:
            DeniedHost: it, or an address that it has, is denied by the operator.
            DnsFailure: it has no address.
            BlockedAddress: it has one that may not be dialled.
        """
        if self._denials is not None and self._denials.denies(host.rstrip(".")):
            raise DeniedHost(_denied(host))
        if _is_literal(host):
            self._check_denied(host, (host,))
            return Destination((_plain(host),), self._judge_literal(host))
        judged = self._judged.get(host, lambda _: self._look_up(host))
        if isinstance(judged, Destination):
            return judged
        raise copy(judged)  # each of those who share it adds its own traceback

    def check_port(self, host: str, port: int) -> None:
        """Raises BlockedAddress for a port on which no web server is (`BAD_PORTS`)."""
        if port in BAD_PORTS:
            raise BlockedAddress(f"port {port} of {host} is not one for web pages")

    def _look_up(self, host: str) -> tuple[Destination | Refusal, float]:
        try:
            return self._judge_all(host, self._addresses(host)), FOUND_SECONDS
        except Refusal as refusal:
            return refusal, NOT_FOUND_SECONDS

    def _addresses(self, host: str) -> tuple[str, ...]:
        try:
            found = self._resolve(host, None, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError) as error:  # UnicodeError: a label that IDNA can't encode
            if isinstance(error, OSError) and error.errno in _FOR_NOW:
                raise DnsFailure(f"{host} can't be looked up now", for_now=True) from None
            found = ()
        if not found:
            raise DnsFailure(f"{host} has no address")
        return tuple(dict.fromkeys(str(entry[4][0]) for entry in found))

    def _check_denied(self, host: str, addresses: Iterable[str]) -> None:
        """Raises DeniedHost where an address, or one that it wraps, is denied."""
        if self._denials is None:
            return
        for ip in map(ip_address, addresses):
            if any(self._denials.denies(str(reached)) for reached in {ip, *_reached(ip)}):
                raise DeniedHost(_denied(host))

    def _judge_literal(self, host: str) -> Network:
        try:
            return judge(host, self._allowed)
        except BlockedAddress as refusal:
            raise BlockedAddress(f"{host} {refusal}") from None

    def _judge_all(self, host: str, addresses: tuple[str, ...]) -> Destination:
        try:
            networks = {judge(address, self._allowed) for address in addresses}
        except BlockedAddress:
            raise BlockedAddress(f"{host} is not at a public address") from None
        self._check_denied(host, addresses)
        network = Network.PUBLIC if Network.PUBLIC in networks else Network.ALLOWED
        return Destination(tuple(map(_plain, addresses[:MAX_ADDRESSES])), network)


def _denied(host: str) -> str:
    return f"{host} is a host that whoever runs Clew does not let be crawled"


def _is_literal(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


def _plain(address: str) -> str:
    """The address as it is dialled: IPv4 itself where it is only mapped into IPv6."""
    ip = ip_address(address)
    return str((isinstance(ip, IPv6Address) and ip.ipv4_mapped) or ip)
