"""A network of the test's own, and fetches in it: what the tests run in a `PatchedProcess`.

Nothing that is dialled gets away unseen. An audit hook keeps every address that a socket is told
to connect to, whether packets then leave or not; and a listener takes what arrives on one port of
all of this machine's addresses, which within a namespace are all addresses that there are.
"""

import os
import select
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from ipaddress import ip_network
from pathlib import Path
from typing import Any
from urllib.parse import quote

import gevent
from gevent.server import StreamServer

from crawler.domain.admission import HostRules
from crawler.domain.urls import InvalidUrl, parse_typed, resolve
from crawler.fetching.fetcher import FetchConfig, Fetcher, FetchLimits
from crawler.fetching.lookup import ThreadedLookup
from crawler.fetching.outcomes import FREE_TURNS, Fetched, FetchFailure
from crawler.fetching.robots import RobotsGate
from crawler.functions.sitemaps import SitemapReader
from crawler.storage.results import SitemapUrl
from tests.dns import A, DnsServer, Resolver, Zone
from tests.site import Site

LIMITS = FetchLimits(timeout_seconds=10.0)

DNS_PORT = 53
"""The only one that the C library asks; free in a namespace."""

NO_URL = "no-url"
"""What comes of a text that is no web address to begin with."""

_NOT_IN_HEADERS = {ord(control): None for control in "\r\n\0"}

_PAGE = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 9\r\n\r\nforbidden"

_ENTER = """
ip link set lo up && ip route add local 0.0.0.0/0 dev lo && ip -6 route add local ::/0 dev lo
mount --bind "$1" /etc/resolv.conf
shift
exec "$@"
"""


@dataclass(frozen=True)
class Seen:
    """What came of a URL: a reason or an HTTP status, its sentence, and whom it reached."""

    said: str
    detail: str
    dialled: tuple[str, ...]
    """Addresses that sockets were told to connect to, the site's own left out."""
    reached: tuple[str, ...]
    """Addresses at which the listener was reached."""
    paths: tuple[str, ...]
    """What the site was asked for, robots.txt left out."""


def namespace_command() -> list[str]:
    """What a command is to begin with to run in namespaces of its own; empty where it can't.

    The C library's name server there is 127.0.0.1, and packets to every address stay inside.
    """
    unshare = ["unshare", "--net", "--mount"]
    if os.geteuid() != 0:
        unshare.insert(1, "--map-root-user")
    resolv_conf = Path(tempfile.mkdtemp(prefix="clew-dns-")) / "resolv.conf"
    resolv_conf.write_text("nameserver 127.0.0.1\noptions timeout:1 attempts:1\n")
    command = [*unshare, "sh", "-ec", _ENTER, "sh", str(resolv_conf)]
    if shutil.which("unshare") and not subprocess.run([*command, "true"], stderr=-3).returncode:
        return command
    shutil.rmtree(resolv_conf.parent)
    return []


class _Listener:
    """A web server where none may be asked: it remembers at which of its addresses it was."""

    def __init__(self) -> None:
        self.reached: list[str] = []
        self._servers = [self._serve(port) for port in (0, 80, 443)]
        self.port: int = self._servers[0].server_port

    def _serve(self, port: int) -> StreamServer:
        sock = socket.socket(socket.AF_INET6)
        sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            sock.bind(("::", port))
        except PermissionError:  # the well-known ports outside a namespace
            sock.bind(("::", 0))
        sock.listen(64)
        server = StreamServer(sock, self._answer)
        server.start()
        return server

    def _answer(self, sock: Any, address: object) -> None:
        self.reached.append(sock.getsockname()[0].removeprefix("::ffff:"))
        sock.recv(4_096)
        sock.sendall(_PAGE)

    def take(self) -> tuple[str, ...]:
        """Where it was reached since the last call; connections not yet accepted are waited for."""
        waiting = [server.socket.fileno() for server in self._servers]
        while select.select(waiting, [], [], 0)[0]:
            gevent.sleep(0.001)
        reached, self.reached = tuple(self.reached), []
        return reached


