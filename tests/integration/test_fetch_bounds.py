"""What a fetch costs at most: its deadline, what is read of errors, and requests sent twice."""

from collections.abc import Iterator
from urllib.parse import quote, quote_from_bytes

import pytest

from crawler.domain.reasons import Reason
from crawler.fetching import reading
from crawler.fetching.fetcher import Fetched, FetchFailure, FetchLimits
from tests.fetching import (
    Done,
    Outcome,
    Setting,
    fetch,
    fetch_all_in_turn,
    fetch_in_turn,
    fetch_until,
)
from tests.patched import PatchedProcess
from tests.server import wait_until
from tests.site import Site

DEADLINE_SECONDS = 0.8
SLACK_SECONDS = 5.0
"""How much later than its deadline a fetch may return on a busy machine: it would take 10 s, or
never end."""


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


def page(outcome: Outcome) -> Fetched:
    assert isinstance(outcome, Fetched), outcome
    return outcome


def failure(outcome: Outcome) -> FetchFailure:
    assert isinstance(outcome, FetchFailure), outcome
    return outcome


# Deadlines


@pytest.mark.parametrize(
    ("path", "setting", "status"),
    [
        ("/silent", Setting(), None),
        ("/slow-body", Setting(), 200),
        ("/redirect/9", Setting(turn_seconds=0.5), None),
        ("/redirect/9", Setting(follow_seconds=0.5), 302),
        ("/text", Setting(turn_seconds=30.0), None),
        ("/redirect/1", Setting(follow_seconds=30.0), 302),
        ("http://slow.test/", Setting(), None),
    ],
)
def test_a_fetch_ends_by_its_deadline_whatever_it_is_about(
    patched: PatchedProcess, site: Site, path: str, setting: Setting, status: int | None
) -> None:
    url = site.url(path) if path.startswith("/") else path
    outcome, log, seconds = patched.run(fetch_until, url, DEADLINE_SECONDS, setting)
    got = failure(outcome)
    assert (got.reason, got.cut_short, got.is_passing) == (Reason.TIMEOUT, True, True)
    assert got.status == status
    assert seconds < DEADLINE_SECONDS + SLACK_SECONDS
    given_back = sum(isinstance(entry, Done) for entry in log)
    # Of a turn that has not come there is none to give back.
    assert given_back == len(log) - given_back - (setting.turn_seconds > 0)


def test_no_request_starts_when_the_deadline_is_over(patched: PatchedProcess, site: Site) -> None:
    outcome, log, _ = patched.run(fetch_until, site.url("/text"), 0.0, Setting())
    assert failure(outcome).cut_short
    assert (log, site.log()) == ([], [])


def test_a_site_that_is_slower_than_its_own_time_is_not_cut_short(
    patched: PatchedProcess, site: Site
) -> None:
    setting = Setting(limits=FetchLimits(timeout_seconds=0.2))
    got = failure(patched.run(fetch_until, site.url("/silent"), 30.0, setting)[0])
    assert (got.reason, got.cut_short) == (Reason.TIMEOUT, False)
    assert page(patched.run(fetch_until, site.url("/text"), 30.0, Setting())[0]).status == 200


# Errors


@pytest.mark.parametrize("status", [403, 503])
@pytest.mark.parametrize("kind", ["endless", "slow", "still", "reset", "cut"])
def test_an_errors_status_stands_whatever_becomes_of_its_body(
    patched: PatchedProcess, site: Site, status: int, kind: str
) -> None:
    setting = Setting(limits=FetchLimits(timeout_seconds=DEADLINE_SECONDS))
    outcome, log = patched.run(fetch_in_turn, site.url(f"/error-body/{status}/{kind}"), setting)
    got = page(outcome)
    assert (got.status, got.retry_after_seconds) == (status, 7.0)
    assert got.body.startswith(b"<p>because")
    assert len(got.body) <= reading.ERROR_BYTES
    done = log[-1]
    assert isinstance(done, Done)
    assert (done.status, done.retry_after_seconds) == (status, 7.0)


def test_an_error_is_waited_for_for_a_moment_only(patched: PatchedProcess, site: Site) -> None:
    got = page(patched.run(fetch, site.url("/error-body/403/slow"))[0])
    assert got.milliseconds < (reading.ERROR_SECONDS + SLACK_SECONDS) * 1_000


@pytest.mark.parametrize(
    "headers",
    [
        b"Content-Encoding: gzip\r\nContent-Length: 4\r\n\r\nnope",
        b"Content-Encoding: compress\r\nContent-Length: 4\r\n\r\nnope",
        b"Content-Encoding: gzip\r\n\r\n\x1f\x8b\x08",
        b"Transfer-Encoding: chunked\r\n\r\nnonsense\r\n",
    ],
)
def test_an_errors_status_stands_where_its_body_is_not_what_it_says(
    patched: PatchedProcess, site: Site, headers: bytes
) -> None:
    answer = b"HTTP/1.1 405 No\r\nContent-Type: text/html\r\n" + headers
    got = page(patched.run(fetch, site.url(f"/raw?bytes={quote_from_bytes(answer)}"))[0])
    assert (got.status, got.body) == (405, b"")


# Kept connections


@pytest.mark.parametrize("way", ["", "/redirect-to?url="])
def test_what_is_sent_once_more_since_a_kept_connection_was_dead_takes_a_turn_of_its_own(
    patched: PatchedProcess, site: Site, way: str
) -> None:
    url = site.url("/keep-then-drop")
    last = site.url(way + quote(url)) if way else url
    outcomes, log = patched.run(fetch_all_in_turn, url, last)
    assert [page(outcome).body for outcome in outcomes] == [b"kept", b"kept"]
    assert sum(entry == url for entry in log) == site.paths().count("/keep-then-drop") == 3
    told = [entry.status for entry in log if isinstance(entry, Done) and entry.url == url]
    assert told == [200, None, 200]


def test_a_request_is_sent_once_more_on_a_fresh_connection_and_only_once(
    patched: PatchedProcess, site: Site
) -> None:
    outcomes, log = patched.run(fetch_all_in_turn, site.url("/text"), site.url("/drop"))
    assert failure(outcomes[1]).reason is Reason.REFUSED
    assert site.paths() == ["/text", "/drop", "/drop"]
    assert len(log) == 6
