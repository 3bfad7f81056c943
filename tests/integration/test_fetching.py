"""Fetches against a real site with faults, by the code and the sockets of the server's workers."""

import random
import select
import socket
import time
from collections.abc import Iterator
from urllib.parse import quote, quote_from_bytes

import pytest

from crawler.domain.reasons import Reason
from crawler.fetching.fetcher import Fetched, FetchFailure, FetchLimits, Hop, Redirected
from crawler.fetching.guard import Network
from tests.fetching import (
    Ask,
    Outcome,
    Setting,
    callers_error,
    fetch,
    fetch_together,
    longest_pause,
    system_lookup,
    verdicts,
)
from tests.patched import PatchedProcess
from tests.server import wait_until
from tests.site import Graph, Site, breadth_first

LIMIT_SECONDS = 1.0
SHORT = Setting(limits=FetchLimits(timeout_seconds=LIMIT_SECONDS))
SLACK_SECONDS = 5.0
"""How much later than its deadline a fetch may return on a busy machine: it would take 10 s, or
never end."""
TRIES = 3
"""How often is looked for pauses that a busy machine makes as well."""


@pytest.fixture(scope="module")
def patched() -> Iterator[PatchedProcess]:
    with PatchedProcess() as process:
        yield process


@pytest.fixture(scope="module")
def served() -> Iterator[Site]:
    with Site() as running:
        yield running


@pytest.fixture
def site(served: Site) -> Site:
    wait_until(served.is_idle, "the answers of the test before to end")
    served.clear()
    served.set_robots("", 404)
    return served


class Forbidden:
    """A listener on an address that the guard refuses; it notices every connection."""

    def __init__(self) -> None:
        self._socket = socket.socket()
        self._socket.bind(("127.0.0.2", 0))
        self._socket.listen()
        self.port: int = self._socket.getsockname()[1]

    @property
    def untouched(self) -> bool:
        return not select.select([self._socket], [], [], 0)[0]

    def close(self) -> None:
        self._socket.close()


@pytest.fixture
def forbidden() -> Iterator[Forbidden]:
    listener = Forbidden()
    yield listener
    assert listener.untouched
    listener.close()


def page(outcome: Outcome) -> Fetched:
    assert isinstance(outcome, Fetched), outcome
    return outcome


def failure(outcome: Outcome) -> FetchFailure:
    assert isinstance(outcome, FetchFailure), outcome
    return outcome


# What comes back


def test_a_page_comes_with_all_that_is_known_of_it(patched: PatchedProcess, site: Site) -> None:
    got = page(patched.run(fetch, site.url("/page/2000"))[0])
    assert (got.url, got.status) == (site.url("/page/2000"), 200)
    assert got.content_type == "text/html; charset=utf-8"
    assert ("Content-Length", str(len(got.body))) in got.headers
    assert got.body.startswith(b"<!doctype html>")
    assert got.hops == ()
    assert 0 <= got.milliseconds < 1_000 * SLACK_SECONDS
    assert got.network is Network.ALLOWED


@pytest.mark.parametrize(
    "name", ["gzip", "deflate", "raw-deflate", "br", "zstd", "gzip,gzip"], ids=str
)
def test_a_packed_page_is_unpacked(patched: PatchedProcess, site: Site, name: str) -> None:
    got = page(patched.run(fetch, site.url(f"/coding/{name}"))[0])
    assert got.body.startswith(b"<!doctype html>") and got.body.endswith(b"</html>")


@pytest.mark.parametrize("status", [204, 300, 304, 404, 410, 429, 500, 503, 999])
def test_an_http_error_is_an_answer(patched: PatchedProcess, site: Site, status: int) -> None:
    assert page(patched.run(fetch, site.url(f"/status/{status}"))[0]).status == status


