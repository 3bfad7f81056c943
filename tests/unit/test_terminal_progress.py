"""What the events of a crawl come to, and how it is shown."""

import io
from typing import Any

import pytest
from rich.console import Console

from crawler.terminal.bar import _Painting, wrapped
from crawler.terminal.display import Lines, Painted, ReaderGone, open_display
from crawler.terminal.progress import Progress
from crawler.terminal.text import clean, clock, size

HOSTILE = "\x1b]0;owned\x07\x1b[2J\x9b31m[red]x[/red]\r\n\u202etxt\u2028"


def totals(**counts: int) -> dict[str, Any]:
    names = ("discovered", "queued", "processing", "completed", "failed", "skipped", "fromCache",
             "processed", "processFailed", "bytes")
    return dict.fromkeys(names, 0) | counts | {"reasons": {}}


def job(**members: Any) -> dict[str, Any]:
    options = {"maxPages": members.pop("most", 1000)}
    return {"status": "queued", "error": None, "totals": totals(), "options": options} | members


def batch(second: int, title: str | None = None, **counts: int) -> dict[str, Any]:
    rows = [{"outcome": "fetched", "title": title, "url": "https://example.org/a"}]
    return {
        "at": f"2026-11-24T12:00:{second:02}.000Z", "totals": totals(**counts), "pages": rows
    }


def test_known_pages_grow_and_stay_within_the_limit() -> None:
    progress = Progress(job(most=50), 0)
    seen = []
    for queued, completed in ((3, 1), (40, 10), (900, 20), (0, 50)):
        progress.take("batch_completed", batch(0, queued=queued, completed=completed), 0)
        seen.append((progress.done, progress.known))
    assert seen == [(1, 4), (10, 50), (20, 50), (50, 50)]


def test_the_rate_is_that_of_the_last_ten_seconds_and_falls_when_nothing_comes() -> None:
    progress = Progress(job(), 100)
    for second in range(21):
        progress.take("batch_completed", batch(second, completed=5 * second), 100 + second)
    assert progress.rate(120) == pytest.approx(5, rel=0.1)
    assert progress.rate(125) == pytest.approx(3, rel=0.1)
    assert progress.rate(140) == 0


def test_events_that_come_all_at_once_after_a_cut_count_when_they_happened() -> None:
    progress = Progress(job(), 100)
    progress.take("batch_completed", batch(0, completed=0), 100)
    for second in range(1, 31):
        progress.take("batch_completed", batch(second, completed=2 * second), 130)
    assert progress.rate(130) == pytest.approx(2, rel=0.2)


def test_a_status_follows_the_events() -> None:
    progress = Progress(job(), 0)
    seen = []
    for name in ("job_started", "job_paused", "job_resumed", "batch_completed", "job_timeout"):
        progress.take(name, batch(0), 0)
        seen.append(progress.status)
    assert seen == ["running", "paused", "running", "running", "timeout"]


@pytest.mark.parametrize("width", [1, 10, 20, 40, 80, 200])
@pytest.mark.parametrize("count", [0, 7, 1_234_567])
def test_the_bar_fits_into_any_window(width: int, count: int) -> None:
    progress = Progress(job(most=None), 0)
    counts = {"completed": count, "queued": count, "failed": count, "skipped": count}
    progress.take("batch_completed", batch(0, "漢字" * 300, **counts), 0)
    console = Console(file=io.StringIO(), width=width, height=20, force_terminal=True)
    lines = console.render_lines(_Painting(progress, 3_700, progress.page), pad=False)
    widths = [sum(segment.cell_length for segment in line) for line in lines]
    assert max(widths) <= max(1, width - 1)
    assert len(lines) <= 12 if width <= 20 else len(lines) <= 5


def test_parts_are_never_torn() -> None:
    assert wrapped(["12 failed", "3 skipped", "4 waiting"], 22) == [
        "12 failed · 3 skipped", "4 waiting"
    ]


def test_nothing_hostile_reaches_the_terminal() -> None:
    progress = Progress(job(), 0)
    progress.take("batch_completed", batch(0, HOSTILE, completed=1), 0)
    stream = io.StringIO()
    display = Painted(stream)
    display.say(HOSTILE)
    display.show(progress, 10)
    display.hide()
    shown = stream.getvalue()
    assert "[red]x[/red]" in shown
    assert not {"\x1b]", "\x1b[2J", "\x9b", "\x07", "\u202e"} & {
        shown[at : at + length] for at in range(len(shown)) for length in (1, 2, 4)
    }


def test_without_a_terminal_there_are_lines_at_intervals() -> None:
    stream = io.StringIO()
    display, progress = Lines(stream), Progress(job(), 0)
    progress.take("batch_completed", batch(0, completed=3, queued=7, failed=1), 0)
    for tenth in range(250):
        display.show(progress, tenth / 10, "reconnecting: refused" if 60 <= tenth < 70 else "")
    assert stream.getvalue().splitlines() == [
        "3/10 pages, 1.5/s, 1 failed, 0 skipped, 7 waiting, 0:02",
        "reconnecting: refused",
        "connected again",
        "3/10 pages, 0.0/s, 1 failed, 0 skipped, 7 waiting, 0:12",
        "3/10 pages, 0.0/s, 1 failed, 0 skipped, 7 waiting, 0:22",
    ]


class _Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    ("stream", "environ", "expected"),
    [
        (_Terminal(), {"TERM": "xterm"}, Painted),
        (io.StringIO(), {"TERM": "xterm"}, Lines),
        (_Terminal(), {"TERM": "dumb"}, Lines),
        (_Terminal(), {}, Lines),
        (_Terminal(), {"TERM": "xterm", "NO_COLOR": "1"}, Lines),
    ],
)
def test_a_bar_is_only_where_a_terminal_can_show_it(
    stream: io.StringIO, environ: dict[str, str], expected: type
) -> None:
    assert isinstance(open_display(stream, environ), expected)


def test_no_bar_paints_over_events_on_the_same_terminal() -> None:
    assert isinstance(open_display(_Terminal(), {"TERM": "xterm"}, is_shared=True), Lines)


class _Closed(io.StringIO):
    def write(self, text: str) -> int:
        raise BrokenPipeError


@pytest.mark.parametrize("display", [Lines(_Closed()), Painted(_Closed())])
def test_a_reader_who_has_left_is_noticed(display: Lines | Painted) -> None:
    with pytest.raises(ReaderGone):
        display.say("line")


def test_texts_are_made_harmless_and_numbers_readable() -> None:
    assert clean("a\tb\nc\x1b[0m\u2066é 漢") == "a b c\N{REPLACEMENT CHARACTER}[0m" + (
        "\N{REPLACEMENT CHARACTER}é 漢"
    )
    assert [clock(seconds) for seconds in (7.9, 754, 3_723)] == ["0:07", "12:34", "1:02:03"]
    assert [size(amount) for amount in (812, 4_096, 12_345_678)] == ["812 bytes", "4.1 kB", "12 MB"]
