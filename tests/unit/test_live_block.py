"""Blocks of the HTML stream: framed by the standard, and nothing in them that strangers wrote."""

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.domain.events import EventName, Happening, LoggedEvent, log_events
from crawler.domain.model import Totals
from crawler.web.render import live_block, view_event

AT = "2026-11-24T08:00:00.000Z"


def logged(name: EventName, **data: Any) -> LoggedEvent:
    totals = Totals(discovered=3, completed=1, queued=2).as_json()
    (event,) = log_events(
        [Happening(name, data)], first_id=17, job_id="-Job_1", at=AT, totals=totals
    )
    return event


def batch(**row: Any) -> LoggedEvent:
    page = {
        "id": 5,
        "url": "https://a.example/x",
        "finalUrl": None,
        "httpStatus": 200,
        "outcome": "fetched",
        "reason": None,
        "title": "A title",
        "ms": 4,
        "bytes": 900,
        "depth": 1,
    }
    counts = {"completed": 1, "failed": 0, "discovered": 0, "fromCache": 0, "depth": 1}
    return logged(EventName.BATCH_COMPLETED, **counts, pages=[page | row])


EVENTS = [
    batch(),
    logged(EventName.JOB_STARTED),
    logged(EventName.JOB_PAUSED),
    logged(EventName.JOB_RESUMED),
    logged(EventName.JOB_PAUSED, error="The first ten pages are checks for robots."),
    logged(EventName.JOB_CANCELLED),
    logged(EventName.JOB_COMPLETED),
    logged(EventName.JOB_TIMEOUT),
    logged(EventName.JOB_FAILED, error="The start page could not be fetched."),
    logged(EventName.URLS_DISCOVERED, count=1, depth=2),
    logged(EventName.URLS_SKIPPED, count=4, reasons={"scope": 3, "robots": 1}),
    logged(EventName.BATCH_ERROR, error="no answer within 35 s"),
    logged(EventName.CONTENT_PROCESSED, count=9, failed=1),
    logged(EventName.ORCHESTRATOR_REPLACED, epoch=2, planned=False),
]


@pytest.mark.parametrize("event", EVENTS, ids=lambda event: event.name)
def test_every_event_is_one_unnamed_block_with_its_entry_once(event: LoggedEvent) -> None:
    block = live_block(event)
    assert block.startswith("id: 17\ndata: ") and block.endswith("\n\n")
    lines = block[:-2].split("\n")
    assert all(line.startswith("data: ") for line in lines[1:])
    assert block.count('data-event-id="17"') == 1


@pytest.mark.parametrize("event", EVENTS, ids=lambda event: event.name)
def test_every_event_has_words_of_its_own(event: LoggedEvent) -> None:
    view = view_event(event)
    assert view["kind"] != "note" and view["text"][0].isupper()


@pytest.mark.parametrize(
    ("event", "status"),
    [(EVENTS[1], "running"), (EVENTS[2], "paused"), (EVENTS[7], "timeout"), (EVENTS[9], None)],
)
def test_a_block_changes_status_and_buttons_only_where_the_event_does(
    event: LoggedEvent, status: str | None
) -> None:
    found = re.search(r'data-status="(\w+)"', live_block(event))
    assert (found and found[1]) == status


def test_links_are_relative_to_the_crawl_s_page() -> None:
    assert 'href="-Job_1/pages/5"' in live_block(batch())


def test_a_failed_url_stands_among_the_failures_with_its_reason() -> None:
    block = live_block(batch(outcome="failed", reason="dns", title=None))
    assert 'hx-target="#failures"' in block
    assert "the host&#39;s name has no address" in block


HOSTILE = st.text(st.sampled_from("<>&\"'\r\n\x0b\x85\u2028/ hx-partial:script=data"), min_size=1)


@given(HOSTILE, HOSTILE)
def test_strangers_words_never_become_markup_or_lines(title: str, path: str) -> None:
    plain = live_block(batch())
    block = live_block(batch(title=title, url="https://a.example/" + path))
    assert re.findall(r"<[a-z/-]+", block.replace("row-title", "")) == re.findall(
        r"<[a-z/-]+", plain.replace("row-title", "")
    )
    assert "\r" not in block
    assert all(line.startswith("data: ") for line in block[:-2].split("\n")[1:])


def test_a_crawl_that_paused_by_itself_says_why_and_goes_on_without_it() -> None:
    assert '<p class="error">The first ten pages' in live_block(EVENTS[4])
    for event in (EVENTS[2], EVENTS[3]):
        assert 'class="error"' not in live_block(event)


def test_pages_out_of_the_cache_are_told_by_what_is_true_of_all_of_them() -> None:
    totals = Totals(discovered=1, completed=1, from_cache=1).as_json()
    (event,) = log_events(
        [Happening(EventName.JOB_COMPLETED, {})], first_id=1, job_id="j", at=AT, totals=totals
    )
    assert "<b>1</b> not downloaded again" in live_block(event)


def test_reasons_stand_in_the_totals_and_lead_to_their_urls() -> None:
    reasons = {"robots": 3, "dns": 1}
    totals = Totals(discovered=4, skipped=3, failed=1, reasons=reasons).as_json()
    for shown in (totals, {name: value for name, value in totals.items() if name != "reasons"}):
        (event,) = log_events(
            [Happening(EventName.JOB_STARTED, {})], first_id=1, job_id="-J", at=AT, totals=shown
        )
        block = live_block(event)
        assert ('href="-J/urls?reason=robots"' in block) == ("reasons" in shown)
