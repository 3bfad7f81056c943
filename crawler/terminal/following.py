"""A job's event stream, read along in a thread and resumed after whatever cuts it.

The thread remembers the last id that it handed over: it asks for what comes after it, and drops
what came before, so that no event is seen twice whatever the server repeats. A hole in the ids is
taken for a cut. Outages never end it; how long one may last is for the reader to decide.
"""

import json
import queue
import random
import threading
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from crawler.terminal.api import Api, Unreachable
from crawler.terminal.sse import Message, SseReader

_QUEUED = 256
_PAUSE_SECONDS = 0.5
_LONGEST_PAUSE_SECONDS = 3.0


@dataclass(frozen=True, slots=True)
class Event:
    """An event of the job's log."""

    id: int
    name: str
    data: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Connected:
    """The stream is open (again); `status` is the job's at that moment."""

    status: str


@dataclass(frozen=True, slots=True)
class Lost:
    """The stream was cut, or can't be opened; the next attempt comes by itself."""

    why: str


@dataclass(frozen=True, slots=True)
class Ended:
    """Nothing more will come: the job has ended and its last event was handed over."""


@dataclass(frozen=True, slots=True)
class Failed:
    """There is no stream: the job is gone, the token is wrong; or this thread has failed."""

    error: Exception


Item = Event | Connected | Lost | Ended | Failed


class Follower:
    """What happens to a job after event `after`, in order, to be taken with `next`."""

    def __init__(self, api: Api, job_id: str, after: int) -> None:
        self._api = api
        self._job_id = job_id
        self._last = after
        self._items: queue.Queue[Item] = queue.Queue(_QUEUED)
        self._stopping = threading.Event()
        threading.Thread(target=self._run, name="event-stream", daemon=True).start()

    def next(self, timeout_seconds: float) -> Item | None:
        """What comes next, None when nothing comes within the time."""
        with suppress(queue.Empty):
            return self._items.get(timeout=timeout_seconds)
        return None

    def stop(self) -> None:
        """Reads no further; what the thread still waits for ends with the process."""
        self._stopping.set()

    def _run(self) -> None:
        pause = _PAUSE_SECONDS
        while not self._stopping.is_set():
            reader = SseReader()
            last, lost = self._last, self._read(reader)
            if lost is None:
                return
            self._put(lost)
            pause = _PAUSE_SECONDS if self._last > last else min(2 * pause, _LONGEST_PAUSE_SECONDS)
            asked = min(reader.retry_seconds or pause, _LONGEST_PAUSE_SECONDS)
            self._stopping.wait(max(pause, asked) * random.uniform(0.75, 1.25))

    def _read(self, reader: SseReader) -> Lost | None:
        """Reads one connection to its end; None when no other is to follow."""
        try:
            with self._api.stream(self._job_id, self._last) as chunks:
                if chunks is not None:
                    return self._hand_over(reader, chunks)
            self._put(Ended())
        except Unreachable as error:
            return Lost(str(error))
        except Exception as error:  # Refused, or a mistake of ours: not to die of in silence
            self._put(Failed(error))
        return None

    def _hand_over(self, reader: SseReader, chunks: Iterator[bytes]) -> Lost | None:
        for chunk in chunks:
            for message in reader.feed(chunk):
                if self._stopping.is_set():
                    return None
                if message.event == "done":
                    self._put(Ended())
                    return None
                if not self._take(message):
                    return Lost("an event is missing")
        return Lost("the connection was closed")

    def _take(self, message: Message) -> bool:
        """Hands a message over if it is news; False when one before it is missing."""
        try:
            data = json.loads(message.data)
            number = None if message.id is None else int(message.id)
        except ValueError:
            return False
        if number is None:
            if message.event == "stream_connected":
                self._put(Connected(str(data.get("status"))))
            return True
        if number > self._last:
            if number > self._last + 1:
                return False
            self._put(Event(number, message.event, data))
            self._last = number
        return True

    def _put(self, item: Item) -> None:
        while not self._stopping.is_set():
            with suppress(queue.Full):
                self._items.put(item, timeout=0.2)
                return
