"""Servers for commands: found, started, handed on, and gone with whoever started them."""

import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from crawler.terminal.server import NoServer
from supervision.lock import read_holder
from supervision.visiting import Visit
from tests.server import ROOT, free_port, make_data_folder, wait_until

VISITOR = """
import os, sys, time
from supervision.visiting import Visit
visit = Visit()
print(visit.find(lambda what: time.sleep(0.05)), flush=True)
time.sleep(600)
"""


@pytest.fixture
def environ() -> Iterator[dict[str, str]]:
    """Settings of a data folder and a port of our own."""
    folder = make_data_folder()
    kept = {name: value for name, value in os.environ.items() if not name.startswith("CLEW_")}
    yield kept | {
        "CLEW_DATA_DIR": str(folder / "data"), "CLEW_BIND": f"127.0.0.1:{free_port()}"
    }
    shutil.rmtree(folder)


def pause(what: str) -> None:
    time.sleep(0.05)


def test_a_server_outlives_no_command_that_started_it(environ: dict[str, str]) -> None:
    data_dir = Path(environ["CLEW_DATA_DIR"])
    with subprocess.Popen(
        [sys.executable, "-c", VISITOR], cwd=ROOT, env=environ, stdout=subprocess.PIPE, text=True
    ) as first:
        assert first.stdout
        assert first.stdout.readline().strip() == f"http://{environ['CLEW_BIND']}"
        second = Visit(environ)
        assert second.find(pause) == f"http://{environ['CLEW_BIND']}"
        assert second.own() is None
        assert not second.is_lost()
        first.kill()
    wait_until(second.is_lost, "the kernel stops the server")
    assert second.find(pause) == f"http://{environ['CLEW_BIND']}"
    assert str(second.own()).startswith(f"Started Clew at http://{environ['CLEW_BIND']}")
    second.release(lambda: False)
    assert read_holder(data_dir) is None


def test_a_port_that_somebody_else_has_is_left_alone(environ: dict[str, str]) -> None:
    host, port = environ["CLEW_BIND"].split(":")
    visit = Visit(environ)
    with closing(socket.create_server((host, int(port)))):
        try:
            assert visit.find(pause) not in ("", f"http://{environ['CLEW_BIND']}")
        finally:
            visit.release(lambda: False)


def test_what_keeps_a_server_from_starting_is_told(environ: dict[str, str]) -> None:
    with pytest.raises(NoServer, match="WEB_CONCURRENCY"):
        Visit(environ | {"WEB_CONCURRENCY": "many"}).find(pause)
    with pytest.raises(NoServer, match=r"(?s)can't be started:.*CLEW_SECRET"):
        folder = Path(environ["CLEW_DATA_DIR"])
        folder.mkdir()
        (folder / "secret").write_text("short")
        Visit(environ).find(pause)
