"""Looking names up without holding the loop, or the threads that pages are parsed in.

The C library's look-up blocks its thread for as long as a name server is silent, whatever
deadline the greenlet that waits has. gevent's own pool is shared with everything that a worker
hands to threads, so a few slow domains would stop the whole worker. Nor may they hold up the
look-ups of others: a name has one thread at most, and who finds none free soon is told so.
"""

import os
import re
import socket
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, cast

import gevent
from gevent import monkey
from gevent.event import AsyncResult
from gevent.lock import BoundedSemaphore
from gevent.threadpool import ThreadPool

LOOKUP_THREADS = 32

PATIENCE_SECONDS = 2.0
"""Longer than this no look-up waits for a thread; names whose servers are silent hold all."""

RESOLVER_OPTIONS = "timeout:3 attempts:2"
"""What the C library is told (resolv.conf(5)) where the operator says nothing: by its default a
silent server costs 10 s."""

RESOLV_CONF = Path("/etc/resolv.conf")

_PATIENCE = re.compile(r"^options\b.*\b(?:timeout|attempts):", re.MULTILINE)

_getaddrinfo = monkey.get_original("socket", "getaddrinfo")

Found = Sequence[tuple[Any, ...]]


class ThreadedLookup:
    """`socket.getaddrinfo` in threads of its own, made when the first name is looked up."""

    def __init__(self) -> None:
        """Starts nothing yet: the process may still fork."""
        self._pool: ThreadPool | None = None
        self._free = BoundedSemaphore(LOOKUP_THREADS)
        self._running: dict[Any, AsyncResult[Found]] = {}

    def __call__(self, *args: Any, **kwargs: Any) -> Found:
        """Takes and gives what `socket.getaddrinfo` does.

        Raises:
            socket.gaierror: it failed; `EAI_AGAIN`, too, where no thread is free for it.
            UnicodeError: no name can be written so (RFC 5890).
        """
        key = (args, tuple(kwargs.items()))
        if key not in self._running:
            self._running[key] = AsyncResult()
            # Goes on to its end, whether or not anyone still waits for it.
            gevent.spawn(self._answer, key, args, kwargs)
        return cast(Found, self._running[key].get())

    def _answer(self, key: Any, args: Any, kwargs: Any) -> None:
        """Looks up for all who wait for it, those who come meanwhile among them."""
        found = self._look_up(args, kwargs)
        answer = self._running.pop(key)
        if isinstance(found, Exception):
            answer.set_exception(found)
        else:
            answer.set(found)

    def _look_up(self, args: Any, kwargs: Any) -> Found | Exception:
        if not self._free.acquire(timeout=PATIENCE_SECONDS):
            return socket.gaierror(socket.EAI_AGAIN, "too many names are being looked up")
        try:
            if self._pool is None:
                _be_impatient()
                self._pool = ThreadPool(LOOKUP_THREADS)
            found: Found | Exception = self._pool.apply(_look_up, args, kwargs)
            return found
        finally:
            self._free.release()


def _look_up(*args: Any, **kwargs: Any) -> Found | Exception:
    """An error is handed over as a value: one raised in a thread, the hub writes to the log."""
    try:
        found: Found = _getaddrinfo(*args, **kwargs)
    except (OSError, UnicodeError) as error:
        return error
    return found


def _be_impatient() -> None:
    """Sets `RES_OPTIONS`, which goes before resolv.conf, unless one of both has its own time."""
    if "RES_OPTIONS" in os.environ:
        return
    with suppress(OSError, UnicodeError):
        if _PATIENCE.search(RESOLV_CONF.read_text()):
            return
    os.environ["RES_OPTIONS"] = RESOLVER_OPTIONS
