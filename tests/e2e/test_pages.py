"""The pages in a real browser: the form, the live page and its guards, reading, taking away."""

import random

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from tests.api import Api, Json
from tests.e2e.browser import Viewer, check_shown
from tests.e2e.wire import Wire
from tests.server import RunningServer, wait_until
from tests.site import Graph, Site

SLOW = {"delayMs": 60, "maxDepth": None, "maxPages": None, "timeLimitSeconds": None}
LONG = Graph(seed=7, pages=600)
SHORT = Graph(seed=11, pages=25)


def open_job(viewer: Viewer, base: str, job_id: str) -> None:
    viewer.page.goto(f"{base}/jobs/{job_id}")


def check_final_page(page: Page, job: Json) -> None:
    """The page says what the API says."""
    totals = job["totals"]
    root = page.locator("#job")
    expect(root).to_have_attribute("data-job-status", job["status"])
    expect(root).to_have_attribute("data-last-event-id", str(job["lastEventId"]))
    waiting = totals["queued"] + totals["processing"]
    for name, value in {**totals, "waiting": waiting}.items():
        counts = page.locator(f'#totals [data-count="{name}"]')
        if counts.count():
            expect(counts).to_have_text(f"{value:,}")


def test_ten_refreshes_a_cut_and_a_restart_lose_and_repeat_no_event(
    viewer: Viewer, server: RunningServer, api: Api, site: Site
) -> None:
    job = api.create(site.url(LONG.root), **SLOW)
    chance = random.Random(5)
    with Wire(server.port) as wire:
        open_job(viewer, wire.url, job["id"])
        for round_number in range(10):
            viewer.wait_for_event(viewer.shown() + chance.randrange(2, 9))
            if round_number == 3:
                assert wire.cut() > 0
                viewer.wait_for_event(viewer.shown() + 4)
            if round_number == 6:
                server.restart()
                viewer.wait_for_event(viewer.shown() + 4)
            viewer.page.reload()
        api.change(job["id"], delayMs=0)
        viewer.wait_for_state("ended")
        ended = api.wait(job["id"], "completed")
        check_final_page(viewer.page, ended)
    assert len(viewer.loads) == 11
    check_shown(viewer, ended["lastEventId"])


def test_what_a_cut_connection_missed_is_caught_up_and_said(
    viewer: Viewer, server: RunningServer, api: Api, site: Site
) -> None:
    job = api.create(site.url(LONG.root), **SLOW)
    with Wire(server.port) as wire:
        open_job(viewer, wire.url, job["id"])
        viewer.wait_for_state("live")
        viewer.wait_for_event(10)
        wire.cut()
        viewer.wait_for_state("reconnecting")
        viewer.wait_for_state("live")
        mark = viewer.page.locator("#thread .gap--closed")
        expect(mark).to_contain_text("Reconnected")
        api.cancel(job["id"])
        viewer.wait_for_status("cancelled")
        viewer.wait_for_state("ended")
    check_shown(viewer, api.show(job["id"])["lastEventId"])


def test_a_connection_that_dies_without_a_word_is_noticed_by_the_late_heartbeat(
    viewer: Viewer, server: RunningServer, api: Api, site: Site
) -> None:
    job = api.create(site.url(LONG.root), **{**SLOW, "delayMs": 200})
    with Wire(server.port) as wire:
        open_job(viewer, wire.url, job["id"])
        viewer.wait_for_state("live")
        # The browser would try each idle connection that it kept, 5 s for each.
        wait_until(lambda: wire.connections == 1, "only the stream is open")
        wire.deaden()
        viewer.wait_for_state("reconnecting")
        viewer.wait_for_state("live")
        api.cancel(job["id"])
        viewer.wait_for_state("ended")
    check_shown(viewer, api.show(job["id"])["lastEventId"])


