"""The Markdown form that a page declares."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.content.alternate import (
    HEAD_BYTES,
    alternate_markdown,
    declared_markdown,
    is_of_page,
    with_absolute_links,
)
from crawler.content.bounds import MAX_MARKDOWN
from crawler.content.document import Document, make_document, with_alternate
from tests.cpu import within

URL = "http://site/docs/page"
HTML = "text/html; charset=utf-8"


def declared(head: str, *links: str, content_type: str = HTML) -> str | None:
    body = f"<html><head>{head}</head><body><p>text".encode()
    return declared_markdown(body, content_type, URL, [("Link", value) for value in links])


@pytest.mark.parametrize(
    ("head", "url"),
    [
        ('<link rel="alternate" type="text/markdown" href="page.md">', "http://site/docs/page.md"),
        ('<LINK HREF=/p.md REL="x Alternate" TYPE="text/markdown;charset=utf-8">',
         "http://site/p.md"),
        ('<base href="http://other/"><link rel=alternate type=text/markdown href=p.md#x>',
         "http://other/p.md"),
        ('<link rel=alternate type="application/rss+xml" href=a>'
         "<link rel=alternate type=text/markdown href=b>"
         "<link rel=alternate type=text/markdown href=c>",
         "http://site/docs/b"),
        ('<link rel=alternate hreflang=de href="page.md">', None),
        ('<link rel=stylesheet type=text/markdown href="page.md">', None),
        ("<!-- <link rel=alternate type=text/markdown href=page.md> -->", None),
        (f'<link rel=alternate type=text/markdown href="{URL}">', None),
        ('<link rel=alternate type=text/markdown href="/llms.txt">', None),
        ('<link rel=alternate type=text/markdown href="javascript:x">', None),
        ("x" * HEAD_BYTES + "<link rel=alternate type=text/markdown href=page.md>", None),
    ],
)  # fmt: skip
def test_the_first_declared_form_counts(head: str, url: str | None) -> None:
    assert declared(head) == url


def test_headers_declare_it_too_and_come_first() -> None:
    link = '</de>; rel=alternate; type="text/html", <p.md>; rel="alternate"; type="text/markdown"'
    head = "<link rel=alternate type=text/markdown href=page.md>"
    assert declared("", link) == "http://site/docs/p.md"
    assert declared(head, link) == "http://site/docs/p.md"
    assert declared(head, "<p.md>; rel=alternate") == "http://site/docs/page.md"


def test_texts_have_no_other_form() -> None:
    link = "<p.md>; rel=alternate; type=text/markdown"
    assert declared("", link, content_type="text/markdown") is None
    assert declared("", link, content_type="text/plain") is None


@pytest.mark.parametrize(
    ("body", "markdown"),
    [
        (b"\xef\xbb\xbf# T\n\ntext\n", "# T\n\ntext"),
        (b"---\ntitle: T\ntags:\n  - a\n---\n\n# T\n---\n", "# T\n---"),
        (b"---\n\ntext\n\n---\n\nmore", "---\n\ntext\n\n---\n\nmore"),
        (b"---\ntitle: never ends", "---\ntitle: never ends"),
        (b" \n\n", ""),
        (b"", ""),
        (b"\n<!DOCTYPE html><html>Not found", ""),
        (b"<html lang=en>", ""),
        (b"<details>fine</details>", "<details>fine</details>"),
        (b"a\0b", "a\ufffdb"),
        (b"\xff\xfe", ""),
    ],
)
def test_what_is_content_of_a_form(body: bytes, markdown: str) -> None:
    assert alternate_markdown(body) == markdown


def test_a_form_is_its_pages_where_most_words_are_the_same() -> None:
    own = "These are words about processing which every reader understands. " * 5
    assert is_of_page("# Words about processing\n\nThese every reader understands.", own)
    assert not is_of_page("# Words", own)
    assert not is_of_page("Sorry, nothing was found under that address.", own)
    assert is_of_page("Anything", "a shell")
    assert is_of_page("处理后的页面只存储一次" * 3, "处理后的页面只存储一次。" * 20)
    assert not is_of_page("没有找到您要的东西" * 3, "处理后的页面只存储一次。" * 20)


def test_the_form_is_the_content_and_the_rest_is_the_pages() -> None:
    html = b"<html lang=en><head><title>T</title><meta name=author content=Ann><h1>H</h1><p>text"
    page = make_document(html, HTML, URL)
    made = with_alternate(page, b"# H\n\n*text*", f"{URL}.md", URL)
    assert made == Document("T", "", "en", "# H\n\n*text*", {"author": "Ann"})
    assert with_alternate(page, b" ", f"{URL}.md", URL) == page
    assert with_alternate(page, b"<html>", f"{URL}.md", URL) == page


def test_links_of_a_form_are_absolute_by_its_own_url_and_those_within_it_by_the_pages() -> None:
    form, url = b"[a](../b.md#c) ![i](i.png) [here](#d) [r]\n\n`[a](b)`\n\n[r]: e?f", "http://m/x/y.md"
    made = with_alternate(Document("T", "", "", ""), form, url, URL)
    assert made.markdown == (
        f"[a](http://m/b.md#c) ![i](http://m/x/i.png) [here]({URL}#d) [r]\n\n`[a](b)`\n\n"
        "[r]: http://m/x/e?f"
    )


def test_links_of_a_page_in_markdown_are_absolute() -> None:
    assert make_document(b"# T\n\n[a](b)", "text/markdown", URL).markdown == (
        "# T\n\n[a](http://site/docs/b)"
    )


def test_links_make_no_form_longer_than_pages_are() -> None:
    made = with_absolute_links("[](a)" * 100_000, "http://site/" + "x" * 1_900 + "/", URL)
    assert len(made) <= MAX_MARKDOWN


@given(st.binary(max_size=300))
def test_any_bytes_are_taken(body: bytes) -> None:
    head = b"<head><link rel=alternate type='text/markdown' href='" + body
    declared_markdown(head, HTML, URL, [("Link", body.decode("latin-1"))])
    assert "\0" not in alternate_markdown(body)


@pytest.mark.parametrize("part", ["---\na:\n", "a:" * 900 + "\n", "<link type=text/markdown"])
def test_hostile_forms_take_no_time(part: str) -> None:
    body = ("---\n" + part * (900_000 // len(part))).encode()
    within(0.5, alternate_markdown, body)
    within(0.5, declared_markdown, body, HTML, URL, ())
    within(0.5, is_of_page, body.decode(), body.decode())


@pytest.mark.parametrize("part", ["[", "[a](b", "[](a)", "[a]: b\n", "<a href=", "> - ", "`a``"])
def test_hostile_links_of_a_form_take_no_time(part: str) -> None:
    within(2, with_absolute_links, part * (900_000 // len(part)), URL, URL)
