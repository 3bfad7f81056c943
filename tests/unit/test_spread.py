"""Calls are spread over workers by what is in flight."""

from contextlib import ExitStack

from crawler.functions.spread import Spread

COMMON = "http://127.0.0.1:1"
WORKERS = ("http://127.0.0.1:2", "http://127.0.0.1:3")


def test_without_known_workers_the_common_address_is_used():
    spread = Spread(COMMON + "/")
    with spread.choose("crawl") as address:
        assert address == COMMON


def test_calls_of_a_kind_in_flight_differ_by_one_at_most():
    spread = Spread(COMMON)
    spread.update(WORKERS)
    with ExitStack() as calls:
        taken = [calls.enter_context(spread.choose("crawl")) for _ in range(7)]
    assert sorted(map(taken.count, WORKERS)) == [3, 4]


def test_kinds_are_spread_apart_from_one_another():
    spread = Spread(COMMON)
    spread.update(WORKERS)
    with ExitStack() as calls:
        crawls = {calls.enter_context(spread.choose("crawl")) for _ in range(2)}
        processes = {calls.enter_context(spread.choose("process")) for _ in range(2)}
    assert crawls == processes == set(WORKERS)


def test_a_finished_call_no_longer_counts():
    spread = Spread(COMMON)
    spread.update(WORKERS)
    for _ in range(5):
        with spread.choose("crawl"):
            pass
    with ExitStack() as calls:
        assert {calls.enter_context(spread.choose("crawl")) for _ in range(2)} == {*WORKERS}


def test_an_address_that_refused_is_left_out_until_the_next_update():
    spread = Spread(COMMON)
    spread.update(WORKERS)
    spread.leave_out(WORKERS[0])
    with ExitStack() as calls:
        assert {calls.enter_context(spread.choose("crawl")) for _ in range(4)} == {WORKERS[1]}
    spread.leave_out(WORKERS[1])
    with spread.choose("crawl") as address:
        assert address == COMMON
    spread.update(WORKERS)
    with spread.choose("crawl") as address:
        assert address in WORKERS
