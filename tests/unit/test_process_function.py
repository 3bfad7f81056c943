"""The process function's order of work: large pages alone, small ones at once, what is left."""

import threading
import time
from dataclasses import replace
from typing import Any

import gevent
import pytest
from gevent.threadpool import ThreadPool

from crawler.content.document import Document
from crawler.domain.selectors import NO_SELECTORS, Selectors
from crawler.functions import process
from crawler.functions.process import ProcessFunction
from crawler.functions.process_wire import ProcessCall
from crawler.functions.room import LARGE_BYTES, Room
from crawler.storage.packing import unpack
from crawler.storage.results import PageToProcess, ProcessedPage

MANY_SECONDS = 30.0
SMALL, LARGE = b"<p>small", b"<p>large " + b"x" * LARGE_BYTES


class Bodies:
    """Bodies by hash, as many at once as `most_bytes` lets through, but one in any case."""

    def __init__(self, bodies: dict[bytes, bytes]) -> None:
        self._bodies = bodies

    def get(self, hashes: list[bytes], most_bytes: int | None = None) -> dict[bytes, bytes]:
        found: dict[bytes, bytes] = {}
        for key in sorted(set(hashes) & self._bodies.keys()):
            found[key] = self._bodies[key]
            if most_bytes is not None and sum(map(len, found.values())) > most_bytes:
                if len(found) > 1:
                    del found[key]
                break
        return found


class Pages:
    def __init__(self) -> None:
        self.done: list[int] = []
        self.stored: list[ProcessedPage] = []
        self.failed: list[int] = []
        self.units: list[bytes] = []
        self.selectors = NO_SELECTORS

    def store_processed(
        self, job_id: str, pages: list[ProcessedPage], failed: list[int], selectors: Selectors
    ) -> bool:
        if selectors != self.selectors:
            return False
        self.done += [page.id for page in pages]
        self.units += [page.units for page in pages]
        self.stored += pages
        self.failed += failed
        return True


@pytest.fixture
def threads():
    pool = ThreadPool(2)
    yield pool
    pool.kill()


def made(threads: ThreadPool, *bodies: bytes | None) -> tuple[Any, Pages, list[PageToProcess]]:
    """The function, where it stores, and a page for each body, those of None without one."""
    keys = [number.to_bytes(2, "big") for number in range(len(bodies))]
    pages = [
        PageToProcess(number, f"http://site/{number}", key, "text/html")
        for number, key in enumerate(keys)
    ]
    kept = {key: body for key, body in zip(keys, bodies, strict=True) if body is not None}
    store, bodies_store = Pages(), Bodies(kept)
    any_bodies: Any = bodies_store
    any_store: Any = store
    return ProcessFunction(any_bodies, any_store, Room(threads), time.monotonic), store, pages


def call(pages: list[PageToProcess], selectors: Selectors = NO_SELECTORS) -> ProcessCall:
    return ProcessCall("job", pages, selectors)


class Converter:
    """In place of `make_document`: large pages take until `end`; counts those in work at once."""

    def __init__(self) -> None:
        self.end = threading.Event()
        self.begun = threading.Event()
        self.most = 0
        self._at_once = 0

    def __call__(self, body: bytes, content_type: Any, url: str, **more: Any) -> Document:
        if len(body) >= LARGE_BYTES:
            self._at_once += 1
            self.most = max(self.most, self._at_once)
            self.begun.set()
            self.end.wait(MANY_SECONDS)
            self._at_once -= 1
        return Document("", "", "", "text")


@pytest.fixture
def converter(monkeypatch: pytest.MonkeyPatch) -> Converter:
    one = Converter()
    monkeypatch.setattr(process, "make_document", one)
    return one


def test_large_pages_of_several_calls_are_never_converted_at_the_same_time(
    threads: ThreadPool, converter: Converter
) -> None:
    function, store, pages = made(threads, *[LARGE] * 4)
    calls = [gevent.spawn(function, call([page])) for page in pages]
    converter.end.set()
    gevent.joinall(calls, raise_error=True)
    assert converter.most == 1
    assert sorted(store.done) == [0, 1, 2, 3]


def test_small_pages_are_not_held_up_by_large_ones(
    threads: ThreadPool, converter: Converter
) -> None:
    function, store, pages = made(threads, LARGE, LARGE, LARGE, SMALL)
    calls = [gevent.spawn(function, call([page])) for page in pages[:3]]
    while not converter.begun.is_set():
        gevent.sleep(0.001)
    assert function(call(pages[3:])) == []
    assert store.done == [3]
    converter.end.set()
    gevent.joinall(calls, raise_error=True)


def test_a_call_does_its_small_pages_and_a_large_one_and_leaves_the_rest(
    threads: ThreadPool,
) -> None:
    most = process.MOST_BYTES
    function, store, pages = made(threads, SMALL, b"x" * most, SMALL, LARGE)
    assert function(call(pages)) == [2, 3]
    assert store.done == [0, 1]
    assert function(call(pages[2:])) == []
    assert store.done == [0, 1, 2, 3]


def test_a_large_page_whose_turn_does_not_come_is_left(
    threads: ThreadPool, converter: Converter, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(process, "TURN_SECONDS", 0.0)
    function, store, pages = made(threads, LARGE, LARGE)
    first = gevent.spawn(function, call(pages[:1]))
    while not converter.begun.is_set():
        gevent.sleep(0.001)
    assert function(call(pages[1:])) == [1]
    converter.end.set()
    first.get()
    assert store.done == [0]


def test_pages_of_one_body_and_pages_of_none(threads: ThreadPool) -> None:
    function, store, pages = made(threads, SMALL, None)
    twin = replace(pages[0], id=7)
    assert function(call([*pages, twin])) == []
    assert (sorted(store.done), store.failed) == ([0, 7], [1])


def test_what_was_made_by_selectors_that_the_job_no_longer_has_is_left(
    threads: ThreadPool,
) -> None:
    function, store, pages = made(threads, SMALL, LARGE)
    old, store.selectors = Selectors("p"), Selectors("p", (".ad",))
    assert function(call(pages, old)) == [0, 1]
    assert function(call(pages, store.selectors)) == []
    assert store.done == [0, 1]


def test_what_was_chosen_is_not_compared_with_other_pages(threads: ThreadPool) -> None:
    function, store, pages = made(threads, b"<p>chosen", b"<div>not chosen")
    store.selectors = Selectors("p")
    assert function(call(pages, store.selectors)) == []
    assert [bool(units) for units in store.units] == [False, True]


def test_a_pages_markdown_form_is_its_content(threads: ThreadPool) -> None:
    function, store, pages = made(threads, b"<title>T</title><p>one", b"# Two", LARGE, b"# Sorry")
    forms = [replace(pages[0], alternate_hash=pages[1].content_hash),
             replace(pages[2], alternate_hash=pages[3].content_hash)]  # fmt: skip
    assert function(call([*forms, replace(pages[0], id=9, alternate_hash=b"gone")])) == []
    kept = {page.id: (page.title, unpack(page.markdown)) for page in store.stored}
    assert kept[0] == ("T", b"# Two")
    assert kept[2][1].startswith(b"large xx"), "it has none of the page's words"
    assert kept[9][1] == b"one"


def test_selectors_choose_from_a_pages_html_though_it_has_a_markdown_form(
    threads: ThreadPool,
) -> None:
    function, store, pages = made(threads, b"<p>one<div>other", b"# Two")
    store.selectors = Selectors("p")
    formed = replace(pages[0], alternate_hash=pages[1].content_hash)
    assert function(call([formed], store.selectors)) == []
    assert unpack(store.stored[0].markdown) == b"one"
