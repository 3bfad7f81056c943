"""Selectors tried on one page: by its stored body, as readers would see it, large pages in turn."""

from typing import Any, cast

import pytest
from gevent.threadpool import ThreadPool

from crawler.domain.errors import Problem
from crawler.domain.furniture import fingerprints, split_fingerprints
from crawler.domain.model import PageRow
from crawler.domain.selectors import NO_SELECTORS, Selectors
from crawler.functions import trying
from crawler.functions.room import LARGE_BYTES, Room
from crawler.functions.trying import TryFunction

SMALL, LARGE = b"\1", b"\2"
BODIES = {
    SMALL: b"<main><h1>Title</h1><p>Own words.</p><p>Stands on every page of the site.</p></main>",
    LARGE: b"<main><p>Large.</p></main>" + b" " * LARGE_BYTES,
}
FURNITURE = frozenset(split_fingerprints(fingerprints("Stands on every page of the site.")))


class Bodies:
    def get(self, hashes: list[bytes]) -> dict[bytes, bytes]:
        return {key: BODIES[key] for key in hashes if key in BODIES}


class Furniture:
    def found(self, job_id: str) -> frozenset[bytes]:
        return FURNITURE


@pytest.fixture
def room():
    threads = ThreadPool(1)
    yield Room(threads)
    threads.kill()


def attempt(room: Room, row: PageRow, selectors: Selectors = NO_SELECTORS) -> str:
    function = TryFunction(cast(Any, Bodies()), cast(Any, Furniture()), room)
    return function("job", row, selectors).markdown


def page(key: bytes | None, outcome: str = "fetched") -> PageRow:
    return PageRow(
        1, "http://s/", None, 200, outcome, None, "", 1, 1, 0, None,
        key and key.hex(), "text/html",
    )  # fmt: skip


def test_a_page_is_shown_as_its_readers_would_see_it(room: Room) -> None:
    assert attempt(room, page(SMALL)) == "# Title\n\nOwn words."
    assert attempt(room, page(SMALL), Selectors(None, ("h1",))) == "Own words."
    chosen = attempt(room, page(SMALL, "cached"), Selectors("main", ("h1",)))
    assert chosen == "Own words.\n\nStands on every page of the site."


@pytest.mark.parametrize("row", [page(None), page(b"\3"), page(SMALL, "skipped")])
def test_what_was_not_fetched_can_not_be_tried(room: Room, row: PageRow) -> None:
    with pytest.raises(Problem) as refused:
        attempt(room, row)
    assert (refused.value.status, refused.value.code) == (404, "no-body")


def test_a_large_page_waits_for_its_turn_and_not_for_ever(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert attempt(room, page(LARGE)) == "Large."
    monkeypatch.setattr(trying, "TURN_SECONDS", 0.0)
    with room.turn(1.0), pytest.raises(Problem) as refused:
        attempt(room, page(LARGE))
    assert refused.value.status == 503
