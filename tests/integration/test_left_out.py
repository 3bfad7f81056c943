"""What a job leaves out: new rules, endless patterns, nofollow; and the report that says so."""

import random
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from itertools import count
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from crawler.domain.admission import HostRules
from crawler.domain.errors import UnknownJob
from crawler.domain.lifecycle import JobStatus
from crawler.domain.model import Outcome, ScopeKind, SitemapUse
from crawler.domain.traps import Pattern, PatternKind
from crawler.storage.discovery import KnownUrls
from crawler.storage.frontier import FrontierStore
from crawler.storage.leases import Lease
from crawler.storage.migrate import migrate
from crawler.storage.packing import pack_links
from crawler.storage.pages import PageFilter
from crawler.storage.results import BatchResult, LeftOutLink, UrlResult
from tests.storage import ROOT, MadeSite, Storage, crawl_all, crawl_root, in_passing, totals_in

A, B, C = (f"{ROOT}{name}" for name in "abc")


@pytest.fixture(scope="module")
def storage(database_url: str) -> Iterator[Storage]:
    migrate(database_url)
    stores = Storage(database_url)
    yield stores
    stores.database.close()


def reasons_of(storage: Storage, lease: Lease) -> dict[str, str | None]:
    return {url: row.reason for url, row in storage.rows(lease.job_id).items()}


def exclude(storage: Storage, lease: Lease, *rules: str) -> None:
    """Adds rules, as a PATCH does."""
    storage.jobs.change_options(
        lease.job_id, lambda options: replace(options, exclude=(*options.exclude, *rules))
    )


def adjust(storage: Storage, lease: Lease) -> None:
    while storage.frontier.adjust(lease):
        pass


# Exclude rules