@pytest.mark.parametrize("path", ["/huge/9", "/png", "/endless", "/slow-body"])
def test_an_unwanted_body_is_not_downloaded(patched: PatchedProcess, site: Site, path: str) -> None:
    started = time.monotonic()
    got = page(patched.run(fetch, site.url(path), setting=Setting(wants_body=False))[0])
    assert time.monotonic() - started < SLACK_SECONDS
    assert got.body == b""


def test_the_length_of_an_unwanted_body_is_told(patched: PatchedProcess, site: Site) -> None:
    got = page(patched.run(fetch, site.url("/huge/9"), setting=Setting(wants_body=False))[0])
    assert dict(got.headers)["Content-Length"] == str(9 * 2**20)


def test_requests_say_who_asks_and_what_can_be_decoded(patched: PatchedProcess, site: Site) -> None:
    head = page(patched.run(fetch, site.url("/echo"))[0]).body.decode()
    lines = dict(line.split(": ", 1) for line in head.strip().split("\r\n")[1:])
    assert lines["Host"] == f"127.0.0.1:{site.port}"
    assert lines["User-Agent"] == "Clew/test (+https://example.com)"
    assert lines["Accept-Encoding"] == "gzip, deflate, br, zstd"
    assert lines.keys() == {"Host", "User-Agent", "Accept", "Accept-Encoding"}


def test_no_cookie_is_kept(patched: PatchedProcess, site: Site) -> None:
    for outcome in patched.run(fetch, site.url("/cookie"), site.url("/echo")):
        assert b"secret" not in page(outcome).body


def test_proxy_variables_are_not_read(
    patched: PatchedProcess, site: Site, forbidden: Forbidden
) -> None:
    proxy = f"http://127.0.0.2:{forbidden.port}"
    environment = {"HTTP_PROXY": proxy, "http_proxy": proxy, "ALL_PROXY": proxy}
    setting = Setting(environment=environment)
    page(patched.run(fetch, site.url("/text"), setting=setting)[0])


# Faults: each ends by its name, within its time

FAULTS = [
    ("/drop", Reason.REFUSED),
    ("/reset", Reason.REFUSED),
    ("/reset-body", Reason.BROKEN_RESPONSE),
    ("/partial", Reason.BROKEN_RESPONSE),
    ("/two-lengths", Reason.BROKEN_RESPONSE),
    ("/broken-chunk", Reason.BROKEN_RESPONSE),
    ("/cut-chunks", Reason.BROKEN_RESPONSE),
    ("/junk", Reason.BROKEN_RESPONSE),
    ("/header-flood", Reason.BROKEN_RESPONSE),
    ("/long-header", Reason.BROKEN_RESPONSE),
    ("/coding/gzip?cut=1", Reason.BROKEN_RESPONSE),
    ("/coding/br?plain=1", Reason.BROKEN_RESPONSE),
    ("/silent", Reason.TIMEOUT),
    ("/slow-headers", Reason.TIMEOUT),
    ("/slow-body", Reason.TIMEOUT),
    ("/continue-flood", Reason.BROKEN_RESPONSE),
    ("/minus-one", Reason.BROKEN_RESPONSE),
    ("/trailer-flood", Reason.BROKEN_RESPONSE),
    ("/extension-flood", Reason.BROKEN_RESPONSE),
    ("/delay/2000", Reason.TIMEOUT),
    ("/huge/11", Reason.TOO_LARGE),
    ("/endless", Reason.TOO_LARGE),
    ("/bomb/gzip", Reason.TOO_LARGE),
    ("/bomb/br", Reason.TOO_LARGE),
    ("/bomb/zstd", Reason.TOO_LARGE),
    ("/bomb/gzip,gzip", Reason.TOO_LARGE),
    ("/redirect/11", Reason.REDIRECT_LOOP),
    ("/redirect-loop", Reason.REDIRECT_LOOP),
    ("/redirect-to", Reason.BAD_REDIRECT),
]


