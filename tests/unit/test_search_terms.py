"""Words of texts and queries: read alike, whatever is typed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.domain.errors import InvalidRequest
from crawler.domain.indexing import index_text, search_language
from crawler.domain.prose import prose
from crawler.domain.queries import Query, Reading, compose, parse_query
from crawler.domain.terms import LONGEST, spans, words


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("os.path.join(a, b)", ["os", "path", "join", "a", "b"]),
        ("snake_case __init__", ["snake", "case", "init"]),
        ("https://example.org/a/b-c?d=1", ["https", "example", "org", "a", "b", "c", "d", "1"]),
        ("Straße ÉCOLE e\u0301cole", ["strasse", "école", "école"]),
        ("\uff28\uff34\uff2d\uff2c ½ ²", ["html", "12", "2"]),
        ("日本語の本。", ["日", "本", "語", "の", "本"]),
        ("हिन्दी में", ["हिन्दी", "में"]),
        ("a\0b \ud800c \u200b… & | ! <-> :*", ["a", "b", "c"]),
        ("", []),
    ],
)
def test_words_are_letters_and_digits_in_one_spelling(text: str, found: list[str]) -> None:
    assert words(text) == found


@given(st.text())
def test_each_word_has_its_place(text: str) -> None:
    found = words(text)
    places = list(spans(text))
    assert len(found) == len(places)
    assert all(word and len(words(word)) == 1 for word in found)
    assert [words(text[begin:end]) for begin, end in places] == [[word] for word in found]


def test_data_is_cut_to_the_length_of_a_word() -> None:
    assert words("x" * 10_000) == ["x" * LONGEST]


def as_text(query: Query) -> str:
    """The query again, every term in quotes."""
    return " or ".join(
        " ".join(f'{"-" * term.is_excluded}"{" ".join(term.words)}"' for term in way)
        for way in query.ways
    )


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("list comprehension", '"list" "comprehension"'),
        ('"list comprehension"', '"list comprehension"'),
        ('"list comprehension', '"list comprehension"'),
        ("list -generator", '"list" -"generator"'),
        ('list -"two words"', '"list" -"two words"'),
        ("tuple OR list dict", '"tuple" or "list" "dict"'),
        ("or tuple or or", '"tuple"'),
        ("os.path.join", '"os path join"'),
        ("foo-bar - baz", '"foo bar" "baz"'),
        ("'; DROP TABLE jobs; --", '"drop" "table" "jobs"'),
        ("a & !b | (c <-> d:*)", '"a" "b" "c" "d"'),
        ("<b>x</b> \ud800\0y\\", '"b x b" "y"'),
    ],
)
def test_a_query_is_words_phrases_exclusions_and_or(text: str, read: str) -> None:
    assert as_text(parse_query(text)) == read


@pytest.mark.parametrize("text", ["", "  ", "or", '""', "-", "& | !", "x" * 1_001, "a " * 60])
def test_a_query_without_a_word_or_end_is_a_mistake(text: str) -> None:
    with pytest.raises(InvalidRequest):
        parse_query(text)


@given(st.text(max_size=1_000))
def test_any_text_is_a_query_or_a_mistake(text: str) -> None:
    try:
        query = parse_query(text)
    except InvalidRequest:
        return
    found = [word for term in query.terms for word in term.words]
    assert found and not set(" \"'\\&|!:*()<>-").intersection("".join(found))


def test_addresses_of_links_are_no_prose() -> None:
    markdown = (
        "# A [b](https://x/a_(b) \"t\") ![c](http://x/i.png)\n"
        "[![d](https://x/d.png)](https://x/) `e[0](f)` https://x/g"
    )
    assert prose(markdown) == "# A b c\nd `e[0](f)` https://x/g"


@pytest.mark.parametrize(
    ("tag", "language"),
    [("en", "english"), ("EN-us", "english"), ("de_AT", "german"), ("", "simple"), ("x", "simple")],
)
def test_a_language_is_known_by_its_tag(tag: str, language: str) -> None:
    assert search_language(tag) == language


def test_an_entry_is_bounded_whatever_the_page() -> None:
    endless = " ".join(f"{n:x}word{n * 7919}" for n in range(120_000))
    entry = index_text("t " * 999, "d " * 9_999, "en", "http://x/" + "p/" * 999, endless)
    assert sum(len(word) + 4 for word in set(entry.body.split())) < 520_000
    assert entry.body.split()[:2] == ["0word0", "1word7919"]
    assert all(len(part) < 1_000 for part in (entry.title, entry.about))


@pytest.mark.parametrize(
    ("text", "composed"),
    [
        ("a list", "(('list'))"),
        ("a", "(('a'))"),
        ("list or a", "(('list')) | (('a'))"),
        ("list -a", "(('list') & !('a'))"),
        ("-list", "(!('list'))"),
    ],
)
def test_words_of_every_text_are_sought_only_where_there_is_no_other(
    text: str, composed: str
) -> None:
    query = parse_query(text)
    with_all = {term: Reading(f"'{term.words[0]}'", ()) for term in query.terms}
    usual = {t: Reading("", ()) if t.words == ("a",) else with_all[t] for t in query.terms}
    assert compose(query, usual, with_all).query == composed