class Network:
    """Name server, site, listener, fetcher and robots gate of one process."""

    def __init__(self, enclosed: bool) -> None:
        """Takes whether the process runs behind `namespace_command`."""
        self.enclosed = enclosed
        self.site = Site().__enter__()
        self.dns = DnsServer({}, DNS_PORT if enclosed else 0).__enter__()
        self.listener = _Listener()
        self.dialled: list[tuple[str, int]] = []
        sys.addaudithook(self._note)
        self._lookup = ThreadedLookup() if enclosed else Resolver(self.dns.port)
        self._fetchers: dict[tuple[tuple[str, ...], str], Fetcher] = {}
        self.now = 0.0
        self._has_robots = True
        self.renew({})

    def renew(
        self, zone: Zone, allowed: Sequence[str] = ("127.0.0.1/32",), denied: str = ""
    ) -> None:
        """Begins anew: with another zone, and with nothing remembered or kept of before."""
        self.dns.zone = zone
        self.dns.asked.clear()
        self.now += 10.0
        self.fetcher = self._fetcher(tuple(allowed), denied)
        self.fetcher.close()
        self.gate = RobotsGate(self.fetcher, lambda: self.now)

    def _fetcher(self, allowed: tuple[str, ...], denied: str) -> Fetcher:
        """One for each setting: to make one takes as long as many fetches."""
        made = self._fetchers.get((allowed, denied))
        if made is None:
            networks = tuple(map(ip_network, allowed))
            config = FetchConfig("Clew/test", networks, deny=HostRules.parse(denied))
            made = Fetcher(config, self._lookup, lambda: self.now)
            self._fetchers[allowed, denied] = made
        return made

    def _note(self, event: str, arguments: tuple[Any, ...]) -> None:
        if event == "socket.connect" and isinstance(arguments[1], tuple):
            self.dialled.append(arguments[1][:2])

    def fill(self, text: str) -> str:
        """A case with the ports of this run: `{port}` the listener's, `{site}` the site's."""
        return text.replace("{port}", str(self.listener.port)).replace(
            "{site}", str(self.site.port)
        )

    def begin(self) -> None:
        """Forgets what was seen so far."""
        self.site.clear()
        if self._has_robots:
            self.site.set_robots("", 404)
            self._has_robots = False
        self.listener.take()
        self.dialled.clear()

    def redirect_robots(self, location: str) -> None:
        """Makes robots.txt redirect, to bytes as latin-1, and forgets what it was before."""
        self.site.set_robots("", 302, headers={"Location": location})
        self._has_robots = True
        self.gate = RobotsGate(self.fetcher, lambda: self.now)
        self.dialled.clear()

    def seen(self, said: str, detail: str = "") -> Seen:
        """What was seen since `begin`."""
        site = ("127.0.0.1", self.site.port)
        dialled = [place[0] for place in self.dialled if place != site]
        reached = self.listener.take()
        paths = [path for path in self.site.paths() if path != "/robots.txt"]
        return Seen(said, detail, tuple(dict.fromkeys(dialled)), reached, tuple(paths))

    def fetch(self, url: str) -> tuple[str, str]:
        """Fetches a canonical URL; reason or status, and the sentence."""
        outcome = self.fetcher.fetch(
            url, LIMITS, wants_body=lambda *_: True, follow=lambda _: None, turns=FREE_TURNS
        )
        if isinstance(outcome, FetchFailure):
            return outcome.reason.value, outcome.detail
        assert isinstance(outcome, Fetched)
        return str(outcome.status), outcome.url


    def read_sitemap(self, text: str) -> tuple[str, str]:
        """Reads what robots.txt named as a sitemap; reason, or that it was read."""
        url = resolve(text, self.site.url("/robots.txt"))
        if url is None:
            return NO_URL, ""
        reader = SitemapReader(self.fetcher, self.gate, gevent.get_hub().threadpool)
        return reader.read(SitemapUrl(0, url), FREE_TURNS).reason or "read", ""