@pytest.mark.parametrize(("path", "reason"), FAULTS)
def test_a_fault_ends_by_its_name_and_within_its_time(
    patched: PatchedProcess, site: Site, path: str, reason: Reason
) -> None:
    setting = SHORT if reason is Reason.TIMEOUT else Setting()
    started = time.monotonic()
    got = failure(patched.run(fetch, site.url(path), setting=setting)[0])
    assert got.reason is reason
    assert "127.0.0.1" not in got.detail
    assert time.monotonic() - started < LIMIT_SECONDS + SLACK_SECONDS


@pytest.mark.parametrize("path", ["/drop", "/reset", "/reset-body", "/partial", "/slow-body"])
def test_a_fault_is_not_asked_for_twice(patched: PatchedProcess, site: Site, path: str) -> None:
    patched.run(fetch, site.url(path), setting=SHORT)
    assert site.paths() == [path]


@pytest.mark.parametrize(
    "path", ["/endless", "/continue-flood", "/trailer-flood", "/extension-flood", "/bomb/gzip"]
)
def test_a_flood_does_not_keep_other_greenlets_waiting(
    patched: PatchedProcess, site: Site, path: str
) -> None:
    tries = (patched.run(longest_pause, site.url(path), SHORT) for _ in range(TRIES))
    assert any(pause_seconds < 0.5 for _, pause_seconds in tries)


def test_what_the_caller_does_wrong_is_not_taken_for_the_site(
    patched: PatchedProcess, site: Site
) -> None:
    url = site.url(f"/redirect-to?url={quote('/slow-body')}")
    caught, after = patched.run(callers_error, url, 0.3)
    assert caught == ["ZeroDivisionError", "ZeroDivisionError", "Timeout"]
    assert page(after).status == 200


def test_a_closed_port_is_a_refusal(patched: PatchedProcess, closed_port: int) -> None:
    got = failure(patched.run(fetch, f"http://127.0.0.1:{closed_port}/")[0])
    assert got.reason is Reason.REFUSED


def test_a_silent_name_server_is_a_timeout(patched: PatchedProcess) -> None:
    started = time.monotonic()
    got = failure(patched.run(fetch, "http://slow.test/", setting=SHORT)[0])
    assert got.reason is Reason.TIMEOUT
    assert time.monotonic() - started < LIMIT_SECONDS + SLACK_SECONDS


def test_a_name_without_an_address_is_told(patched: PatchedProcess) -> None:
    got = failure(patched.run(fetch, "http://nowhere.test/")[0])
    assert (got.reason, got.network) == (Reason.DNS, None)


def test_the_system_looks_names_up_in_a_thread(patched: PatchedProcess, site: Site) -> None:
    assert page(patched.run(system_lookup, f"http://localhost:{site.port}/text")).status == 200


def test_a_large_body_may_be_cut_instead(patched: PatchedProcess, site: Site) -> None:
    limits = FetchLimits(max_bytes=1_000, keep_prefix=True)
    for path in ("/huge/1", "/bomb/gzip?mib=1", "/endless"):
        got = page(patched.run(fetch, site.url(path), setting=Setting(limits=limits))[0])
        assert len(got.body) == 1_000


def test_random_answers_never_raise(patched: PatchedProcess, site: Site) -> None:
    chance = random.Random(7)
    urls = [site.url(f"/raw?bytes={quote_from_bytes(_mutated(chance))}") for _ in range(300)]
    outcomes = patched.run(fetch, *urls, setting=SHORT)
    named = {outcome.reason for outcome in outcomes if isinstance(outcome, FetchFailure)}
    assert Reason.BROKEN_RESPONSE in named
    assert any(isinstance(outcome, Fetched) for outcome in outcomes)


