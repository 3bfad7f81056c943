"""Markdown as people read it and take it away."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.web.download import file_name
from crawler.web.markdown_view import Block, blocks

LINES = st.sampled_from(["# A", "```", "````", "~~~ py", "> q", "| a |", "text", "", "    #no"])


@given(st.lists(LINES).map("\n".join) | st.text())
def test_the_blocks_joined_are_the_markdown(markdown: str) -> None:
    assert "".join(block.text for block in blocks(markdown)) == markdown


def test_headings_and_quotes_within_code_are_code() -> None:
    markdown = "# A\n````\n```\n# no\n````\n> q\n"
    assert blocks(markdown) == [
        Block("heading", "# A\n"),
        Block("code", "````\n```\n# no\n````\n"),
        Block("quote", "> q\n"),
    ]


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("https://docs.python.org/3/library/", "docs.python.org-3-library.md"),
        ("http://127.0.0.1:8000/", "127.0.0.1-8000.md"),
        ("http://[::1]/../", "1.md"),
        ("https://a.example/" + "x" * 500, "a.example-" + "x" * 70 + ".md"),
    ],
)
def test_file_names(url: str, name: str) -> None:
    assert file_name(url, "md") == name


@given(st.text())
def test_a_file_name_is_safe_whatever_the_url(text: str) -> None:
    name = file_name("https://a.example/" + text, "md")
    assert name.isascii() and not set(name) & set('/\\"\r\n;') and not name.startswith(".")
