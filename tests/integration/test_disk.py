"""The disk limit: reached, told, and left again when crawls were deleted."""

import os
import time
from collections.abc import Iterator

import pytest

from crawler.storage.bodies import seal
from crawler.storage.disk import DiskWatch
from crawler.storage.migrate import migrate
from tests.storage import Storage

MIB = 2**20


@pytest.fixture
def storage(database_url: str) -> Iterator[Storage]:
    migrate(database_url)
    opened = Storage(database_url)
    yield opened
    opened.database.close()


def size(storage: Storage) -> int:
    bytes_: int = storage.database.read("database_size")[0]["bytes"]
    return bytes_


def fill(storage: Storage, mebibytes: int) -> None:
    storage.bodies.put([seal(os.urandom(MIB // 8)) for _ in range(8 * mebibytes)])


def wait_until(disk: DiskWatch, *, is_full: bool) -> None:
    """Checks as a worker does, until the disk is known to be full, or not."""
    deadline = time.monotonic() + 60
    disk.check()
    while disk.is_full is not is_full:
        assert time.monotonic() < deadline
        time.sleep(0.05)
        disk.check()


def test_without_a_limit_nothing_is_full(storage: Storage) -> None:
    disk = DiskWatch(storage.database, None, time.monotonic)
    disk.check()
    assert not disk.is_full


def test_what_was_deleted_gives_room_without_shrinking(storage: Storage) -> None:
    limit = size(storage) + 4 * MIB
    disk = DiskWatch(storage.database, limit, time.monotonic)
    fill(storage, 2)
    disk.check()
    assert not disk.is_full
    fill(storage, 4)
    disk.check()
    assert disk.is_full
    full = size(storage)
    storage.sql("DELETE FROM bodies WHERE hash < '\\xc0'")
    wait_until(disk, is_full=False)
    wait_until(DiskWatch(storage.database, limit, time.monotonic), is_full=False)
    fill(storage, 2)
    assert size(storage) < full + MIB, "what came next went into the room"
    fill(storage, 5)
    wait_until(disk, is_full=True)


@pytest.mark.parametrize(("limit", "words"), [
    (10 * 2**30, "10 GB"), (1536 * MIB, "1536 MB"), (2**40, "1 TB"), (MIB + 1, "1048577 bytes"),
])
def test_users_are_told_of_the_limit_in_words(storage: Storage, limit: int, words: str) -> None:
    assert f"disk limit of {words} " in DiskWatch(storage.database, limit, time.monotonic).why