def _mutated(chance: random.Random) -> bytes:
    """A proper answer with some bytes changed, taken away or put in."""
    answer = bytearray(
        b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nTransfer-Encoding: chunked\r\n"
        b"Location: /text\r\nContent-Encoding: identity\r\n\r\n5\r\n<p>ok\r\n0\r\n\r\n"
        if chance.random() < 0.5
        else b"HTTP/1.1 302 Found\r\nContent-Length: 5\r\nLocation: /text\r\n\r\nmoved"
    )
    for _ in range(chance.randrange(1, 8)):
        place = chance.randrange(len(answer))
        fresh = bytes(chance.choice(b"\r\n\0:;-+_ \xff9aZ") for _ in range(chance.randrange(3)))
        answer[place : place + chance.randrange(3)] = fresh
    return bytes(answer)


_CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked"


@pytest.mark.parametrize(
    "framing",
    [
        b"chunked\r\n\r\n-1\r\n<p>all that comes",
        b"chunked\r\n\r\n-5\r\nabc\r\n0\r\n\r\n",
        b"chunked\r\n\r\n+3\r\nabc\r\n0\r\n\r\n",
        b"chunked\r\n\r\n0x3\r\nabc\r\n0\r\n\r\n",
        b"chunked\r\n\r\n0_3\r\nabc\r\n0\r\n\r\n",
        b"chunked\r\n\r\n 3\r\nabc\r\n0\r\n\r\n",
        b"chunked\r\n\r\n\r\nabc\r\n0\r\n\r\n",
        b"chunked\r\n\r\n" + b"0" * 17 + b"3\r\nabc\r\n0\r\n\r\n",
        b"chunked\r\n\r\n3\r\nabcdef\r\n0\r\n\r\n",
        b"gzip, chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
        b"gzip\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
        b"gzip\r\nContent-Length: 3\r\n\r\nabc",
    ],
)
def test_a_body_whose_end_cannot_be_told_is_broken_for_good(
    patched: PatchedProcess, site: Site, framing: bytes
) -> None:
    answer = b"HTTP/1.1 %s\r\nContent-Type: text/html\r\nTransfer-Encoding: " + framing
    ok, error = (
        patched.run(fetch, site.url(f"/raw?bytes={quote_from_bytes(answer % status)}"))[0]
        for status in (b"200 OK", b"404 Gone")
    )
    got = failure(ok)
    assert (got.reason, got.is_passing, got.status) == (Reason.BROKEN_RESPONSE, False, 200)
    assert page(error).status == 404


@pytest.mark.parametrize(
    ("answer", "body"),
    [
        (b"HTTP/1.0 200 OK\r\n\r\nuntil the end", b"until the end"),
        (b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 200 OK\r\n\r\nlast", b"last"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 4, 4\r\n\r\npage", b"page"),
        (b"HTTP/1.1 200 OK\r\nContent-Encoding: utf-8\r\nContent-Length: 4\r\n\r\npage", b"page"),
        (b"HTTP/1.1 200\r\nContent-Length: 4\r\n\r\npage", b"page"),
        (_CHUNKED + b"\r\n\r\n4;a=b\r\npage\r\n0;c\r\nX: y\r\n\r\n", b"page"),
        (_CHUNKED + b"\r\n\r\n0004  \r\npage\r\n0\r\n", b"page"),
        (_CHUNKED + b"\r\nTransfer-Encoding: chunked\r\n\r\n4\npage\r\n0\n\n", b"page"),
        (_CHUNKED + b", identity\r\nContent-Length: 2\r\n\r\n4\r\npage\r\n0\r\n\r\n", b"page"),
        (_CHUNKED.replace(b"chunked", b"identity\r\nContent-Length: 4\r\n\r\npage"), b"page"),
    ],
    ids=[
        "no length", "early hints", "length twice", "no coding", "no phrase", "extensions",
        "padded", "chunked twice", "chunked and not", "identity",
    ],
)
def test_an_unusual_answer_is_read(
    patched: PatchedProcess, site: Site, answer: bytes, body: bytes
) -> None:
    got = page(patched.run(fetch, site.url(f"/raw?bytes={quote_from_bytes(answer)}"))[0])
    assert (got.status, got.body) == (200, body)


