"""An event stream's bytes as messages (HTML Standard, sections 9.2.5 and 9.2.6)."""

import codecs
from collections.abc import Iterator
from typing import NamedTuple

_BYTE_ORDER_MARK = "\ufeff"


class Message(NamedTuple):
    """One block; `id` is that of its own `id:` line, None where it has none."""

    id: str | None
    event: str
    data: str


class SseReader:
    """Chunks in, cut anywhere; messages out. A block that the stream's end cuts off never counts.

    `retry_seconds` is the pause before a reconnect that the server asked for last, if it did.
    """

    def __init__(self) -> None:
        self.retry_seconds: float | None = None
        self._decoder = codecs.getincrementaldecoder("utf-8")(errors="replace")
        self._started = False
        self._after_return = False
        self._pieces: list[str] = []
        self._begin_block()

    def feed(self, chunk: bytes) -> Iterator[Message]:
        """The messages that this chunk completes."""
        for line in self._lines(self._decoder.decode(chunk)):
            message = self._take(line)
            if message is not None:
                yield message

    def _lines(self, text: str) -> Iterator[str]:
        """Whole lines: they end with LF, CR or CRLF, which two chunks may share."""
        if text and not self._started:
            self._started = True
            text = text.removeprefix(_BYTE_ORDER_MARK)
        if text and self._after_return:
            self._after_return = False
            text = text.removeprefix("\n")
        self._after_return = self._after_return or text.endswith("\r")
        *whole, rest = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
        for line in whole:
            yield "".join((*self._pieces, line))
            self._pieces.clear()
        if rest:
            self._pieces.append(rest)

    def _begin_block(self) -> None:
        self._id: str | None = None
        self._event = ""
        self._data: list[str] = []

    def _take(self, line: str) -> Message | None:
        if line:
            self._take_field(line)
            return None
        message = Message(self._id, self._event or "message", "\n".join(self._data))
        is_whole = bool(self._data)
        self._begin_block()
        return message if is_whole else None

    def _take_field(self, line: str) -> None:
        """A line that begins with a colon is a comment: a field without a name, left out here."""
        name, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if name == "data":
            self._data.append(value)
        elif name == "event":
            self._event = value
        elif name == "id" and "\0" not in value:
            self._id = value
        elif name == "retry" and value.isascii() and value.isdigit():
            self.retry_seconds = int(value) / 1_000
