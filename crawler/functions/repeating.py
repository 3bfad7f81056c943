"""A job made again from an earlier one: its roots and options, where the request has no others."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from crawler.domain.errors import FieldError, InvalidRequest, UnknownJob
from crawler.domain.model import Job
from crawler.domain.options import JobRequest, Policy
from crawler.storage.jobs import JobStore

BASED_ON = "basedOn"
_CREDENTIALS = ("headers", "cookies")


def earlier_job(store: JobStore, body: Any) -> Job | None:
    """The job that a request names as `basedOn`; None where it names none.

    Raises:
        InvalidRequest: when there is no such job.
    """
    if not isinstance(body, dict) or body.get(BASED_ON) is None:
        return None
    job_id = body[BASED_ON]
    try:
        # PostgreSQL takes neither NUL nor lone surrogates, which JSON may hold.
        if isinstance(job_id, str) and job_id.isascii() and job_id.isprintable():
            return store.get(job_id)
    except UnknownJob:
        pass
    raise InvalidRequest(FieldError(BASED_ON, "is the id of no crawl"))


def as_of(earlier: Job, body: Mapping[str, Any], policy: Policy) -> dict[str, Any]:
    """The request with what it leaves out taken from the earlier job, as far as the policy goes."""
    options = policy.bound(earlier.options).as_json()
    kept = {
        name: list(value) if isinstance(value, tuple) else value
        for name, value in options.items()
        if name not in _CREDENTIALS
    }
    asked = {name: value for name, value in body.items() if name != BASED_ON}
    roots = {} if {"url", "urls"} & set(asked) else {"urls": list(earlier.urls)}
    return {**kept, **roots, **asked}


def with_credentials(
    request: JobRequest, body: Mapping[str, Any], earlier: Job
) -> JobRequest | None:
    """The request with the earlier job's headers and cookies; None where they are not for it.

    They go along, all of them, where the request says nothing of either (empty ones say: none) and
    has the same roots: sealed, they are for those.
    """
    names = earlier.options.headers or earlier.options.cookies
    if set(_CREDENTIALS) & set(body) or not names or request.urls != earlier.urls:
        return None
    options = earlier.options
    return replace(
        request, options=replace(request.options, headers=options.headers, cookies=options.cookies)
    )
