"""Links in Markdown: all are found, none in code, and nothing else of a text changes."""

from itertools import pairwise
from pathlib import Path
from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from crawler.domain.markdown_links import Kind, find_links, with_destinations
from crawler.exports.rewriting import read_links, relative_link, rewritten

GOLDEN = Path(__file__).parents[1] / "golden"
LINKS = (Kind.LINK, Kind.AUTOLINK)
PAGE = "https://a.example/d/page"
FILES = {
    "https://a.example/d/x": "d/x.md",
    "https://a.example/b(c)": "b(c).md",
    "https://a.example/d/page": "d/page.md",
}
TABLE = "| [p\\|q](x.md) | `a\\|[b](x)` | ` |\n| [d](x.md) ` |"


def shown(markdown: str) -> str:
    return rewritten(read_links(markdown, PAGE), "d/page.md", FILES.get)


@pytest.mark.parametrize(
    ("markdown", "expected"),
    [
        ("[x](https://a.example/d/x)", "[x](x.md)"),
        ("[x](https://a.example/d/x#a-b 'T')", "[x](x.md#a-b 'T')"),
        ('[x]( <https://a.example/d/x> "a) \\" b" )', '[x]( x.md "a) \\" b" )'),
        ("[a[b]\\]](https://a.example/b(c))", "[a[b]\\]](../b%28c%29.md)"),
        ("[a](https://a.example/b\\(c\\))", "[a](../b%28c%29.md)"),
        ("[`](`](https://a.example/d/x)", "[`](`](x.md)"),
        ("[here](https://a.example/d/page#top)", "[here](#top)"),
        ("[here](#top)", "[here](#top)"),
        ("[here](https://a.example/d/page)", "[here](page.md)"),
        ("[far](https://b.example/?a=1&b=2)", "[far](https://b.example/?a=1&b=2)"),
        ("[other](y/z?q=(1)#f)", "[other](https://a.example/d/y/z?q=%281%29#f)"),
        ("[mail](mailto:a@b.example) [js](javascript:x)", None),
        ("![i](https://a.example/d/x)", None),
        ("![i](x)", "![i](https://a.example/d/x)"),
        ("[![i](x)](x)", "[![i](https://a.example/d/x)](x.md)"),
        ("<https://a.example/d/x>", "[https://a.example/d/x](x.md)"),
        ("<https://a.example/d/x#_b_>", "[https://a.example/d/x#\\_b\\_](x.md#_b_)"),
        ("[r]: https://a.example/d/x 'T'\n[s]: <x>", "[r]: x.md 'T'\n[s]: x.md"),
        ("[^1]: see [x](x)", "[^1]: see [x](x.md)"),
        ('<a href="x&amp;y" title="[a](x)">', '<a href="https://a.example/d/x&y" title="[a](x)">'),
        ("| [p\\|q](x) | `a\\|[b](x)` | ` |\n| [d](x) ` |", TABLE),
        ("a ` b\n\n[x](x) ` c", "a ` b\n\n[x](x.md) ` c"),
        ("> [x](x)\n> more", "> [x](x.md)\n> more"),
        ("`[x](x)` ``a`[x](x)`` \\[x](x) x](x)", None),
        ("```\n[x](x)\n````\n[x](x)", "```\n[x](x)\n````\n[x](x.md)"),
        ("~~~ py\n[x](x)\n```\n[x](x)\n~~~", None),
        ("- a\n\n  ```\n  [x](x)\n  ```\n  [x](x)", "- a\n\n  ```\n  [x](x)\n  ```\n  [x](x.md)"),
        ("1. ```\n   [x](x)\n[x](x)", "1. ```\n   [x](x)\n[x](x.md)"),
        ("> ```\n> [x](x)\n\n[x](x)", "> ```\n> [x](x)\n\n[x](x.md)"),
        ("a\n\n    [x](x)\n\n    [x](x)\nb [x](x)", "a\n\n    [x](x)\n\n    [x](x)\nb [x](x.md)"),
        ("- a\n\n    [x](x)", "- a\n\n    [x](x.md)"),
        ("- - a\n\n    > b\n\n    [x](x)", "- - a\n\n    > b\n\n    [x](x.md)"),
        ("> - a\n>\n>   > b\n>\n>     [x](x)", "> - a\n>\n>   > b\n>\n>     [x](x.md)"),
        ("- a\n> b\n\n      [x](x)", None),
        ("a\n    [x](x)", "a\n    [x](x.md)"),
        ("[x](x\n\ny) [x]() [x](<x) [x](x y)", None),
    ],
)
def test_links_are_rewritten(markdown: str, expected: str | None) -> None:
    assert shown(markdown) == (markdown if expected is None else expected)


def read_by_another(markdown: str) -> list[str]:
    """Links as a reader of all of CommonMark finds them; footnotes are definitions to it."""
    tokens = MarkdownIt().enable("table").parse(markdown)
    children = (child for token in tokens for child in token.children or ())
    hrefs = (str(child.attrs["href"]) for child in children if child.type == "link_open")
    return [unquote(href) for href in hrefs if "://" in href]


@pytest.mark.parametrize("path", sorted(GOLDEN.glob("*.md")), ids=lambda path: path.stem)
def test_another_reader_finds_the_same_links_in_what_pages_become(path: Path) -> None:
    markdown = path.read_text()
    links = (link for link in find_links(markdown) if link.kind in LINKS)
    found = [unquote(link.destination) for link in links if "://" in link.destination]
    assert found == read_by_another(markdown)


@pytest.mark.parametrize(
    ("here", "there", "link"),
    [
        ("a.md", "b.md", "b.md"),
        ("a/b/c.md", "a/d.md", "../d.md"),
        ("a/b.md", "a/b/c.md", "b/c.md"),
        ("a/x/y.md", "a/x.md", "../x.md"),
        ("README.md", "é/a b#c%.md", "%C3%A9/a%20b%23c%25.md"),
    ],
)
def test_relative_links(here: str, there: str, link: str) -> None:
    assert relative_link(here, there) == link


PIECES = st.sampled_from(
    [
        "[a](https://x.example/1)", "![b](<https://x.example/2>)", "<https://x.example/3>", "text",
        "# ", "&amp;", "[r]: https://x.example/4", "<a href='x'>", "`", "``", "```", "~~~", "\n",
        "\n\n", "    ", "> ", "- ", "1. ", "[", "]", "](", "(", ")", "<", ">", "\\", "\"", " ",
    ]
)
TEXTS = st.lists(PIECES, max_size=40).map("".join) | st.text(max_size=200)


@given(TEXTS)
def test_nothing_but_destinations_changes(markdown: str) -> None:
    links = find_links(markdown)
    assert all(one.end <= other.start for one, other in pairwise(links))
    assert with_destinations(markdown, links, lambda link: None) == markdown
    same = with_destinations(
        markdown,
        links,
        lambda link: None if link.kind is Kind.AUTOLINK else markdown[link.start : link.end],
    )
    assert same == markdown


@given(TEXTS)
def test_in_a_code_block_there_are_no_links(text: str) -> None:
    ticks = "`" * (text.count("`") + 3)
    around = f"[a](x)\n\n{ticks}\n{text}\n{ticks}\n\n[b](x)"
    assert [link.destination for link in find_links(around)] == ["x", "x"]