_network: Network | None = None


def enter(enclosed: bool) -> None:
    """Makes the network of this process."""
    global _network
    _network = Network(enclosed)


def _here() -> Network:
    assert _network is not None
    return _network


def typed(text: str) -> Seen:
    """A user types the text into the API."""
    here = _here()
    here.begin()
    try:
        url = parse_typed(here.fill(text))
    except InvalidUrl as refusal:
        return here.seen(NO_URL, str(refusal))
    return here.seen(*here.fetch(url))


def linked(text: str) -> Seen:
    """A page of the site links to it."""
    here = _here()
    here.begin()
    url = resolve(here.fill(text), here.site.url("/folder/page"))
    return here.seen(NO_URL) if url is None else here.seen(*here.fetch(url))


def redirected(text: str, status: int = 302) -> Seen:
    """A page of the site redirects to it; what can't stand in a header is left out of it."""
    here = _here()
    here.begin()
    location = quote(here.fill(text).translate(_NOT_IN_HEADERS))
    seen = here.seen(*here.fetch(here.site.url(f"/redirect-to?url={location}&status={status}")))
    return replace(seen, paths=seen.paths[1:])


def by_robots(text: str) -> Seen:
    """The site's robots.txt redirects to it; what is said is the verdict on a page of the site."""
    here = _here()
    here.begin()
    location = here.fill(text).translate(_NOT_IN_HEADERS).encode().decode("latin-1")
    here.redirect_robots(location)
    verdict = here.gate.verdict(here.site.url("/page"), FREE_TURNS)
    return here.seen(verdict.reason.value if verdict.reason else "allowed", verdict.detail)


def as_sitemap(text: str) -> Seen:
    """The site's robots.txt names it as a sitemap."""
    here = _here()
    here.begin()
    return here.seen(*here.read_sitemap(here.fill(text)))


def by_sitemap(text: str) -> Seen:
    """A sitemap of the site redirects to it."""
    here = _here()
    here.begin()
    location = quote(here.fill(text).translate(_NOT_IN_HEADERS))
    seen = here.seen(*here.read_sitemap(f"/redirect-to?url={location}"))
    return replace(seen, paths=seen.paths[1:])


def robots_of(text: str) -> Seen:
    """Robots.txt is asked for at the place itself, before its page is."""
    here = _here()
    here.begin()
    verdict = here.gate.verdict(parse_typed(here.fill(text)), FREE_TURNS)
    return here.seen(verdict.reason.value if verdict.reason else "allowed", verdict.detail)


def with_names(zone: Zone, *urls: str, seconds_between: float = 6.0) -> list[Seen]:
    """The URLs one after the other, names being looked up in `zone`, with nothing remembered."""
    here = _here()
    here.renew(zone)
    found = []
    for url in urls:
        found.append(typed(url))
        here.now += seconds_between
    return found


def with_nothing_allowed(url: str) -> Seen:
    """The URL by a fetcher that may go to public addresses only."""
    here = _here()
    here.renew({}, allowed=())
    seen = typed(url)
    here.renew({})
    return seen


def with_denied(denied: str, zone: Zone, url: str) -> list[Seen]:
    """The URL typed, redirected to, as a site's robots.txt and sitemap, with these hosts denied."""
    here = _here()
    found = []
    for way in (typed, redirected, robots_of, as_sitemap):
        here.renew(zone, allowed=("127.0.0.0/8",), denied=denied)
        found.append(way(url))
    here.renew({})
    return found


def times_asked(name: str) -> int:
    """How often the name server was asked for a name's IPv4 addresses since the last zone."""
    return _here().dns.asked[name, A]