@pytest.mark.parametrize(
    ("headers", "accepted"),
    [
        (b"X: a\0b\r\n", True),
        (b"X: PAD\r\n" * 4, True),
        (b"X: PAD\r\n" * 5, False),
        (b"X: PADPAD\r\n", False),
        (b"X: a\r\n" * 101, False),
    ],
    ids=["nul", "240 kB", "300 kB", "a line of 120 kB", "101 lines"],
)
def test_headers_are_bounded_and_free_of_nul(
    patched: PatchedProcess, site: Site, headers: bytes, accepted: bool
) -> None:
    answer = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n" + headers + b"\r\n"
    url = site.url(f"/raw?bytes={quote_from_bytes(answer)}&pad=60000")
    outcome = patched.run(fetch, url)[0]
    if accepted:
        assert "\0" not in dict(page(outcome).headers)["X"]
    else:
        assert failure(outcome).reason is Reason.BROKEN_RESPONSE


# Redirects


def test_redirects_are_followed_and_told(patched: PatchedProcess, site: Site) -> None:
    got = page(patched.run(fetch, site.url("/redirect/10"))[0])
    assert got.url == site.url("/redirect/0")
    assert got.hops == tuple(Hop(site.url(f"/redirect/{n}"), 302) for n in range(10, 0, -1))


def test_a_redirect_that_is_not_to_be_followed_is_told(patched: PatchedProcess, site: Site) -> None:
    got = patched.run(fetch, site.url("/redirect/2"), setting=Setting(follows=False))[0]
    assert isinstance(got, Redirected)
    assert (got.target, got.reason) == (site.url("/redirect/1"), Reason.SCOPE)
    assert got.hops == (Hop(site.url("/redirect/2"), 302),)
    assert site.paths() == ["/redirect/2"]


def test_a_circle_is_left_after_one_round(patched: PatchedProcess, site: Site) -> None:
    patched.run(fetch, site.url("/redirect-loop"))
    assert site.paths() == ["/redirect-loop", "/redirect-loop/back"]


@pytest.mark.parametrize("status", [300, 301, 302, 303, 307, 308])
def test_each_redirect_status_redirects(patched: PatchedProcess, site: Site, status: int) -> None:
    got = page(patched.run(fetch, site.url(f"/redirect-to?url=/text&status={status}"))[0])
    assert got.hops[0].status == status


@pytest.mark.parametrize("status", [304, 305, 200])
def test_other_statuses_do_not(patched: PatchedProcess, site: Site, status: int) -> None:
    got = page(patched.run(fetch, site.url(f"/redirect-to?url=/text&status={status}"))[0])
    assert (got.status, got.hops) == (status, ())


@pytest.mark.parametrize(
    ("location", "path"),
    [
        (b"text", "/text"),
        (b" /text\t", "/text"),
        (b"/a/../text#part", "/text"),
        (b"\\text", "/text"),
        (b"?x=1", "/redirect-to?x=1"),
        ("/echo?ü".encode(), "/echo?%C3%BC"),
        (b"/echo?\xfc", "/echo?%C3%BC"),
        (b"/echo?%2f", "/echo?%2F"),
    ],
)
def test_location_is_read_as_browsers_do(
    patched: PatchedProcess, site: Site, location: bytes, path: str
) -> None:
    url = site.url(f"/redirect-to?url={quote_from_bytes(location)}")
    outcome = patched.run(fetch, url)[0]
    last = outcome.url if isinstance(outcome, Fetched | FetchFailure) else ""
    assert last == site.url(path)


@pytest.mark.parametrize(
    "location",
    ["", "ftp://127.0.0.1/", "javascript:alert(1)", "http://", "http://a b/", "file:///etc/passwd",
     "http://user:secret@127.0.0.1/", "/" + "x" * 3_000],
)  # fmt: skip
def test_a_redirect_to_no_web_address_is_told(
    patched: PatchedProcess, site: Site, location: str
) -> None:
    got = failure(patched.run(fetch, site.url(f"/redirect-to?url={quote(location)}"))[0])
    assert (got.reason, got.status) == (Reason.BAD_REDIRECT, 302)


