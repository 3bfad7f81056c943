"""Work on long texts beside the loop."""

import threading
import time

import gevent
import pytest
from gevent.threadpool import ThreadPool

from crawler.aside import aside


def test_others_go_on_while_a_text_is_worked_on() -> None:
    began, met = threading.Event(), []

    def work() -> str:
        began.set()
        deadline = time.monotonic() + 30
        while not met and time.monotonic() < deadline:
            time.sleep(0.001)
        return "done" if met else "alone"

    def meet() -> None:
        while not began.is_set():
            gevent.sleep(0.001)
        met.append(True)

    worker, other = gevent.spawn(aside, work), gevent.spawn(meet)
    gevent.joinall([worker, other])

    assert worker.get() == "done"


def test_who_is_in_a_thread_stays_in_it() -> None:
    pool = ThreadPool(1)

    threads = gevent.spawn(
        pool.apply, lambda: (threading.get_ident(), aside(threading.get_ident))
    ).get()

    assert threads[0] == threads[1]
    pool.kill()


def test_without_a_loop_it_is_done_right_there() -> None:
    assert aside(threading.get_ident) == threading.get_ident()


def test_what_goes_wrong_is_told() -> None:
    with pytest.raises(ZeroDivisionError):
        gevent.spawn(aside, divmod, 1, 0).get()
