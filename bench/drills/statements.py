"""With Valkey well, viewers who are caught up cost PostgreSQL no read of events (invariant 4)."""

import re
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import psycopg2

from bench.drills.crawling import check_everything, slow_crawl
from bench.drills.verdict import expect
from tests.server import wait_until

VIEWERS = 4
WINDOW_SECONDS = 15
LEAST_EVENTS = 30
STATEMENT = re.compile(r"LOG:  (?:statement|execute [^:]*): (.*)", re.DOTALL)
READS = re.compile(r"\s*(?:SELECT|WITH|TABLE|FETCH|COPY)\b", re.IGNORECASE)
FROM_EVENTS = re.compile(r"\b(?:FROM|JOIN)\s+(?:\w+\.)?events\b", re.IGNORECASE)
WRITES_EVENTS = re.compile(r"\bINSERT\s+INTO\s+(?:\w+\.)?events\b", re.IGNORECASE)


def statement_log() -> str:
    """15 s of a running crawl with four viewers, every statement logged: no read of events."""
    with slow_crawl(requests_per_second=20, viewers=VIEWERS) as crawl:
        crawl.wait_for_pages(50)
        log = crawl.server.data_dir / "logs" / "postgresql.log"
        with every_statement_logged(crawl.server.worker_environment()["DATABASE_URL"]):
            offset = log.stat().st_size
            first = crawl.viewer.last_id
            began = time.monotonic()
            wait_until(lambda: time.monotonic() - began > WINDOW_SECONDS, "the window is over")
            statements = logged_statements(log, offset)
            events = crawl.viewer.last_id - first
        check_everything(crawl, crawl.wait_for_end())
    reads = reads_of_events(statements)
    writes = [text for text in statements if WRITES_EVENTS.search(text)]
    expect(events >= LEAST_EVENTS, f"only {events} events in {WINDOW_SECONDS} s: nothing shown")
    expect(bool(writes), f"no event written among {len(statements)} statements: log not read")
    expect(not reads, f"{len(reads)} reads of events, the first: {' '.join(reads[:1])[:300]}")
    return (
        f"{len(statements)} statements, {len(writes)} writes and {len(reads)} reads of events, "
        f"while {VIEWERS} viewers saw {events} events"
    )


def reads_of_events(statements: list[str]) -> list[str]:
    """Those that read the table of events; statements that write or delete there do not count."""
    return [text for text in statements if READS.match(text) and FROM_EVENTS.search(text)]


@contextmanager
def every_statement_logged(database_url: str) -> Iterator[None]:
    """log_statement = all for every session, those that are open included."""
    with closing(psycopg2.connect(database_url)) as connection:
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute("ALTER SYSTEM SET log_statement = 'all'")
            cursor.execute("SELECT pg_reload_conf()")
            try:
                yield
            finally:
                cursor.execute("ALTER SYSTEM RESET log_statement")
                cursor.execute("SELECT pg_reload_conf()")


def logged_statements(log: Path, offset: int) -> list[str]:
    """The statements in a log from that byte on; further lines of one begin with a tab."""
    with log.open("rb") as file:
        file.seek(offset)
        text = file.read().decode(errors="replace")
    entries = re.split(r"\n(?!\t)", text)
    matches = (STATEMENT.search(entry) for entry in entries)
    return [match.group(1) for match in matches if match]
