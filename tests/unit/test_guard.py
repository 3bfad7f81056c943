"""Which addresses may be dialled, in every spelling that has led into someone's network."""

import socket
from collections.abc import Sequence
from ipaddress import IPv4Address, IPv6Address, ip_network
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.domain.urls import canonical, host
from crawler.fetching.guard import (
    BlockedAddress,
    DeniedHost,
    DnsFailure,
    Guard,
    Network,
    Refusal,
    judge,
)

LOOPBACK = (ip_network("127.0.0.0/8"),)

PUBLIC = (
    "8.8.8.8",
    "1.1.1.1",
    "192.0.1.1",
    "2606:4700:4700::1111",
    "::ffff:8.8.8.8",
    "64:ff9b::8.8.8.8",
    "2002:808:808::1",
    "2001:0:808:808::f7f7:f7f7",
)

REFUSED = (
    "0.0.0.0",
    "10.0.0.1",
    "100.64.0.1",
    "127.0.0.1",
    "127.255.255.254",
    "168.63.129.16",
    "169.254.169.254",
    "172.16.0.1",
    "192.0.0.8",
    "192.0.2.1",
    "192.88.99.1",
    "192.168.0.1",
    "198.18.0.1",
    "224.0.0.1",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::7f00:1",
    "::ffff:127.0.0.1",
    "::ffff:169.254.169.254",
    "::ffff:0:127.0.0.1",
    "64:ff9b::10.0.0.1",
    "64:ff9b::7f00:1",
    "64:ff9b:1::1",
    "100::1",
    "2001::1",
    "2001:0:808:808::f5ff:fffe",
    "2001:db8::1",
    "2002:7f00:1::",
    "2002:a9fe:a9fe::1",
    "3fff::1",
    "4000::1",
    "5f00::1",
    "fc00::1",
    "fd00:ec2::254",
    "fe80::1",
    "fe80::1%eth0",
    "fec0::1",
    "ff02::1",
    "ff0e::1",
    "",
    "localhost",
    "0x7f.1",
)


@pytest.mark.parametrize("address", PUBLIC)
def test_public_addresses_may_be_dialled(address: str) -> None:
    assert judge(address, ()) is Network.PUBLIC


@pytest.mark.parametrize("address", REFUSED)
def test_all_other_addresses_are_refused(address: str) -> None:
    with pytest.raises(BlockedAddress):
        judge(address, ())


@pytest.mark.parametrize("address", ["127.0.0.1", "127.9.9.9", "::ffff:127.0.0.1", "::ffff:7f00:1"])
def test_an_allowed_network_is_let_through_in_its_mapped_spelling_too(address: str) -> None:
    assert judge(address, LOOPBACK) is Network.ALLOWED


@pytest.mark.parametrize("address", ["::1", "64:ff9b::7f00:1", "2002:7f00:1::", "10.0.0.1"])
def test_an_allowed_network_lets_nothing_else_through(address: str) -> None:
    with pytest.raises(BlockedAddress):
        judge(address, LOOPBACK)


@given(st.integers(0, 2**32 - 1))
def test_ipv4_inside_ipv6_is_judged_as_ipv4(value: int) -> None:
    plain = IPv4Address(value)
    wrapped = (
        f"::ffff:{plain}",
        f"64:ff9b::{plain}",
        str(IPv6Address((0x2002 << 112) | (value << 80) | 1)),
    )
    assert {_verdict(address) for address in wrapped} == {_verdict(str(plain))}


@given(st.text())
def test_whatever_is_no_address_is_refused(text: str) -> None:
    assert _verdict(text) in (None, Network.PUBLIC)


def _verdict(address: str) -> Network | None:
    try:
        return judge(address, ())
    except BlockedAddress:
        return None


@pytest.mark.parametrize(
    "spelling",
    [
        "0x7f.1",
        "2130706433",
        "0177.0.0.1",
        "127.1",
        "127.0.0.1.",
        "0x7F000001",
        "\uff11\uff12\uff17.0.0.1",
    ],
)
def test_every_spelling_of_loopback_is_refused_without_a_lookup(spelling: str) -> None:
    url = canonical(f"http://{spelling}/")
    assert url is not None
    with pytest.raises(BlockedAddress):
        Guard(resolve=_must_not_be_asked).resolve(host(url))


def _must_not_be_asked(*args: Any, **kwargs: Any) -> Sequence[tuple[Any, ...]]:
    raise AssertionError("an address was looked up")


class Names:
    """A name server that knows one list of addresses, and counts how often it is asked."""

    def __init__(self, *addresses: str) -> None:
        self.addresses = addresses
        self.asked = 0

    def __call__(self, name: str, port: object, type: int = 0) -> Sequence[tuple[Any, ...]]:
        self.asked += 1
        if not self.addresses:
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        return [(0, type, 6, "", (address, 0)) for address in self.addresses]


def test_a_host_with_public_addresses_is_dialled_at_these_in_their_order() -> None:
    found = Guard(resolve=Names("2606:4700::1", "8.8.8.8", "8.8.8.8")).resolve("example.com")
    assert found.addresses == ("2606:4700::1", "8.8.8.8")
    assert found.network is Network.PUBLIC


@pytest.mark.parametrize("bad", ["127.0.0.1", "::1", "169.254.169.254", "fe80::1%2"])
def test_one_bad_address_refuses_the_host(bad: str) -> None:
    with pytest.raises(BlockedAddress):
        Guard(resolve=Names("8.8.8.8", bad)).resolve("example.com")


