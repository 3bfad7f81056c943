"""What becomes of a sitemap within a call: fetched in its turn, read, tried again, or refused."""

from dataclasses import dataclass, field, replace
from typing import Any, cast

import pytest

from crawler.domain.politeness import NotNow, Why
from crawler.domain.reasons import Reason
from crawler.domain.robots import RobotsRules
from crawler.fetching.guard import Network
from crawler.fetching.outcomes import (
    FREE_TURNS,
    Fetched,
    FetchFailure,
    FetchLimits,
    Hop,
    Postponed,
    Turns,
)
from crawler.fetching.verdicts import RobotsVerdict
from crawler.functions.sitemaps import MAX_BYTES, SitemapReader
from crawler.functions.turns import CallOver
from crawler.storage.results import SitemapResult, SitemapUrl

SITE = "https://www.site.example"
MAP = f"{SITE}/sitemap.xml"
TEXT = f"{SITE}/a\n{SITE}/b\n".encode()


@dataclass
class World:
    """A site's robots.txt and what a fetch of a sitemap comes to."""

    robots: str | None = ""
    outcome: Any = None
    asked: list[str] = field(default_factory=list)
    limits: FetchLimits | None = None

    def fetch(self, url: str, limits: FetchLimits, *, turns: Turns, follow: Any, **_: Any) -> Any:
        turns.take(url)
        self.asked.append(url)
        self.limits = limits
        assert follow("https://other.example/") is None
        return self.outcome

    def rules(self, url: str, turns: Turns) -> RobotsRules | None:
        return None if self.robots is None else RobotsRules.parse(self.robots.encode())

    def verdict(self, url: str, turns: Turns) -> RobotsVerdict:
        rules = self.rules(url, turns)
        if rules is None:
            return RobotsVerdict(False, Reason.ROBOTS_UNREACHABLE, is_passing=True)
        allowed = rules.allows(url)
        return RobotsVerdict(allowed, None if allowed else Reason.ROBOTS)

    def apply(self, work: Any, arguments: tuple[Any, ...]) -> Any:
        return work(*arguments)

    def reader(self) -> SitemapReader:
        return SitemapReader(cast(Any, self), cast(Any, self), cast(Any, self), lambda: 0.5)

    def read(self, *, is_named: bool = True, attempts: int = 0, **more: Any) -> SitemapResult:
        sitemap = SitemapUrl(7, MAP, attempts, is_named)
        return self.reader().read(sitemap, FREE_TURNS, **more)


def answered(body: bytes = TEXT, status: int = 200, url: str = MAP, **more: Any) -> Fetched:
    return Fetched(url, status, (), "text/xml", body, (), 1, Network.PUBLIC, **more)


def failure(reason: Reason, *, is_passing: bool) -> FetchFailure:
    return FetchFailure(reason, "", None, MAP, (), 1, None, is_passing)


@pytest.mark.parametrize(
    ("robots", "sitemaps"),
    [
        ("", (MAP,)),
        (None, (MAP,)),
        (
            f"Sitemap: {SITE}/one.xml\nSitemap: /two.xml",
            (f"{SITE}/one.xml", f"{SITE}/two.xml", MAP),
        ),
        (f"Sitemap: {MAP}", (MAP,)),
        ("Sitemap: https://cdn.example/s.xml.gz", ("https://cdn.example/s.xml.gz", MAP)),
        ("Sitemap: javascript:x\nSitemap:\nSitemap: //[", (MAP,)),
    ],
)
def test_sitemaps_are_those_that_robots_txt_names_and_the_usual_one(
    robots: str | None, sitemaps: tuple[str, ...]
) -> None:
    assert World(robots).reader().sitemaps_of(f"{SITE}/docs/a?b", FREE_TURNS) == sitemaps


def test_a_sitemap_brings_its_urls() -> None:
    world = World(outcome=answered())
    assert world.read() == SitemapResult(7, urls=(f"{SITE}/a", f"{SITE}/b"))
    assert world.limits == FetchLimits(MAX_BYTES, 20.0, keep_prefix=True)


def test_relative_addresses_are_those_of_where_it_was_found() -> None:
    body = b"<urlset><url><loc>b</loc></url></urlset>"
    assert World(outcome=answered(body, url=f"{SITE}/maps/x")).read().urls == (f"{SITE}/maps/b",)


