"""What a fetch does at each hop: its turn, its headers, denials, and failures that may pass."""

from collections.abc import Iterator
from urllib.parse import quote, quote_from_bytes

import pytest

from crawler.domain.politeness import Why
from crawler.domain.reasons import Reason
from crawler.domain.urls import canonical
from crawler.fetching.fetcher import Fetched, FetchFailure, FetchLimits, Hop, Postponed, Redirected
from tests.fetching import (
    Ask,
    Done,
    Outcome,
    Setting,
    fetch,
    fetch_in_turn,
    turns_of_one_broken_off,
    verdicts,
)
from tests.patched import PatchedProcess
from tests.server import wait_until
from tests.site import Site

SHORT = FetchLimits(timeout_seconds=1.0)
BRIEF = FetchLimits(timeout_seconds=0.8)
"""For what is to run out of time."""
NAMES = {"named.test": [["127.0.0.1"]]}


@pytest.fixture(scope="module")
def patched() -> Iterator[PatchedProcess]:
    with PatchedProcess() as process:
        yield process


@pytest.fixture(scope="module")
def served() -> Iterator[Site]:
    with Site() as running:
        yield running


@pytest.fixture(scope="module")
def secure() -> Iterator[Site]:
    with Site(tls=True) as running:
        yield running


@pytest.fixture
def site(served: Site) -> Site:
    wait_until(served.is_idle, "the answers of the test before to end")
    served.clear()
    served.set_robots("", 404)
    return served


def page(outcome: Outcome) -> Fetched:
    assert isinstance(outcome, Fetched), outcome
    return outcome


def failure(outcome: Outcome) -> FetchFailure:
    assert isinstance(outcome, FetchFailure), outcome
    return outcome


def done(log: list[str | Done]) -> list[Done]:
    return [entry for entry in log if isinstance(entry, Done)]


def raw(site: Site, answer: bytes) -> str:
    return site.url(f"/raw?bytes={quote_from_bytes(answer)}")


# Turns


def test_every_request_takes_a_turn_and_gives_it_back_before_the_next(
    patched: PatchedProcess, site: Site
) -> None:
    _, log = patched.run(fetch_in_turn, site.url("/redirect/2"))
    urls = [site.url(f"/redirect/{number}") for number in (2, 1, 0)]
    assert [entry if isinstance(entry, str) else (entry.url, entry.status) for entry in log] == [
        urls[0], (urls[0], 302), urls[1], (urls[1], 302), urls[2], (urls[2], 200),
    ]  # fmt: skip


def test_a_host_whose_turn_does_not_come_is_not_asked(patched: PatchedProcess, site: Site) -> None:
    setting = Setting(waits={site.origin: 7.5})
    url = site.url("/text")
    assert patched.run(fetch_in_turn, url, setting) == (Postponed(url, 7.5, Why.ASKED, ()), [url])
    assert site.log() == []


def test_a_redirect_to_a_host_that_waits_is_postponed_by_that_host(
    patched: PatchedProcess, site: Site
) -> None:
    target = f"http://named.test:{site.port}/text"
    url = site.url(f"/redirect-to?url={quote(target)}")
    for waiting, why in (
        (Setting(names=NAMES, waits={target.removesuffix("/text"): 60.0}), Why.ASKED),
        (Setting(names=NAMES, robots_wait={target: 60.0}), Why.DELAY),
    ):
        got = patched.run(fetch, url, setting=waiting)[0]
        assert isinstance(got, Postponed)
        assert (got.url, got.seconds, got.why) == (target, 60.0, why)
        assert [hop.url for hop in got.hops] == [url]
    assert len(site.log()) == 2


def test_a_fetch_that_was_postponed_goes_on_where_it_was_led_to(
    patched: PatchedProcess, site: Site
) -> None:
    first, second = (Hop(site.url(f"/redirect/{number}"), 302) for number in (3, 2))
    setting = Setting(hops=(first, second))
    url = site.url("/redirect/1")
    outcome = page(patched.run(fetch, url, setting=setting)[0])
    assert outcome.url == site.url("/redirect/0")
    assert [hop.url for hop in outcome.hops] == [first.url, second.url, url]
    assert site.paths() == ["/redirect/1", "/redirect/0"]


@pytest.mark.parametrize(
    ("more", "reason"),
    [
        ({"follows": False}, Reason.SCOPE),
        ({"limits": FetchLimits(max_redirects=2)}, Reason.REDIRECT_LOOP),
        ({}, Reason.REDIRECT_LOOP),
    ],
)
def test_what_was_followed_before_counts_when_a_fetch_goes_on(
    patched: PatchedProcess, site: Site, more: dict[str, object], reason: Reason
) -> None:
    """It is judged anew, and adds to the redirects that may be followed, and to a circle."""
    ends_at = "/redirect/2" if more else f"/redirect-to?url={quote(site.url('/b'))}"
    setting = Setting(hops=(Hop(site.url("/a"), 301), Hop(site.url("/b"), 302)), **more)
    got = patched.run(fetch, site.url(ends_at), setting=setting)[0]
    assert isinstance(got, FetchFailure | Redirected)
    assert got.reason == reason
    assert len(site.log()) == (0 if reason is Reason.SCOPE else 1)


