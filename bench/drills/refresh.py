"""What a person sees who refreshes again and again, loses the connection, loses the server."""

import random

from playwright.sync_api import Page

from bench.drills.crawling import Crawl, check_everything, slow_crawl
from bench.drills.verdict import expect
from tests.api import Json
from tests.e2e.browser import Viewer, check_shown, chromium
from tests.e2e.wire import Wire

RELOADS = 10
EVENTS_APART = (2, 12)
DELAY_MS = 120
"""Between fetches: 530 pages take a minute."""


def refresh() -> str:
    """Ten reloads, a TCP cut and a restart at random moments: each event shown once, 1…N."""
    with slow_crawl(1_000, delayMs=DELAY_MS) as crawl, chromium() as browser:
        context = browser.new_context()
        viewer = Viewer(context)
        _disturb(crawl, viewer)
        job = crawl.wait_for_end()
        viewer.wait_for_state("ended")
        _check_page(viewer.page, job)
        check_shown(viewer, job["lastEventId"])
        expect(not viewer.complaints, f"the page complains: {viewer.complaints[:3]}")
        context.close()
        figures = check_everything(crawl, job)
    return f"{figures}; {len(viewer.loads)} loads of the page"


def _disturb(crawl: Crawl, viewer: Viewer) -> None:
    """The wire is gone at the end: the last load speaks to the server itself."""
    doings = ["reload"] * (RELOADS - 1) + ["cut", "restart"]
    random.shuffle(doings)
    page = f"/jobs/{crawl.job_id}"
    with Wire(crawl.server.port) as wire:
        viewer.page.goto(wire.url + page)
        for doing in doings:
            viewer.wait_for_event(viewer.shown() + random.randint(*EVENTS_APART))
            if doing == "reload":
                viewer.page.reload()
            elif doing == "restart":
                crawl.server.restart()
            else:
                expect(wire.cut() > 0, "there was no connection to cut")
        viewer.wait_for_event(viewer.shown() + random.randint(*EVENTS_APART))
        expect(crawl.api.show(crawl.job_id)["status"] == "running", "it ended before its time")
        viewer.page.goto(crawl.server.url + page)


def _check_page(page: Page, job: Json) -> None:
    """The page says what the API says."""
    totals = job["totals"]
    said = {
        name: page.inner_text(f'#totals [data-count="{name}"]').replace(",", "")
        for name in ("completed", "discovered", "failed", "skipped", "processed")
    }
    expect(said == {name: str(totals[name]) for name in said}, f"{said} shown, in truth {totals}")
    shown = tuple(
        page.get_attribute("#job", name) for name in ("data-job-status", "data-last-event-id")
    )
    expect(shown == (job["status"], str(job["lastEventId"])), f"the page stands at {shown}")
