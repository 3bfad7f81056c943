"""At which hosts crawl calls may start, with functions that answer when a test lets them."""

from collections import defaultdict
from typing import Any, cast

import gevent
import pytest
from gevent.event import AsyncResult

from crawler.domain.model import FrontierUrl, JobOptions, Outcome
from crawler.functions.calls import CallFailed
from crawler.functions.crawling import Crawling
from crawler.functions.wire import crawl_answer_json
from crawler.storage.claims import Claim
from crawler.storage.leases import Lease
from crawler.storage.results import BatchResult, Retry, UrlResult

NOTHING = BatchResult((), ())
PAGE = BatchResult((UrlResult(1, "http://good/1", Outcome.FETCHED, http_status=200),), ())
FORBIDDEN = BatchResult((UrlResult(1, "http://good/1", Outcome.SKIPPED, "robots"),), ())
REFUSED = BatchResult((UrlResult(1, "http://good/1", Outcome.FAILED, "refused"),), ())
ERROR = BatchResult((), (), retries=(Retry(1, "http-503", 1_000),))
SILENCE = BatchResult((), (), retries=(Retry(1, "timeout", 1_000),))

FAST = JobOptions(delay_ms=0, concurrency=1_000)


def claim(host: str, options: JobOptions) -> Claim:
    urls = tuple(FrontierUrl(number, f"http://{host}/{number}", 1) for number in range(10))
    return Claim(urls, options, (), host=host)


class Bench:
    """A job's calls, whose functions answer when a test ends them, at a time that it sets."""

    def __init__(self, options: JobOptions = FAST) -> None:
        self.now = 0.0
        self.options = options
        self._answers: dict[str, AsyncResult[BatchResult]] = defaultdict(AsyncResult)
        lease = Lease("job", 1, 0, ("http://good/",), options, 1)
        self.crawling = Crawling(lease, cast(Any, self), lambda: self.now, lambda: None)

    def crawl(self, payload: dict[str, Any]) -> dict[str, Any]:
        batch = self._answers[payload["urls"][0]["url"].split("/")[2]].get()
        return crawl_answer_json(batch, host_waits={}, allowed_hosts=[])

    def send(self, *hosts: str) -> None:
        for host in hosts:
            claimed = claim(host, self.options)
            call = self.crawling.reserve(claimed)
            assert call is not None, host
            self.crawling.launch(call, claimed, 60.0)
        gevent.sleep(0)

    def end(self, *hosts: str, batch: BatchResult = PAGE, error: Exception | None = None) -> None:
        for host in hosts:
            answer = self._answers.pop(host)
            answer.set(batch) if error is None else answer.set_exception(error)
        gevent.sleep(0.001)

    def try_out(self, *hosts: str) -> None:
        """Has hosts bring a page each, at once."""
        for host in hosts:
            self.send(host)
            self.end(host)


@pytest.fixture
def bench() -> Bench:
    return Bench()


HANGING = [f"hanging-{number}" for number in range(16)]


def test_hosts_that_never_answered_hold_half_of_the_calls(bench: Bench) -> None:
    bench.try_out("good", "other")
    bench.send(*HANGING[:7])
    assert bench.crawling.only_hosts is None
    bench.send(HANGING[7])
    assert bench.crawling.only_hosts == {"good", "other"}
    bench.send(*["good"] * 4)
    assert bench.crawling.has_room
    bench.send(*["other"] * 4)
    assert not bench.crawling.has_room


def test_a_host_that_never_answered_gets_one_call_and_then_its_full_pace(bench: Bench) -> None:
    bench.send("good")
    assert bench.crawling.busy_hosts == {"good"}
    bench.end("good")
    bench.send(*["good"] * 3)
    assert bench.crawling.busy_hosts == set()
    bench.send("good")
    assert bench.crawling.busy_hosts == {"good"}


@pytest.mark.parametrize(
    ("batch", "error", "seconds", "is_known"),
    [
        (PAGE, None, 8.0, True),
        (ERROR, None, 1.0, True),
        (FORBIDDEN, None, 1.0, True),
        (REFUSED, None, 1.0, False),
        (SILENCE, None, 1.0, False),
        (NOTHING, None, 1.0, False),
        (PAGE, None, 8.1, False),
        (NOTHING, CallFailed("it broke"), 1.0, False),
    ],
    ids=["page", "error", "robots", "refused", "silence", "put off", "slow", "failed call"],
)
def test_a_host_is_known_to_answer_by_what_it_brought_in_time(
    bench: Bench, batch: BatchResult, error: Exception | None, seconds: float, is_known: bool
) -> None:
    bench.send("some")
    bench.now += seconds
    bench.end("some", batch=batch, error=error)
    bench.send(*HANGING[:8])
    assert bench.crawling.only_hosts == ({"some"} if is_known else set())


def test_hosts_that_never_answered_share_half_of_the_users_concurrency() -> None:
    bench = Bench(JobOptions(delay_ms=0, concurrency=9))
    bench.try_out("good")
    bench.send(HANGING[0])
    assert bench.crawling.only_hosts == {"good"}
    assert bench.crawling.reserve(claim(HANGING[1], bench.options)) is None
    bench.send("good")
    bench.now += 30
    bench.end("good")
    assert bench.crawling.only_hosts == {"good"}, "slow, but it did answer"
    bench.end(HANGING[0])
    assert bench.crawling.only_hosts is None


def test_with_a_concurrency_of_one_any_host_is_tried() -> None:
    Bench(JobOptions(concurrency=1)).try_out(*HANGING)


def test_a_call_that_lasts_long_counts_as_one_that_may_hang(bench: Bench) -> None:
    bench.try_out("good", *HANGING[:8])
    bench.send(*HANGING[:8])
    assert bench.crawling.only_hosts is None
    bench.now += 8.1
    assert bench.crawling.only_hosts == {"good", *HANGING[:8]}
    bench.end(HANGING[0])
    assert bench.crawling.only_hosts is None
    bench.send(HANGING[0])
    assert HANGING[0] in bench.crawling.busy_hosts, "it took long, so it has one call"
