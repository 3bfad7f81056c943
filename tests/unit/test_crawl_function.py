"""The crawl function's own decisions, with a site, robots.txt and a database that a test holds."""

import time
from dataclasses import replace
from typing import Any, cast

import gevent
import pytest
from gevent.threadpool import ThreadPool

from crawler.domain.admission import NO_HOST_RULES
from crawler.domain.hosts import Hosts
from crawler.domain.model import FrontierUrl, ScopeKind, Trail
from crawler.domain.politeness import Why
from crawler.domain.reasons import Reason
from crawler.domain.turns import Report
from crawler.fetching.fetcher import Fetched, FetchFailure
from crawler.fetching.guard import Network
from crawler.fetching.outcomes import Hop, Postponed, Turns
from crawler.fetching.verdicts import RobotsVerdict
from crawler.functions import crawl
from crawler.functions.caching import PageCache
from crawler.functions.call_options import CrawlOptions
from crawler.functions.crawl import CrawlFunction
from crawler.functions.crawl_tools import CrawlTools
from crawler.functions.credentials import Grant
from crawler.functions.pacing import HostPacing
from crawler.functions.room import Room
from crawler.functions.sitemaps import SitemapReader
from crawler.functions.wire import CrawlCall
from crawler.storage.bodies import seal
from crawler.storage.calls import Standing
from crawler.storage.sealing import Unsealable

ROOT = "http://site/"
OTHER = "http://other/"


class Fetcher:
    """Answers every URL with a page, or with what `answers` has for it, or raises."""

    def __init__(self, error: Exception | None = None, **answers: Any) -> None:
        self.asked: list[str] = []
        self.headers: dict[str, Any] = {}
        self.hops: dict[str, Any] = {}
        self._error = error
        self._answers = answers

    def fetch(
        self,
        url: str,
        limits: Any,
        *,
        wants_body: Any,
        follow: Any,
        turns: Turns,
        headers_for: Any,
        hops: Any = (),
    ) -> Any:
        turns.take(url)
        self.asked.append(url)
        self.hops[url] = tuple(hops)
        self.headers[url] = dict(headers_for(url))
        gevent.sleep(0.001)
        if self._error is not None:
            raise self._error
        turns.done(url, 200, 0.001, None)
        make = self._answers.get(f"number_{url.rpartition('/')[2]}", page)
        return make(url)


def page(url: str, status: int = 200, **more: Any) -> Fetched:
    body = b"<title>A page</title><p>page"
    return Fetched(url, status, (), "text/html", body, (), 1, Network.PUBLIC, **more)


class Robots:
    def __init__(self, seconds: float = 0.0, verdict: RobotsVerdict | None = None) -> None:
        self._seconds = seconds
        self._verdict = verdict or RobotsVerdict(True)

    def verdict(self, url: str, turns: Turns) -> RobotsVerdict:
        gevent.sleep(self._seconds)
        return self._verdict


class Reader:
    def __init__(self, current: bool = True) -> None:
        self._current = current

    def standing(self, job_id: str, epoch: int) -> Standing:
        gevent.sleep(0.01)  # the database takes its time, and other greenlets run
        return Standing(self._current)

    def is_settled(self, job_id: str, url_id: int, target: str) -> bool:
        return False


class Nothing:
    """Keeps no body and no answer."""

    def put(self, bodies: Any) -> None:
        self.kept = list(bodies)

    def look_up(self, urls: Any) -> dict[str, Any]:
        return {}

    store = touch = drop = put


class Grants:
    def __init__(self, error: Exception | None = None) -> None:
        self._error = error

    def read(self, job_id: str) -> Grant:
        if self._error is not None:
            raise self._error
        return Grant({"Authorization": "Bearer key"}, frozenset(("http://site",)))


@pytest.fixture
def threads():
    pool = ThreadPool(1)
    yield pool
    pool.kill()


