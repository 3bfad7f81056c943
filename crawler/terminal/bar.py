"""The bar, painted by rich on a terminal: as wide as fits, right again after a resize."""

from typing import TextIO

from rich.console import Console, ConsoleOptions, RenderableType, RenderResult
from rich.control import Control
from rich.live import Live
from rich.live_render import LiveRender
from rich.progress_bar import ProgressBar
from rich.segment import Segment
from rich.spinner import Spinner
from rich.table import Table
from rich.text import Text

from crawler.terminal import figures
from crawler.terminal.progress import ENDED, Progress
from crawler.terminal.text import clock

_WIDEST = 100
_SHORTEST_BAR = 5
_GAP = 2
_SECONDS_A_PAINT = 0.2
_DIVIDER = " · "


class Bar:
    """Some lines at the foot of what the terminal shows, repainted in place, erased at the end."""

    def __init__(self, stream: TextIO) -> None:
        # Texts are cleaned before; markup and highlighting would still read meanings into them.
        self._console = _Console(
            file=stream, force_terminal=True, markup=False, highlight=False, emoji=False
        )
        self._live: Live | None = None
        self._spinner = Spinner("dots")
        self._due = 0.0

    def print(self, line: str) -> None:
        """A line above the bar, which stays; long ones wrap as in any terminal."""
        self._console.print(Text(line), soft_wrap=True)

    def turn(self, what: str, now: float) -> None:
        """A spinner and what is waited for."""
        self._spinner.text = Text(what)
        self._show(self._spinner, now)

    def paint(self, progress: Progress, now: float, state: str) -> None:
        """The crawl as it stands, unless it was painted just now."""
        self._show(_Painting(progress, now, state), now)

    def _show(self, painting: RenderableType, now: float) -> None:
        if now < self._due:
            return
        self._due = now + _SECONDS_A_PAINT
        if self._live is None:
            self._live = _live(self._console)
            self._live.start()
        self._live.update(painting, refresh=True)

    def erase(self) -> None:
        """Leaves the terminal as if the bar had never been there."""
        if self._live is not None:
            live, self._live = self._live, None
            live.update("")
            live.stop()
        self._due = 0.0


class _Console(Console):
    """rich would end the process in the middle of a crawl when a pipe closes."""

    def on_broken_pipe(self) -> None:
        raise BrokenPipeError


def _live(console: Console) -> Live:
    live = Live(
        console=console,
        auto_refresh=False,
        transient=True,
        redirect_stdout=False,
        redirect_stderr=False,
    )
    live._live_render = _Reflowed(console)
    return live


class _Reflowed(LiveRender):
    """Knows how many rows its lines take after the window became narrower and they were wrapped.

    rich goes up as many rows as it has printed, and would leave the others standing at each step.
    """

    def __init__(self, console: Console) -> None:
        super().__init__("")
        self._console = console
        self._widths: list[int] = []

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        segments = list(super().__rich_console__(console, options))
        lines = Segment.split_lines(each for each in segments if isinstance(each, Segment))
        self._widths = [Segment.get_line_length(line) for line in lines]
        yield from segments

    def position_cursor(self) -> Control:
        """To the first row of what was painted last."""
        if self._shape is not None and self._widths:
            width = max(1, self._console.width)
            rows = sum(max(1, -(-length // width)) for length in self._widths)
            self._shape = (self._shape[0], rows)
        return super().position_cursor()


class _Painting:
    """One picture of the crawl."""

    def __init__(self, progress: Progress, now: float, state: str) -> None:
        self._progress = progress
        self._now = now
        self._state = state

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        # One column is left free: a terminal may wrap a line that fills its last one.
        width = max(1, min(options.max_width - 1, _WIDEST))
        yield from self._first_line(width)
        for line in wrapped(figures.others(self._progress), width):
            yield _fitting(line, width, "dim")
        yield _fitting(self._state, width)

    def _first_line(self, width: int) -> RenderResult:
        progress, now = self._progress, self._now
        parts = [figures.ratio(progress), figures.rate(progress, now), clock(progress.elapsed(now))]
        text = (" " * _GAP).join(parts)
        room = width - len(text) - _GAP
        if room < _SHORTEST_BAR:
            yield from (_fitting(line, width) for line in wrapped(parts, width))
            return
        row = Table.grid(padding=(0, _GAP, 0, 0))
        row.add_row(_stripe(progress, room), Text(text, no_wrap=True))
        yield row


def _fitting(line: str, width: int, style: str = "") -> Text:
    text = Text(line, style=style, no_wrap=True)
    text.truncate(width, overflow="ellipsis")
    return text


def _stripe(progress: Progress, width: int) -> ProgressBar:
    """How much of what is known so far is here; it may go back when more becomes known."""
    is_over = progress.status in ENDED
    return ProgressBar(
        total=max(1, progress.known),
        completed=progress.known if is_over else progress.done,
        width=width,
    )


def wrapped(parts: list[str], width: int) -> list[str]:
    """The parts on as few lines as hold them whole; one that is wider than a line stands alone."""
    lines = [""]
    for part in parts:
        longer = f"{lines[-1]}{_DIVIDER}{part}" if lines[-1] else part
        if len(longer) <= width or not lines[-1]:
            lines[-1] = longer
        else:
            lines.append(part)
    return lines
