"""The schema, step by step: numbered files that are only ever added to.

One step, one transaction; an advisory lock lets several machines start at once. A database
that a newer version has migrated further is refused: this version can't know what it holds.
"""

import re
import sys
from importlib.resources import files

import psycopg2
import psycopg2.extensions

_LOCK = 0x436C6577  # "Clew"
_STEP = re.compile(r"(\d{4})_\w+\.sql")


class SchemaTooNew(Exception):
    """The database was migrated by a newer version."""


def steps() -> list[tuple[int, str]]:
    """All steps in order: number and SQL. Numbers run from 1 without a gap."""
    found = []
    for source in files("crawler.storage.sql").joinpath("schema").iterdir():
        match = _STEP.fullmatch(source.name)
        if match:
            found.append((int(match[1]), source.read_text(encoding="utf-8")))
    found.sort()
    if [number for number, _ in found] != list(range(1, len(found) + 1)):
        raise ValueError("schema steps are not numbered 1, 2, 3, …")
    return found


def migrate(database_url: str) -> None:
    """Brings the database to this version's schema.

    Raises:
        SchemaTooNew: when the database is ahead of this version.
        psycopg2.Error: when a step fails; what came before it stays.
    """
    connection = psycopg2.connect(database_url, connect_timeout=10, application_name="clew")
    try:
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_lock(%s)", [_LOCK])
            _apply(connection, cursor)
    finally:
        connection.close()


def _apply(connection: psycopg2.extensions.connection, cursor: psycopg2.extensions.cursor) -> None:
    cursor.execute(
        "CREATE TABLE IF NOT EXISTS schema_steps ("
        "number integer PRIMARY KEY, applied_at timestamptz NOT NULL DEFAULT clock_timestamp())"
    )
    cursor.execute("SELECT coalesce(max(number), 0) FROM schema_steps")
    (done,) = cursor.fetchone() or (0,)
    known = steps()
    if done > len(known):
        raise SchemaTooNew(
            f"the database is at schema step {done}, this version knows {len(known)}: "
            "start the newer version of Clew that migrated it"
        )
    for number, text in known[done:]:
        connection.autocommit = False
        with connection:
            cursor.execute(text)
            cursor.execute("INSERT INTO schema_steps (number) VALUES (%s)", [number])
        connection.autocommit = True


def main() -> int:
    """`python -m crawler.storage.migrate URL`."""
    if len(sys.argv) != 2:
        print("usage: python -m crawler.storage.migrate DATABASE_URL", file=sys.stderr)
        return 2
    migrate(sys.argv[1])
    return 0


if __name__ == "__main__":
    sys.exit(main())