def test_of_many_addresses_all_are_judged_and_a_few_dialled() -> None:
    many = [f"8.8.{third}.{fourth}" for third in range(8) for fourth in range(250)]
    assert Guard(resolve=Names(*many)).resolve("example.com").addresses == tuple(many[:16])
    with pytest.raises(BlockedAddress):
        Guard(resolve=Names(*many, "10.0.0.1")).resolve("example.com")


def test_a_host_at_public_and_allowed_addresses_counts_as_public() -> None:
    guard = Guard(LOOPBACK, Names("127.0.0.1", "8.8.8.8"))
    assert guard.resolve("example.com").network is Network.PUBLIC


@pytest.mark.parametrize("name", ["nowhere.invalid", "a" * 64 + ".com", "a..b"])
def test_a_name_without_an_address_is_a_dns_failure(name: str) -> None:
    def encode_first(name: str, *args: Any, **kwargs: Any) -> Sequence[tuple[Any, ...]]:
        name.encode("idna")  # as socket.getaddrinfo does
        return []

    with pytest.raises(DnsFailure, match="has no address"):
        Guard(resolve=encode_first).resolve(name)


def test_the_text_of_a_refusal_names_no_address() -> None:
    with pytest.raises(BlockedAddress) as refusal:
        Guard(resolve=Names("10.1.2.3")).resolve("intranet.example.com")
    assert "10.1.2.3" not in str(refusal.value)
    assert "intranet.example.com" in str(refusal.value)


@pytest.mark.parametrize(
    ("addresses", "lifetime_seconds"), [(("8.8.8.8",), 5), (("10.0.0.1",), 1), ((), 1)]
)
def test_a_lookup_is_remembered_for_a_few_seconds(
    addresses: tuple[str, ...], lifetime_seconds: float
) -> None:
    now = [100.0]
    names = Names(*addresses)
    guard = Guard(resolve=names, monotonic=lambda: now[0])
    for step, asked in ((0.0, 1), (lifetime_seconds - 0.1, 1), (0.2, 2)):
        now[0] += step
        try:
            guard.resolve("example.com")
        except (BlockedAddress, DnsFailure):
            assert addresses != ("8.8.8.8",)
        assert names.asked == asked


def test_an_address_that_changes_is_judged_anew() -> None:
    now = [0.0]
    names = Names("8.8.8.8")
    guard = Guard(resolve=names, monotonic=lambda: now[0])
    guard.resolve("example.com")
    names.addresses = ("127.0.0.1",)
    now[0] = 10.0
    with pytest.raises(BlockedAddress):
        guard.resolve("example.com")


@pytest.mark.parametrize(
    ("port", "refused"),
    [(80, False), (443, False), (8080, False), (0, True), (25, True), (6666, True)],
)
def test_ports_of_other_protocols_are_refused(port: int, refused: bool) -> None:
    if refused:
        with pytest.raises(BlockedAddress):
            Guard().check_port("example.com", port)
    else:
        Guard().check_port("example.com", port)


@pytest.mark.parametrize(
    ("errno", "for_now"),
    [
        (socket.EAI_AGAIN, True),
        (socket.EAI_SYSTEM, True),
        (socket.EAI_NONAME, False),
        (socket.EAI_FAIL, False),
    ],
)
def test_a_dns_failure_says_whether_it_may_pass(errno: int, for_now: bool) -> None:
    def fail(*args: Any, **kwargs: Any) -> Sequence[tuple[Any, ...]]:
        raise socket.gaierror(errno, "")

    guard = Guard(resolve=fail)
    for _ in range(2):  # the second time it is remembered
        with pytest.raises(DnsFailure, match=r"^example\.com ") as refusal:
            guard.resolve("example.com")
        assert refusal.value.for_now is for_now


class Denied:
    """The operator's rules: these hosts and addresses."""

    def __init__(self, *hosts: str) -> None:
        self._hosts = hosts

    def denies(self, host: str) -> bool:
        return host in self._hosts


@pytest.mark.parametrize(
    ("host", "addresses", "denied"),
    [
        ("example.com", ("8.8.8.8",), "example.com"),
        ("example.com.", ("8.8.8.8",), "example.com"),
        ("example.com", (), "example.com"),
        ("example.com", ("8.8.8.8",), "8.8.8.8"),
        ("example.com", ("1.1.1.1", "8.8.8.8"), "8.8.8.8"),
        ("example.com", ("::ffff:8.8.8.8",), "8.8.8.8"),
        ("example.com", ("64:ff9b::8.8.8.8",), "8.8.8.8"),
        ("8.8.8.8", (), "8.8.8.8"),
        ("::ffff:808:808", (), "8.8.8.8"),
        ("2002:808:808::1", (), "8.8.8.8"),
        ("2606:4700::1", (), "2606:4700::1"),
    ],
)
def test_a_denied_host_is_refused_by_its_name_and_by_every_address(
    host: str, addresses: tuple[str, ...], denied: str
) -> None:
    guard = Guard(resolve=Names(*addresses), denials=Denied(denied))
    for _ in range(2):
        with pytest.raises(DeniedHost) as refusal:
            guard.resolve(host)
        assert host in str(refusal.value)
        assert "8.8.8.8" not in str(refusal.value).replace(host, "")


def test_a_denied_name_is_not_even_looked_up() -> None:
    with pytest.raises(DeniedHost):
        Guard(resolve=_must_not_be_asked, denials=Denied("example.com")).resolve("example.com")


def test_denials_let_nothing_through_that_is_blocked() -> None:
    guard = Guard(resolve=Names("10.0.0.1"), denials=Denied("example.org"))
    with pytest.raises(BlockedAddress):
        guard.resolve("example.com")
    assert issubclass(BlockedAddress, Refusal)
