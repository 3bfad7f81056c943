"""A crawl taken away over HTTP: by programs and by people, in every form there is."""

import io
import json
import zipfile
from xml.etree import ElementTree

import pytest

from tests.api import Api
from tests.e2e.crawls import Crawled, ended
from tests.e2e.linked_site import LinkedSite

PAGES = {"/": ["/docs/a", "/gone"], "/docs/a": ["/"]}
FORMS = {
    "zip": ("application/zip", ".zip"),
    "md": ("text/markdown; charset=utf-8", ".md"),
    "llms": ("text/plain; charset=utf-8", ".llms.txt"),
    "llms-full": ("text/plain; charset=utf-8", ".llms-full.txt"),
    "llms-full&maxTokens=1000": ("application/zip", ".llms-full.zip"),
    "jsonl": ("application/jsonl; charset=utf-8", ".jsonl"),
    "csv": ("text/csv; charset=utf-8; header=present", ".csv"),
    "sitemap": ("application/xml; charset=utf-8", ".sitemap.xml"),
}


@pytest.fixture(scope="module")
def crawled(api: Api) -> Crawled:
    with LinkedSite(PAGES) as site:
        job = api.create(site.url("/"))
        return ended(api, job["id"])


def exported(api: Api, base: str, form: str) -> bytes:
    """An export, which must come as a file to be saved."""
    response = api.request("GET", f"{base}/export?format={form}")
    media_type, ending = FORMS[form]
    assert (response.status_code, response.headers["Content-Type"]) == (200, media_type)
    assert response.headers["Content-Disposition"].endswith(f'{ending}"')
    assert ".partial" not in response.headers["Content-Disposition"]
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    return response.content


def test_a_crawl_is_taken_away_in_every_form(api: Api, crawled: Crawled) -> None:
    base = f"/api/v4/jobs/{crawled.job['id']}"
    made = {form: exported(api, base, form) for form in FORMS}
    names = {form: _names(made[form]) for form in ("zip", "llms-full&maxTokens=1000")}
    assert names["zip"] == ["README.md", "index.md", "docs/a.md"]
    assert names["llms-full&maxTokens=1000"] == ["llms-full-001.txt"]
    lines = [json.loads(line) for line in made["jsonl"].splitlines()]
    assert [line["url"] for line in lines] == [page["url"] for page in crawled.rows[:2]]
    assert len(ElementTree.fromstring(made["sitemap"])) == 2
    assert made["csv"].count(b"\n") == 1 + len(crawled.rows)
    assert made["md"].count(b"\nurl: ") == 2


def test_people_find_the_same_files_on_the_page(api: Api, crawled: Crawled) -> None:
    base = f"/jobs/{crawled.job['id']}"
    page = api.request("GET", base).text
    for form in FORMS:
        assert "&" in form or f'href="{base}/export?format={form}" download' in page
    assert exported(api, base, "sitemap") == exported(api, f"/api/v4{base}", "sitemap")


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("", "format"),
        ("?format=pdf", "format"),
        ("?format=zip&maxTokens=1000", "maxTokens"),
        ("?format=llms-full&maxTokens=many", "maxTokens"),
        ("?format=llms-full&maxTokens=0", "maxTokens"),
    ],
)
def test_a_wrong_form_is_named(api: Api, crawled: Crawled, query: str, field: str) -> None:
    response = api.request("GET", f"/api/v4/jobs/{crawled.job['id']}/export{query}")
    assert (response.status_code, response.json()["errors"][0]["field"]) == (400, field)


def _names(archive: bytes) -> list[str]:
    with zipfile.ZipFile(io.BytesIO(archive)) as opened:
        assert opened.testzip() is None
        return opened.namelist()