def call(concurrency: int = 8, budget: float = 5.0, **more: Any) -> CrawlCall:
    urls = tuple(FrontierUrl(number, f"{ROOT}{number}", 1) for number in range(10))
    options = CrawlOptions(
        ScopeKind.HOST, (ROOT,), False, concurrency, 0, budget, host_concurrency=8, **more
    )
    return CrawlCall("job", 1, urls, ROOT, options)


def function(threads: ThreadPool, fetcher: Fetcher, **parts: Any) -> CrawlFunction:
    robots: Any = parts.get("robots", Robots())
    nothing: Any = Nothing()
    tools = CrawlTools(
        fetcher=cast(Any, fetcher),
        robots=robots,
        pacing=HostPacing(parts.get("hosts") or Hosts(time.time), 1, time.monotonic),
        sitemaps=SitemapReader(cast(Any, fetcher), robots, threads),
        bodies=nothing,
        cache=PageCache(nothing, nothing, time.monotonic),
        reader=parts.get("reader", Reader()),
        grants=parts.get("grants", cast(Any, Grants())),
        room=parts.get("room") or Room(threads),
        denied_hosts=NO_HOST_RULES,
    )
    return CrawlFunction(tools, time.monotonic, parts.get("is_stopping", lambda: False))


def test_every_url_of_a_current_call_is_fetched(threads):
    fetcher = Fetcher()
    answer = function(threads, fetcher)(call())
    assert sorted(fetcher.asked) == sorted(f"{ROOT}{number}" for number in range(10))
    assert len(answer["completed"]) == 10


def test_urls_taken_while_the_job_was_asked_for_are_missed_by_nobody(threads, monkeypatch):
    monkeypatch.setattr(crawl, "_CHECK_SECONDS", 0.0)  # all ask before each URL, at once
    fetcher = Fetcher()
    answer = function(threads, fetcher)(call(concurrency=8))
    assert len(answer["completed"]) == len(fetcher.asked) == 10


def large_page(url: str) -> Fetched:
    return replace(page(url), body=b"<title>Large</title><p>page" + b" x" * 2**19)


def test_a_large_page_is_read_like_any_other(threads):
    answer = function(threads, Fetcher(number_3=large_page))(call())
    assert len(answer["completed"]) == 10
    (large,) = [row for row in answer["completed"] if row["title"] == "Large"]
    assert (large["url"], large["bytes"]) == (f"{ROOT}3", len(large_page(ROOT).body))


def test_a_large_page_whose_turn_does_not_come_in_time_is_in_none_of_the_lists(
    threads, monkeypatch
):
    monkeypatch.setattr(crawl, "_TURN_SECONDS", 0.0)
    room = Room(threads)
    with room.turn(1.0):
        function_ = function(threads, Fetcher(number_3=large_page), room=room)
        answer = function_(call(budget=0.5))
    assert f"{ROOT}3" not in [row["url"] for row in answer["completed"]]
    assert len(answer["completed"]) == 9 and not answer["failed"] and not answer["skipped"]


def test_a_call_of_an_old_epoch_fetches_nothing(threads):
    fetcher = Fetcher()
    answer = function(threads, fetcher, reader=Reader(current=False))(call())
    assert fetcher.asked == []
    assert not answer["completed"] and not answer["failed"] and not answer["skipped"]


def test_a_stopping_worker_starts_no_fetch(threads):
    fetcher = Fetcher()
    function(threads, fetcher, is_stopping=lambda: True)(call())
    assert fetcher.asked == []


def test_an_error_ends_all_fetches_of_the_call(threads):
    fetcher = Fetcher(RuntimeError("the database is away"))
    with pytest.raises(RuntimeError):
        function(threads, fetcher)(call(concurrency=2))
    seen = len(fetcher.asked)
    gevent.sleep(0.05)
    assert len(fetcher.asked) == seen < 10


def test_a_slow_robots_txt_leaves_urls_for_later_within_the_calls_time(threads):
    fetcher = Fetcher()
    started = time.monotonic()
    answer = function(threads, fetcher, robots=Robots(seconds=30))(call(budget=0.2))
    assert time.monotonic() - started < 5
    assert fetcher.asked == []
    assert not answer["failed"]


