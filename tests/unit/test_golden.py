"""Pages beside the Markdown that a careful person would write, for each kind of structure."""

from pathlib import Path

import pytest

from crawler.content.document import make_document

GOLDEN = Path(__file__).parent.parent / "golden"
PAGES = sorted(page.stem for page in GOLDEN.glob("*.html"))


@pytest.mark.parametrize("name", PAGES)
def test_a_page_becomes_what_a_careful_person_would_write(name: str) -> None:
    body = (GOLDEN / f"{name}.html").read_bytes()
    markdown = make_document(body, "text/html; charset=utf-8", "http://site/docs/page.html").markdown
    assert markdown.splitlines() == (GOLDEN / f"{name}.md").read_text().splitlines()
