"""How a crawl shows itself: a bar on a terminal, a line now and then everywhere else.

    ━━━━━━━━━━━━━━━━━━━━╺━━━━━━━━━━  532/801 pages  12.4/s  0:43
    3 failed · 12 skipped · 269 waiting
    Argument Clinic How-To

All of it goes to standard error. Whoever runs the crawl calls `show` or `wait` as often as it
likes; how often that is painted is decided here.
"""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Protocol, TextIO

from crawler.terminal.bar import Bar
from crawler.terminal.figures import figures, state
from crawler.terminal.progress import Progress
from crawler.terminal.text import clean

_FIRST_LINE_SECONDS = 2.0
_LINE_SECONDS = 10.0


class ReaderGone(Exception):
    """Nobody reads what is written any more: the pipe was closed, or the terminal is gone."""


class Display(Protocol):
    """What a run speaks through; each call may raise ReaderGone. `now` is monotonic seconds."""

    def say(self, line: str) -> None:
        """A line that stays."""

    def wait(self, what: str, now: float) -> None:
        """What is being waited for while there is no crawl to show."""

    def show(self, progress: Progress, now: float, trouble: str = "") -> None:
        """The crawl as it stands; `trouble` says why nothing comes just now."""

    def hide(self) -> None:
        """The crawl is shown no longer."""


class Lines:
    """For logs, pipes and terminals that can't move their cursor: a line every ten seconds."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._waited_for = ""
        self._trouble = ""
        self._due: float | None = None

    def say(self, line: str) -> None:
        """As in Display."""
        try:
            self._stream.write(clean(line) + "\n")
            self._stream.flush()
        except OSError as error:
            raise ReaderGone from error

    def wait(self, what: str, now: float) -> None:
        """Said once."""
        if what != self._waited_for:
            self._waited_for = what
            self.say(what)

    def show(self, progress: Progress, now: float, trouble: str = "") -> None:
        """When it is time, or the connection was lost or is back."""
        if self._due is None:
            self._due = now + _FIRST_LINE_SECONDS
        if trouble != self._trouble:
            self._trouble = trouble
            self.say(trouble or "connected again")
        elif now >= self._due and not trouble:
            self._due = now + _LINE_SECONDS
            self.say(", ".join(figures(progress, now)))

    def hide(self) -> None:
        """Nothing is there to be hidden."""


class Painted:
    """For terminals: the bar, repainted in place."""

    def __init__(self, stream: TextIO) -> None:
        self._bar = Bar(stream)

    def say(self, line: str) -> None:
        """Above the bar."""
        with _noticing():
            self._bar.print(clean(line))

    def wait(self, what: str, now: float) -> None:
        """With something that turns."""
        with _noticing():
            self._bar.turn(clean(what), now)

    def show(self, progress: Progress, now: float, trouble: str = "") -> None:
        """At most a few times a second."""
        with _noticing():
            self._bar.paint(progress, now, clean(trouble or state(progress)))

    def hide(self) -> None:
        """As in Display."""
        with suppress(OSError):
            self._bar.erase()


@contextmanager
def _noticing() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise ReaderGone from error


def open_display(
    stream: TextIO, environ: Mapping[str, str] = os.environ, *, is_shared: bool = False
) -> Display:
    """The bar where there is a terminal that can show it and nobody asked for plain text.

    `is_shared`: events or a file come to the same terminal, and a bar would paint over them.
    """
    is_plain = bool(environ.get("NO_COLOR")) or environ.get("TERM", "") in ("", "dumb", "unknown")
    return Lines(stream) if is_plain or is_shared or not stream.isatty() else Painted(stream)
