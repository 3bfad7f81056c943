"""A site with everything that is wrong with sites: the crawl ends, and each URL has its reason."""

import threading
from collections import Counter
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from bench.contenders import ALLOW_LOOPBACK, NO_LIMITS
from bench.drills.crawling import check_events, check_ids
from bench.drills.verdict import expect
from tests.api import Api
from tests.processes import PROC
from tests.server import RunningServer
from tests.site import Site

END_SECONDS = 900
MOST_MEMORY = 300 * 2**20
SAMPLE_SECONDS = 0.2

FAULTS: dict[str, tuple[str, str | None]] = {
    "/status/404": ("failed", "http-404"),
    "/status/410": ("failed", "http-410"),
    "/status/500": ("failed", "http-500"),
    "/status/429": ("failed", "http-429"),
    "/status/204": ("failed", "empty"),
    "/flaky/503?times=2": ("fetched", None),
    "/busy/429?after=1": ("fetched", None),
    "/pdf": ("skipped", "not-html"),
    "/png": ("skipped", "not-html"),
    "/text": ("fetched", None),
    "/markdown": ("fetched", None),
    "/delay/300": ("fetched", None),
    "/drop": ("failed", "refused"),
    "/reset": ("failed", "refused"),
    "/reset-body": ("failed", "broken-response"),
    "/junk": ("failed", "broken-response"),
    "/partial": ("failed", "broken-response"),
    "/two-lengths": ("failed", "broken-response"),
    "/broken-chunk": ("failed", "broken-response"),
    "/cut-chunks": ("failed", "broken-response"),
    "/excess": ("fetched", None),
    "/keep-then-drop": ("fetched", None),
    "/coding/gzip": ("fetched", None),
    "/coding/gzip?cut=1": ("failed", "broken-response"),
    "/coding/br?plain=1": ("failed", "broken-response"),
    "/bomb/gzip": ("failed", "too-large"),
    "/bomb/deflate": ("failed", "too-large"),
    "/bomb/raw-deflate": ("failed", "too-large"),
    "/bomb/br": ("failed", "too-large"),
    "/bomb/zstd": ("failed", "too-large"),
    "/bomb/gzip,gzip": ("failed", "too-large"),
    "/huge/11": ("failed", "too-large"),
    "/endless": ("failed", "too-large"),
    "/header-flood": ("failed", "broken-response"),
    "/long-header": ("failed", "broken-response"),
    "/continue-flood": ("failed", "broken-response"),
    "/minus-one": ("failed", "broken-response"),
    "/trailer-flood": ("failed", "broken-response"),
    "/extension-flood": ("failed", "broken-response"),
    "/slow-headers": ("failed", "broken-response"),
    "/slow-body": ("failed", "timeout"),
    "/silent": ("failed", "timeout"),
    "/redirect/5": ("fetched", None),
    "/redirect/20": ("failed", "redirect-loop"),
    "/redirect-loop": ("failed", "redirect-loop"),
    "/redirect-to": ("failed", "bad-redirect"),
    "/redirect-to?url=ftp://127.0.0.1/": ("failed", "bad-redirect"),
    "/redirect-to?url=http://10.0.0.1/": ("skipped", "scope"),
    "/poison/nesting": ("fetched", None),
    "/poison/attribute": ("fetched", None),
    "/poison/entities": ("fetched", None),
    "/poison/control": ("fetched", None),
    "/poison/nul": ("fetched", None),
    "/charset/shift_jis?declare=meta": ("fetched", None),
    "/shell/react": ("failed", "needs-javascript"),
    "/shell/next": ("failed", "needs-javascript"),
    "/challenge/cloudflare": ("failed", "challenge"),
    "/challenge/sucuri": ("failed", "challenge"),
    "/closed": ("skipped", "robots"),
    "/links/10000": ("fetched", None),
    "/deeper/": ("fetched", None),
    "/facets": ("fetched", None),
    "/calendar/2026/11": ("fetched", None),
    "/nofollow/meta": ("fetched", None),
}
"""What becomes of each page that the root links to."""

ROBOTS = "User-agent: *\nDisallow: /closed\nSitemap: {}\n"


def faults() -> str:
    """The whole fault site: it ends by itself, each URL by its reason, in little memory."""
    with Site() as site, RunningServer(env=ALLOW_LOOPBACK) as server, WorkerMemory(server) as peak:
        site.set_robots(ROBOTS.format(site.url("/sitemap/index-of-faults")))
        links = "".join(f'<li><a href="{path}">{path}</a>' for path in FAULTS)
        site.set_page("/", f"<title>Faults</title><p>All that may go wrong</p><ul>{links}</ul>")
        api = Api(server.url)
        job = api.create(site.url("/"), **NO_LIMITS)
        ended = api.wait(job["id"], "completed", END_SECONDS)
        rows, events = api.pages(job["id"]), api.events(job["id"])
        report = api.call("GET", f"/api/v4/jobs/{job['id']}/report")
        check_ids([event["id"] for event in events], ended["lastEventId"])
        check_events([event["data"] for event in events], job["id"])
        _check_rows(rows, site, ended)
        _check_traps(rows, report)
    expect(peak.bytes < MOST_MEMORY, f"a worker took {peak.bytes / 2**20:.0f} MB")
    reasons = ended["totals"]["reasons"]
    return (
        f"{len(rows):,} URLs, {len(reasons)} reasons, {ended['totals']['completed']:,} pages;"
        f" a worker took {peak.bytes / 2**20:.0f} MB at most"
    )


def _check_rows(rows: list[dict[str, Any]], site: Site, job: dict[str, Any]) -> None:
    found = {row["url"]: (row["outcome"], row["reason"]) for row in rows}
    told = {path: found.get(site.url(path), ("missing", None)) for path in FAULTS}
    wrong = {path: came for path, came in told.items() if came != FAULTS[path]}
    expect(not wrong, f"other outcomes than expected: {wrong}")
    pending = [row["url"] for row in rows if row["outcome"] is None]
    expect(not pending, f"never came to an end: {pending[:5]}")
    reasons = Counter(row["reason"] for row in rows if row["reason"])
    expect(reasons == job["totals"]["reasons"], f"{reasons} are not {job['totals']['reasons']}")


def _check_traps(rows: list[dict[str, Any]], report: dict[str, Any]) -> None:
    """Each trap was left at some point, and the report says so."""
    for name, most in (("/calendar/", 400), ("/deeper/", 400), ("/facets", 3_000)):
        count = sum(name in row["url"] for row in rows)
        expect(2 < count < most, f"{count} URLs of {name}")
    told = {each["reason"]: each["count"] for each in report["links"]}
    expect(told.get("trap", 0) > 0, f"no trap in the report: {told}")


class WorkerMemory:
    """The most memory (resident set, bytes) that any worker has taken while the block lasts."""

    def __init__(self, server: RunningServer) -> None:
        self._server = server
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self.bytes = 0

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._ended.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._ended.wait(SAMPLE_SECONDS):
            self.bytes = max(self.bytes, *map(_peak_bytes, self._server.worker_pids()), 0)


def _peak_bytes(pid: int) -> int:
    """The largest resident set that a process ever had (proc(5), VmHWM); 0 when it is gone."""
    try:
        status = Path(PROC / str(pid) / "status").read_text()
    except OSError:
        return 0
    lines = (line.split() for line in status.splitlines())
    return next((int(line[1]) * 1024 for line in lines if line and line[0] == "VmHWM:"), 0)
