"""What a page says of its making, in whichever of the systems it says it."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.content.dates import iso_date
from crawler.content.document import make_document
from crawler.content.jsonld import LinkedData, read_linked_data
from tests.cpu import within

URL = "http://site/docs/page.html"

ARTICLE = {
    "@context": "https://schema.org",
    "@type": "NewsArticle",
    "author": {"@type": "Person", "name": "Ann"},
    "datePublished": "2024-05-05T10:00:00Z",
    "dateModified": "2024-06-01",
}


def metadata(head: str, body: str = "<p>x") -> dict[str, object]:
    html = f"<html><head>{head}</head><body>{body}"
    return dict(make_document(html.encode(), "text/html", URL).metadata)


def script(data: object) -> str:
    return f'<script type="application/ld+json">{json.dumps(data)}</script>'


def meta(name: str, content: str) -> str:
    return f'<meta name="{name}" content="{content}">'


def og(name: str, content: str) -> str:
    return f'<meta property="{name}" content="{content}">'


def test_a_page_that_says_nothing_has_nothing() -> None:
    assert metadata("<title>t</title>") == {}


@pytest.mark.parametrize(
    ("head", "body", "author"),
    [
        (script(ARTICLE) + og("article:author", "Bob"), "", "Ann"),
        (og("article:author", "Bob") + meta("author", "Cat"), "", "Bob"),
        (og("article:author", "https://social.example/bob") + meta("author", "Cat"), "", "Cat"),
        (meta("Author", "Cat") + meta("DC.Creator", "Dan"), "", "Cat"),
        (meta("citation_author", "Cat") + meta("citation_author", "Dan"), "", "Cat, Dan"),
        (
            "",
            '<div itemscope itemtype="https://schema.org/Article"><p itemprop=author itemscope>'
            "By <b itemprop=name>Eve</b></div><a rel=author>Fay</a>",
            "Eve",
        ),
        (og("og:type", "a"), '<a href="/f" rel="nofollow Author"> Fay\n Gil </a>', "Fay Gil"),
        ("", '<time>May</time> <a rel=author>Fay</a>', "Fay"),
        (meta("author", "a\0b&#xD800;\x01c"), "", "a\ufffdb\ufffdc"),
    ],
)
def test_the_first_source_that_names_an_author_counts(head: str, body: str, author: str) -> None:
    assert metadata(head, body)["author"] == author


@pytest.mark.parametrize(
    ("head", "body", "published", "modified"),
    [
        (script(ARTICLE) + meta("date", "2020"), "", "2024-05-05T10:00:00Z", "2024-06-01"),
        (
            og("article:published_time", "2024-05-06 07:08:09+00:00")
            + og("article:modified_time", "2024-05-07")
            + meta("date", "2020-01-01"),
            "",
            "2024-05-06T07:08:09+00:00",
            "2024-05-07",
        ),
        (meta("date", "5 May 2024") + meta("DC.date.issued", "2024-05"), "", "2024-05", None),
        (
            "",
            '<p itemtype="http://schema.org/x"><time itemprop=datePublished datetime="2024-05-06">'
            '<meta itemprop="dateModified" content="2024-05-07">',
            "2024-05-06",
            "2024-05-07",
        ),
        ("", '<time datetime="2024-05-06">May</time>', "2024-05-06", None),
        ("", '<time datetime="2023">a</time><time pubdate datetime="2024">b</time>', "2024", None),
        ("", '<time datetime="2023">a</time><time datetime="2024">b</time>', None, None),
    ],
)
def test_the_first_source_that_gives_a_date_counts(
    head: str, body: str, published: str | None, modified: str | None
) -> None:
    found = metadata(head, body)
    assert (found.get("publishedAt"), found.get("modifiedAt")) == (published, modified)


@pytest.mark.parametrize(
    ("given", "date"),
    [
        ("2024-05-06T07:08:09.123Z", "2024-05-06T07:08:09.123Z"),
        (" 2024-05-06 07:08 ", "2024-05-06T07:08"),
        ("20240506T070809+0200", "20240506T070809+0200"),
        ("2024-05", "2024-05"),
        ("2024", "2024"),
        ("2024-13-01", ""),
        ("2024-02-30", ""),
        ("0001-01-01T00:00:00Z", ""),
        ("03/04/2024", ""),
        ("May 6, 2024", ""),
        ("2024-05-06T" + "0" * 100, ""),
        ("٢٠٢٤", ""),
        ("", ""),
    ],
)
def test_a_date_is_iso_8601_or_none(given: str, date: str) -> None:
    assert iso_date(given) == date


@pytest.mark.parametrize(
    ("links", "canonical"),
    [
        ('<link rel=canonical href="/a#b">', "http://site/a"),
        ('<base href="http://other/"><link rel="Canonical" href="a">', "http://other/a"),
        ('<link rel=canonical href="/a"><link rel=canonical href="/b">', None),
        ('<link rel=canonical href="javascript:x">', None),
    ],
)
def test_the_canonical_url_is_one_absolute_url(links: str, canonical: str | None) -> None:
    assert metadata(links).get("canonicalUrl") == canonical


def test_open_graph_is_kept_by_name_within_bounds() -> None:
    head = og("og:title", " A\n b ") + og("OG:image", "/1") + og("og:image", "/2") + og("og:", "x")
    assert metadata(head)["openGraph"] == {"title": "A b", "image": "/1"}
    many = "".join(og(f"og:p{n}", "v" * 3_000) for n in range(500))
    kept = metadata(many)["openGraph"]
    assert isinstance(kept, dict)
    assert len(kept) == 40
    assert max(map(len, kept.values())) == 1_000


def test_types_are_those_of_the_page_and_not_of_what_is_within() -> None:
    graph = [
        {"@type": "WebPage", "datePublished": "2020-01-01", "mainEntity": {"@type": "Question"}},
        {"@type": ["https://schema.org/BlogPosting", "Thing"], "author": [{"@id": "#p"}, "Zed"],
         "datePublished": "2024-01-01", "comment": [{"@type": "Comment", "author": "Troll"}]},
        {"@type": "Person", "@id": "#p", "name": "Ann"},
    ]  # fmt: skip
    found = read_linked_data([json.dumps({"@context": "https://schema.org", "@graph": graph})])
    assert found == LinkedData(
        ("WebPage", "BlogPosting", "Thing", "Person", "Question"), "Ann, Zed", "2024-01-01"
    )


@pytest.mark.parametrize(
    "text",
    [
        '//<![CDATA[\n[{"@type": "A"}]\n//]]>',
        '<!-- {"@type": "A"} -->',
        ' {"@type": "A", "text": "line\nbreak"};',
    ],
)
def test_json_that_is_wrapped_is_read(text: str) -> None:
    assert read_linked_data([text]).types == ("A",)


@pytest.mark.parametrize(
    "text",
    [
        '{"@type": "A", "x": "' + "y" * 10_000_000 + '"}',
        "[" * 15_000,
        '{"a":' * 15_000 + "1" + "}" * 15_000,
        '{"mainEntity":' * 900 + "{}" + "}" * 900,
        '{"x": ' + "9" * 200_000 + "}",
        "[" + "{}," * 80_000 + "{}]",
        "{" * 240_000,
        '{"@type": 1, "author": [[["x"]]], "datePublished": {"a": null}, "@graph": "y"}',
        '{"@type": [null, {}, 3], "author": {"name": {"name": 1}}, "@id": []}',
        "null", "3", '"x"', "[null, [], 1]", "", "{", "\0", "\ud800",
    ],
)  # fmt: skip
def test_hostile_json_says_nothing_and_takes_no_time(text: str) -> None:
    assert within(0.5, read_linked_data, [text]) == LinkedData()


json_values = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4)
    | st.dictionaries(
        st.sampled_from(
            ["@type", "@id", "@graph", "author", "name", "datePublished", "dateModified",
             "mainEntity", "mainEntityOfPage"]
        ) | st.text(max_size=4),
        inner,
        max_size=5,
    ),
    max_leaves=30,
)  # fmt: skip


@given(json_values)
def test_any_json_is_storable_text(value: object) -> None:
    found = read_linked_data([json.dumps(value)])
    for text in (*found.types, found.author, found.published, found.modified):
        assert "\0" not in text
        text.encode()
