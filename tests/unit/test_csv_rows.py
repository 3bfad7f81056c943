"""URLs as CSV: all columns, all rows, and nothing that a spreadsheet would run."""

import csv
import io
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.domain.model import PageRow
from crawler.web.csv_rows import COLUMNS, csv_chunks, safe_cell


def row(number: int = 1, title: str | None = None, url: str = "https://a.example/") -> PageRow:
    return PageRow(
        id=number,
        url=url,
        final_url=None,
        http_status=404,
        outcome="failed",
        reason="http-404",
        title=title,
        ms=12,
        bytes=None,
        depth=1,
        found_on=None,
        content_hash=None,
        fetched_at=datetime(2026, 11, 24, 8, tzinfo=UTC),
    )


def read(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text, newline="")))


def test_a_line_names_each_column() -> None:
    (told,) = read("".join(csv_chunks([row()])))
    assert tuple(told) == COLUMNS
    assert (told["url"], told["httpStatus"], told["bytes"]) == ("https://a.example/", "404", "")
    assert told["explanation"] == "the site answered 404"
    assert told["fetchedAt"] == "2026-11-24T08:00:00.000Z"


def test_a_crawl_without_urls_has_the_columns_alone() -> None:
    assert "".join(csv_chunks([])) == ",".join(COLUMNS) + "\r\n"


def test_rows_come_in_chunks_and_none_is_lost() -> None:
    chunks = list(csv_chunks(row(number) for number in range(1, 1_001)))
    assert len(chunks) > 3
    assert [each["id"] for each in read("".join(chunks))] == [str(n) for n in range(1, 1_001)]


@pytest.mark.parametrize(
    "text",
    ["=1+1", "+1", "-1", "@A1", "\t=1", "\r=1", "\n=1", " =1", "\u00a0=1", "\uff1d1", "\uff0b1"],
)
def test_what_a_spreadsheet_would_run_is_text(text: str) -> None:
    assert safe_cell(text) == f"'{text}"


@pytest.mark.parametrize("value", ["a=1", "https://a.example/?a=1", "", 7, -7, "'=1"])
def test_other_cells_stay_as_they_are(value: object) -> None:
    assert safe_cell(value) == value


@given(st.text(st.sampled_from("=+-@\t\r\n\",; a\u2028'"), min_size=1))
def test_strangers_words_stay_in_their_cell(title: str) -> None:
    (told,) = read("".join(csv_chunks([row(title=title)])))
    assert told["title"].removeprefix("'") == title.removeprefix("'")
    assert not told["title"].lstrip().startswith(("=", "+", "-", "@"))
