"""What a page says of itself, as its viewer shows it."""

from crawler.domain.model import PageRow, StoredPage
from crawler.web.page_facts import facts, label


def page(**metadata: object) -> StoredPage:
    row = PageRow(1, "http://a.test/", None, 200, "fetched", None, "T", 1, 9, 0, None, None)
    return StoredPage(row, title="T", markdown="# T\n\nTwo words", metadata=metadata)


def test_what_is_known_is_shown_with_its_label_and_what_is_not_is_left_out() -> None:
    said = page(author="A", publishedAt="2026-11-24", openGraph={"type": "article"},
                jsonLdTypes=["Article", "Person"])  # fmt: skip
    shown = dict(facts(said))
    assert shown["Title"] == "T" and shown["Author"] == "A" and shown["Published"] == "2026-11-24"
    assert shown["Open Graph"] == {"type": "article"}
    assert shown["JSON-LD types"] == ["Article", "Person"]
    assert shown["Words"] == 3
    assert not {"Description", "Language", "Headers", "Redirects"} & set(shown)


def test_a_member_without_a_label_of_its_own_is_named_by_its_words() -> None:
    assert [label("author"), label("modifiedAt"), label("readingTime")] == [
        "Author", "Modified", "Reading time",
    ]  # fmt: skip
