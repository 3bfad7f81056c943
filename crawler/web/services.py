"""What requests work with: made once per process by `app.create_app`, found on the app."""

from dataclasses import dataclass
from typing import cast

from flask import current_app

from crawler.runtime.worker import Runtime
from crawler.settings import Settings
from crawler.storage.jobs import JobStore
from crawler.storage.pages import PageStore

EXTENSION = "clew"


@dataclass(frozen=True, slots=True)
class Services:
    """The parts that the web layer calls."""

    settings: Settings
    secret: str
    jobs: JobStore
    pages: PageStore
    runtime: Runtime


def services() -> Services:
    """The present app's services."""
    return cast(Services, current_app.extensions[EXTENSION])
