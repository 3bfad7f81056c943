"""The page viewer in a real browser: its views, with and without JavaScript, and hostile pages."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.api import Api
from tests.e2e.browser import Viewer
from tests.e2e.linked_site import LinkedSite
from tests.server import RunningServer

_WIDE = "| " + " | ".join(f"column{n}" for n in range(30)) + " |"
NOTES = f"""# Notes

[The guide](/guide#use) and [elsewhere](https://elsewhere.test/x) and [a trap](javascript:alert(1)).
<script>document.title = "taken"</script><img src=/x.png onerror="document.title = 'taken'">
<form action=/jobs method=post><button>Sign in</button></form><p style="position:fixed">styled</p>

## Wide things

{_WIDE}
|{"---|" * 30}
{_WIDE}

```python
{"x = 1; " * 60}
```

## {"long" * 60}
"""
GUIDE = b"<title>Guide</title><main><h1>Guide</h1><p>A guide to use.<h2>Use</h2><p>Use it.</main>"


@pytest.fixture(scope="module")
def notes(server: RunningServer) -> Iterator[str]:
    """The viewer's address of a hostile Markdown page; a guide follows it."""
    pages = {"/": ["/notes.md", "/guide", "/gone"], "/notes.md": NOTES.encode(), "/guide": GUIDE}
    with LinkedSite(pages) as site:
        api = Api(server.url)
        job = api.wait(api.create(site.url("/"))["id"], "completed")
        ids = {row["url"]: row["id"] for row in api.pages(job["id"])}
        yield f"{server.url}/jobs/{job['id']}/pages/{ids[site.url('/notes.md')]}"


def test_without_javascript_every_view_is_a_link_away_and_links_stay_in_the_crawl(
    plain_page: Page, notes: str
) -> None:
    page = plain_page
    page.goto(notes)
    views = page.get_by_role("navigation", name="Views of this page")
    for name, shown in (
        ("Markdown", "[a trap](javascript:alert(1))"),
        ("Original", "<form action=/jobs method=post>"),
        ("Metadata", "text/markdown"),
        ("Links", "Linked from 1 page"),
    ):
        views.get_by_role("link", name=name).click()
        expect(views.locator("[aria-current]")).to_contain_text(name)
        expect(page.locator("main")).to_contain_text(shown)
    views.get_by_role("link", name="Read").click()
    page.locator(".prose").get_by_role("link", name="The guide").click()
    expect(page).to_have_url(re.compile("#at-use$"))
    expect(page.locator("#at-use")).to_have_text("Use")
    page.get_by_role("link", name="Previous").click()
    expect(page).to_have_url(notes)
    page.get_by_role("link", name="Next Guide").click()
    expect(page.locator("h1")).to_have_text("Guide")


def test_a_hostile_page_does_nothing_and_nothing_of_it_is_wider_than_a_phone(
    viewer: Viewer, notes: str
) -> None:
    page = viewer.page
    page.set_viewport_size({"width": 320, "height": 640})
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    for view in ("read", "markdown", "html", "metadata", "links"):
        page.goto(f"{notes}?view={view}")
        width = page.evaluate("document.documentElement.scrollWidth")
        assert width == 320, view
    page.goto(notes)
    expect(page).to_have_title("Notes · Clew")
    assert page.locator(".prose :is(script, form, img, [style], [onerror])").count() == 0
    assert all(url.startswith(notes.partition("/jobs/")[0]) for url in asked)
    page.get_by_role("link", name="Original").focus()
    page.keyboard.press("Enter")
    expect(page.locator(".views [aria-current]")).to_have_text("Original")


def test_what_the_site_sent_is_a_file_of_plain_text_never_a_page(api: Api, notes: str) -> None:
    path = notes.removeprefix(api.url)
    response = api.request("GET", f"{path}/original")
    assert response.status_code == 200
    assert response.headers["Content-Type"] == "text/plain; charset=utf-8"
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert response.headers["Content-Disposition"].startswith("attachment; filename=")
    assert response.text == NOTES
    assert api.request("GET", f"{path}?view=none").status_code == 400
