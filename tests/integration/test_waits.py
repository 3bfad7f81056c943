"""What a job waits for, as its live page tells it."""

from collections.abc import Iterator

import pytest

from crawler.storage.discovery import KnownUrls
from crawler.storage.migrate import migrate
from crawler.storage.waits import WaitStore
from tests.storage import Storage, crawl_root, in_passing

ONE, TWO = "http://site/a", "http://site/b"


@pytest.fixture(scope="module")
def storage(database_url: str) -> Iterator[Storage]:
    migrate(database_url)
    yield Storage(database_url)


def test_hosts_that_failed_in_passing_are_told_with_the_next_try_first(storage: Storage) -> None:
    lease = storage.begin()
    crawl_root(storage, lease, ONE, TWO)
    claim = storage.frontier.claim(lease, 10)
    storage.frontier.apply(lease, in_passing(claim, "http-429", 40_000), KnownUrls())
    storage.sql(
        "UPDATE frontier SET host = 'other:8080', reason = 'timeout',"
        " not_before = not_before - interval '20 s' WHERE job_id = %(id)s AND url = %(url)s",
        id=lease.job_id,
        url=TWO,
    )
    waits = WaitStore(storage.database)
    soon, later = waits.hosts(lease.job_id, 5)
    assert (soon.host, soon.urls, soon.reason) == ("other:8080", 1, "timeout")
    assert (later.host, later.urls, later.reason) == ("site", 1, "http-429")
    assert 0 < soon.next_in_seconds <= 20 < later.next_in_seconds <= 40
    assert [each.host for each in waits.hosts(lease.job_id, 1)] == ["other:8080"]
    storage.make_due(lease.job_id)
    assert {each.next_in_seconds for each in waits.hosts(lease.job_id, 5)} <= {0.0}


def test_nothing_waits_where_nothing_failed_in_passing(storage: Storage) -> None:
    assert WaitStore(storage.database).hosts(storage.create(), 5) == []