def test_a_hidden_tab_lets_its_stream_go_and_catches_up_exactly(
    viewer: Viewer, server: RunningServer, api: Api, site: Site
) -> None:
    job = api.create(site.url(LONG.root), **SLOW)
    open_job(viewer, server.url, job["id"])
    viewer.wait_for_state("live")
    hide = """hidden => {
      Object.defineProperty(document, "hidden", { value: hidden, configurable: true });
      document.dispatchEvent(new Event("visibilitychange"));
    }"""
    viewer.page.evaluate(hide, True)
    shown = viewer.shown()
    wait_until(lambda: api.show(job["id"])["lastEventId"] > shown + 8, "events in the dark")
    assert viewer.shown() <= shown + 1
    viewer.page.evaluate(hide, False)
    expect(viewer.page.locator("#thread .gap--closed")).to_contain_text("events caught up")
    api.cancel(job["id"])
    viewer.wait_for_state("ended")
    check_shown(viewer, api.show(job["id"])["lastEventId"])


def test_the_list_of_crawls_follows_those_that_run(
    viewer: Viewer, server: RunningServer, api: Api, site: Site
) -> None:
    job = api.create(site.url(SHORT.root), **SLOW)
    viewer.page.goto(server.url)
    viewer.page.fill("[name=url]", "half an addr")
    item = viewer.page.locator(f'[data-job-id="{job["id"]}"]')
    expect(item).to_contain_text("finished")
    assert viewer.page.input_value("[name=url]") == "half an addr"
    assert len(viewer.loads) == 1


@pytest.mark.parametrize("failures", [1, 3])
def test_a_first_connection_that_fails_is_tried_again(
    viewer: Viewer, server: RunningServer, api: Api, site: Site, failures: int
) -> None:
    job = api.create(site.url(SHORT.root), **SLOW)
    left = [failures]

    def answer(route: Route) -> None:
        if not left[0]:
            route.continue_()
            return
        left[0] -= 1
        route.fulfill(status=503, content_type="text/html", body="<h1>Away</h1>")

    viewer.page.route("**/live?*", answer)
    open_job(viewer, server.url, job["id"])
    viewer.wait_for_state("ended")
    assert "Away" not in viewer.page.content()
    check_shown(viewer, api.wait(job["id"])["lastEventId"])


def test_a_server_that_replays_everything_shows_nothing_twice(
    viewer: Viewer, server: RunningServer, api: Api, site: Site
) -> None:
    job = api.create(site.url(SHORT.root), **SLOW)
    viewer.page.route(
        "**/live?*", lambda route: route.continue_(url=route.request.url.split("?")[0] + "?after=0")
    )
    open_job(viewer, server.url, job["id"])
    viewer.wait_for_state("ended")
    check_shown(viewer, api.wait(job["id"])["lastEventId"])


def test_an_ended_job_s_page_does_not_connect_and_rejoins_after_a_resume(
    viewer: Viewer, server: RunningServer, api: Api, site: Site
) -> None:
    job = api.create(site.url(LONG.root), **{**SLOW, "maxDepth": 1})
    api.wait(job["id"])
    asked: list[str] = []
    viewer.page.on("request", lambda request: asked.append(request.url))
    open_job(viewer, server.url, job["id"])
    viewer.wait_for_state("ended")
    assert not [url for url in asked if "/live?" in url]
    expect(viewer.page.locator("#ending")).to_contain_text("deeper than 1 click")
    viewer.page.get_by_role("button", name="Go one click deeper").click()
    viewer.wait_for_state("ended")
    ended = api.wait(job["id"])
    assert ended["options"]["maxDepth"] == 2
    check_final_page(viewer.page, ended)


def test_a_page_left_open_rejoins_when_another_resumes_the_crawl(
    viewer: Viewer, server: RunningServer, api: Api, site: Site
) -> None:
    job = api.create(site.url(LONG.root), **{**SLOW, "maxDepth": 0})
    open_job(viewer, server.url, job["id"])
    viewer.wait_for_state("ended")
    api.change(job["id"], maxDepth=1)
    api.resume(job["id"])
    viewer.wait_for_event(api.wait(job["id"])["lastEventId"])
    check_final_page(viewer.page, api.show(job["id"]))


