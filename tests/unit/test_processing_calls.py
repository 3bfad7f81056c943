"""Process calls of an orchestrator: by the selectors of the moment, and as many as wait."""

from typing import Any, cast

import gevent
import psycopg2
import pytest

from crawler.domain.errors import UnknownJob
from crawler.domain.model import JobOptions
from crawler.domain.selectors import Selectors
from crawler.functions import processing
from crawler.functions.processing import Processing
from crawler.storage.leases import Lease
from crawler.storage.results import PageToProcess

LEASE = Lease("job", 1, 0, ("http://site/",), JobOptions(), 0)


class Pages:
    """Pages that wait in the store, and the job's selectors; or why they can't be read."""

    def __init__(self, count: int) -> None:
        self.waiting = list(range(count))
        self.chosen: Selectors | Exception = Selectors("main")
        self.failed: list[int] = []

    def unprocessed(self, job_id: str, after: int, limit: int) -> list[PageToProcess]:
        return [PageToProcess(each, "http://site/", b"", None) for each in self.waiting[:limit]]

    def selectors(self, job_id: str) -> Selectors:
        if isinstance(self.chosen, Exception):
            raise self.chosen
        return self.chosen

    def fail_processing(self, lease: Lease, ids: list[int], most: int) -> list[int]:
        self.failed += ids
        return []


class Calls:
    """Takes what it is sent, but leaves what was made by other selectors than the job's."""

    def __init__(self, pages: Pages) -> None:
        self._pages = pages
        self.sent: list[tuple[list[int], str | None]] = []
        self.changes: list[Selectors] = []

    def process(self, body: dict[str, Any]) -> dict[str, Any]:
        ids = [row["id"] for row in body["results"]]
        self.sent.append((ids, body["contentSelector"]))
        if self.changes:
            self._pages.chosen = self.changes.pop()
            return {"left": ids}
        self._pages.waiting = [each for each in self._pages.waiting if each not in ids]
        return {"left": []}


def processing_of(count: int) -> tuple[Processing, Pages, Calls]:
    pages = Pages(count)
    calls = Calls(pages)
    return Processing(LEASE, cast(Any, pages), cast(Any, calls), lambda: None), pages, calls


def settle(one: Processing) -> None:
    while one.busy:
        gevent.sleep(0)


def test_pages_queued_anew_are_taken_up_part_by_part(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(processing, "_LOADED", 12)
    one, pages, calls = processing_of(30)
    one.refill()
    assert not one.busy, "nobody said that there are any"
    one.look_again()
    rounds = 0
    while pages.waiting:
        one.refill()
        settle(one)
        rounds += 1
    assert rounds == 3
    assert sorted(each for ids, _ in calls.sent for each in ids) == list(range(30))


def test_pages_left_because_selectors_changed_are_sent_with_the_new_ones() -> None:
    one, pages, calls = processing_of(1)
    calls.changes = [Selectors("h1")]
    one.load()
    settle(one)
    assert calls.sent == [([0], "main"), ([0], "h1")]
    assert pages.failed == []


@pytest.mark.parametrize("error", [psycopg2.OperationalError("away"), UnknownJob()])
def test_a_call_that_can_not_be_made_is_no_page_s_fault(error: Exception) -> None:
    one, pages, calls = processing_of(3)
    pages.chosen = error
    one.load()
    settle(one)
    assert (calls.sent, pages.failed) == ([], [])
    pages.chosen = Selectors()
    one.load()
    settle(one)
    assert calls.sent == [([0, 1, 2], None)]
