"""Pages beside the Markdown that a careful person would write, for each kind of structure."""

import re
from pathlib import Path

import pytest
from markdown_it import MarkdownIt

from crawler.content.document import make_document

GOLDEN = Path(__file__).parent.parent / "golden"
PAGES = sorted(page.stem for page in GOLDEN.glob("*.html"))

# Pages of Debian's documentation packages, read from where these install them. The folders name the
# version that the Markdown was written for.
PYTHON_DOC = Path("/usr/share/doc/python3.11/html")
POSTGRESQL_DOC = Path("/usr/share/doc/postgresql-doc-15/html")
REAL_PAGES = {
    "python-copyreg": (PYTHON_DOC, "library/copyreg.html"),
    "python-future": (PYTHON_DOC, "library/__future__.html"),
    "python-apiabiversion": (PYTHON_DOC, "c-api/apiabiversion.html"),
    "postgresql-begin": (POSTGRESQL_DOC, "sql-begin.html"),
    "postgresql-boolean": (POSTGRESQL_DOC, "datatype-boolean.html"),
    "postgresql-gin-classes": (POSTGRESQL_DOC, "gin-builtin-opclasses.html"),
    "postgresql-input-rules": (POSTGRESQL_DOC, "datetime-input-rules.html"),
    "postgresql-order-by": (POSTGRESQL_DOC, "queries-order.html"),
}


READER = MarkdownIt("commonmark").enable("table")


@pytest.mark.parametrize("name", PAGES)
def test_a_page_becomes_what_a_careful_person_would_write(name: str) -> None:
    body = (GOLDEN / f"{name}.html").read_bytes()
    expected = (GOLDEN / f"{name}.md").read_text()
    assert markdown_of(body, "docs/page.html").splitlines() == expected.splitlines()


@pytest.mark.parametrize("name", REAL_PAGES)
def test_a_real_page_reads_like_what_a_careful_person_would_write(name: str) -> None:
    folder, path = REAL_PAGES[name]
    if not folder.is_dir():
        pytest.skip(f"the documentation package is not installed: {folder}")
    expected = (GOLDEN / "debian" / f"{name}.md").read_text()
    assert as_read(markdown_of((folder / path).read_bytes(), path)) == as_read(expected)


def markdown_of(body: bytes, path: str) -> str:
    return make_document(body, "text/html; charset=utf-8", f"http://site/{path}").markdown


def as_read(markdown: str) -> list[str]:
    """What a reader of CommonMark makes of it: where prose is broken into lines says nothing, every
    character of program text does."""
    parts = re.split(r"(<pre>.*?</pre>|</(?:h\d|li|p|tr)>)", READER.render(markdown), flags=re.S)
    return [part if part.startswith("<pre>") else " ".join(part.split()) for part in parts]
