"""Files that are sent while they are made: in bounded writes, and never whole when they are not."""

import logging
import sys
from collections.abc import Generator

import psycopg2
import pytest

from crawler.domain.errors import UnknownJob
from crawler.web.download import _BYTES_A_WRITE, _writes, attachment
from crawler.web.stalled import told_in_a_line


def test_writes_are_bounded_however_large_a_chunk_is() -> None:
    chunk = bytes(range(256)) * 1_000
    writes = list(_writes("x", (part for part in (chunk, b"", b"end"))))
    assert b"".join(writes) == chunk + b"end"
    assert min(map(len, writes)) > 0 and max(map(len, writes)) == _BYTES_A_WRITE


@pytest.mark.parametrize("error", [UnknownJob(), psycopg2.OperationalError("away")])
def test_a_file_that_cannot_be_finished_breaks_the_connection(error: Exception) -> None:
    def chunks() -> Generator[bytes, None, None]:
        yield b"begin"
        raise error

    writes = _writes("x", chunks())
    assert next(writes) == b"begin"
    with pytest.raises(ConnectionResetError):
        next(writes)


def test_a_client_that_goes_away_ends_the_work() -> None:
    ended = []

    def chunks() -> Generator[bytes, None, None]:
        try:
            while True:
                yield b"more"
        finally:
            ended.append(True)

    writes = _writes("x", chunks())
    next(writes)
    writes.close()
    assert ended


def test_a_file_is_saved_and_never_shown() -> None:
    headers = attachment([b""], "text/markdown; charset=utf-8", "a.md").headers
    assert headers["Content-Disposition"] == 'attachment; filename="a.md"'
    assert headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize(
    ("error", "is_short"), [(TimeoutError("timed out"), True), (ValueError("ours"), False)]
)
def test_a_client_that_stalls_takes_one_line_of_the_log(error: Exception, is_short: bool) -> None:
    try:
        raise error
    except (TimeoutError, ValueError):
        record = logging.LogRecord(
            "gunicorn.error", logging.ERROR, "", 0, "Socket error processing request.", None,
            sys.exc_info(),
        )  # fmt: skip
    assert told_in_a_line(record)
    assert (len(logging.Formatter().format(record).splitlines()) == 1) == is_short
