"""Schema steps: numbered, only ever added to, applied once however many start."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import psycopg2
import pytest

from crawler.storage import migrate as module
from crawler.storage.migrate import SchemaTooNew, migrate, steps
from tests.engines import EngineUrls, create_database, drop_database
from tests.storage import at_once


@pytest.fixture
def empty(engines: EngineUrls) -> Iterator[str]:
    url = create_database(engines.database_url)
    yield url
    drop_database(engines.database_url, url)


def query(url: str, text: str) -> list[tuple[object, ...]]:
    with closing(psycopg2.connect(url)) as connection, connection.cursor() as cursor:
        cursor.execute(text)
        return cursor.fetchall()


def applied(url: str) -> list[object]:
    return [number for (number,) in query(url, "SELECT number FROM schema_steps ORDER BY number")]


def has_table(url: str, name: str) -> bool:
    return query(url, f"SELECT to_regclass('{name}') IS NOT NULL") == [(True,)]


def test_steps_are_numbered_without_a_gap() -> None:
    assert [number for number, _ in steps()] == list(range(1, len(steps()) + 1))


@pytest.mark.parametrize("names", [["0002_b.sql"], ["0001_a.sql", "0003_c.sql"],
                                   ["0001_a.sql", "0001_b.sql"]])  # fmt: skip
def test_a_gap_or_a_repeated_number_is_an_error(
    names: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "schema").mkdir()
    for name in names:
        (tmp_path / "schema" / name).write_text("SELECT 1")
    monkeypatch.setattr(module, "files", lambda package: tmp_path)
    with pytest.raises(ValueError, match="not numbered"):
        steps()


def test_each_step_is_applied_once(empty: str) -> None:
    numbers = [number for number, _ in steps()]
    for _ in range(2):
        migrate(empty)
        assert applied(empty) == numbers
    assert has_table(empty, "frontier")


def test_several_that_start_at_once_apply_each_step_once(empty: str) -> None:
    assert at_once(*[lambda: migrate(empty)] * 5) == [None] * 5
    assert applied(empty) == [number for number, _ in steps()]


def test_a_later_step_is_applied_to_an_older_database(
    empty: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    migrate(empty)
    later = [*steps(), (len(steps()) + 1, "CREATE TABLE later (x int)")]
    monkeypatch.setattr(module, "steps", lambda: later)
    migrate(empty)
    assert has_table(empty, "later")
    assert applied(empty) == [number for number, _ in later]


def test_a_crawl_of_the_first_schema_goes_on_under_the_present_one(
    empty: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, *_ = steps()
    monkeypatch.setattr(module, "steps", lambda: [first])
    migrate(empty)
    with closing(psycopg2.connect(empty)) as connection, connection, connection.cursor() as cursor:
        cursor.execute(OLD_CRAWL)
    monkeypatch.undo()
    migrate(empty)
    assert query(empty, "SELECT reasons FROM jobs") == [({"dns": 1, "page-limit": 1},)]
    hosts = query(empty, "SELECT host FROM frontier ORDER BY id")
    assert [host for (host,) in hosts] == ["a", "b:81", "[::1]:82"]


OLD_CRAWL = """
INSERT INTO jobs (id, urls, options, scope_bases, discovered, queued, failed, skipped)
VALUES ('job', '["http://a/"]', '{}', '["http://a/"]', 3, 1, 1, 1);
INSERT INTO frontier (job_id, url_key, url, depth, state, outcome, reason) VALUES
    ('job', '1', 'http://a/', 0, 'done', 'failed', 'dns'),
    ('job', '2', 'https://b:81/x?y=//z', 1, 'done', 'skipped', 'page-limit'),
    ('job', '3', 'http://[::1]:82/', 1, 'queued', NULL, NULL);
"""


def test_a_step_that_fails_leaves_nothing_of_itself(
    empty: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = [(1, "CREATE TABLE one (x int)"), (2, "CREATE TABLE two (x int); SELECT 1/0")]
    monkeypatch.setattr(module, "steps", lambda: broken)
    with pytest.raises(psycopg2.errors.DivisionByZero):
        migrate(empty)
    assert (has_table(empty, "one"), has_table(empty, "two")) == (True, False)
    assert applied(empty) == [1]


def test_a_database_of_a_newer_version_is_refused_and_untouched(
    empty: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    migrate(empty)
    known = steps()
    monkeypatch.setattr(module, "steps", lambda: [*known, (len(known) + 1, "SELECT 1")])
    migrate(empty)
    monkeypatch.undo()
    with pytest.raises(SchemaTooNew, match="start the newer version"):
        migrate(empty)
    assert len(applied(empty)) == len(known) + 1


def test_it_is_a_command(empty: str) -> None:
    command = [sys.executable, "-m", "crawler.storage.migrate"]
    assert subprocess.run([*command, empty], check=False).returncode == 0
    assert applied(empty)
    usage = subprocess.run(command, check=False, capture_output=True, text=True)
    assert (usage.returncode, usage.stderr.startswith("usage:")) == (2, True)