# The guard


@pytest.mark.parametrize(
    "host",
    ["127.0.0.2", "127.2", "0x7f.2", "2130706434", "0177.0.0.2", "[::ffff:127.0.0.2]",
     "[::ffff:7f00:2]", "[64:ff9b::7f00:2]", "inside.test", "mixed.test"],
)  # fmt: skip
@pytest.mark.parametrize("redirected", [False, True], ids=["typed", "redirected"])
def test_no_packet_reaches_a_forbidden_address(
    patched: PatchedProcess, site: Site, forbidden: Forbidden, host: str, redirected: bool
) -> None:
    names = {"inside.test": [["127.0.0.2"]], "mixed.test": [["127.0.0.1", "127.0.0.2"]]}
    target = f"http://{host}:{forbidden.port}/"
    url = site.url(f"/redirect-to?url={quote(target)}") if redirected else _canonical(target)
    got = failure(patched.run(fetch, url, setting=Setting(names=names))[0])
    assert got.reason is Reason.BLOCKED_ADDRESS
    assert forbidden.untouched


def _canonical(url: str) -> str:
    from crawler.domain.urls import canonical

    result = canonical(url)
    assert result is not None
    return result


def test_a_name_that_is_rebound_is_dialled_where_it_was_judged(
    patched: PatchedProcess, site: Site, forbidden: Forbidden
) -> None:
    names = {"rebind.test": [["127.0.0.1"], ["127.0.0.2"]]}
    urls = [f"http://rebind.test:{site.port}{path}" for path in ("/drop", "/text", "/text")]
    outcomes = patched.run(fetch, *urls, setting=Setting(names=names))
    assert failure(outcomes[0]).reason is Reason.REFUSED
    assert [page(outcome).status for outcome in outcomes[1:]] == [200, 200]
    assert site.paths() == ["/drop", "/text", "/text"]


def test_a_name_that_is_rebound_is_judged_anew_by_the_next_lookup(
    patched: PatchedProcess, site: Site, forbidden: Forbidden
) -> None:
    names = {"rebind.test": [["127.0.0.1"], ["127.0.0.2"]]}
    setting = Setting(names=names, clock_step_seconds=6)
    # /drop leaves no connection to go on with, so the second fetch has to dial again.
    first = f"http://rebind.test:{site.port}/drop"
    second = f"http://rebind.test:{forbidden.port}/"
    outcomes = patched.run(fetch, first, second, setting=setting)
    assert [failure(outcome).reason for outcome in outcomes] == [
        Reason.REFUSED,
        Reason.BLOCKED_ADDRESS,
    ]
    assert forbidden.untouched


def test_the_next_address_is_tried_when_one_does_not_answer(
    patched: PatchedProcess, site: Site
) -> None:
    names = {"two.test": [["127.0.0.3", "127.0.0.1"]]}
    setting = Setting(allow=("127.0.0.0/8",), names=names)
    assert page(patched.run(fetch, f"http://two.test:{site.port}/text", setting=setting)[0])


def test_an_allowed_address_is_reached_in_its_mapped_spelling(
    patched: PatchedProcess, site: Site
) -> None:
    got = page(patched.run(fetch, f"http://[::ffff:7f00:1]:{site.port}/text")[0])
    assert got.network is Network.ALLOWED


def test_nothing_is_allowed_by_default(patched: PatchedProcess, site: Site) -> None:
    got = failure(patched.run(fetch, site.url("/text"), setting=Setting(allow=()))[0])
    assert got.reason is Reason.BLOCKED_ADDRESS
    assert site.log() == []


# Connections