def test_the_time_until_a_turn_comes_is_not_the_fetchs(patched: PatchedProcess, site: Site) -> None:
    limits = FetchLimits(timeout_seconds=1.5)
    setting = Setting(limits=limits, turn_seconds=0.6)
    assert page(patched.run(fetch, site.url("/redirect/2"), setting=setting)[0]).milliseconds < 600


@pytest.mark.parametrize(
    ("path", "status"), [("/drop", None), ("/silent", None), ("/partial", 200), ("/slow-body", 200)]
)
def test_a_failed_request_gives_its_turn_back(
    patched: PatchedProcess, site: Site, path: str, status: int | None
) -> None:
    limits = BRIEF if path in ("/silent", "/slow-body") else SHORT
    _, log = patched.run(fetch_in_turn, site.url(path), Setting(limits=limits))
    (given,) = done(log)
    assert (given.url, given.status) == (site.url(path), status)
    assert (given.head_seconds is None) is (status is None)


def test_a_request_that_its_caller_breaks_off_says_nothing_of_the_host(
    patched: PatchedProcess, site: Site
) -> None:
    url = site.url("/silent")
    assert patched.run(turns_of_one_broken_off, url, 0.2) == [url]


def test_the_latency_told_is_that_of_the_answers_head(patched: PatchedProcess, site: Site) -> None:
    for path, limits, at_least, below in (
        ("/delay/300", FetchLimits(), 0.3, 5.0),
        ("/slow-body", BRIEF, 0.0, 0.6),
    ):
        _, log = patched.run(fetch_in_turn, site.url(path), Setting(limits=limits))
        seconds = done(log)[0].head_seconds
        assert seconds is not None and at_least <= seconds < below


@pytest.mark.parametrize(
    ("head", "seconds"),
    [
        (b"429 Slow Down\r\nRetry-After: 3", 3.0),
        (b"503 Busy\r\nretry-after: Fri, 31 Dec 1999 23:59:59 GMT", 0.0),
        (b"503 Busy\r\nRetry-After: 2\r\nRetry-After: 9", 2.0),
        (b"503 Busy\r\nRetry-After: soon", None),
        (b"503 Busy", None),
        (b"200 OK\r\nRetry-After: 3", None),
    ],
)
def test_what_a_site_asks_for_is_told_with_the_turn_and_the_answer(
    patched: PatchedProcess, site: Site, head: bytes, seconds: float | None
) -> None:
    url = raw(site, b"HTTP/1.1 " + head + b"\r\nContent-Length: 0\r\n\r\n")
    outcome, log = patched.run(fetch_in_turn, url)
    assert page(outcome).retry_after_seconds == seconds
    assert done(log)[0].retry_after_seconds == seconds


# Headers


def test_headers_for_one_request_never_go_along_to_another_origin(
    patched: PatchedProcess, site: Site
) -> None:
    setting = Setting(
        names=NAMES,
        headers={site.origin: {"Authorization": "Bearer abc", "accept": "text/html"}},
    )
    elsewhere = f"http://named.test:{site.port}/echo"
    urls = [
        site.url("/echo"),
        site.url(f"/redirect-to?url={quote(elsewhere)}"),
        site.url("/redirect-to?url=/echo"),
    ]
    own, other, same = (
        page(outcome).body for outcome in patched.run(fetch, *urls, setting=setting)
    )
    for echoed in (own, same):
        assert b"Authorization: Bearer abc\r\n" in echoed
        assert [line for line in echoed.split(b"\r\n") if line.lower().startswith(b"accept:")] == [
            b"accept: text/html"
        ]
    assert b"Bearer" not in other and b"Accept: text/html,application" in other


@pytest.mark.parametrize("more", [b"", b"Transfer-Encoding: chunked\r\n", b"Content-Length: 9\r\n"])
def test_not_modified_is_an_answer_without_a_body(
    patched: PatchedProcess, site: Site, more: bytes
) -> None:
    url = raw(site, b"HTTP/1.1 304 Not Modified\r\nETag: x\r\n" + more + b"\r\n")
    got = page(patched.run(fetch, url, setting=Setting(limits=SHORT))[0])
    assert (got.status, got.body) == (304, b"")