def test_an_index_leads_to_sitemaps_of_its_own_site_only() -> None:
    listed = (
        f"{SITE}/1.xml",
        "https://docs.site.example/2.xml",
        "https://evil.example/3.xml",
        "http://127.0.0.1/4.xml",
    )
    maps = "".join(f"<sitemap><loc>{url}</loc></sitemap>" for url in listed)
    body = f"<sitemapindex>{maps}</sitemapindex>".encode()
    assert World(outcome=answered(body)).read().sitemaps == listed[:2]


@pytest.mark.parametrize(
    ("outcome", "attempts", "reason", "after_ms"),
    [
        (answered(status=404), 0, "http-404", None),
        (answered(status=503), 0, "http-503", 750),
        (answered(status=503), 3, "http-503", None),
        (answered(status=429, retry_after_seconds=30), 0, "http-429", 30_000),
        (answered(status=503, retry_after_seconds=90_000), 0, "http-503", None),
        (failure(Reason.TIMEOUT, is_passing=True), 0, "timeout", 750),
        (failure(Reason.BLOCKED_ADDRESS, is_passing=False), 0, "blocked-address", None),
        (failure(Reason.REFUSED, is_passing=False), 0, "refused", None),
        (answered(b"<html>Not found</html>"), 0, "broken-response", None),
        (answered(b""), 0, "broken-response", None),
    ],
)
def test_what_gives_no_sitemap_has_a_reason_and_another_try_if_it_may_pass(
    outcome: Any, attempts: int, reason: str, after_ms: int | None
) -> None:
    result = World(outcome=outcome).read(attempts=attempts)
    assert (result.reason, result.retry_after_ms) == (reason, after_ms)
    assert not result.urls


def test_a_sitemap_that_was_cut_is_broken() -> None:
    body = TEXT + b"\n" * (MAX_BYTES - len(TEXT))
    assert World(outcome=answered(body)).read() == SitemapResult(
        7, urls=(f"{SITE}/a", f"{SITE}/b"), is_broken=True
    )


@pytest.mark.parametrize(
    ("robots", "is_named", "ignores", "reason", "after_ms"),
    [
        ("User-agent: *\nDisallow: /", False, False, "robots", None),
        ("User-agent: *\nDisallow: /", True, False, None, None),
        ("User-agent: *\nDisallow: /", False, True, None, None),
        (f"User-agent: *\nDisallow: /\nSitemap: {MAP}", False, False, None, None),
        ("User-agent: *\nDisallow: /private", False, False, None, None),
        (None, False, False, "robots-unreachable", 750),
    ],
)
def test_a_guess_is_fetched_only_where_robots_txt_lets_it_be(
    robots: str | None, is_named: bool, ignores: bool, reason: str | None, after_ms: int | None
) -> None:
    world = World(robots, answered())
    result = world.read(is_named=is_named, ignore_robots=ignores)
    assert (result.reason, result.retry_after_ms) == (reason, after_ms)
    assert world.asked == ([] if reason else [MAP])


def test_a_host_that_waits_keeps_its_sitemap_waiting() -> None:
    with pytest.raises(NotNow) as waits:
        World(outcome=Postponed(MAP, 3.5, Why.ASKED, ())).read()
    assert waits.value.seconds == 3.5


@pytest.mark.parametrize("target", ["https://cdn.example/map", f"{SITE}/index.xml"])
def test_a_sitemap_that_leads_to_a_host_that_waits_is_an_index_of_where_it_leads(
    target: str,
) -> None:
    result = World(outcome=Postponed(target, 3.5, Why.ASKED, (Hop(MAP, 301),))).read()
    assert result == SitemapResult(7, sitemaps=(target,))


def test_a_sitemap_that_leads_to_a_host_that_waits_for_a_day_failed() -> None:
    day = Postponed("https://cdn.example/", 86_400.0, Why.ASKED, (Hop(MAP, 301),))
    assert World(outcome=day).read() == SitemapResult(7, "rate-limited")


def test_the_end_of_a_calls_time_is_not_the_sites_fault() -> None:
    cut_short = replace(failure(Reason.TIMEOUT, is_passing=True), cut_short=True)
    world = World(outcome=cut_short)
    with pytest.raises(CallOver):
        world.read(deadline=5.0)
    assert world.limits is not None
    assert world.limits.deadline == 5.0
