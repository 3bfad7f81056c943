"""One run of either crawler, on a site and a data folder that it has never seen.

A new port for the site and a new data folder for Clew each time: nothing cached, no page stored
under the same hash before, no connection kept. Neither crawler's start is in its time.
"""

import json
import resource
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from bench.measure import PeakMemory, cpu_seconds
from bench.sites import START_PAGE, Site
from tests.api import Api
from tests.nginx import NginxSite
from tests.server import RunningServer
from tests.sse import SseViewer

SPIDER = Path(__file__).with_name("scrapy_spider.py")
RUN_SECONDS = 600
NO_LIMITS = {"maxDepth": None, "maxPages": None, "timeLimitSeconds": None}
ALLOW_LOOPBACK = {"CLEW_ALLOW_PRIVATE": "127.0.0.0/8"}


@dataclass
class Run:
    """What one run gave: pages and their paths, times in seconds, memory in bytes."""

    contender: str
    site: str
    pages: int
    seconds: float
    wall_seconds: float
    cpu: dict[str, float]
    peak_memory: dict[str, int]
    latencies: list[float] = field(default_factory=list)
    paths: frozenset[str] = frozenset()

    @property
    def pages_per_second(self) -> float:
        """Speed by the crawler's own clock, start-up left out."""
        return self.pages / self.seconds


def run_scrapy(site: Site, canonicalize: bool = False) -> Run:
    """Scrapy over the whole site; `canonicalize` drops fragments before its seen-filter."""
    flags = ["--canonicalize"] if canonicalize else []
    with NginxSite(site.folder) as served, tempfile.TemporaryDirectory() as folder:
        url = served.url + START_PAGE
        cpu_before = _children_cpu()
        began = time.monotonic()
        process = subprocess.Popen(
            [sys.executable, str(SPIDER), url, folder, *flags], stdout=subprocess.PIPE
        )
        with PeakMemory(process.pid) as memory:
            output, _ = process.communicate(timeout=RUN_SECONDS)
        wall = time.monotonic() - began
        if process.returncode != 0:
            raise RuntimeError(f"Scrapy ended with {process.returncode}")
        result = json.loads(output.splitlines()[-1])
        return Run(
            contender="scrapy-canonicalize" if canonicalize else "scrapy",
            site=site.name,
            pages=result["pages"],
            seconds=result["seconds"],
            wall_seconds=wall,
            cpu={"scrapy": _children_cpu() - cpu_before},
            peak_memory={"scrapy": memory.peak.total()},
            paths=_paths(result["urls"], served.url),
        )


def _children_cpu() -> float:
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def run_clew(site: Site, options: dict[str, Any]) -> Run:
    """Clew's whole job: pages, links, Markdown, all stored, and one viewer reading along."""
    with NginxSite(site.folder) as served, RunningServer(env=ALLOW_LOOPBACK) as server:
        api = Api(server.url)
        cpu_before = cpu_seconds(server.pid)
        with PeakMemory(server.pid) as memory:
            began = time.time()
            job = api.create(served.url + START_PAGE, **NO_LIMITS, **options)
            with api.watch(job["id"]) as viewer:
                viewer.wait(RUN_SECONDS)
            ended = viewer.received[-1].at
        cpu_after = cpu_seconds(server.pid)
        job = api.show(job["id"])
        _check(job, served)
    return Run(
        contender="clew",
        site=site.name,
        pages=job["totals"]["completed"],
        seconds=_moment(job["finishedAt"]) - _moment(job["createdAt"]),
        wall_seconds=ended - began,
        cpu={name: after - cpu_before.get(name, 0.0) for name, after in cpu_after.items()},
        peak_memory=dict(memory.peak),
        latencies=_latencies(viewer),
        paths=_paths(_fetched(viewer), served.url),
    )


def _check(job: dict[str, Any], served: NginxSite) -> None:
    """A run counts only when the whole job was done, and done on the site rather than a cache."""
    totals = job["totals"]
    whole = job["status"] == "completed" and totals["processed"] == totals["completed"] > 0
    if not whole or totals["fromCache"]:
        raise RuntimeError(f"the job was not done: {job}")
    if any(request.status == 304 for request in served.log()):
        raise RuntimeError("pages were taken from a cache")


def _moment(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()


def _latencies(viewer: SseViewer) -> list[float]:
    """Seconds from each event's `at` to the moment the viewer had it; one clock, one machine."""
    return [
        received.at - _moment(received.message.data["at"])
        for received in viewer.received
        if received.message.id is not None
    ]


def _fetched(viewer: SseViewer) -> list[str]:
    batches = (
        received.message.data
        for received in viewer.received
        if received.message.event == "batch_completed"
    )
    return [page["url"] for batch in batches for page in batch["pages"] if is_fetched(page)]


def is_fetched(page: dict[str, Any]) -> bool:
    """Whether a row of `batch_completed` is a page that was got from the site."""
    return bool(page["outcome"] == "fetched")


def _paths(urls: list[str], origin: str) -> frozenset[str]:
    return frozenset(url.removeprefix(origin) for url in urls)
