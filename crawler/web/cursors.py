"""Cursors of lists: opaque to clients, a position in the order to us."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from datetime import UTC, datetime

from crawler.domain.errors import FieldError, InvalidRequest
from crawler.domain.model import Job


def job_cursor(job: Job) -> str:
    """The place after a job in the list of jobs."""
    return urlsafe_b64encode(f"{job.created_at.isoformat()} {job.id}".encode()).decode()


def read_job_cursor(text: str) -> tuple[datetime, str]:
    """What `job_cursor` made.

    Raises:
        InvalidRequest: for anything else.
    """
    try:
        moment, _, job_id = urlsafe_b64decode(text.encode()).decode().partition(" ")
        if not job_id.isprintable():
            raise ValueError(job_id)
        return datetime.fromisoformat(moment).astimezone(UTC), job_id
    except (ValueError, OverflowError):
        raise InvalidRequest(FieldError("cursor", "is not a cursor of this list")) from None
