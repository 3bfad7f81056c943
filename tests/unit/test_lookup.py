"""Look-ups in threads: one a name, and none that holds up the others for long."""

import os
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import gevent
import pytest

from crawler.fetching import lookup
from crawler.fetching.lookup import RESOLVER_OPTIONS, ThreadedLookup

FOUND = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("192.0.2.1", 0))]


class Names:
    """A resolver whose name servers are silent until they are told to answer."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.answer = threading.Event()
        self.error: Exception | None = None

    def __call__(self, name: str, *args: object, **kwargs: object) -> list[tuple[object, ...]]:
        self.asked.append(name)
        if self.error is not None:
            raise self.error
        if name == "nowhere.test":
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        if name.startswith("silent"):
            self.answer.wait(60)
        return FOUND


@pytest.fixture
def names(monkeypatch: pytest.MonkeyPatch) -> Iterator[Names]:
    made = Names()
    monkeypatch.setattr(lookup, "_getaddrinfo", made)
    monkeypatch.setattr(lookup, "LOOKUP_THREADS", 2)
    monkeypatch.setattr(lookup, "PATIENCE_SECONDS", 0.05)
    monkeypatch.setenv("RES_OPTIONS", "")  # so that it is as before in the end
    monkeypatch.delenv("RES_OPTIONS")
    yield made
    made.answer.set()


def give_up(look_up: ThreadedLookup, name: str) -> None:
    """A greenlet whose time is over before the name server's."""
    with gevent.Timeout(0.01, False):
        look_up(name, None, type=socket.SOCK_STREAM)


def test_a_name_is_found_or_not(names: Names) -> None:
    look_up = ThreadedLookup()
    assert look_up("a.test", None) == FOUND
    for _ in range(5):  # more often than there are threads
        with pytest.raises(socket.gaierror) as raised:
            look_up("nowhere.test", None)
        assert raised.value.errno == socket.EAI_NONAME


def test_a_silent_name_holds_one_thread_however_often_it_is_asked_for(names: Names) -> None:
    look_up = ThreadedLookup()
    for _ in range(5):
        give_up(look_up, "silent.test")
    assert look_up("a.test", None) == FOUND
    waiting = gevent.spawn(look_up, "silent.test", None, type=socket.SOCK_STREAM)
    gevent.sleep(0)
    names.answer.set()
    assert waiting.get(timeout=30) == FOUND
    # Threads begin in any order.
    assert sorted(names.asked) == ["a.test", "silent.test"]


def test_who_finds_no_free_thread_is_told_soon_that_it_may_pass(names: Names) -> None:
    look_up = ThreadedLookup()
    for number in range(2):
        give_up(look_up, f"silent-{number}.test")
    with pytest.raises(socket.gaierror) as raised:
        look_up("a.test", None)
    assert raised.value.errno == socket.EAI_AGAIN
    names.answer.set()
    with gevent.Timeout(30):
        while look_up._running:
            gevent.sleep(0.001)
    assert look_up("a.test", None) == FOUND


def test_those_who_waited_for_a_thread_for_one_name_share_it(names: Names) -> None:
    lookup.PATIENCE_SECONDS = 30.0
    look_up = ThreadedLookup()
    for number in range(2):
        give_up(look_up, f"silent-{number}.test")
    waiting = [gevent.spawn(look_up, "silent-2.test", None) for _ in range(4)]
    gevent.sleep(0)
    names.answer.set()
    gevent.joinall(waiting, timeout=30, raise_error=True)
    assert all(greenlet.get() == FOUND for greenlet in waiting)
    assert names.asked.count("silent-2.test") == 1


def test_a_name_that_cannot_be_written_is_told_and_not_logged(
    names: Names, capfd: pytest.CaptureFixture[str]
) -> None:
    names.error = UnicodeError("label too long")
    with pytest.raises(UnicodeError, match="label too long"):
        ThreadedLookup()("a" * 64 + ".test", None)
    assert capfd.readouterr().err == ""


@pytest.mark.parametrize(
    ("variable", "file", "kept"),
    [
        (None, "nameserver 192.0.2.1\n", RESOLVER_OPTIONS),
        (None, "options edns0 trust-ad\n", RESOLVER_OPTIONS),
        (None, None, RESOLVER_OPTIONS),
        (None, "nameserver 192.0.2.1\noptions edns0 timeout:1\n", None),
        (None, "options attempts:1\n", None),
        ("timeout:1", "", "timeout:1"),
        ("", "", ""),
    ],
)
def test_a_silent_server_costs_little_unless_the_operator_says_otherwise(
    names: Names,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    variable: str | None,
    file: str | None,
    kept: str | None,
) -> None:
    conf = tmp_path / "resolv.conf"
    monkeypatch.setattr(lookup, "RESOLV_CONF", conf)
    if file is not None:
        conf.write_text(file)
    if variable is not None:
        monkeypatch.setenv("RES_OPTIONS", variable)
    ThreadedLookup()("a.test", None)
    assert os.environ.get("RES_OPTIONS") == kept
