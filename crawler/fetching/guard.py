"""Which addresses may be dialled.

The server fetches what strangers type, so a URL must never lead into the network that the
server stands in. A name is looked up once, every address it has is judged, and the caller dials
exactly what was judged: a second look-up could answer otherwise (DNS rebinding).
"""

import socket
from collections.abc import Callable, Iterable, Sequence
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
from typing import Any

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

_NAT64 = IPv6Network("64:ff9b::/96")

_NOT_PUBLIC = tuple(
    ip_network(text)
    for text in (
        "192.0.0.0/24",  # protocol assignments; wholly private only since Python 3.11.10
        "192.88.99.0/24",  # 6to4 relay anycast, withdrawn (RFC 7526)
        "3fff::/20",  # documentation (RFC 9637), newer than Python 3.11
    )
)
"""What `is_global` lets through on some Python that Clew runs on."""

BAD_PORTS = frozenset(
    (
        1, 7, 9, 11, 13, 15, 17, 19, 20, 21, 22, 23, 25, 37, 42, 43, 53, 69, 77, 79, 87, 95,
        101, 102, 103, 104, 109, 110, 111, 113, 115, 117, 119, 123, 135, 137, 139, 143, 161,
        179, 389, 427, 465, 512, 513, 514, 515, 526, 530, 531, 532, 540, 548, 554, 556, 563,
        587, 601, 636, 989, 990, 993, 995, 1719, 1720, 1723, 2049, 3659, 4045, 4190, 5060,
        5061, 6000, 6566, 6665, 6666, 6667, 6668, 6669, 6679, 6697, 10080,
    )
)  # fmt: skip
"""Ports that browsers refuse (Fetch Standard, "port blocking"): an HTTP request there would
speak to a mail server or the like."""


class BlockedAddress(Exception):
    """The host may not be dialled. The text names the host as typed, and no address it has."""


class DnsFailure(Exception):
    """The host's name has no address. The text names the host."""


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
    ) -> None:
        """Takes the networks allowed beside the public ones, and how names are looked up."""
        self._allowed = tuple(allowed)
        self._resolve = resolve
        self._judged: Memory[str, Destination | DnsFailure | BlockedAddress] = Memory(
            MAX_HOSTS, monotonic
        )

    def resolve(self, host: str) -> Destination:
        """The judged addresses of a host.

        A name with one bad address is refused as a whole: which one gets dialled would
        otherwise be up to whoever runs its DNS.

        Raises:
            DnsFailure: it has no address.
            BlockedAddress: it has one that may not be dialled.
        """
        if _is_literal(host):
            return Destination((_plain(host),), self._judge_literal(host))
        judged = self._judged.get(host, lambda _: self._look_up(host))
        if isinstance(judged, Destination):
            return judged
        raise type(judged)(*judged.args)

    def check_port(self, host: str, port: int) -> None:
        """Raises BlockedAddress for a port on which no web server is (`BAD_PORTS`)."""
        if port in BAD_PORTS:
            raise BlockedAddress(f"port {port} of {host} is not one for web pages")

    def _look_up(self, host: str) -> tuple[Destination | DnsFailure | BlockedAddress, float]:
        try:
            return self._judge_all(host, self._addresses(host)), FOUND_SECONDS
        except (DnsFailure, BlockedAddress) as refusal:
            return refusal, NOT_FOUND_SECONDS

    def _addresses(self, host: str) -> tuple[str, ...]:
        try:
            found = self._resolve(host, None, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError):  # UnicodeError: a label that IDNA can't encode
            found = ()
        if not found:
            raise DnsFailure(f"{host} has no address")
        return tuple(dict.fromkeys(str(entry[4][0]) for entry in found))

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
        network = Network.PUBLIC if Network.PUBLIC in networks else Network.ALLOWED
        return Destination(tuple(map(_plain, addresses)), network)


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
