"""What a crawl call asks of its job while it runs."""

from collections.abc import Iterator

import pytest

from crawler.storage.calls import OVER, Standing
from crawler.storage.migrate import migrate
from tests.storage import Storage


@pytest.fixture(scope="module")
def storage(database_url: str) -> Iterator[Storage]:
    migrate(database_url)
    opened = Storage(database_url)
    yield opened
    opened.database.close()


def test_a_call_hears_of_the_pace_that_the_job_has_now(storage: Storage) -> None:
    lease = storage.begin(concurrency=5)
    assert storage.reader.standing(lease.job_id, lease.epoch) == Standing(True, 5, None)
    storage.change_limits(lease.job_id, concurrency=None, delay_ms=250)
    assert storage.reader.standing(lease.job_id, lease.epoch) == Standing(True, None, 250)


def test_a_call_of_an_older_epoch_or_of_a_job_that_does_not_run_is_over(storage: Storage) -> None:
    lease = storage.begin()
    assert not storage.reader.standing(lease.job_id, lease.epoch + 1).current
    storage.jobs.pause(lease.job_id)
    assert not storage.reader.standing(lease.job_id, lease.epoch).current
    storage.jobs.delete(lease.job_id)
    assert storage.reader.standing(lease.job_id, lease.epoch) is OVER
    assert storage.reader.standing("unknown", 1) is OVER


def test_credentials_are_read_as_they_were_stored_until_the_job_is_deleted(
    storage: Storage,
) -> None:
    job_id = storage.create()
    assert storage.reader.credentials(job_id) is None
    storage.sql("UPDATE jobs SET credentials = %(sealed)s WHERE id = %(id)s",
                sealed=b"\x01sealed", id=job_id)
    assert storage.reader.credentials(job_id) == b"\x01sealed"
    storage.jobs.delete(job_id)
    assert storage.reader.credentials(job_id) is None
