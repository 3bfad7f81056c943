"""The embedded engines, with real kills: what is acknowledged is there again, whatever died."""

import os
import shutil
import signal
import stat
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

import psycopg2
import pytest
import redis

from engines import EngineError, Home, Postgres, Valkey, binaries, open_home, start, stop
from engines.binaries import copy_binaries, find_binaries
from engines.home import _blocked_folder
from engines.process import Account, runs, spawn
from tests.engines import make_data_dir
from tests.server import wait_until

ROOT = Path(__file__).resolve().parent.parent.parent
IS_ROOT = os.geteuid() == 0
as_root = pytest.mark.skipif(not IS_ROOT, reason="only root runs engines as another user")

# Starts both engines in a process of its own, says their pids and sleeps.
STARTER = """
import sys, time
from pathlib import Path
from engines import Postgres, Valkey, open_home, start
home = open_home(Path(sys.argv[1]))
pair = [Postgres(home, 20), Valkey(home)]
start(pair)
print(*[engine.pid for engine in pair], flush=True)
time.sleep(600)
"""


@contextmanager
def temporary_data_dir() -> Iterator[Path]:
    folder = make_data_dir()
    yield folder
    shutil.rmtree(folder)


@pytest.fixture(scope="module")
def data_dir() -> Iterator[Path]:
    """One for all tests that do not mind what the others left there; initdb takes a second."""
    with temporary_data_dir() as folder:
        yield folder


@pytest.fixture
def new_data_dir() -> Iterator[Path]:
    with temporary_data_dir() as folder:
        yield folder


@contextmanager
def running(data_dir: Path, **settings: str) -> Iterator[tuple[Postgres, Valkey]]:
    """Both engines, stopped at the end but not tidied up."""
    home = open_home(data_dir)
    postgres, valkey = Postgres(home, 20, settings), Valkey(home)
    try:
        start([postgres, valkey])
        yield postgres, valkey
    finally:
        stop([valkey, postgres])
        shutil.rmtree(home.sockets, ignore_errors=True)


def query(url: str, statement: str) -> object:
    with closing(psycopg2.connect(url)) as connection:
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute(statement)
            return cursor.fetchone()[0] if cursor.description else None


