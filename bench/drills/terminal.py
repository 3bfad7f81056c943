"""`scripts/run crawl` in a real terminal: what somebody sees, and what their shell is told."""

import json
import re
import shlex
import tempfile
from pathlib import Path

from bench.contenders import ALLOW_LOOPBACK
from bench.drills.crawling import PYTHON_DOC, check_ids
from bench.drills.pane import Pane
from bench.drills.verdict import expect
from tests.api import Api
from tests.nginx import NginxSite
from tests.server import ROOT, RunningServer, wait_until

WIDE, NARROW = 100, 40
REQUESTS_PER_SECOND = 6
PANES = Path(__file__).parent.parent / "results" / "terminal.txt"


def terminal() -> str:
    """The bar, a server killed and started again, a narrow window, Ctrl-C, going on, pipes."""
    with (
        tempfile.TemporaryDirectory(prefix="clew-terminal-") as folder,
        NginxSite(PYTHON_DOC, REQUESTS_PER_SECOND) as site,
        RunningServer(env=ALLOW_LOOPBACK) as server,
        Pane(WIDE, {"CLEW_DATA_DIR": str(server.data_dir)} | ALLOW_LOOPBACK, Path(folder)) as pane,
    ):
        drill = _Drill(pane, server, f"{site.url}/c-api/index.html", Path(folder))
        drill.watch_through_a_kill()
        drill.make_it_narrow()
        drill.interrupt()
        drill.go_on()
        drill.cut_a_pipe()
        drill.print_events()
    PANES.parent.mkdir(exist_ok=True)
    PANES.write_text("\n\n".join(drill.seen))
    return f"{drill.figures}; what was seen stands in {PANES.relative_to(ROOT)}"


class _Drill:
    def __init__(self, pane: Pane, server: RunningServer, url: str, folder: Path) -> None:
        self._folder = folder
        self._pane = pane
        self._server = server
        self._command = f"{shlex.quote(str(ROOT / 'scripts' / 'run'))} crawl"
        self._url = url
        self._job = ""
        self.seen: list[str] = []
        self.figures = ""

    def watch_through_a_kill(self) -> None:
        """The bar stands still while the server is away, and goes on by itself."""
        self._type(f"{self._url} --scope path --time-limit none")
        self._wait_for_pages(5)
        self._keep("the bar")
        self._server.kill_everything()
        self._pane.wait_for("reconnecting")
        self._keep("the server was killed (-9)")
        before = self._pages()
        self._server.start()
        self._wait_for_pages(before + 5)
        self._keep("it was started again")

    def make_it_narrow(self) -> None:
        """No line is wider than the window, and none is left over from before."""
        self._pane.resize(NARROW)
        self._wait_for_pages(self._pages() + 4)
        lines = self._keep("a window of 40 columns")
        expect(max(map(len, lines)) <= NARROW, f"lines wider than {NARROW}: {lines}")
        bars = [line for line in lines if "━" in line]
        expect(len(bars) == 1, f"{len(bars)} bars: {bars}")
        self._pane.resize(WIDE)

    def interrupt(self) -> None:
        """The shell hears of it, and the job is paused."""
        self._pane.press("C-c")
        text = " ".join(self._pane.wait_for("scripts/run crawl --resume"))
        self._ended(130, "Ctrl-C")
        self._job = re.findall(r"--resume ([\w-]+)", text)[-1]
        status = Api(self._server.url).show(self._job)["status"]
        expect(status == "paused", f"the job is {status} after Ctrl-C")

    def go_on(self) -> None:
        """To the end, with the pages as a folder."""
        self._type(f"--resume {self._job} -o pages", "clear; ")
        self._pane.wait_for("Finished:", 120)
        self._ended(0, "gone on to the end")
        job = Api(self._server.url).show(self._job)
        files = len(list((self._folder / "pages").rglob("*.md")))
        expect(files == job["totals"]["completed"] + 1, f"{files} files of {job['totals']}")
        self.figures = f"{job['totals']['completed']} pages through kill -9, Ctrl-C and --resume"

    def cut_a_pipe(self) -> None:
        """Whoever reads no more pauses the crawl."""
        self._type(f"{self._url} --json 2>err | head -n 2 | cut -c 1-70; tail -n 1 err", "clear; ")
        lines = " ".join(self._pane.wait_for("--after 2"))
        self._keep("in a pipe, cut by head")
        expect("Traceback" not in lines, lines)

    def print_events(self) -> None:
        """Every event of an earlier crawl, once, and nothing beside them."""
        self._type(f"--resume {self._job} --json >out 2>err", "clear; ")
        self._ended(0, "events of the first crawl")
        events = [json.loads(line) for line in (self._folder / "out").read_text().splitlines()]
        check_ids([event["id"] for event in events], len(events))
        expect(events == Api(self._server.url).events(self._job), "not the events of the API")
        self.figures += f", {len(events)} events once"

    def _type(self, arguments: str, before: str = "") -> None:
        self._pane.type(f"{before}{self._command} {arguments}")

    def _ended(self, status: int, what: str) -> None:
        self._pane.type('echo "it said $?"')
        self._pane.wait_for("it said")
        lines = " ".join(self._pane.wait_for(f"it said {status}"))
        self._keep(what)
        expect("Traceback" not in lines, lines)

    def _pages(self) -> int:
        found = re.findall(r"([\d,]+)/[\d,]+ pages", " ".join(self._pane.lines()))
        return int(found[-1].replace(",", "")) if found else 0

    def _wait_for_pages(self, count: int) -> None:
        wait_until(lambda: self._pages() >= count, f"{count} pages on the terminal", 90)

    def _keep(self, what: str) -> list[str]:
        lines = self._pane.lines()
        self.seen.append(f"=== {what}\n" + "\n".join(lines))
        return lines