def test_a_failure_in_passing_is_to_be_tried_again_and_the_last_one_is_final(threads):
    fetcher = Fetcher(number_1=lambda url: page(url, 500), number_2=lambda url: page(url, 404))
    made = call()
    spent = replace(made, urls=(*made.urls[:3], FrontierUrl(11, f"{ROOT}1", 1, attempts=3)))
    answer = function(threads, fetcher)(spent)
    (retry,) = answer["retries"]
    assert (retry["id"], retry["reason"], retry["isAttempt"]) == (1, "http-500", True)
    assert {row["id"]: row["reason"] for row in answer["failed"]} == {2: "http-404", 11: "http-500"}


def test_what_a_site_asks_for_is_how_long_its_url_waits(threads):
    fetcher = Fetcher(number_1=lambda url: page(url, 429, retry_after_seconds=30.0))
    answer = function(threads, fetcher)(call())
    assert answer["retries"][0]["afterMs"] == 30_000


def test_a_host_whose_turn_comes_later_leaves_the_rest_of_its_batch_untouched(threads):
    hosts = Hosts(time.time)
    hosts.give_back("site", [Report("", 429, -1, 60_000)])
    fetcher = Fetcher()
    answer = function(threads, fetcher, hosts=hosts)(call())
    assert not fetcher.asked
    assert not any(answer[kind] for kind in ("completed", "failed", "skipped", "retries"))
    assert 30_000 < answer["hostWaits"]["site"] <= 60_000


def test_a_host_that_asks_for_a_day_keeps_no_crawl_up(threads):
    hosts = Hosts(time.time)
    hosts.give_back("site", [Report("", 429, -1, 86_400_000)])
    answer = function(threads, Fetcher(), hosts=hosts)(call())
    assert [row["reason"] for row in answer["failed"]] == ["rate-limited"] * 10
    assert answer["hostWaits"] == {}


def test_a_url_that_was_led_to_a_host_that_waits_goes_on_there_and_is_no_attempt(threads):
    def led_away(url: str) -> Postponed:
        return Postponed(OTHER, 9.0, Why.ASKED, (Hop(url, 301),))

    answer = function(threads, Fetcher(number_1=led_away))(call())
    (retry,) = answer["retries"]
    assert (retry["id"], retry["isAttempt"], retry["afterMs"]) == (1, False, 0)
    assert retry["trail"] == {"hops": ((f"{ROOT}1", 301),), "next": OTHER}
    assert answer["hostWaits"] == {"other": 9_000}
    assert len(answer["completed"]) == 9


def test_a_url_that_was_led_on_at_its_own_host_keeps_that_way_while_all_of_it_waits(threads):
    def led_on(url: str) -> Postponed:
        return Postponed(f"{ROOT}new", 9.0, Why.DELAY, (Hop(url, 301),))

    answer = function(threads, Fetcher(number_1=led_on))(call(concurrency=1))
    assert [row["id"] for row in answer["completed"]] == [0]
    assert [retry["trail"]["next"] for retry in answer["retries"]] == [f"{ROOT}new"]
    assert answer["hostWaits"] == {"site": 9_000}


def led_url() -> FrontierUrl:
    return FrontierUrl(1, f"{ROOT}1", 1, trail=Trail(((f"{ROOT}1", 301),), f"{OTHER}new"))


def test_a_url_that_was_led_on_is_fetched_from_there_as_one_of_that_host(threads):
    fetcher, hosts = Fetcher(), AskedHosts()
    made = replace(call(other_concurrency=3, other_delay_ms=100), urls=(led_url(),))
    answer = function(threads, fetcher, hosts=hosts)(made)
    assert fetcher.asked == [f"{OTHER}new"]
    assert fetcher.hops == {f"{OTHER}new": (Hop(f"{ROOT}1", 301),)}
    assert hosts.paces == {"other": (8, 0)}, "it is of the batch's host"
    (row,) = answer["completed"]
    assert (row["id"], row["url"], row["finalUrl"]) == (1, f"{ROOT}1", f"{OTHER}new")