def test_a_connection_is_kept(patched: PatchedProcess, site: Site) -> None:
    paths = ("/text", "/page/90000", "/coding/gzip", "/redirect/3", "/status/404", "/text")
    patched.run(fetch, *map(site.url, paths))
    assert len(site.log()) == 9
    assert site.connections() == 1


def test_a_short_unwanted_body_does_not_cost_the_connection(
    patched: PatchedProcess, site: Site
) -> None:
    urls = [site.url("/pdf")] * 3
    patched.run(fetch, *urls, setting=Setting(wants_body=False))
    assert site.connections() == 1


def test_a_kept_connection_that_the_site_closed_is_replaced_once(
    patched: PatchedProcess, site: Site
) -> None:
    outcomes = patched.run(fetch, *[site.url("/keep-then-drop")] * 2)
    assert [page(outcome).body for outcome in outcomes] == [b"kept", b"kept"]
    assert site.connections() == 2


def test_what_a_site_sends_unasked_is_no_answer(patched: PatchedProcess, site: Site) -> None:
    # The pause lets the unasked-for bytes arrive, which is the case to be shown.
    setting = Setting(pause_seconds=0.3)
    outcomes = patched.run(fetch, site.url("/excess"), site.url("/text"), setting=setting)
    assert page(outcomes[0]).body == b"page"
    assert page(outcomes[1]).body.startswith(b"Plain")


def test_thirty_two_fetches_at_once_share_thirty_two_connections(
    patched: PatchedProcess, site: Site
) -> None:
    urls = [site.url(f"/delay/{900 + n}") for n in range(32)]
    outcomes = patched.run(fetch_together, urls)
    assert all(isinstance(outcome, Fetched) for outcome in outcomes)
    assert (site.peak(), site.connections()) == (32, 32)


# TLS


@pytest.fixture(scope="module")
def secure() -> Iterator[Site]:
    with Site(tls=True, names=("127.0.0.1", "named.test")) as running:
        yield running


def test_a_certificate_by_an_added_authority_is_trusted(
    patched: PatchedProcess, secure: Site
) -> None:
    setting = Setting(ca_bundle=secure.ca_path, names={"named.test": [["127.0.0.1"]]})
    urls = (secure.url("/text"), f"https://named.test:{secure.port}/redirect/2")
    assert [page(outcome).status for outcome in patched.run(fetch, *urls, setting=setting)] == [
        200,
        200,
    ]


def test_certifis_authorities_stay_trusted_beside_an_added_one(secure: Site) -> None:
    from crawler.fetching.connection import _tls_context

    added, plain = _tls_context(secure.ca_path), _tls_context(None)
    assert added.cert_store_stats()["x509_ca"] == plain.cert_store_stats()["x509_ca"] + 1
    assert plain.cert_store_stats()["x509_ca"] > 50


@pytest.mark.parametrize(
    ("host", "trusted", "says"),
    [
        ("127.0.0.1", False, "certificate"),
        ("other.test", True, "certificate is not valid"),
        ("127.0.0.1", True, None),
    ],
)
def test_a_certificate_has_to_fit(
    patched: PatchedProcess, secure: Site, host: str, trusted: bool, says: str | None
) -> None:
    bundle = secure.ca_path if trusted else None
    setting = Setting(ca_bundle=bundle, names={"other.test": [["127.0.0.1"]]})
    outcome = patched.run(fetch, f"https://{host}:{secure.port}/text", setting=setting)[0]
    if says is None:
        assert page(outcome).status == 200
    else:
        assert failure(outcome).reason is Reason.TLS
        assert says in failure(outcome).detail


def test_https_to_a_port_that_speaks_http_is_a_tls_failure(
    patched: PatchedProcess, site: Site
) -> None:
    got = failure(patched.run(fetch, f"https://127.0.0.1:{site.port}/", setting=SHORT)[0])
    assert got.reason in (Reason.TLS, Reason.TIMEOUT)


