"""What goes where: events or a file on standard output, if they were asked for; else the summary.

All that is said along the way goes to standard error, as a bar or in lines.
"""

import json
import os
import sys
import time
from typing import TextIO

from crawler.terminal.display import Display, ReaderGone
from crawler.terminal.following import Event
from crawler.terminal.progress import Progress
from crawler.terminal.text import clean


class Outlet:
    """The two streams.

    Args:
        display: what speaks on standard error.
        output: standard output.
        prints_events: whether it carries the events, a line each.
        is_taken: whether it carries something else than words: events or a file.
    """

    def __init__(
        self, display: Display, output: TextIO, *, prints_events: bool, is_taken: bool
    ) -> None:
        self._display = display
        self._output = output
        self.prints_events = prints_events
        self._is_taken = is_taken or prints_events

    def wait(self, what: str) -> None:
        """Shows what is being waited for."""
        self._display.wait(what, time.monotonic())

    def show(self, progress: Progress, trouble: str) -> None:
        """Shows where the crawl stands."""
        self._display.show(progress, time.monotonic(), trouble)

    def hide(self) -> None:
        """Takes away what was shown."""
        self._display.hide()

    def explain(self, line: str) -> None:
        """Says something along the way."""
        self._display.say(line)

    def complain(self, *lines: str) -> None:
        """Says what went wrong."""
        for line in lines:
            self._display.say(f"clew: {line}")

    def event(self, event: Event) -> None:
        """Prints an event as the API lists it, where events are asked for.

        Raises:
            ReaderGone: when nobody reads them any more.
        """
        if self.prints_events:
            shown = {"id": event.id, "event": event.name, "data": event.data}
            # ASCII: neither an escape sequence nor a lone surrogate in a title gets through.
            text = json.dumps(shown, separators=(",", ":")).replace("\x7f", "\\u007f")
            self._write(text)

    def tell(self, line: str) -> None:
        """Says what came of it: on standard output, unless that carries something else."""
        if self._is_taken:
            self._display.say(line)
        else:
            self._write(clean(line))

    def _write(self, line: str) -> None:
        try:
            self._output.write(line + "\n")
            self._output.flush()
        except OSError as error:
            silence(self._output)
            raise ReaderGone from error


def silence(stream: TextIO) -> None:
    """Has Python's own last flush of a broken stream succeed."""
    with open(os.devnull, "w") as nothing:
        os.dup2(nothing.fileno(), stream.fileno())


def prepare_streams() -> None:
    """A character that the terminal's encoding lacks is no reason to fail."""
    # Python has None in place of a stream that was closed before it began (`>&-`).
    sys.stdout, sys.stderr = sys.stdout or _nowhere(), sys.stderr or _nowhere()
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")


def _nowhere() -> TextIO:
    return os.fdopen(os.open(os.devnull, os.O_WRONLY), "w")