def test_a_url_that_was_led_to_a_host_without_a_turn_still_waits_there_untouched(threads):
    hosts = Hosts(time.time)
    hosts.give_back("other", [Report("", 429, -1, 60_000)])
    answer = function(threads, Fetcher(), hosts=hosts)(replace(call(), urls=(led_url(),)))
    assert not any(answer[kind] for kind in ("completed", "failed", "skipped", "retries"))
    assert list(answer["hostWaits"]) == ["other"]


@pytest.mark.parametrize("reason", [Reason.REFUSED, Reason.ROBOTS_UNREACHABLE])
def test_a_host_that_can_not_be_reached_costs_no_url_an_attempt_until_it_is_down(threads, reason):
    verdict = RobotsVerdict(False, reason, "no answer", is_passing=True, is_of_host=True)
    answer = function(threads, Fetcher(), robots=Robots(verdict=verdict))(call(concurrency=1))
    assert not any(answer[kind] for kind in ("failed", "retries"))
    assert answer["hostWaits"]["site"] >= 500
    down = Robots(verdict=replace(verdict, is_passing=False))
    answer = function(threads, Fetcher(), robots=down)(call(concurrency=1))
    assert [row["reason"] for row in answer["failed"]] == [reason] * 10
    assert not (answer["retries"] or answer["hostWaits"])


def test_the_rule_that_blocks_a_url_is_told(threads):
    verdict = RobotsVerdict(False, Reason.ROBOTS, rule="Disallow: /")
    answer = function(threads, Fetcher(), robots=Robots(verdict=verdict))(call())
    assert {(row["reason"], row["detail"]) for row in answer["skipped"]} == {
        ("robots", "Disallow: /")
    }


def test_headers_of_the_user_go_to_his_origin_alone(threads):
    made = call(has_credentials=True)
    foreign = replace(made, urls=(*made.urls[:1], FrontierUrl(12, f"{OTHER}12", 1)))
    fetcher = Fetcher()
    function(threads, fetcher)(foreign)
    assert fetcher.headers == {f"{ROOT}0": {"Authorization": "Bearer key"}, f"{OTHER}12": {}}


def test_headers_that_can_not_be_opened_halt_the_job_before_anything_is_asked(threads):
    fetcher = Fetcher()
    answer = function(threads, fetcher, grants=Grants(Unsealable()))(call(has_credentials=True))
    assert "CLEW_SECRET" in answer["halt"]
    assert not fetcher.asked


class AskedHosts(Hosts):
    """Remembers at which pace turns were asked for, by host."""

    def __init__(self) -> None:
        super().__init__(time.time)
        self.paces: dict[str, tuple[int, int]] = {}

    def ask(self, host: str, ask: Any, reports: Any) -> Any:
        self.paces[host] = (ask.concurrency, ask.delay_ms)
        return super().ask(host, ask, reports)


def test_hosts_that_redirects_lead_to_are_not_asked_at_the_pace_of_the_batches_own(threads):
    made = call(other_concurrency=3, other_delay_ms=100)
    led_on = replace(made, urls=(*made.urls[:1], FrontierUrl(12, f"{OTHER}12", 1)))
    hosts = AskedHosts()
    function(threads, Fetcher(), hosts=hosts)(led_on)
    assert hosts.paces == {"site": (8, 0), "other": (3, 100)}


def test_a_robots_txt_that_fails_is_asked_again_later_and_at_last_fails_its_urls(threads):
    verdict = RobotsVerdict(False, Reason.ROBOTS_UNREACHABLE, "answered 503", is_passing=True)
    made = call()
    both = replace(made, urls=(*made.urls[:1], FrontierUrl(11, f"{ROOT}11", 1, attempts=3)))
    answer = function(threads, Fetcher(), robots=Robots(verdict=verdict))(both)
    (retry,) = answer["retries"]
    assert (retry["id"], retry["reason"]) == (0, "robots-unreachable")
    assert retry["afterMs"] >= 15_000
    assert [(row["id"], row["reason"]) for row in answer["failed"]] == [(11, "robots-unreachable")]


