"""The nouns: options kept and read back, limits, totals, times."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.domain.model import JobOptions, PageRow, ScopeKind, SitemapUse, Totals, iso
from crawler.domain.reasons import EXPLANATIONS, Reason, explain, http_reason
from crawler.domain.text import one_line, storable

limits = st.none() | st.integers(0, 10**6)


@given(
    st.builds(
        JobOptions,
        max_depth=limits,
        max_pages=limits,
        time_limit_seconds=limits,
        scope=st.sampled_from(ScopeKind),
        exclude=st.lists(st.text(max_size=3), max_size=2).map(tuple),
        sitemap=st.sampled_from(SitemapUse),
        cookies=st.lists(st.text(max_size=3), max_size=2).map(tuple),
        ignore_robots=st.booleans(),
        concurrency=limits,
        delay_ms=limits,
    )
)
def test_options_are_read_back_as_they_were_kept(options: JobOptions) -> None:
    assert JobOptions.from_json(options.as_json()) == options


def test_options_of_another_version_are_read_as_far_as_they_are_known() -> None:
    """A job from before there were sitemaps goes on without them."""
    kept = JobOptions(max_depth=None, sitemap=SitemapUse.SKIP)
    assert JobOptions.from_json({"maxDepth": None, "later": 1}) == kept


@pytest.mark.parametrize(
    ("max_depth", "depth", "allowed"),
    [(0, 0, True), (0, 1, False), (2, 2, True), (2, 3, False), (None, 10**6, True)],
)
def test_depth_is_clicks_from_a_root(max_depth: int | None, depth: int, allowed: bool) -> None:
    assert JobOptions(max_depth=max_depth).depth_allows(depth) is allowed


@pytest.mark.parametrize(
    ("max_pages", "taken", "left"), [(10, 0, 10), (10, 9, 1), (10, 12, 0), (None, 10**6, None)]
)
def test_a_page_limit_leaves_what_is_not_taken(
    max_pages: int | None, taken: int, left: int | None
) -> None:
    assert JobOptions(max_pages=max_pages).pages_left(taken) == left


def test_totals_add_up_or_say_that_they_do_not() -> None:
    explained = {"robots": 5, "timeout": 4}
    assert Totals(15, 1, 2, 3, 4, 5, reasons=explained).adds_up
    assert not Totals(14, 1, 2, 3, 4, 5, reasons=explained).adds_up
    assert not Totals(15, 1, 2, 3, 4, 5, reasons={"robots": 8}).adds_up
    assert list(Totals().as_json()) == [
        "discovered", "queued", "processing", "completed", "failed", "skipped",
        "fromCache", "processed", "processFailed", "bytes", "reasons",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("microsecond", "text"),
    [(0, "2026-01-02T03:04:05.000Z"), (999_999, "2026-01-02T03:04:05.999Z"),
     (1_234, "2026-01-02T03:04:05.001Z")],
)  # fmt: skip
def test_times_are_iso_8601_in_milliseconds(microsecond: int, text: str) -> None:
    assert iso(datetime(2026, 1, 2, 3, 4, 5, microsecond, UTC)) == text


def test_a_page_that_waits_has_no_outcome() -> None:
    row = PageRow(1, "http://a/", *[None] * 7, depth=2, found_on=None, content_hash=None)
    shown = row.as_json()
    assert shown["outcome"] is None and shown["fetchedAt"] is None
    assert (shown["id"], shown["url"], shown["depth"]) == (1, "http://a/", 2)


def test_every_reason_is_explained_in_words() -> None:
    assert set(EXPLANATIONS) == set(Reason)
    assert explain(http_reason(404)) == "the site answered 404"


@given(st.text(max_size=50), st.integers(1, 40))
def test_foreign_text_becomes_one_storable_line(text: str, limit: int) -> None:
    line = one_line(text, limit)
    assert len(line) <= limit
    line.encode()
    assert "\n" not in line and "\0" not in storable(text)
