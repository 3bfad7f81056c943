"""Connections to PostgreSQL: a small pool for greenlets, short transactions, honest outages.

The pool hands out slots, not connections: a slot whose connection failed or died goes back
empty, so that an outage of a moment never uses the pool up for good. A connection whose
greenlet was killed in mid-statement is closed, since nobody knows what it is doing.

Every session carries the two time-outs that make fencing work: a frozen worker loses its
transaction, and with it the job's row, after two seconds.
"""

import queue
import select
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, cast

import psycopg2
import psycopg2.extensions
from gevent.monkey import get_original
from psycopg2.extensions import TRANSACTION_STATUS_INERROR, TRANSACTION_STATUS_INTRANS

from crawler.storage.statements import SQL

Row = dict[str, Any]
Outage = (psycopg2.OperationalError, psycopg2.InterfaceError)
"""What an unreachable, stopping or overloaded database raises: try again later."""

# Statements here take a millisecond; one whose rows are overestimated would be compiled for 200.
_SESSION = (
    "-c idle_in_transaction_session_timeout=2000 -c lock_timeout=2000 -c TimeZone=UTC -c jit=off"
)
CONNECT_SECONDS = 5
_WAIT_SECONDS = 10.0

# Not `select`, which fails beyond descriptor 1,023: a worker has a thousand viewers. The system's
# own, since gevent's would let other greenlets run, and kill, between a slot's taking and its use.
_poll = get_original("select", "poll")


class _Cursor(psycopg2.extensions.cursor):
    """Rows by the names of their columns, in half of the time that RealDictCursor takes.

    `opening` travels with the first statement: a round trip is a turn of the loop, and while
    pages are crawled that is worth more than the statement itself.
    """

    opening = ""

    def execute(self, query: str, vars: Any = None) -> None:  # type: ignore[override]
        """Takes what psycopg2's cursor does."""
        opening, self.opening = self.opening, ""
        super().execute(opening + query, vars)

    def fetchall(self) -> list[Row]:  # type: ignore[override]
        """All rows of the last statement."""
        names = [column.name for column in self.description or ()]
        return [dict(zip(names, values, strict=True)) for values in super().fetchall()]


def connect(url: str) -> psycopg2.extensions.connection:
    """A connection as every part of Clew uses it.

    Raises:
        psycopg2.OperationalError: when the database does not answer.
    """
    return psycopg2.connect(
        url,
        options=_SESSION,
        connect_timeout=CONNECT_SECONDS,
        # A server that vanished without a word is noticed within seconds, not hours.
        keepalives_idle=5,
        keepalives_interval=2,
        keepalives_count=3,
        tcp_user_timeout=10_000,
        application_name="clew",
        cursor_factory=_Cursor,
    )


class Statements:
    """A cursor that runs named statements (`crawler/storage/sql/queries`)."""

    def __init__(self, cursor: psycopg2.extensions.cursor) -> None:
        self._cursor = cursor

    def run(self, name: str, **parameters: Any) -> list[Row]:
        """Runs a statement and returns its rows, if it returns rows."""
        self._cursor.execute(SQL[name], parameters)
        if self._cursor.description is None:
            return []
        return cast(list[Row], self._cursor.fetchall())

    def one(self, name: str, **parameters: Any) -> Row | None:
        """The first row of a statement, or None."""
        rows = self.run(name, **parameters)
        return rows[0] if rows else None

    def run_last(self, name: str, **parameters: Any) -> None:
        """Runs a statement without rows and commits, in one round trip."""
        self._cursor.execute(f"{SQL[name]} COMMIT;", parameters)


class Database:
    """A pool of at most `size` connections, safe among greenlets (and threads)."""

    def __init__(
        self,
        url: str,
        size: int,
        opener: Callable[[str], psycopg2.extensions.connection] = connect,
    ) -> None:
        self._url = url
        self._open = opener
        self._slots: queue.LifoQueue[psycopg2.extensions.connection | None] = queue.LifoQueue()
        for _ in range(size):
            self._slots.put(None)

    @contextmanager
    def transaction(self) -> Iterator[Statements]:
        """One READ COMMITTED transaction: committed at the end, rolled back by any error.

        Raises:
            psycopg2.OperationalError: when no connection can be had, or it breaks.
        """
        with self._transaction("BEGIN;") as statements:
            yield statements

    @contextmanager
    def snapshot(self) -> Iterator[Statements]:
        """One REPEATABLE READ READ ONLY transaction: all its reads see the same moment."""
        with self._transaction("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY;") as statements:
            yield statements

    def read(self, name: str, **parameters: Any) -> list[Row]:
        """The rows of one statement that is a transaction of its own: one round trip."""
        with self._connection() as connection, connection.cursor() as cursor:
            return Statements(cursor).run(name, **parameters)

    @contextmanager
    def _transaction(self, opening: str) -> Iterator[Statements]:
        with self._connection() as connection, cast(_Cursor, connection.cursor()) as cursor:
            cursor.opening = opening
            try:
                yield Statements(cursor)
                if _is_open(connection):
                    cursor.execute("COMMIT")
            except Exception:
                if _is_open(connection):
                    cursor.execute("ROLLBACK")
                raise

    def close(self) -> None:
        """Closes every idle connection."""
        while True:
            try:
                connection = self._slots.get_nowait()
            except queue.Empty:
                return
            if connection is not None:
                connection.close()

    @contextmanager
    def _connection(self) -> Iterator[psycopg2.extensions.connection]:
        connection = self._take()
        healthy = False
        try:
            yield connection
            healthy = True
        except Exception as error:
            healthy = not isinstance(error, Outage) and not connection.closed
            raise
        finally:
            if not healthy:
                connection.close()
            self._slots.put(connection if healthy else None)

    def _take(self) -> psycopg2.extensions.connection:
        try:
            connection = self._slots.get(timeout=_WAIT_SECONDS)
        except queue.Empty:
            raise psycopg2.OperationalError("no free database connection") from None
        if connection is not None and _usable(connection):
            return connection
        try:
            connection = self._open(self._url)
            connection.autocommit = True  # transactions are opened with their first statement
        except BaseException:
            self._slots.put(None)
            raise
        return connection


def _is_open(connection: psycopg2.extensions.connection) -> bool:
    """Whether a transaction is under way, be it one that failed."""
    status = connection.info.transaction_status
    return status in (TRANSACTION_STATUS_INTRANS, TRANSACTION_STATUS_INERROR)


def _usable(connection: psycopg2.extensions.connection) -> bool:
    """An idle connection that has something to read was closed by the server meanwhile."""
    if connection.closed:
        return False
    poll = _poll()
    poll.register(connection, select.POLLIN)
    if poll.poll(0):
        connection.close()
        return False
    return True
