"""The real command with real kills: it starts in every state that a death can leave behind."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import closing
from pathlib import Path

import psycopg2
import pytest

from tests.cpu import slowness
from tests.engines import EngineUrls
from tests.processes import Process, is_alive
from tests.server import (
    PATIENCE_SECONDS,
    ROOT,
    RunningServer,
    make_data_folder,
    wait_until,
)

SECOND_START_SECONDS = 3
GRACE_SECONDS = 4
"""A worker that does not stop is waited for longer, unless its stop is hastened."""


@pytest.fixture(scope="module")
def data_dir() -> Iterator[Path]:
    """A data folder that no server uses at this moment."""
    folder = make_data_folder()
    yield folder / "data"
    shutil.rmtree(folder)


@pytest.fixture(scope="module")
def shared_server() -> Iterator[RunningServer]:
    folder = make_data_folder()
    with RunningServer(folder / "data") as running:
        yield running
    shutil.rmtree(folder)


@pytest.fixture
def server(shared_server: RunningServer) -> RunningServer:
    """A server that is ready, whatever the test before did to it."""
    if not shared_server.processes():
        shared_server.start()
    wait_until(shared_server.is_ready, "ready")
    return shared_server


def serve(environ: Mapping[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the supervisor when it is expected to end by itself."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith("CLEW_")}
    return subprocess.run(
        [sys.executable, str(ROOT / "supervisor.py"), *arguments],
        env=kept | environ, capture_output=True, text=True, timeout=PATIENCE_SECONDS, check=False,
    )


def process(server: RunningServer, word: str) -> Process:
    """The first process of the server, parents first, whose command holds ``word``."""
    return next(one for one in server.processes() if word in one.command)


def kill_supervisor(server: RunningServer) -> None:
    """kill -9 of the supervisor, with all its children left to themselves."""
    os.kill(server.pid, signal.SIGKILL)
    assert wait_for_end(server) == -signal.SIGKILL


def wait_for_end(server: RunningServer) -> int:
    """Wait for the supervisor's end and return its exit status."""
    assert server._process
    return server._process.wait(PATIENCE_SECONDS)


def write_row(server: RunningServer) -> None:
    with closing(psycopg2.connect(server.worker_environment()["DATABASE_URL"])) as connection:
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute("DROP TABLE IF EXISTS kept_row")
            cursor.execute("CREATE TABLE kept_row AS SELECT 42 AS number")


def read_row(server: RunningServer) -> int:
    with closing(psycopg2.connect(server.worker_environment()["DATABASE_URL"])) as connection, \
            connection.cursor() as cursor:
        cursor.execute("SELECT number FROM kept_row")
        row = cursor.fetchone()
    assert row
    return int(row[0])


def test_a_start_says_where_and_a_stop_leaves_nothing(data_dir: Path) -> None:
    with RunningServer(data_dir) as server:
        sockets = Path((data_dir / "sockets").read_text())
        assert sockets.is_dir()
        wait_until(lambda: "Ctrl-C stops it" in server.output(), "the address is said")
        assert f"Clew is ready at {server.url}" in server.output()
        server.stop()
        assert wait_for_end(server) == 0
        assert not sockets.exists()


def test_a_second_start_is_ready_within_three_seconds(server: RunningServer) -> None:
    seconds = server.restart()
    # On a machine that is busy with something else, the processor time tells.
    busy_seconds = sum(one.cpu_seconds for one in server.processes())
    assert min(seconds, busy_seconds) / slowness() < SECOND_START_SECONDS


def test_ctrl_c_in_the_terminal_stops_everything_in_order(server: RunningServer) -> None:
    os.killpg(server.pid, signal.SIGINT)
    assert wait_for_end(server) == 0
    assert not server.processes()
    assert "Traceback" not in server.output()


def test_a_second_request_hastens_a_stop_that_a_frozen_worker_holds_up(
    server: RunningServer,
) -> None:
    write_row(server)
    os.kill(server.worker_pids()[0], signal.SIGSTOP)
    os.kill(server.pid, signal.SIGINT)
    wait_until(lambda: "Handling signal: term" in server.output() or len(server.worker_pids()) < 2,
               "the stop has begun")
    began = time.monotonic()
    os.kill(server.pid, signal.SIGINT)
    assert wait_for_end(server) == 0
    assert time.monotonic() - began < GRACE_SECONDS
    assert not server.processes()
    server.start()
    assert read_row(server) == 42


