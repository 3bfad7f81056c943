"""Downloads in the clothes of pages."""

import pytest

from crawler.content.sniffing import HEADER_BYTES, is_download
from crawler.domain.model import Outcome
from crawler.fetching.fetcher import Fetched
from crawler.fetching.guard import Network
from crawler.functions.crawl_results import judge

PNG = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR"
PDF = b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj\n"
PLAIN = "text/plain; charset=utf-8"


@pytest.mark.parametrize(
    ("body", "content_type", "download"),
    [
        (PDF, None, True),
        (PNG, None, True),
        (PNG, "text/plain", True),
        (PNG, "text/markdown", True),
        (PDF, "text/html", True),
        (b"\xff\xd8\xff\xe0", PLAIN, True),
        (b"words\0\1\2", "text/plain; charset=ISO-8859-1", True),
        (b"words\0\1\2", None, True),
        (b"words", None, False),
        (b"BMW builds cars", None, False),
        (b"\x1b$B%F%9%H\x1b(B", "text/plain; charset=iso-2022-jp", False),
        (b"a\fb\tc\r\n", PLAIN, False),
        ("größe".encode("latin-1"), PLAIN, False),
        ("words".encode("utf-16"), None, False),
        ("words".encode("utf-16-le"), "text/plain; charset=UTF-16LE", False),
        (b"x" * HEADER_BYTES + b"\0", PLAIN, False),
        (b" \n<!DOCTYPE html><p>\0", None, False),
        (b"<p>\0</p>", "text/html", False),
        (b"<p>\0</p>", "application/xhtml+xml", False),
        (b"see %PDF-1.7", PLAIN, False),
        (b"", None, False),
    ],
)
def test_a_download_is_told_by_its_first_bytes(
    body: bytes, content_type: str | None, download: bool
) -> None:
    assert is_download(body, content_type) is download


@pytest.mark.parametrize(("body", "content_type"), [(PDF, None), (PNG, None), (PNG, "text/plain")])
def test_a_download_without_its_type_is_no_page(body: bytes, content_type: str | None) -> None:
    fetched = Fetched("http://site/a", 200, (), content_type, body, (), 1, Network.PUBLIC)
    assert judge(fetched) == ("not-html", Outcome.SKIPPED)
