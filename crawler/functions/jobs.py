"""Function 1: create a job."""

from typing import Any

from crawler.domain.errors import FieldError, InvalidRequest
from crawler.domain.model import Job
from crawler.domain.options import Policy, parse_job_request
from crawler.functions.credentials import seal_credentials
from crawler.functions.repeating import as_of, earlier_job, with_credentials
from crawler.storage.jobs import JobStore
from crawler.storage.sealing import Sealer

_MOST_KEY_CHARACTERS = 200


def create_job(
    store: JobStore, body: Any, idempotency_key: str | None, policy: Policy, sealer: Sealer
) -> tuple[Job, bool]:
    """A job row and its roots in the frontier; returns the job and whether it is new.

    Headers and cookies that it shall send are sealed before they are kept. A request with `basedOn`
    is made again from that job.

    Raises:
        InvalidRequest: when the body is wrong or against the policy; nothing was created.
        Conflict: when the key was used with another request.
    """
    earlier = earlier_job(store, body)
    request = parse_job_request(as_of(earlier, body, policy) if earlier else body, policy)
    if idempotency_key is not None and not _is_key(idempotency_key):
        raise InvalidRequest(
            FieldError(
                "Idempotency-Key", f"must be 1 to {_MOST_KEY_CHARACTERS} printable characters"
            )
        )
    if earlier and (same := with_credentials(request, body, earlier)):
        sealed = store.sealed_credentials(earlier.id)
        return store.create(same, idempotency_key, sealed, based_on=earlier.id)
    based_on = earlier.id if earlier else None
    credentials = request.credentials
    if credentials is None:
        return store.create(request, idempotency_key, based_on=based_on)
    sealed = seal_credentials(sealer, credentials, request.urls)
    # A repeated request must have the same ones, and sealing never gives the same twice.
    digest = sealer.fingerprint(credentials.as_bytes().decode())
    return store.create(request, idempotency_key, sealed, digest, based_on)


def _is_key(text: str) -> bool:
    return 1 <= len(text) <= _MOST_KEY_CHARACTERS and text.isascii() and text.isprintable()