def test_a_second_start_on_the_same_data_says_so(server: RunningServer) -> None:
    done = serve({"CLEW_DATA_DIR": str(server.data_dir), "CLEW_BIND": "127.0.0.1:1"})
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert f"runs on the data folder {server.data_dir} (process {server.pid})" in done.stderr
    assert server.is_ready()


def test_a_taken_port_is_named_and_nothing_is_left_running(data_dir: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        address = f"127.0.0.1:{other.getsockname()[1]}"
        done = serve({"CLEW_DATA_DIR": str(data_dir), "CLEW_BIND": address})
    assert done.returncode == 1
    assert done.stderr == (
        f"clew: {address} is taken by another program: set CLEW_BIND to another address and port\n"
    )


@pytest.mark.parametrize(("environ", "arguments", "status", "words"), [
    ({"CLEW_BIND": "nonsense"}, [], 1, "CLEW_BIND is 'nonsense': expected"),
    ({"CLEW_BIND": "192.0.2.1:8000", "CLEW_TOKEN": "open"}, [], 1, "can't be used"),
    ({"CLEW_DATA_DIR": "/proc/clew"}, [], 1, "/proc/clew can't be made"),
    ({}, ["--frobnicate"], 2, "usage:"),
])
def test_a_mistake_is_told_in_one_line(
    data_dir: Path, environ: dict[str, str], arguments: list[str], status: int, words: str
) -> None:
    done = serve({"CLEW_DATA_DIR": str(data_dir), **environ}, *arguments)
    assert done.returncode == status
    assert words in done.stderr and done.stderr.count("\n") == 1


def test_after_kill_9_of_the_supervisor_alone_the_next_start_serves(
    server: RunningServer,
) -> None:
    write_row(server)
    before = server.processes()
    kill_supervisor(server)
    server.start()
    assert read_row(server) == 42
    wait_until(lambda: not any(map(is_alive, before)), "the old processes are gone")


def test_after_kill_9_of_everything_the_next_start_serves(server: RunningServer) -> None:
    write_row(server)
    server.kill_everything()
    server.start()
    assert read_row(server) == 42


def test_workers_that_outlive_a_killed_start_do_not_keep_the_port(server: RunningServer) -> None:
    frozen = server.worker_pids()[0]
    os.kill(frozen, signal.SIGSTOP)  # it can't notice that its master is gone
    os.kill(process(server, "gunicorn").pid, signal.SIGKILL)
    kill_supervisor(server)
    server.start()
    assert frozen not in server.worker_pids()


@pytest.mark.parametrize("engine", ["/bin/postgres -D", "/valkey-server"])
def test_an_engine_that_is_killed_comes_back(server: RunningServer, engine: str) -> None:
    write_row(server)
    killed = process(server, engine)
    os.kill(killed.pid, signal.SIGKILL)
    wait_until(lambda: any(engine in one.command and one.pid != killed.pid
                           for one in server.processes()), "a new process")
    wait_until(server.is_ready, "ready again")
    assert read_row(server) == 42


def test_a_web_server_that_is_killed_comes_back(server: RunningServer) -> None:
    master = process(server, "gunicorn")
    workers = server.worker_pids()
    os.kill(master.pid, signal.SIGKILL)
    wait_until(lambda: len(set(server.worker_pids()) - set(workers)) >= 2, "new workers")
    wait_until(server.is_ready, "ready again")


def test_with_both_urls_set_no_engine_is_started(
    data_dir: Path, engines: EngineUrls, database_url: str, redis_url: str
) -> None:
    with RunningServer(data_dir, {"DATABASE_URL": database_url, "REDIS_URL": redis_url}) as server:
        assert server.worker_environment()["DATABASE_URL"] == database_url
        commands = " ".join(one.command for one in server.processes())
        assert "postgres" not in commands and "valkey" not in commands


def test_a_secret_is_made_once_and_given_to_the_workers(server: RunningServer) -> None:
    secret = server.worker_environment()["CLEW_SECRET"]
    assert secret == (server.data_dir / "secret").read_text().strip()
    server.restart()
    assert server.worker_environment()["CLEW_SECRET"] == secret
