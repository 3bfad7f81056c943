"""A job's URLs as CSV (RFC 4180), safe to open in a spreadsheet."""

import csv
import io
import re
from collections.abc import Iterable, Iterator

from crawler.domain.model import PageRow
from crawler.domain.reasons import explain

COLUMNS = (
    "id",
    "url",
    "outcome",
    "reason",
    "explanation",
    "detail",
    "httpStatus",
    "finalUrl",
    "title",
    "contentType",
    "bytes",
    "ms",
    "depth",
    "foundOn",
    "duplicateOf",
    "attempts",
    "fetchedAt",
    "contentHash",
)
_ROWS_A_CHUNK = 200
# A spreadsheet takes a cell that begins so for a formula, and strangers wrote these texts. In some
# locales the full-width forms (U+FF0B, FF0D, FF1D, FF20) count as well.
_FORMULA = re.compile(r"[\t\r\n]|\s*[=+\-@\uff0b\uff0d\uff1d\uff20]")


def csv_chunks(rows: Iterable[PageRow]) -> Iterator[str]:
    """The header line, then a line for each URL, many lines at a time."""
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer)
    writer.writerow(COLUMNS)
    for number, row in enumerate(rows, 1):
        writer.writerow(_cells(row))
        if number % _ROWS_A_CHUNK == 0:
            yield _taken(buffer)
    yield _taken(buffer)


def safe_cell(value: object) -> object:
    """A value that no spreadsheet takes for a formula: such text gets an apostrophe before it."""
    if not isinstance(value, str):
        return "" if value is None else value
    return f"'{value}" if _FORMULA.match(value) else value


def _cells(row: PageRow) -> list[object]:
    shown = row.as_json() | {"explanation": explain(row.reason) if row.reason else None}
    return [safe_cell(shown[name]) for name in COLUMNS]


def _taken(buffer: io.StringIO) -> str:
    text = buffer.getvalue()
    buffer.seek(0)
    buffer.truncate()
    return text