def test_pause_resume_and_cancel_by_their_buttons(
    viewer: Viewer, server: RunningServer, api: Api, site: Site
) -> None:
    job = api.create(site.url(LONG.root), **SLOW)
    open_job(viewer, server.url, job["id"])
    for action, status in (("pause", "paused"), ("resume", "running"), ("cancel", "cancelled")):
        viewer.page.locator(f'#job-actions [data-action="{action}"]').click()
        viewer.wait_for_status(status)
        assert api.show(job["id"])["status"] == status
    viewer.wait_for_state("ended")
    assert len(viewer.loads) == 1
    check_final_page(viewer.page, api.show(job["id"]))


def test_a_deleted_job_s_page_says_that_it_is_gone(
    viewer: Viewer, server: RunningServer, api: Api, site: Site
) -> None:
    job = api.create(site.url(LONG.root), **SLOW)
    open_job(viewer, server.url, job["id"])
    viewer.wait_for_state("live")
    api.delete(job["id"])
    expect(viewer.page.get_by_role("heading", level=1)).to_have_text("The thread ends here")


def test_two_viewers_see_the_same(
    browser: Browser, server: RunningServer, api: Api, site: Site
) -> None:
    job = api.create(site.url(SHORT.root), **SLOW)
    viewers = [Viewer(browser.new_context()) for _ in range(2)]
    for each in viewers:
        open_job(each, server.url, job["id"])
    for each in viewers:
        each.wait_for_state("ended")
    texts = [each.page.locator("#thread").inner_text() for each in viewers]
    assert texts[0] == texts[1]
    for each in viewers:
        check_shown(each, api.show(job["id"])["lastEventId"])
        each.page.context.close()


def test_the_form_starts_a_crawl_and_the_pages_can_be_read_and_taken_away(
    viewer: Viewer, server: RunningServer, api: Api, site: Site
) -> None:
    page = viewer.page
    page.goto(server.url)
    page.get_by_role("radio", name="Whole site").check()
    page.fill("[name=url]", site.url(SHORT.root))
    expect(page.locator("#plan")).to_contain_text("Every page of 127.0.0.1")
    page.get_by_text("Limits and manners").click()
    expect(page.locator("[name=maxDepth]")).to_have_value("")
    page.fill("[name=maxPages]", "12")
    expect(page.locator("#plan")).to_contain_text("at most 12 pages")
    page.get_by_role("button", name="Crawl").first.click()
    viewer.wait_for_state("ended")
    page.locator("#urls a").first.click()
    expect(page.locator(".prose")).not_to_be_empty()
    page.go_back()
    with page.expect_download() as waiting:
        page.get_by_text("Take it away").click()
        page.get_by_role("link", name="One Markdown file").click()
    text = waiting.value.path().read_text()
    assert text.count("\nurl: ") == 12
    assert waiting.value.suggested_filename.endswith(".md")


def test_without_javascript_the_form_the_page_and_the_buttons_work(
    plain_page: Page, server: RunningServer, api: Api, site: Site
) -> None:
    page = plain_page
    page.goto(server.url)
    page.fill("[name=url]", "ftp://example.com")
    page.get_by_role("button", name="Crawl").first.click()
    expect(page.locator("#url-error")).to_contain_text("ftp")
    page.get_by_role("radio", name="Whole site").check()
    page.fill("[name=url]", site.url(LONG.root))
    page.get_by_text("Limits and manners").click()
    page.fill("[name=delayMs]", "100")
    page.get_by_role("button", name="Crawl").first.click()
    job_id = page.url.rpartition("/")[2]
    assert api.show(job_id)["options"]["maxDepth"] is None
    api.wait(job_id, "running")
    page.get_by_role("link", name="Reload").click()
    page.locator('[data-action="pause"]').click()
    expect(page.locator("#job")).to_have_attribute("data-job-status", "paused")
    page.locator('[data-action="cancel"]').click()
    expect(page.locator("#job")).to_have_attribute("data-job-status", "cancelled")
    page.get_by_text("Delete this crawl").click()
    page.locator('[data-action="delete"]').click()
    assert job_id not in [job["id"] for job in api.list()]
