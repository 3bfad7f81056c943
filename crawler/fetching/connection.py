"""Requests' transport adapter whose connections dial exactly a judged address.

Host header, SNI and the certificate check keep the name; only the dialled address is the
guard's. There is no other way out of here: no proxy, no PoolManager, no second look-up.
"""

import contextlib
import http.client
import select
import socket
import ssl
from collections import OrderedDict
from time import perf_counter
from typing import Any

import certifi
from gevent import monkey
from requests import PreparedRequest, Response
from requests.adapters import HTTPAdapter
from urllib3 import HTTPConnectionPool, HTTPResponse, HTTPSConnectionPool, Retry
from urllib3.connection import HTTPConnection, HTTPSConnection

from crawler.fetching.answer import Answer
from crawler.fetching.guard import Guard, Network

MAX_HOSTS = 128
"""Hosts to which connections are kept; the one longest unused goes first."""

MAX_KEPT = 32
"""Connections kept per host: as many as greenlets fetch from it at once."""

CONNECT_SECONDS = 5.0
"""Time for one of several addresses, so that a dead IPv6 route leaves time for IPv4."""

# Asks with a timeout of zero, so the original never blocks; gevent's costs 80 µs.
_poll = monkey.get_original("select", "poll")


class DialFailed(Exception):
    """No judged address took the connection. The text names none of them."""

    def __init__(self, *, timed_out: bool) -> None:
        """Takes whether the last address failed by silence rather than by refusing."""
        super().__init__("did not answer in time" if timed_out else "refused the connection")
        self.timed_out = timed_out


class KeptConnectionLost(Exception):
    """A request on a kept connection got no answer, not a byte.

    So it is told that the site has closed the connection meanwhile. But it may as well have taken
    the request: to send it once more is a request of its own.
    """


class RequestAfresh(PreparedRequest):
    """A request that is not to be sent on a kept connection."""


class _Guarded:
    """What the HTTP and the HTTPS connection have in common."""

    guard: Guard
    network: Network | None = None
    head_seconds: float | None = None
    response_class: Any = Answer
    sock: Any
    port: int
    timeout: float | None
    _dns_host: str

    def _new_conn(self) -> socket.socket:
        self.guard.check_port(self._dns_host, self.port)
        destination = self.guard.resolve(self._dns_host)
        self.network = destination.network
        return _dial(destination.addresses, self.port, self.timeout)

    def getresponse(self) -> Any:
        """The answer, and how long its head took once the request had been sent."""
        sent = perf_counter()
        response = super().getresponse()  # type: ignore[misc]
        self.head_seconds = perf_counter() - sent
        return response

    @property
    def is_connected(self) -> bool:
        """Whether it is open and silent: unasked-for bytes would pass for the next answer."""
        if self.sock is None:
            return False
        poll = _poll()
        poll.register(self.sock.fileno(), select.POLLIN)
        return not poll.poll(0)