# Markdown forms of pages


def with_form(href: str) -> Any:
    """A page that declares its form at `href`, and links to it and to one other page."""
    link = f'<link rel=alternate type=text/markdown href="{href}">'
    body = f'<head><title>Page</title>{link}</head><p><a href="{href}">1</a> <a href="/other">2</a>'
    return lambda url: replace(page(url), body=body.encode())


def form(url: str, body: bytes = b"# Page", content_type: str = "text/markdown") -> Fetched:
    return replace(page(url), body=body, content_type=content_type)


def crawl_two(threads: ThreadPool, fetcher: Fetcher, **parts: Any) -> list[dict[str, Any]]:
    """The results of pages 1 and 2, in order."""
    made = call(concurrency=1)
    answer = function(threads, fetcher, **parts)(replace(made, urls=made.urls[1:3]))
    for row in answer["completed"]:
        row["discovered"] = [answer["discoveredUrls"][at] for at in row["discovered"]]
    return sorted(answer["completed"], key=lambda row: row["id"])


def test_a_declared_form_is_kept_and_is_no_page_of_its_own(threads):
    fetcher = Fetcher(**{"number_1": with_form("/1.md"), "number_1.md": form})
    one, two = crawl_two(threads, fetcher)
    assert fetcher.asked == [f"{ROOT}1", f"{ROOT}1.md", f"{ROOT}2"]
    assert one["alternateUrl"] == f"{ROOT}1.md"
    assert one["alternateHash"] == seal(b"# Page").hash.hex()
    assert one["discovered"] == [f"{ROOT}other"]
    assert (two["alternateUrl"], two["alternateHash"]) == (None, None)


@pytest.mark.parametrize(
    "answer",
    [
        lambda url: page(url, 404),
        page,
        lambda url: form(url, b" \n"),
        lambda url: form(url, b"<!doctype html><p>sorry"),
        lambda url: form(url, b"\xff"),
        lambda url: form(url, content_type="text/plain"),
        lambda url: Postponed(url, 9.0, Why.DELAY, ()),
    ],
)
def test_a_form_that_is_not_to_be_had_is_a_link_like_any_other(threads, answer):
    fetcher = Fetcher(**{"number_1": with_form("/1.md"), "number_1.md": answer})
    one, two = crawl_two(threads, fetcher)
    assert one["alternateUrl"] is None
    assert one["discovered"] == [f"{ROOT}1.md", f"{ROOT}other"]
    assert two["outcome"] == "fetched"


def test_after_a_form_that_hangs_none_is_asked_for(threads):
    def hang(url: str) -> FetchFailure:
        return FetchFailure(Reason.TIMEOUT, "no answer", None, url, (), 5_000, None)

    forms = {"number_1": with_form("/1.md"), "number_2": with_form("/2.md"), "number_1.md": hang}
    fetcher = Fetcher(**forms)
    one, two = crawl_two(threads, fetcher)
    assert fetcher.asked == [f"{ROOT}1", f"{ROOT}1.md", f"{ROOT}2"]
    assert (one["alternateUrl"], two["alternateUrl"]) == (None, None)


def test_what_several_pages_declare_is_the_form_of_none(threads):
    fetcher = Fetcher(
        **{"number_1": with_form("/a.md"), "number_2": with_form("/a.md"), "number_a.md": form}
    )
    assert [row["alternateUrl"] for row in crawl_two(threads, fetcher)] == [None, None]


def test_forms_of_other_sites_and_those_that_robots_txt_closes_are_not_asked_for(threads):
    fetcher = Fetcher(number_1=with_form(f"{OTHER}1.md"), number_2=with_form("/closed.md"))
    crawl_two(threads, fetcher, robots=ClosedRobots())
    assert fetcher.asked == [f"{ROOT}1", f"{ROOT}2"]


class ClosedRobots(Robots):
    def verdict(self, url: str, turns: Turns) -> RobotsVerdict:
        return RobotsVerdict("closed" not in url, Reason.ROBOTS if "closed" in url else None)
