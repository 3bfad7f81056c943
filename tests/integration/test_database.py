"""The pool: slots come back whatever happens to their connections, and outages are told as such."""

import os
import resource
import select
import threading
from collections.abc import Callable, Iterator
from typing import Any

import psycopg2
import pytest

from crawler.storage import database as module
from crawler.storage.database import Database, Outage, Statements, connect
from tests import pool
from tests.patched import PatchedProcess
from tests.storage import at_once

SIZE = 2


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    opened = Database(database_url, SIZE)
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def patched() -> Iterator[PatchedProcess]:
    with PatchedProcess() as process:
        yield process


def ask(statements: Statements, text: str) -> Any:
    statements._cursor.execute(text)
    (row,) = statements._cursor.fetchall()
    return next(iter(row.values()))


def pid_of(database: Database) -> int:
    with database.transaction() as statements:
        pid: int = ask(statements, "SELECT pg_backend_pid()")
        return pid


def all_slots_work(database: Database) -> bool:
    """Whether as many transactions as there are slots can be open at once."""
    meeting = threading.Barrier(SIZE)

    def hold() -> int:
        with database.transaction() as statements:
            meeting.wait(30)
            pid: int = ask(statements, "SELECT pg_backend_pid()")
            return pid

    pids = at_once(*[hold] * SIZE)
    return len(set(pids)) == SIZE and all(isinstance(pid, int) for pid in pids)


def end_backend(url: str, pid: int) -> None:
    """Ends a session as an administrator does."""
    with connect(url) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(%s, 5000)", [pid])
    connection.close()


def test_every_session_carries_the_two_time_outs(database: Database) -> None:
    with database.transaction() as statements:
        for name, value in [
            ("idle_in_transaction_session_timeout", "2s"),
            ("lock_timeout", "2s"),
            ("TimeZone", "UTC"),
            ("application_name", "clew"),
        ]:
            assert ask(statements, f"SHOW {name}") == value


def test_a_slot_comes_back_when_connecting_fails(database_url: str) -> None:
    up = False

    def open_when_up(url: str) -> psycopg2.extensions.connection:
        if not up:
            raise psycopg2.OperationalError("connection refused")
        return connect(url)

    database = Database(database_url, SIZE, open_when_up)
    for use in (database.transaction, database.snapshot):
        for _ in range(SIZE + 1):
            with pytest.raises(Outage), use():
                pass
    up = True
    assert all_slots_work(database)
    database.close()


def test_a_connection_that_ended_while_idle_is_replaced_unnoticed(
    database: Database, database_url: str
) -> None:
    pid = pid_of(database)
    idle = database._slots.queue[-1]
    end_backend(database_url, pid)
    assert select.select([idle], [], [], 30)[0]
    assert pid_of(database) != pid
    assert all_slots_work(database)


@pytest.mark.parametrize("kind", ["transaction", "snapshot"])
def test_a_connection_that_ends_in_a_transaction_is_an_outage_and_replaced(
    database: Database, database_url: str, kind: str
) -> None:
    for _ in range(SIZE + 1):
        with pytest.raises(Outage), getattr(database, kind)() as statements:
            end_backend(database_url, ask(statements, "SELECT pg_backend_pid()"))
            ask(statements, "SELECT 1")
    assert all_slots_work(database)


@pytest.mark.parametrize(
    "statement", ["SELECT 1/0", "nonsense", "SELECT * FROM missing", "ROLLBACK; SELECT 1/0"]
)
def test_a_statement_that_fails_is_no_outage_and_keeps_its_connection(
    database: Database, statement: str
) -> None:
    pid = pid_of(database)
    for use in (database.transaction, database.snapshot):
        with pytest.raises(psycopg2.Error) as caught, use() as statements:
            ask(statements, statement)
        assert not isinstance(caught.value, Outage)
    assert pid_of(database) == pid


@pytest.mark.parametrize("error", [SystemExit, KeyboardInterrupt, GeneratorExit])
def test_whoever_is_ended_in_a_transaction_leaves_a_working_slot(
    database: Database, error: type[BaseException]
) -> None:
    for use in (database.transaction, database.snapshot):
        for _ in range(SIZE + 1):
            with pytest.raises(error), use():
                raise error
    assert all_slots_work(database)


def test_no_more_connections_are_open_than_there_are_slots(
    database: Database, database_url: str
) -> None:
    pids = at_once(*[lambda: {pid_of(database) for _ in range(20)}] * 8)
    assert len(set.union(*pids)) <= SIZE


def test_a_pool_that_stays_used_up_is_an_outage(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_WAIT_SECONDS", 0.01)
    with (
        database.transaction(),
        database.transaction(),
        pytest.raises(Outage, match="no free database connection"),
        database.transaction(),
    ):
        pass
    assert all_slots_work(database)


def test_what_a_failed_transaction_wrote_is_gone(database: Database) -> None:
    with database.transaction() as statements:
        statements._cursor.execute("CREATE TABLE IF NOT EXISTS written (x int)")
    with pytest.raises(ZeroDivisionError), database.transaction() as statements:
        statements._cursor.execute("INSERT INTO written VALUES (1)")
        raise ZeroDivisionError
    with database.transaction() as statements:
        assert ask(statements, "SELECT count(*) FROM written") == 0


def test_a_snapshot_sees_one_moment_while_others_write(database: Database) -> None:
    with database.transaction() as statements:
        statements._cursor.execute("DROP TABLE IF EXISTS seen; CREATE TABLE seen (x int)")
    with database.snapshot() as snapshot:
        assert ask(snapshot, "SELECT count(*) FROM seen") == 0
        with database.transaction() as statements:
            statements._cursor.execute("INSERT INTO seen VALUES (1)")
        assert ask(snapshot, "SELECT count(*) FROM seen") == 0
    with database.snapshot() as snapshot:
        assert ask(snapshot, "SELECT count(*) FROM seen") == 1


def test_a_pool_works_among_thousands_of_open_files(database_url: str) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 4096), hard))
    null = os.open(os.devnull, os.O_RDONLY)
    files = [null]
    try:
        while max(files) < 1_100:
            files.append(os.dup(null))
        database = Database(database_url, SIZE)
        assert pid_of(database) == pid_of(database)
        database.close()
    finally:
        for file in files:
            os.close(file)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


@pytest.mark.parametrize("use", [pool.in_transaction, pool.in_snapshot, pool.in_read])
def test_a_greenlet_killed_in_its_statement_gives_its_slot_back(
    patched: PatchedProcess, database_url: str, use: Callable[[Database, float], None]
) -> None:
    assert patched.run(pool.killed_in_mid_statement, database_url, use) == [True] * pool.SIZE


@pytest.mark.parametrize("seed", range(3))
def test_greenlets_killed_at_any_moment_cost_no_slot(
    patched: PatchedProcess, database_url: str, seed: int
) -> None:
    survivors = patched.run(pool.killed_at_any_moment, database_url, seed, greenlets=60)
    assert survivors == [True] * pool.SIZE
