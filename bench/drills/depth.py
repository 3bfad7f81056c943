"""Depth does not depend on timing (invariant 12): many runs on made sites with random delays."""

from bench.contenders import ALLOW_LOOPBACK, is_fetched
from bench.drills.crawling import check_events, check_ids
from bench.drills.verdict import expect
from tests.api import Api
from tests.server import RunningServer
from tests.site import Graph, Site
from tests.site.graph import depths

RUNS = 20
PAGES = 600
DELAY_MILLISECONDS = 60
MAX_DEPTH = 5


def depth() -> str:
    """At depth 5 each run finds what a breadth-first walk finds, every page at its depth."""
    with Site() as site, RunningServer(env=ALLOW_LOOPBACK) as server:
        counts = [_run(site, Api(server.url), Graph(seed, PAGES, DELAY_MILLISECONDS))
                  for seed in range(RUNS)]
    return f"{RUNS} runs equal to the walk, {min(counts)} to {max(counts)} pages each"


def _run(site: Site, api: Api, graph: Graph) -> int:
    site.clear()
    expected = {graph.path(page): clicks for page, clicks in depths(graph, MAX_DEPTH).items()}
    job = api.create(site.url(graph.root), maxDepth=MAX_DEPTH, maxPages=None, timeLimitSeconds=None)
    with api.watch(job["id"]) as viewer:
        viewer.wait(120)
    job = api.show(job["id"])
    expect(job["status"] == "completed", f"seed {graph.seed} ended as {job['status']}")
    check_ids(viewer.ids, job["lastEventId"])
    check_events([received.message.data for received in viewer.received], job["id"])
    rows = [page for page in api.pages(job["id"]) if is_fetched(page)]
    found = {page["url"].removeprefix(site.origin): page["depth"] for page in rows}
    _compare(graph, found, expected)
    expect(len(rows) == len(found), f"seed {graph.seed}: pages listed twice")
    asked = [path for path in site.paths() if path != "/robots.txt"]
    expect(len(asked) == len(set(asked)), f"seed {graph.seed}: pages asked for twice")
    return len(found)


def _compare(graph: Graph, found: dict[str, int], expected: dict[str, int]) -> None:
    missing, extra = expected.keys() - found.keys(), found.keys() - expected.keys()
    wrong = [path for path in found.keys() & expected.keys() if found[path] != expected[path]]
    expect(not missing, f"seed {graph.seed}: {len(missing)} pages missing: {sorted(missing)[:5]}")
    expect(not extra, f"seed {graph.seed}: {len(extra)} pages too deep: {sorted(extra)[:5]}")
    expect(not wrong, f"seed {graph.seed}: {len(wrong)} pages at a wrong depth: {wrong[:5]}")