def test_a_way_from_https_to_http_is_told(
    patched: PatchedProcess, site: Site, secure: Site
) -> None:
    setting = Setting(ca_bundle=secure.ca_path)
    urls = [
        secure.url(f"/redirect-to?url={quote(site.url('/text'))}"),
        site.url(f"/redirect-to?url={quote(secure.url('/text'))}"),
        secure.url("/redirect/1"),
    ]
    outcomes = patched.run(fetch, *urls, setting=setting)
    assert [page(outcome).downgraded for outcome in outcomes] == [True, False, False]


# Denied hosts


@pytest.mark.parametrize("deny", ["named.test", "127.0.0.1"])
@pytest.mark.parametrize("host", ["named.test", "named.test."])
def test_a_denied_host_is_not_asked(
    patched: PatchedProcess, site: Site, deny: str, host: str
) -> None:
    names = {"named.test": [["127.0.0.1"]], "named.test.": [["127.0.0.1"]]}
    url = f"http://{host}:{site.port}/text"
    got = failure(patched.run(fetch, url, setting=Setting(names=names, deny=(deny,)))[0])
    assert (got.reason, got.is_passing) == (Reason.DENIED_HOST, False)
    assert "127.0.0.1" not in got.detail
    assert site.log() == []


@pytest.mark.parametrize("host", ["127.0.0.1", "0x7f.1", "[::ffff:127.0.0.1]"])
def test_a_denied_address_is_not_asked_in_any_spelling(
    patched: PatchedProcess, site: Site, host: str
) -> None:
    url = canonical(f"http://{host}:{site.port}/text")
    assert url is not None
    got = failure(patched.run(fetch, url, setting=Setting(deny=("127.0.0.1",)))[0])
    assert got.reason is Reason.DENIED_HOST
    assert site.log() == []


def test_a_redirect_to_a_denied_host_is_not_followed(patched: PatchedProcess, site: Site) -> None:
    target = f"http://named.test:{site.port}/text"
    setting = Setting(names=NAMES, deny=("named.test",))
    url = site.url(f"/redirect-to?url={quote(target)}")
    got = failure(patched.run(fetch, url, setting=setting)[0])
    assert (got.reason, got.url) == (Reason.DENIED_HOST, target)
    assert "/text" not in site.paths()


def test_robots_txt_of_a_denied_host_is_not_asked_for(patched: PatchedProcess, site: Site) -> None:
    setting = Setting(names=NAMES, deny=("named.test",))
    url = f"http://named.test:{site.port}/text"
    verdict = patched.run(verdicts, Ask(url), setting=setting)[0]
    assert (verdict.reason, verdict.is_passing) == (Reason.DENIED_HOST, False)
    assert site.log() == []


# Which failures pass


@pytest.mark.parametrize(
    ("url", "reason", "passes"),
    [
        ("/drop", Reason.REFUSED, True),
        ("/reset", Reason.REFUSED, True),
        ("/silent", Reason.TIMEOUT, True),
        ("/partial", Reason.BROKEN_RESPONSE, True),
        ("/cut-chunks", Reason.BROKEN_RESPONSE, True),
        ("http://127.0.0.1:{closed}/", Reason.REFUSED, True),
        ("http://again.test/", Reason.DNS, True),
        ("http://nowhere.test/", Reason.DNS, False),
        ("/junk", Reason.BROKEN_RESPONSE, False),
        ("/header-flood", Reason.BROKEN_RESPONSE, False),
        ("/two-lengths", Reason.BROKEN_RESPONSE, False),
        ("/coding/br?plain=1", Reason.BROKEN_RESPONSE, False),
        ("/huge/11", Reason.TOO_LARGE, False),
        ("/redirect-loop", Reason.REDIRECT_LOOP, False),
        ("/redirect-to", Reason.BAD_REDIRECT, False),
        ("http://127.0.0.2/", Reason.BLOCKED_ADDRESS, False),
        ("http://127.0.0.1:0/", Reason.BLOCKED_ADDRESS, False),
        ("http://127.0.0.1:25/", Reason.BLOCKED_ADDRESS, False),
    ],
)
def test_a_failure_says_whether_it_may_pass(
    patched: PatchedProcess,
    site: Site,
    closed_port: int,
    url: str,
    reason: Reason,
    passes: bool,
) -> None:
    limits = BRIEF if reason is Reason.TIMEOUT else FetchLimits()
    url = site.url(url) if url.startswith("/") else url.format(closed=closed_port)
    got = failure(patched.run(fetch, url, setting=Setting(limits=limits))[0])
    assert (got.reason, got.is_passing) == (reason, passes)


def test_a_certificate_that_does_not_fit_stays_so(patched: PatchedProcess, secure: Site) -> None:
    got = failure(patched.run(fetch, secure.url("/text"))[0])
    assert (got.reason, got.is_passing) == (Reason.TLS, False)
