"""Function 1: create a job."""

from typing import Any

from crawler.domain.errors import FieldError, InvalidRequest
from crawler.domain.model import Job
from crawler.domain.options import parse_job_request
from crawler.storage.jobs import JobStore

_MOST_KEY_CHARACTERS = 200


def create_job(store: JobStore, body: Any, idempotency_key: str | None) -> tuple[Job, bool]:
    """A job row and its roots in the frontier; returns the job and whether it is new.

    Raises:
        InvalidRequest, UnsupportedOption: when the body is wrong; nothing was created.
        Conflict: when the key was used with another request.
    """
    request = parse_job_request(body)
    if idempotency_key is not None and not _is_key(idempotency_key):
        raise InvalidRequest(
            FieldError(
                "Idempotency-Key", f"must be 1 to {_MOST_KEY_CHARACTERS} printable characters"
            )
        )
    return store.create(request, idempotency_key)


def _is_key(text: str) -> bool:
    return 1 <= len(text) <= _MOST_KEY_CHARACTERS and text.isascii() and text.isprintable()