class _GuardedHTTP(_Guarded, HTTPConnection):
    def __init__(self, *args: Any, guard: Guard, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.guard = guard


class _GuardedHTTPS(_Guarded, HTTPSConnection):
    def __init__(self, *args: Any, guard: Guard, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.guard = guard


def _dial(addresses: tuple[str, ...], port: int, timeout: float | None) -> socket.socket:
    """Connects to the first of the addresses that answers. Raises DialFailed."""
    timed_out = False
    for position, address in enumerate(addresses, 1):
        last = position == len(addresses)
        patience = timeout if last or timeout is None else min(timeout, CONNECT_SECONDS)
        try:
            return _connect(address, port, patience)
        except OSError as error:
            timed_out = isinstance(error, TimeoutError)
    raise DialFailed(timed_out=timed_out)


def _connect(address: str, port: int, timeout: float | None) -> socket.socket:
    # An address, never a name: neither the C library nor gevent looks it up.
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    sock = socket.socket(family, socket.SOCK_STREAM)
    try:
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        sock.settimeout(timeout)
        sock.connect((address, port))
    except BaseException:
        sock.close()
        raise
    return sock


class _NoticesLoss:
    """A pool whose kept connections may have been closed by the site."""

    def _make_request(self, conn: Any, *args: Any, **kwargs: Any) -> Any:
        kept = conn.sock is not None
        send: Any = super()._make_request  # type: ignore[misc]
        try:
            return send(conn, *args, **kwargs)
        except (http.client.RemoteDisconnected, ssl.SSLEOFError, ssl.SSLZeroReturnError):
            if kept:
                raise KeptConnectionLost from None
            raise


class _HTTPPool(_NoticesLoss, HTTPConnectionPool):
    ConnectionCls = _GuardedHTTP


class _HTTPSPool(_NoticesLoss, HTTPSConnectionPool):
    ConnectionCls = _GuardedHTTPS


class GuardedAdapter(HTTPAdapter):
    """Sends prepared requests over kept connections, each dialled past the guard.

    `send` raises what requests raises, `DialFailed`, `KeptConnectionLost`, and a `Refusal` of the
    guard's.
    """

    def __init__(self, guard: Guard, ca_bundle: str | None = None) -> None:
        """Takes the guard and a PEM file trusted in addition to certifi's."""
        super().__init__()
        self.max_retries = Retry(total=False)
        self._guard = guard
        self._tls = _tls_context(ca_bundle)
        self._pools: OrderedDict[str, HTTPConnectionPool] = OrderedDict()

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        """Makes none: urllib3's own would dial without the guard."""

    def get_connection_with_tls_context(
        self, request: PreparedRequest, *args: Any, **kwargs: Any
    ) -> HTTPConnectionPool:
        """The pool for the origin of a canonical URL; for `RequestAfresh` one that is not kept."""
        origin = _split(request.url or "")[0]
        if isinstance(request, RequestAfresh):
            return self._pool(origin)
        pool = self._pools.get(origin)
        if pool is None:
            pool = self._pools[origin] = self._pool(origin)
            if len(self._pools) > MAX_HOSTS:
                self._pools.popitem(last=False)[1].close()
        else:
            self._pools.move_to_end(origin)
        return pool

    def _pool(self, origin: str) -> HTTPConnectionPool:
        scheme, _, authority = origin.partition("://")
        host, port = _host_and_port(authority)
        if scheme == "https":
            return _HTTPSPool(
                host, port, maxsize=MAX_KEPT, guard=self._guard, ssl_context=self._tls
            )
        return _HTTPPool(host, port, maxsize=MAX_KEPT, guard=self._guard)

    def cert_verify(self, *args: Any, **kwargs: Any) -> None:
        """The TLS context verifies; nothing is set per request."""

    def request_url(self, request: PreparedRequest, proxies: object) -> str:
        """Path and query of a canonical URL: proxies are never used."""
        return _split(request.url or "")[1]

    def build_response(self, req: PreparedRequest, resp: Any) -> Response:
        """The response with `raw` and status alone: no cookie is read or kept."""
        response = Response()
        response.status_code = resp.status
        response.raw = resp
        return response

    def close(self) -> None:
        """Closes the kept connections."""
        while self._pools:
            self._pools.popitem()[1].close()


def _split(url: str) -> tuple[str, str]:
    """Origin and the rest; a canonical URL always has a path."""
    path = url.index("/", url.index("//") + 2)
    return url[:path], url[path:]


def _host_and_port(authority: str) -> tuple[str, int | None]:
    host, colon, port = authority.rpartition(":")
    if colon and port.isdigit():
        return host, int(port)
    return authority, None


def _tls_context(ca_bundle: str | None) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=certifi.where())
    if ca_bundle is not None:
        context.load_verify_locations(cafile=ca_bundle)
    return context


def network_of(raw: HTTPResponse) -> Network | None:
    """Where the connection of a response just received leads to."""
    return getattr(raw.connection, "network", None)


def head_seconds_of(raw: HTTPResponse) -> float | None:
    """How long the head of a response just received took: no look-up, no dialling, no TLS."""
    return getattr(raw.connection, "head_seconds", None)


def abandon(raw: HTTPResponse) -> None:
    """Gives up what is left of a response; its connection can't be used again."""
    with contextlib.suppress(OSError):
        raw.close()
    raw.release_conn()
