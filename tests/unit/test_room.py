"""Large pages: one in work at a time, while small ones go on, and their memory goes back."""

import threading

import gevent
import pytest
from gevent.event import Event
from gevent.threadpool import ThreadPool

from crawler.functions import room as rooms
from crawler.functions.room import Room, is_large

MANY_SECONDS = 30.0


@pytest.fixture
def room():
    threads = ThreadPool(2)
    yield Room(threads)
    threads.kill()


def test_large_pages_are_in_work_one_at_a_time(room: Room) -> None:
    at_once, most = 0, 0

    def convert() -> None:
        nonlocal at_once, most
        with room.turn(MANY_SECONDS) as has_turn:
            assert has_turn
            at_once += 1
            most = max(most, at_once)
            room.work(threading.get_ident)
            at_once -= 1

    gevent.joinall([gevent.spawn(convert) for _ in range(8)], raise_error=True)
    assert most == 1


def test_a_small_page_does_not_wait_for_the_large_ones(room: Room) -> None:
    end = threading.Event()

    def convert() -> None:
        with room.turn(MANY_SECONDS):
            room.work(end.wait, MANY_SECONDS)

    large = [gevent.spawn(convert) for _ in range(4)]
    gevent.sleep(0)
    assert room.work(lambda: "small") == "small"
    assert not any(greenlet.ready() for greenlet in large)
    end.set()
    gevent.joinall(large, raise_error=True)


def test_a_turn_that_does_not_come_in_time_is_none(room: Room) -> None:
    end = Event()

    def hold() -> None:
        with room.turn(MANY_SECONDS):
            end.wait()

    holder = gevent.spawn(hold)
    gevent.sleep(0)
    with room.turn(0.0) as has_turn:
        assert not has_turn
    end.set()
    holder.get()
    with room.turn(MANY_SECONDS) as has_turn:
        assert has_turn


def test_an_error_ends_the_turn_and_memory_is_given_back(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    given: list[int] = []
    monkeypatch.setattr(rooms, "give_back", lambda: given.append(1))
    with pytest.raises(KeyError), room.turn(MANY_SECONDS):
        given.clear()
        raise KeyError
    assert given == [1]
    with room.turn(0.0) as has_turn:
        assert has_turn


@pytest.mark.parametrize(("size", "large"), [(0, False), (2**20 - 1, False), (2**20, True)])
def test_a_page_is_large_from_a_mebibyte_on(size: int, large: bool) -> None:
    assert is_large(b"x" * size) is large
