"""A site's wishes over jobs and workers, read from its own log."""

import os
import signal
import time
from collections.abc import Iterable
from itertools import pairwise

import redis

from bench.contenders import ALLOW_LOOPBACK, NO_LIMITS
from bench.drills.crawling import check_events, check_ids
from bench.drills.verdict import expect
from tests.api import Api
from tests.server import RunningServer, wait_until
from tests.site import Graph, Site
from tests.site.site import Request

TWO_WORKERS = ALLOW_LOOPBACK | {"WEB_CONCURRENCY": "2"}
END_SECONDS = 240

CRAWL_DELAY = "User-agent: *\nCrawl-delay: 1\nSitemap: {}\n"
PAGES_EACH = 20
WINDOW_SECONDS = 5

ASKED_SECONDS = 3.0
LATENCY_SECONDS = 0.25
"""Requests on their way while the refusal was on its own."""

FULL_PACE = 0.7
"""The share of its usual pace that the other host's must keep."""


def crawl_delay() -> str:
    """Two jobs and two workers on a site with `Crawl-delay: 1`: no two requests within 1 s."""
    with Site() as site, RunningServer(env=TWO_WORKERS) as server:
        site.set_robots(CRAWL_DELAY.format(site.url("/sitemap/urlset?seed=90")))
        api = Api(server.url)
        graphs = [Graph(seed, PAGES_EACH) for seed in (91, 92)]
        jobs = [api.create(site.url(graph.root), **NO_LIMITS)["id"] for graph in graphs]
        done = [_finish(api, job_id, END_SECONDS) for job_id in jobs]
        pages = sum(job["totals"]["completed"] for job in done)
        gaps = _gaps(site.log())
        workers = {job["owner"]["pid"] for job in done if job["owner"]}
    close = sorted(gaps)[:3]
    expect(pages == 2 * PAGES_EACH + 2 * 3, f"{pages} pages instead of those of both sites")
    expect(close[0] >= 1.0, f"requests only {close} s apart")
    return (
        f"{len(gaps) + 1} requests of every kind, {close[0]:.3f} s apart or more, "
        f"{sum(gaps) / len(gaps):.3f} s on average; {len(workers)} owners left"
    )


def crawl_delay_in_trouble() -> str:
    """The same while Valkey hangs, is flushed and is killed, and while a worker is killed.

    Then each worker keeps the delay by itself, at its share: single requests of two of them may
    come close to one another, but never more than the delay allows over a few seconds.
    """
    with Site() as site, RunningServer(env=TWO_WORKERS) as server:
        site.set_robots(CRAWL_DELAY.format(site.url("/sitemap/urlset?seed=95")))
        api = Api(server.url)
        links = "".join(f'<a href="/redirect/{n % 3}?{n}">{n}</a> ' for n in range(30))
        site.set_page("/start", f"<title>Start</title><p>Start {links}")
        roots = [site.url("/start"), site.url(Graph(96, 30).root)]
        jobs = [api.create(root, **NO_LIMITS)["id"] for root in roots]
        for trouble in (_hang, _flush, _kill_valkey, _kill_worker):
            _wait_for_requests(site, 5)
            trouble(server)
        _wait_for_requests(site, 5)
        for job_id in jobs:
            _finish(api, job_id, END_SECONDS)
        log = sorted(site.log())
    most = max(
        sum(first.at <= request.at < first.at + WINDOW_SECONDS for request in log)
        for first in log
    )
    close = sum(gap < 1.0 for gap in _gaps(log))
    expect(most <= WINDOW_SECONDS + 1, f"{most} requests within {WINDOW_SECONDS} s")
    return f"{len(log)} requests, {most} within {WINDOW_SECONDS} s at most; {close} came close"


def _wait_for_requests(site: Site, count: int) -> None:
    """Returns once the site was asked so many times more."""
    before = len(site.log())
    wait_until(lambda: len(site.log()) >= before + count, f"{count} more requests")


def _valkey(server: RunningServer) -> int:
    programs = ((p.pid, p.command.split(" ")[0]) for p in server.processes())
    return next(pid for pid, program in programs if program.endswith("/valkey-server"))


def _hang(server: RunningServer) -> None:
    hung = _valkey(server)
    os.kill(hung, signal.SIGSTOP)
    try:
        time.sleep(6)
    finally:
        os.kill(hung, signal.SIGCONT)


def _flush(server: RunningServer) -> None:
    client = redis.Redis.from_url(server.worker_environment()["REDIS_URL"])
    client.flushall()
    client.close()


def _kill_valkey(server: RunningServer) -> None:
    os.kill(_valkey(server), signal.SIGKILL)


def _kill_worker(server: RunningServer) -> None:
    os.kill(server.worker_pids()[0], signal.SIGKILL)


def retry_after() -> str:
    """A host that answers 429 with `Retry-After: 3` is left alone while another goes on."""
    with Site() as busy, Site() as free, RunningServer(env=TWO_WORKERS) as server:
        api = Api(server.url)
        asking = Graph(seed=93, pages=60, delay_milliseconds=40)
        going_on = Graph(seed=94, pages=1_500, delay_milliseconds=100)
        busy.refuse(429, "3", after=15, times=1)
        roots = [busy.url(asking.root), free.url(going_on.root)]
        job = _finish(api, api.create(urls=roots, **NO_LIMITS)["id"], END_SECONDS)
        pages = asking.pages + going_on.pages
        expect(job["totals"]["completed"] == pages, f"not all {pages} pages: {job['totals']}")
        refused_at, quiet = _quiet_time(busy.log())
        share, pace = _pace_meanwhile(free.log(), refused_at)
    expect(quiet >= ASKED_SECONDS, f"asked again after {quiet:.2f} s")
    expect(share >= FULL_PACE, f"the other host went on at {share:.0%} of its pace only")
    return (
        f"left alone for {quiet:.2f} s; the other host's {pace:.0f} pages a second meanwhile"
        f" were {share:.0%} of its usual pace"
    )


def _finish(api: Api, job_id: str, seconds: float) -> dict[str, object]:
    job = api.wait(job_id, "completed", seconds)
    events = api.events(job_id)
    check_ids([event["id"] for event in events], job["lastEventId"])
    check_events([event["data"] for event in events], job_id)
    return job


def _gaps(log: Iterable[Request]) -> list[float]:
    times = sorted(request.at for request in log)
    return [later - earlier for earlier, later in pairwise(times)]


def _quiet_time(log: list[Request]) -> tuple[float, float]:
    """When the refusal came, and for how many seconds nothing was asked after it."""
    refused_at = next(request.at for request in log if request.status == 429)
    later = [r.at - refused_at for r in log if r.at > refused_at + LATENCY_SECONDS]
    return refused_at, min(later)


def _pace_meanwhile(log: list[Request], refused_at: float) -> tuple[float, float]:
    """The pace of a host in the seconds after a moment, as a share of all its crawl's, and as is.

    The first second is left out on both sides: a crawl has few URLs to ask for then.
    """
    times = sorted(request.at for request in log)
    began, ended = times[0] + 1.0, times[-1]
    usual = sum(time > began for time in times) / (ended - began)
    first = max(refused_at, began)
    meanwhile = sum(first < time < refused_at + ASKED_SECONDS for time in times)
    pace = meanwhile / (refused_at + ASKED_SECONDS - first)
    return pace / usual, pace
