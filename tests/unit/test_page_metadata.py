"""What the API tells of a page beside its text."""

import pytest

from crawler.domain.model import PageRow, StoredLink, StoredPage
from crawler.web.page_metadata import metadata_json

ROW = PageRow(1, "http://site/a", "http://site/b", 200, "fetched", None, "t", 1, 2, 0, None, None)


def test_counts_and_headings_are_those_of_the_markdown_that_is_shown() -> None:
    links = (StoredLink("http://site/", "", ""), StoredLink("http://other/", "", ""))
    shown = metadata_json(StoredPage(ROW, "T", markdown="# A\n\ntwo words", links=links))
    assert (shown["words"], shown["tokens"], shown["linksOut"]) == (3, 5, 2)
    assert shown["headings"] == [{"level": 1, "text": "A"}]


def test_a_page_without_content_tells_nothing() -> None:
    shown = metadata_json(StoredPage(ROW))
    assert (shown["words"], shown["tokens"], shown["headings"]) == (0, 0, [])
    assert (shown["author"], shown["publishedAt"], shown["canonicalUrl"]) == (None, None, None)
    assert (shown["openGraph"], shown["jsonLdTypes"]) == ({}, [])


@pytest.mark.parametrize(
    ("said", "header", "canonical"),
    [
        ("http://site/c", "", "http://site/c"),
        (None, '</c>; rel="canonical"', "http://site/c"),
        ("http://site/c", "<c>; rel=canonical", "http://site/c"),
        ("http://site/c", "</d>; rel=canonical", None),
    ],
)
def test_the_canonical_url_is_one_on_which_page_and_header_agree(
    said: str | None, header: str, canonical: str | None
) -> None:
    metadata = {"canonicalUrl": said} if said else {}
    stored = StoredPage(ROW, headers=(("Link", header),), metadata=metadata)
    assert metadata_json(stored)["canonicalUrl"] == canonical
