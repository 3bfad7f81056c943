"""Greenlets that are killed while they use the pool: what tests run in a `PatchedProcess`."""

import random
from collections.abc import Callable

import gevent
from psycogreen.gevent import patch_psycopg

from crawler.storage.database import Database, Statements

SIZE = 2
PATIENCE_SECONDS = 60.0


def _sleep(statements: Statements, seconds: float) -> None:
    statements._cursor.execute("SELECT pg_sleep(%s)", [seconds])


def in_transaction(database: Database, seconds: float) -> None:
    """Sleeps in the server, within a transaction."""
    with database.transaction() as statements:
        _sleep(statements, seconds)


def in_snapshot(database: Database, seconds: float) -> None:
    """The same in a snapshot."""
    with database.snapshot() as statements:
        _sleep(statements, seconds)


def in_read(database: Database, seconds: float) -> None:
    """The same in a statement of its own, by one that the test puts among the named ones."""
    database.read("sleep", seconds=seconds)


def killed_in_mid_statement(url: str, use: Callable[[Database, float], None]) -> list[bool]:
    """Kills every greenlet of a full pool in its statement; whether each slot works after."""
    database = _open(url)
    sleepers = [gevent.spawn(use, database, 600.0) for _ in range(SIZE)]
    _wait_for_sleepers(url, SIZE)
    gevent.killall(sleepers, timeout=PATIENCE_SECONDS)
    return _serve(database)


def killed_at_any_moment(url: str, seed: int, greenlets: int) -> list[bool]:
    """Kills greenlets while they wait, connect, ask or give back; whether each slot works after."""
    database = _open(url)
    chance = random.Random(seed)
    uses = [in_transaction, in_snapshot, in_read]
    for _ in range(greenlets):
        # Connected slots, so that a kill can also meet one that is just being looked at.
        connecting = [gevent.spawn(in_read, database, 0.0) for _ in range(SIZE)]
        gevent.joinall(connecting, timeout=PATIENCE_SECONDS)
        started = [
            gevent.spawn(chance.choice(uses), database, chance.random() / 1000) for _ in range(3)
        ]
        for _ in range(chance.randrange(12)):
            gevent.sleep(0)
        gevent.killall(started, timeout=PATIENCE_SECONDS)
    return _serve(database)


def _open(url: str) -> Database:
    from crawler.storage.database import SQL

    patch_psycopg()
    SQL["sleep"] = "SELECT pg_sleep(%(seconds)s)"
    return Database(url, SIZE)


def _wait_for_sleepers(url: str, count: int) -> None:
    looker = Database(url, 1)
    while True:
        with looker.transaction() as statements:
            statements._cursor.execute(
                "SELECT count(*) AS sleepers FROM pg_stat_activity"
                " WHERE datname = current_database() AND wait_event = 'PgSleep'"
            )
            if statements._cursor.fetchall()[0]["sleepers"] >= count:
                break
    looker.close()


def _serve(database: Database) -> list[bool]:
    """All slots used at once, each as writable and as ordinary as a new one."""
    answers = [gevent.spawn(_is_ordinary, database) for _ in range(SIZE)]
    gevent.joinall(answers, timeout=PATIENCE_SECONDS)
    database.close()
    return [greenlet.value is True for greenlet in answers]


def _is_ordinary(database: Database) -> bool:
    with database.transaction() as statements:
        statements._cursor.execute(
            "SELECT current_setting('transaction_read_only') AS read_only,"
            " current_setting('transaction_isolation') AS isolation, pg_sleep(0.05)"
        )
        (row,) = statements._cursor.fetchall()
        return (row["read_only"], row["isolation"]) == ("off", "read committed")
