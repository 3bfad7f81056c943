"""Passages of pages with what was sought in them."""

from collections import defaultdict

from hypothesis import given
from hypothesis import strategies as st

from crawler.domain.snippets import LENGTH, snippet
from crawler.domain.terms import words


def shown(text: str, *terms: str) -> str:
    """The snippet for terms, their words taken for lexemes; hits in brackets."""
    places: dict[str, list[int]] = defaultdict(list)
    for place, word in enumerate(words(text), start=1):
        places[word].append(place)
    wanted = [
        [(word, place) for place, word in enumerate(words(term), start=1)] for term in terms
    ]
    parts = snippet(text, wanted, places)
    return "".join(f"[{part.text}]" if part.match else part.text for part in parts)


def test_hits_are_marked_as_they_stand_in_the_text() -> None:
    assert shown("The LIST, a list.", "list") == "The [LIST], a [list]"


def test_a_phrase_is_marked_only_where_its_words_are_together() -> None:
    assert shown("path os os.path join", "os path") == "path os [os.path] join"


def test_the_passage_with_most_of_the_query_is_shown() -> None:
    text = "one " + "x " * 100 + "one two " + "x " * 100 + "two"
    passage = shown(text, "one", "two")
    assert passage.startswith("… x") and "[one two]" in passage
    assert len(words(passage)) == LENGTH


def test_without_a_hit_it_is_the_beginning() -> None:
    assert shown("some text", "other") == "some text"
    assert snippet("some text", [[("title", 1)]], {"title": [9]}) == snippet(
        "some text", [], {}
    )
    assert snippet("", [], {}) == []


def test_marks_of_markdown_and_white_space_are_left_out() -> None:
    text = "## Head\n\n- **bold** `code`\n\n| a | b |\n|---|---|\n| snake\\_case | <b> x"
    assert shown(text, "bold", "snake") == "Head [bold] code a b [snake]_case <b> x"


def test_emphasis_is_left_out_and_stars_of_program_text_are_not() -> None:
    text = 'is called a "*checkpoint*": *two\nwords*, char *a, **b; 2 \\* 3 \\* 4 `*args, **kw`'
    expected = 'is called a "[checkpoint]": two words, char *a, b; 2 * 3 * 4 *args, kw'
    assert shown(text, "checkpoint") == expected
    assert shown(r"also *\_\_slots__* is", "slots") == "also __[slots]__ is"


@given(st.text(), st.text(max_size=9), st.text(max_size=9))
def test_a_snippet_never_adds_to_the_text(text: str, one: str, two: str) -> None:
    passage = shown(text, one, two).replace("[", "").replace("]", "").removeprefix("… ")
    assert "".join(words(passage)) in "".join(words(text))