def is_gone(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().split()[2] == "Z"
    except OSError:
        return True


def test_what_was_written_is_there_at_the_next_start(data_dir: Path) -> None:
    with running(data_dir) as (postgres, valkey):
        query(postgres.url, "CREATE TABLE kept AS SELECT 'Fäden' AS word")
        with closing(redis.Redis.from_url(valkey.url)) as client:
            client.set("kept", "thread")
    with running(data_dir) as (postgres, valkey):
        assert query(postgres.url, "SELECT word FROM kept") == "Fäden"
        with closing(redis.Redis.from_url(valkey.url)) as client:
            assert client.get("kept") == b"thread"


def test_no_acknowledged_commit_may_be_lost_and_no_port_is_open(data_dir: Path) -> None:
    with running(data_dir) as (postgres, valkey):
        shown = {name: query(postgres.url, f"SHOW {name}") for name in (
            "fsync", "synchronous_commit", "full_page_writes", "listen_addresses", "io_method",
            "server_encoding", "max_connections", "shared_buffers",
        )}
        assert shown == {
            "fsync": "on", "synchronous_commit": "on", "full_page_writes": "on",
            "listen_addresses": "", "io_method": "sync", "server_encoding": "UTF8",
            "max_connections": "20", "shared_buffers": "64MB",
        }
        with closing(redis.Redis.from_url(valkey.url)) as client:
            config = client.config_get("*")
    assert (config["port"], config["appendonly"], config["appendfsync"], config["save"]) == (
        "0", "yes", "everysec", "",
    )


def test_extra_settings_win_and_the_statement_log_is_in_the_data_folder(data_dir: Path) -> None:
    with running(data_dir, log_statement="all", max_connections="33") as (postgres, _):
        assert query(postgres.url, "SELECT current_setting('max_connections')") == "33"
        assert "SELECT current_setting" in postgres.log.read_text()
        assert postgres.log == data_dir / "logs/postgresql.log"


def test_only_the_engines_account_can_enter_the_sockets_folder(data_dir: Path) -> None:
    with running(data_dir) as (postgres, _):
        home = postgres.home
        status = home.sockets.stat()
        assert stat.S_IMODE(status.st_mode) == 0o700
        assert status.st_uid == (home.account.uid if home.account else os.geteuid())
        assert len(str(home.sockets / ".s.PGSQL.5432.lock")) < 100


def test_the_sockets_folder_is_used_again_unless_others_could_enter_it(data_dir: Path) -> None:
    first = open_home(data_dir).sockets
    assert open_home(data_dir).sockets == first
    first.chmod(0o755)
    second = open_home(data_dir)
    assert second.sockets != first
    second.close()
    assert not second.sockets.exists()
    first.rmdir()


def test_a_data_folder_may_be_as_deep_as_the_file_system_allows(new_data_dir: Path) -> None:
    deep = new_data_dir / ("long" * 20) / ("long" * 20) / "with space, comma'quote"
    with running(deep) as (postgres, _):
        assert query(postgres.url, "SELECT 1") == 1


def test_an_interrupted_initdb_is_done_again(new_data_dir: Path) -> None:
    home = open_home(new_data_dir)
    draft = home.folder("postgres.draft")
    (draft / "PG_VERSION").write_text("18\n")
    with running(new_data_dir) as (postgres, _):
        assert query(postgres.url, "SELECT 1") == 1
    assert not draft.exists()


def test_both_engines_end_with_the_process_that_started_them(data_dir: Path) -> None:
    command = [sys.executable, "-c", STARTER, str(data_dir)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as starter:
        assert starter.stdout is not None
        pids = [int(word) for word in starter.stdout.readline().split()]
        assert len(pids) == 2
        starter.kill()
    wait_until(lambda: all(map(is_gone, pids)), "both engines gone")
    open_home(data_dir).close()


def test_an_acknowledged_commit_survives_kill_9_of_everything(data_dir: Path) -> None:
    with running(data_dir) as (postgres, valkey):
        query(postgres.url, "CREATE TABLE numbers AS SELECT 7 AS number")
        for engine in (postgres, valkey):
            assert engine.pid
            os.killpg(engine.pid, signal.SIGKILL)
            wait_until(engine.has_died, f"{engine.name} dead")
    with running(data_dir) as (postgres, _):
        assert query(postgres.url, "SELECT number FROM numbers") == 7


def test_orphans_of_a_former_run_are_ended_first(data_dir: Path) -> None:
    with running(data_dir) as orphans, running(data_dir) as (postgres, _):
        assert query(postgres.url, "SELECT 1") == 1
        assert all(orphan.has_died() for orphan in orphans)


def test_a_pid_file_with_the_pid_of_somebody_else_does_not_stop_the_start(data_dir: Path) -> None:
    with running(data_dir) as (postgres, valkey):
        for engine in (postgres, valkey):
            assert engine.pid
            os.kill(engine.pid, signal.SIGKILL)
            wait_until(engine.has_died, f"{engine.name} dead")
        account = postgres.home.account
    foreign = spawn(
        ["sleep", "600"], death_signal=signal.SIGKILL, env={"PATH": os.environ["PATH"]},
        cwd=Path("/"), account=account,
    )
    try:
        pid_file = data_dir / "postgres/postmaster.pid"
        _, rest = pid_file.read_text().split("\n", 1)
        pid_file.write_text(f"{foreign.pid}\n{rest}")
        (data_dir / "valkey/valkey.pid").write_text(f"{foreign.pid}\n")
        with running(data_dir) as (postgres, _):
            assert query(postgres.url, "SELECT 1") == 1
        assert foreign.poll() is None
    finally:
        foreign.kill()
        foreign.wait()


def test_a_damaged_append_only_file_is_set_aside(data_dir: Path) -> None:
    with running(data_dir) as (_, valkey), closing(redis.Redis.from_url(valkey.url)) as client:
        client.set("kept", "thread" * 100)
    (log,) = (data_dir / "valkey/appendonlydir").glob("*.incr.aof")
    log.write_bytes(b"garbage\r\n" + log.read_bytes())
    with running(data_dir) as (_, valkey), closing(redis.Redis.from_url(valkey.url)) as client:
        assert client.dbsize() == 0
    assert (data_dir / "valkey/appendonlydir.damaged" / log.name).exists()


def test_an_engine_that_cannot_start_says_why(new_data_dir: Path) -> None:
    with running(new_data_dir):
        pass
    (new_data_dir / "postgres/PG_VERSION").write_text("12\n")
    complaint = r"PostgreSQL did not start: .*FATAL.*incompatible"
    with pytest.raises(EngineError, match=complaint), running(new_data_dir):
        pass


def test_a_long_log_moves_aside(data_dir: Path) -> None:
    postgres = Postgres(open_home(data_dir), 20)
    postgres.log.write_bytes(b"x" * (5 << 20))
    postgres.bound_log()
    assert postgres.log.stat().st_size == 0
    assert postgres.log.with_suffix(".log.1").stat().st_size == 5 << 20
    postgres.home.close()


def test_a_system_without_the_programs_is_told_to_bring_its_own_servers(
    data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(binaries, "_POSTGRES_WHEEL", "no_such_wheel")
    with pytest.raises(EngineError, match="set DATABASE_URL and REDIS_URL"):
        open_home(data_dir)


def test_a_copy_of_the_programs_that_a_power_cut_emptied_is_made_again(tmp_path: Path) -> None:
    source = find_binaries()
    copy = copy_binaries(source, tmp_path)
    copy.valkey.write_bytes(b"")
    assert copy_binaries(source, tmp_path) == copy
    assert copy.valkey.stat().st_size == source.valkey.stat().st_size
    assert subprocess.run([copy.initdb, "--version"], check=True, capture_output=True).stdout
    assert {stat.S_IMODE(path.stat().st_mode) for path in copy.root.rglob("*")} == {0o755}


def test_a_data_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(EngineError, match=f"{tmp_path}/file/data can't be made"):
        open_home(tmp_path / "file/data")


@as_root
def test_a_folder_that_is_closed_to_the_engines_user_is_named(tmp_path: Path) -> None:
    tmp_path.chmod(0o700)
    with pytest.raises(EngineError, match=r"is closed to the user nobody.*'chmod o\+x "):
        open_home(tmp_path / "data")


@as_root
def test_root_shows_nothing_of_its_data_to_others(new_data_dir: Path) -> None:
    with running(new_data_dir / "new"):
        modes = {path.name: stat.S_IMODE(path.stat().st_mode)
                 for path in (new_data_dir / "new", *(new_data_dir / "new").iterdir())}
    assert modes["new"] == 0o711
    assert modes["postgres"] == modes["valkey"] == modes["logs"] == 0o700


@as_root
def test_root_finds_sockets_a_place_when_its_temporary_folder_is_closed(
    data_dir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tmp_path.chmod(0o700)
    monkeypatch.setattr("tempfile.gettempdir", lambda: str(tmp_path))
    home = open_home(data_dir)
    assert home.sockets.parent == Path("/tmp")
    home.close()


def test_data_of_another_user_are_refused(data_dir: Path) -> None:
    home = open_home(data_dir)
    stranger = Home(home.data_dir, home.sockets, Account("other", 4242, 4242), home.binaries)
    home.folder("postgres")
    with pytest.raises(EngineError, match="belongs to user"):
        stranger.folder("postgres")
    home.close()


@pytest.mark.parametrize(("mode", "account", "is_blocked"), [
    (0o711, Account("x", 4242, 4242), False),
    (0o700, Account("x", 4242, 4242), True),
    (0o766, Account("x", 4242, 4242), True),
    (0o700, None, False),
])
def test_a_folder_is_open_when_it_can_be_passed_through(
    data_dir: Path, mode: int, account: Account | None, is_blocked: bool
) -> None:
    folder = data_dir / "on-the-way"
    folder.mkdir(exist_ok=True)
    folder.chmod(mode)
    assert (_blocked_folder(folder, account) == folder) is is_blocked


def test_a_process_is_known_by_its_program_and_an_argument() -> None:
    child = subprocess.Popen(["sleep", "600"])
    try:
        wait_until(lambda: runs(child.pid, "sleep", "600"), "the child's arguments are known")
        assert not runs(child.pid, "sleep", "60")
        assert not runs(child.pid, "postgres", "600")
        child.kill()
        wait_until(lambda: not runs(child.pid, "sleep", "600"), "a zombie counts as gone")
    finally:
        with suppress(ProcessLookupError):
            child.kill()
        child.wait()
