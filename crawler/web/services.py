"""What requests work with: made once per process by `app.create_app`, found on the app."""

from dataclasses import dataclass
from typing import Any, cast

from flask import current_app

from crawler.domain.model import Job
from crawler.domain.options import Policy, parse_changes
from crawler.functions.jobs import create_job
from crawler.runtime.worker import Runtime
from crawler.settings import Settings
from crawler.storage.comparison import ComparisonStore
from crawler.storage.exporting import ExportStore
from crawler.storage.jobs import JobStore
from crawler.storage.links import LinkStore
from crawler.storage.pages import PageStore
from crawler.storage.reading import ReadingStore
from crawler.storage.reports import ReportStore
from crawler.storage.sealing import Sealer
from crawler.storage.search import SearchStore
from crawler.storage.waits import WaitStore

EXTENSION = "clew"


@dataclass(frozen=True, slots=True)
class Services:
    """The parts that the web layer calls."""

    settings: Settings
    secret: str
    policy: Policy
    sealer: Sealer
    jobs: JobStore
    pages: PageStore
    links: LinkStore
    reading: ReadingStore
    reports: ReportStore
    exports: ExportStore
    search: SearchStore
    waits: WaitStore
    comparisons: ComparisonStore
    runtime: Runtime


def services() -> Services:
    """The present app's services."""
    return cast(Services, current_app.extensions[EXTENSION])


def new_job(body: Any, idempotency_key: str | None = None) -> tuple[Job, bool]:
    """A job by the body of `POST /api/v4/jobs`, set going; and whether it is new.

    Raises:
        InvalidRequest: when the body is wrong, or against the operator's rules.
        Conflict: when the key was used with another request.
    """
    here = services()
    job, is_new = create_job(here.jobs, body, idempotency_key, here.policy, here.sealer)
    here.runtime.wake(job.id)
    return job, is_new


def change_job(job_id: str, body: Any) -> None:
    """Changes a job's limits and selectors and adds exclude rules, by the body of a `PATCH`.

    Raises:
        UnknownJob: when there is no such job.
        InvalidRequest: when the body is wrong, or against the operator's rules.
    """
    here = services()
    here.jobs.change_options(job_id, lambda options: parse_changes(body, options, here.policy))
