"""The headings of a Markdown text."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.content.outline import outline_of
from tests.cpu import within


def test_headings_come_in_order_with_their_levels() -> None:
    markdown = "# One\n\ntext\n\n### Three\n\n## Two ##\n\n#no\n\n####### no\n\n#\n\n    # no"
    assert outline_of(markdown) == [(1, "One"), (3, "Three"), (2, "Two")]


def test_what_looks_like_a_heading_within_code_is_none() -> None:
    markdown = "```sh\n# no\n~~~\n# no\n```\n\n# yes\n\n~~~~\n# no\n~~~\n# no\n~~~~\n## yes"
    assert outline_of(markdown) == [(1, "yes"), (2, "yes")]


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("`zlib` — [Compression](http://site/a_(b))", "zlib — Compression"),
        ("**Bold** *it* \\*args snake_case_x 2 * 3 * 4", "Bold it *args snake_case_x 2 * 3 * 4"),
        ("`__name__ == '__main__'`, \\_\\_all__", "__name__ == '__main__', __all__"),
        ("List&lt;T> a \\[b\\]", "List<T> a [b]"),
        ("![logo](http://site/x.png) [`f(*a)`](/f) C#", "logo f(*a) C#"),
    ],
)
def test_the_text_is_without_markup(text: str, shown: str) -> None:
    assert outline_of(f"## {text}") == [(2, shown)]


@given(st.text(alphabet="#`~ *_[]()\\!ab\n", max_size=200))
def test_any_text_has_an_outline(markdown: str) -> None:
    assert all(1 <= level <= 6 and text for level, text in outline_of(markdown))


@pytest.mark.parametrize("part", ["*a ", "[", "`", "_a*", "![](", "\\", "[](" + "(" * 50])
def test_hostile_headings_take_no_time(part: str) -> None:
    line = "# " + part * 4_000
    within(2.0, outline_of, "\n".join([line] * 600))
