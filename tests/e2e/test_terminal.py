"""`scripts/run crawl` as people and scripts run it: in a terminal, in a pipe, cut off."""

import fcntl
import json
import os
import re
import signal
import struct
import subprocess
import termios
from collections.abc import Iterator, Mapping
from contextlib import closing
from pathlib import Path

import pytest

from tests.api import Api
from tests.e2e.crawls import ENVIRONMENT
from tests.processes import all_processes, environment
from tests.server import ROOT, RunningServer, free_port, make_data_folder, wait_until
from tests.site import Graph, Site

SLOW = ("--depth", "none", "--delay", "50", "--time-limit", "none")
PAGES = 60


def clean_environment(**own: str) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("CLEW_")}
    return {**kept, **ENVIRONMENT, **own}


class Terminal:
    """The command in a terminal of so many columns; what it shows is collected."""

    def __init__(self, arguments: tuple[str, ...], environ: Mapping[str, str]) -> None:
        self._master, slave = os.openpty()
        os.set_blocking(self._master, False)
        self._shown = b""
        self.resize(100)
        self.process = subprocess.Popen(
            [str(ROOT / "scripts" / "run"), "crawl", *arguments],
            stdin=slave, stdout=slave, stderr=slave, start_new_session=True,
            env={**environ, "TERM": "xterm-256color"},
        )
        os.close(slave)

    def resize(self, columns: int) -> None:
        fcntl.ioctl(self._master, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))

    def shown(self) -> str:
        """All that was ever written to it."""
        try:
            while piece := os.read(self._master, 65_536):
                self._shown += piece
        except OSError:  # nothing more for now, or nobody is left who could write
            pass
        return self._shown.decode()

    def wait_for(self, pattern: str) -> re.Match[str]:
        wait_until(lambda: re.search(pattern, self.shown()) is not None, pattern)
        found = re.search(pattern, self.shown())
        assert found
        return found

    def end(self) -> int:
        wait_until(lambda: (self.shown(), self.process.poll())[1] is not None, "its end")
        return self.process.returncode

    def close(self) -> None:
        self.process.kill()
        self.process.wait()
        os.close(self._master)


def test_ctrl_c_pauses_and_resume_goes_on_with_a_server_started_for_it(site: Site) -> None:
    data_dir = make_data_folder()
    environ = clean_environment(
        CLEW_DATA_DIR=str(data_dir), CLEW_BIND=f"127.0.0.1:{free_port()}", MARK=str(data_dir)
    )
    url = site.url(Graph(seed=71, pages=PAGES).root)
    with closing(Terminal((url, *SLOW), environ)) as terminal:
        terminal.wait_for(r"━.*[1-9]\d*/\d+ pages")
        os.killpg(terminal.process.pid, signal.SIGINT)
        again = terminal.wait_for(r"scripts/run crawl --resume (\S+)")[1]
        assert terminal.end() == 130
    assert ours(data_dir) == []
    folder = data_dir / "pages"
    with closing(Terminal(("--resume", again, "-o", str(folder)), environ)) as terminal:
        terminal.wait_for(r"━.*/\d+ pages")
        terminal.resize(40)
        assert terminal.end() == 0
        assert f"Finished: {PAGES} pages" in terminal.shown()
    assert len(list(folder.rglob("*.md"))) == PAGES + 1
    assert ours(data_dir) == []


def ours(data_dir: Path) -> list[str]:
    """Processes of that data folder that are still there."""
    return [
        process.command
        for process in all_processes().values()
        if environment(process.pid).get("MARK") == str(data_dir)
    ]


@pytest.fixture
def own_server() -> Iterator[RunningServer]:
    with RunningServer(env=ENVIRONMENT) as running:
        yield running


def test_events_are_printed_once_though_the_server_is_killed(
    own_server: RunningServer, site: Site
) -> None:
    url = site.url(Graph(seed=72, pages=PAGES).root)
    command = [str(ROOT / "scripts" / "run"), "crawl", url, *SLOW, "--json"]
    environ = clean_environment(CLEW_DATA_DIR=str(own_server.data_dir))
    with subprocess.Popen(
        command, env=environ, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout and process.stderr
        printed = [json.loads(process.stdout.readline()) for _ in range(10)]
        own_server.kill_everything()
        own_server.start()
        printed += [json.loads(line) for line in process.stdout]
        said = process.stderr.read()
    job = Api(own_server.url).show(printed[0]["data"]["jobId"])
    assert process.returncode == 0
    assert [event["id"] for event in printed] == list(range(1, job["lastEventId"] + 1))
    assert printed == Api(own_server.url).events(job["id"])
    assert "reconnecting" in said
    assert "Started Clew" not in said