def test_http_to_a_port_that_speaks_https_is_told(patched: PatchedProcess, secure: Site) -> None:
    got = failure(patched.run(fetch, f"http://127.0.0.1:{secure.port}/")[0])
    assert got.reason in (Reason.REFUSED, Reason.BROKEN_RESPONSE)


@pytest.mark.parametrize(
    ("path", "reason"),
    [("/drop", Reason.REFUSED), ("/partial", Reason.BROKEN_RESPONSE), ("/silent", Reason.TIMEOUT),
     ("/slow-body", Reason.TIMEOUT), ("/trailer-flood", Reason.BROKEN_RESPONSE)],
)  # fmt: skip
def test_faults_are_named_behind_tls_too(
    patched: PatchedProcess, secure: Site, path: str, reason: Reason
) -> None:
    limits = SHORT.limits if reason is Reason.TIMEOUT else FetchLimits()
    setting = Setting(ca_bundle=secure.ca_path, limits=limits)
    started = time.monotonic()
    assert failure(patched.run(fetch, secure.url(path), setting=setting)[0]).reason is reason
    assert time.monotonic() - started < LIMIT_SECONDS + SLACK_SECONDS


# robots.txt


def test_robots_txt_is_obeyed_and_asked_for_once(patched: PatchedProcess, site: Site) -> None:
    site.set_robots("User-agent: Clew\nDisallow: /pdf\nCrawl-delay: 2", delay_seconds=0.2)
    asks = [Ask(site.url("/pdf"), greenlets=8), Ask(site.url("/text"), greenlets=8)]
    refused, allowed = patched.run(verdicts, *asks)
    assert (refused.allowed, refused.reason) == (False, Reason.ROBOTS)
    assert (allowed.allowed, allowed.reason) == (True, None)
    assert site.paths() == ["/robots.txt"]


@pytest.mark.parametrize("status", [404, 403, 410, 304])
def test_without_robots_txt_all_is_allowed(
    patched: PatchedProcess, site: Site, status: int
) -> None:
    site.set_robots("User-agent: *\nDisallow: /", status)
    assert patched.run(verdicts, Ask(site.url("/text")))[0].allowed


def test_an_unreachable_robots_txt_allows_nothing_and_is_asked_for_again_soon(
    patched: PatchedProcess, site: Site
) -> None:
    site.set_robots("", 503)
    asks = [Ask(site.url("/text"), at_seconds) for at_seconds in (0, 5, 16)]
    for verdict in patched.run(verdicts, *asks):
        assert (verdict.allowed, verdict.reason) == (False, Reason.ROBOTS_UNREACHABLE)
    assert site.paths() == ["/robots.txt"] * 2


def test_robots_txt_is_read_anew_when_it_expires(patched: PatchedProcess, site: Site) -> None:
    asks = [Ask(site.url("/text"), at_seconds) for at_seconds in (0, 3_599, 3_601)]
    patched.run(verdicts, *asks)
    assert site.paths() == ["/robots.txt"] * 2


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("http://nowhere.test/", Reason.DNS),
        ("http://127.0.0.2/", Reason.BLOCKED_ADDRESS),
        ("http://127.0.0.1:{closed}/", Reason.REFUSED),
    ],
)
def test_a_site_that_is_not_there_is_told_as_such(
    patched: PatchedProcess, closed_port: int, url: str, reason: Reason
) -> None:
    verdict = patched.run(verdicts, Ask(url.format(closed=closed_port)))[0]
    assert (verdict.allowed, verdict.reason) == (False, reason)


# Graphs, which other tests crawl


def test_a_graph_is_served_as_it_is_computed(patched: PatchedProcess, site: Site) -> None:
    graph = Graph(seed=5, pages=40)
    urls = [site.url(graph.path(number)) for number in range(40)]
    for number, outcome in enumerate(patched.run(fetch, *urls)):
        text = page(outcome).body.decode()
        assert all(f">page {target}<" in text for target in graph.links(number))
    assert len(breadth_first(graph)) == 40
    assert len(breadth_first(graph, 3)) < 40
