"""A page limit is kept to the page, with as many calls in flight as there can be."""

from bench.contenders import ALLOW_LOOPBACK, NO_LIMITS, is_fetched
from bench.drills.crawling import check_events, check_ids
from bench.drills.verdict import expect
from tests.api import Api
from tests.server import RunningServer
from tests.site import Graph, Site

RUNS = 20
LIMITS = (1, 7, 100)
DELAY_MILLISECONDS = 60
NO_PAGES = ("/robots.txt", "/sitemap.xml")


def page_limit() -> str:
    """maxPages 1, 7 and 100, over 20 runs on two hosts with eight calls in flight: exactly so."""
    peaks = []
    with Site() as one, Site() as two, RunningServer(env=ALLOW_LOOPBACK) as server:
        api = Api(server.url)
        for run in range(RUNS):
            for limit in LIMITS:
                peaks.append(_run(api, [one, two], run, limit))
    return f"{RUNS} runs of each, exact; up to {max(peaks)} requests at once"


def _run(api: Api, sites: list[Site], run: int, limit: int) -> int:
    roots = []
    for number, site in enumerate(sites):
        site.clear()
        graph = Graph(1_000 * run + 2 * limit + number, 400, DELAY_MILLISECONDS)
        roots.append(site.url(graph.root))
        # Not all that is asked for becomes a page: some fail in passing, and are asked for again.
        site.refuse(503, "0", after=limit // 2, times=2)
    # Two roots: with a limit of 1 the second one is left out.
    options = NO_LIMITS | {"maxPages": limit, "concurrency": 40, "scope": "any"}
    job = api.create(urls=roots, **options)
    ended = api.wait(job["id"], "completed", 60)
    events = api.events(job["id"])
    check_ids([event["id"] for event in events], ended["lastEventId"])
    check_events([event["data"] for event in events], job["id"])
    pages = [row for row in api.pages(job["id"]) if is_fetched(row)]
    answered = [
        request
        for site in sites
        for request in site.log()
        if request.status == 200 and request.path not in NO_PAGES
    ]
    expect(
        len(pages) == ended["totals"]["completed"] == limit,
        f"run {run}: {len(pages)} pages with maxPages {limit}: {ended['totals']}",
    )
    expect(len(answered) == limit, f"run {run}: the sites gave {len(answered)} pages for {limit}")
    return max(site.peak() for site in sites)