def test_what_waits_and_a_new_rule_excludes_is_skipped(
    storage: Storage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("crawler.storage.exclusions._SLICE", 2)
    lease = storage.begin_with(*(f"{ROOT}{n}" for n in range(5)), f"{ROOT}x1", f"{ROOT}x2")
    storage.frontier.apply(lease, in_passing(storage.frontier.claim(lease, 1)), KnownUrls())
    exclude(storage, lease, "/x*", "regex:/[03]$")
    adjust(storage, lease)
    out = [url for url, reason in reasons_of(storage, lease).items() if reason == "excluded"]
    assert out == [f"{ROOT}{name}" for name in ("0", "3", "x1", "x2")]
    assert storage.totals(lease.job_id).reasons == {"excluded": 4}
    told = [e for e in storage.events(lease.job_id) if e.name == "urls_skipped"]
    assert sum(event.data["count"] for event in told) == 4
    assert told[-1].data["reasons"] == {"excluded": told[-1].data["count"]}
    last = storage.job(lease.job_id).last_event_id
    exclude(storage, lease, "/4")
    adjust(storage, lease)
    assert reasons_of(storage, lease)[f"{ROOT}4"] == "excluded"
    assert [e.data["count"] for e in storage.events(lease.job_id, last)] == [1]
    assert storage.frontier.adjust(lease) == 0
    assert crawl_all(storage, lease, MadeSite()) is JobStatus.COMPLETED
    assert storage.totals(lease.job_id).completed == 3


@pytest.mark.parametrize("rules", [{"exclude": ("*",)}, {"include": ("/none/*",)}])
def test_rules_that_a_job_began_with_are_not_held_against_its_roots(
    storage: Storage, rules: dict[str, tuple[str, ...]]
) -> None:
    lease = storage.begin(ROOT, B, **rules)
    assert storage.frontier.adjust(lease) == 0
    assert crawl_all(storage, lease, MadeSite({ROOT: [A, B], B: [ROOT]})) is JobStatus.COMPLETED
    assert set(storage.states(lease.job_id)) == {ROOT, B}
    assert storage.totals(lease.job_id).completed == 2
    assert storage.pages.snapshot(lease.job_id).links_left_out == {"excluded": 1}


def test_a_rule_that_comes_later_skips_a_root_that_waits_but_none_in_hand(
    storage: Storage,
) -> None:
    lease = storage.begin(A, B, exclude=("/a",))
    (first,) = storage.frontier.claim(lease, 1).urls
    exclude(storage, lease, "*")
    adjust(storage, lease)
    storage.frontier.return_urls(lease, [first.id])
    assert crawl_all(storage, lease, MadeSite()) is JobStatus.COMPLETED
    assert reasons_of(storage, lease) == {A: None, B: "excluded"}


def test_a_url_in_hand_that_returns_is_met_by_the_claim(storage: Storage) -> None:
    lease = storage.begin_with(A, B)
    claim = storage.frontier.claim(lease, 1)
    exclude(storage, lease, "/a")
    adjust(storage, lease)
    storage.frontier.return_urls(lease, [claim.urls[0].id])
    met = storage.frontier.claim(lease, 1)
    assert (met.urls, met.must_adjust) == ((), True)
    assert reasons_of(storage, lease)[A] == "excluded"
    assert storage.events(lease.job_id)[-1].data["reasons"] == {"excluded": 1}
    assert [url.url for url in storage.frontier.claim(lease, 1).urls] == [B]


def test_nothing_is_claimed_before_the_queue_was_held_against_new_rules(
    storage: Storage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("crawler.storage.exclusions._SLICE", 4)
    lease = storage.begin_with(*(f"{ROOT}x{n}" for n in range(10)), A)
    exclude(storage, lease, "/x*")
    last = storage.job(lease.job_id).last_event_id
    claims = [storage.frontier.claim(lease, 10)]
    while storage.frontier.adjust(lease):
        claims.append(storage.frontier.claim(lease, 10))
    assert [claim.must_adjust for claim in claims] == [True] * 4
    assert not any(claim.urls or claim.over_limit for claim in claims)
    told = [event.data["count"] for event in storage.events(lease.job_id, last)]
    assert told == [4, 4, 2], "an event a slice"
    claim = storage.frontier.claim(lease, 10)
    assert ([url.url for url in claim.urls], claim.must_adjust) == ([A], False)


def test_links_that_a_call_found_under_older_rules_are_left_out(storage: Storage) -> None:
    lease = storage.begin_with(A, max_depth=9)
    claim = storage.frontier.claim(lease, 1)
    exclude(storage, lease, "/b")
    storage.frontier.apply(lease, MadeSite({A: [B, C]}).answer(claim), KnownUrls())
    assert set(storage.states(lease.job_id)) == {ROOT, A, C}
    assert storage.pages.snapshot(lease.job_id).links_left_out == {"excluded": 1}


def test_urls_beyond_the_depth_that_a_rule_excludes_become_links_that_it_left_out(
    storage: Storage,
) -> None:
    lease = storage.begin(max_depth=1)
    site = MadeSite({ROOT: [A], A: [B, C]})
    crawl_all(storage, lease, site)
    exclude(storage, lease, "/b")
    lease = storage.resume(lease, max_depth=2)
    assert crawl_all(storage, lease, site) is JobStatus.COMPLETED
    assert set(storage.states(lease.job_id)) == {ROOT, A, C}
    (excluded,) = storage.reports.report(lease.job_id).links
    on = storage.rows(lease.job_id)[A].id
    assert (excluded.reason, excluded.count) == ("excluded", 1)
    assert excluded.samples == [LeftOutLink("excluded", B, on)]
    told = [e.data["reasons"] for e in storage.events(lease.job_id) if e.name == "urls_skipped"]
    assert told == [{"depth": 2}, {"excluded": 1}]


# Links that are not followed


def test_stored_links_are_judged_by_what_the_job_covers(storage: Storage) -> None:
    links = [(A, "", "nofollow noopener"), (B, "", ""), ("http://denied/", "", "")]
    denying = FrontierStore(storage.changes, HostRules.parse("denied"))
    for options, followed, out in [
        ({}, {B}, {"nofollow": 1, "denied-host": 1}),
        ({"ignore_robots": True}, {A, B}, {"denied-host": 1}),
        ({"sitemap": SitemapUse.ONLY}, set(), {}),
        ({"include": ("/a",)}, set(), {"nofollow": 1, "excluded": 1, "denied-host": 1}),
    ]:
        lease = storage.begin(scope=ScopeKind.ANY, **options)  # type: ignore[arg-type]
        crawl_root(storage, lease)
        storage.sql("UPDATE pages SET stale = true, counted = false, links = %(links)s"
                    " WHERE job_id = %(id)s", links=pack_links(links), id=lease.job_id)
        denying.expand(lease, KnownUrls())
        assert set(storage.states(lease.job_id)) - {ROOT} == followed
        assert storage.pages.snapshot(lease.job_id).links_left_out == out


def test_no_link_of_a_page_that_asks_for_it_is_followed(storage: Storage) -> None:
    lease = storage.begin()
    (url,) = storage.frontier.claim(lease, 1).urls
    page = UrlResult(url.id, url.url, Outcome.FETCHED, content_hash=b"x", nofollow=True,
                     links=pack_links([(A, "", ""), (B, "", "")]))  # fmt: skip
    storage.frontier.apply(lease, BatchResult((page,), ()), KnownUrls())
    storage.frontier.expand(lease, KnownUrls())
    assert set(storage.states(lease.job_id)) == {ROOT}
    assert storage.pages.snapshot(lease.job_id).links_left_out == {"nofollow": 2}


# Endless patterns


@pytest.fixture
def small_budgets(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every URL with a digit is of one pattern, of which three are taken."""

    def pattern_of(url: str) -> Pattern | None:
        has_digit = any(char.isdigit() for char in url)
        return Pattern("site/N", PatternKind.NUMBERS) if has_digit else None

    monkeypatch.setattr("crawler.storage.budgets.pattern_of", pattern_of)
    monkeypatch.setattr("crawler.storage.budgets.budget", lambda pattern: 3)


@pytest.mark.usefixtures("small_budgets")
def test_of_an_endless_pattern_a_job_takes_its_budget(storage: Storage) -> None:
    links = {f"{ROOT}{n}": [f"{ROOT}{n + 1}", A] for n in range(9)}
    endless = MadeSite(links | {ROOT: [f"{ROOT}0"]})
    lease = storage.begin(max_depth=None)
    assert crawl_all(storage, lease, endless) is JobStatus.COMPLETED
    assert set(storage.states(lease.job_id)) == {ROOT, A, *(f"{ROOT}{n}" for n in range(3))}
    report = storage.reports.report(lease.job_id)
    assert report.pattern_count == 1
    assert [(each.pattern, each.urls, each.left_out) for each in report.patterns] == [
        ("site/N", 3, 1)
    ]
    (trap,) = report.links
    assert (trap.reason, trap.count, trap.samples[0].url) == ("trap", 1, f"{ROOT}3")


@pytest.mark.usefixtures("small_budgets")
def test_a_url_counts_against_its_budget_once(storage: Storage) -> None:
    numbers = [f"{ROOT}{n}" for n in range(5)]
    lease = storage.begin_with(A, B)
    site = MadeSite({A: numbers[:2], B: [*numbers, C]})
    known = KnownUrls()
    for _ in range(2):
        storage.frontier.apply(lease, site.answer(storage.frontier.claim(lease, 1)), known)
        known.forget()
    assert set(storage.states(lease.job_id)) == {ROOT, A, B, C, *numbers[:3]}
    assert storage.pages.snapshot(lease.job_id).links_left_out == {"trap": 2}


@pytest.mark.usefixtures("small_budgets")
def test_links_that_the_job_has_leave_a_new_orchestrator_the_budget_for_others(
    storage: Storage,
) -> None:
    numbers = [f"{ROOT}{n}" for n in range(6)]
    lease = storage.begin_with(A, B)
    site = MadeSite({A: numbers[:3], B: numbers})
    for known in (KnownUrls(), KnownUrls()):
        storage.frontier.apply(lease, site.answer(storage.frontier.claim(lease, 1)), known)
    assert set(storage.states(lease.job_id)) == {ROOT, A, B, *numbers}


@pytest.mark.usefixtures("small_budgets")
def test_a_new_orchestrator_learns_what_an_older_one_took(
    storage: Storage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("crawler.storage.budgets._UNWRITTEN", 2)
    lease = storage.begin_with(A, B, C)
    site = MadeSite({
        A: [f"{ROOT}{n}" for n in (1, 2)],
        B: [f"{ROOT}{n}" for n in (3, 4)],
        C: [f"{ROOT}{n}" for n in (5, 6)],
    })  # fmt: skip
    newer = KnownUrls()
    for known in (KnownUrls(), newer, newer):
        storage.frontier.apply(lease, site.answer(storage.frontier.claim(lease, 1)), known)
    taken = {f"{ROOT}{n}" for n in range(1, 5)}
    assert set(storage.states(lease.job_id)) == {ROOT, A, B, C} | taken


# Reports


def test_samples_are_kept_a_hundred_for_each_reason(
    storage: Storage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("crawler.storage.samples.MOST_SAMPLES", 4)
    lease = storage.begin_with(A, B, C)
    for first in range(3):
        claim = storage.frontier.claim(lease, 1)
        (url,) = claim.urls
        out = [f"http://x/{n}" for n in range(first, first + 3)]
        links = tuple(LeftOutLink("scope", link, url.id) for link in out)
        answer = replace(MadeSite().answer(claim), samples=links)
        storage.frontier.apply(lease, answer, KnownUrls())
    rows = storage.sql("SELECT url FROM left_out WHERE job_id = %(id)s ORDER BY url",
                       id=lease.job_id)  # fmt: skip
    assert len(rows) == 4


def test_a_report_accounts_for_every_url_and_link(storage: Storage) -> None:
    lease = storage.begin_with(A, B, C, f"{ROOT}d", max_depth=1)
    a, b, c, d = storage.frontier.claim(lease, 4).urls
    results = (
        UrlResult(a.id, a.url, Outcome.SKIPPED, "robots", detail="Disallow: /a"),
        UrlResult(b.id, b.url, Outcome.FAILED, "http-404", http_status=404),
        UrlResult(c.id, c.url, Outcome.FAILED, "http-404", http_status=404),
        UrlResult(d.id, d.url, Outcome.FETCHED, content_hash=b"d", discovered=(0,),
                  left_out={"scope": 7}),
    )  # fmt: skip
    outside = LeftOutLink("scope", "http://elsewhere/", d.id)
    storage.frontier.apply(
        lease, BatchResult(results, (f"{ROOT}deep",), samples=(outside,)), KnownUrls()
    )
    report = storage.reports.report(lease.job_id)
    assert [(each.reason, each.count, [row.url for row in each.samples]) for each in report.urls] \
        == [("http-404", 2, [B, C]), ("robots", 1, [A])]
    assert report.urls[1].explanation == "the site's robots.txt asks crawlers not to fetch it"
    assert [(row.url, row.detail) for row in report.blocked] == [(A, "Disallow: /a")]
    assert [(each.reason, each.count, each.samples) for each in report.links] == [
        ("scope", 7, [outside]), ("depth", 1, [LeftOutLink("depth", f"{ROOT}deep", d.id)])
    ]  # fmt: skip
    assert (report.beyond, report.patterns, report.sitemaps) == (1, [], [])
    assert sum(each.count for each in report.urls) == report.job.totals.failed + 1
    listed = list(storage.reports.urls(lease.job_id))
    assert listed == list(storage.rows(lease.job_id).values())
    wanted = storage.pages.rows(lease.job_id, PageFilter(reason="http-404"), 0, 9)
    assert [row.url for row in wanted] == [B, C]


def test_a_raised_depth_takes_what_it_lets_in_out_of_the_report(storage: Storage) -> None:
    site = MadeSite({ROOT: [A, B], A: [C, f"{ROOT}d"], B: [C], C: [f"{ROOT}e"]})
    lease = storage.begin(max_depth=1)
    left = []
    for depth in (2, 3, None):
        crawl_all(storage, lease, site)
        report = storage.reports.report(lease.job_id)
        left.append({each.reason: each.count for each in report.links} | {"": report.beyond})
        lease = storage.resume(lease, max_depth=depth) if depth and report.beyond else lease
    assert left == [{"depth": 2, "": 2}, {"depth": 1, "": 1}, {"": 0}]


def test_a_report_of_no_job_is_refused(storage: Storage) -> None:
    for ask in (storage.reports.report, storage.reports.urls):
        with pytest.raises(UnknownJob):
            ask("nobody")


# Reasons


@given(st.integers(0, 2**32))
@settings(max_examples=10, deadline=None,
          suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture])
def test_reasons_add_up_to_what_gave_no_page_whatever_happens(storage: Storage, seed: int) -> None:
    chance = random.Random(seed)
    names = count()
    lease = storage.begin(max_depth=3, max_pages=30)
    crawl_root(storage, lease, *(f"{ROOT}{next(names)}" for _ in range(12)))

    def answer() -> None:
        claim = storage.frontier.claim(lease, chance.randint(1, 10))
        links = {url.url: [f"{ROOT}{next(names)}" for _ in range(3)] for url in claim.urls}
        site = MadeSite(
            links,
            gone=frozenset(url.url for url in claim.urls if not chance.randrange(4)),
            contents={url.url: str(chance.randrange(30)) for url in claim.urls},
        )
        storage.frontier.apply(lease, site.answer(claim), KnownUrls())

    def lose_calls() -> None:
        for _ in range(3):
            ids = [url.id for url in storage.frontier.claim(lease, 1).urls]
            storage.frontier.fail_call(lease, ids, "lost")

    def lose_owner() -> None:
        nonlocal lease
        storage.sql("UPDATE frontier SET lost_calls = 4 WHERE job_id = %(id)s", id=lease.job_id)
        storage.frontier.claim(lease, 1)
        storage.expire(lease.job_id)
        lease = storage.take(lease.job_id)

    def retry_failed() -> None:
        storage.jobs.pause(lease.job_id)
        storage.jobs.resume(lease.job_id, retry_failed=True)

    def limit() -> None:
        storage.frontier.skip_over_limit(lease)

    def shut_out() -> None:
        exclude(storage, lease, f"/*{chance.randrange(10)}")

    doings: list[Any] = [answer, answer, lose_calls, lose_owner, retry_failed, limit, shut_out]
    for _ in range(15):
        chance.choice(doings)()
        adjust(storage, lease)
    totals = storage.totals(lease.job_id)
    assert totals.adds_up
    assert totals_in(storage.events(lease.job_id)[-1]).adds_up
    rows = storage.rows(lease.job_id).values()
    assert totals.reasons == Counter(
        row.reason for row in rows if row.outcome in ("failed", "skipped")
    )
    storage.frontier.fail(lease, "enough")
    storage.leases.release(lease, handed_over=False)
    storage.jobs.resume(lease.job_id)
    assert storage.totals(lease.job_id).adds_up
