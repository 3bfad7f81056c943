"""Selectors that users may choose content by: which are taken, and why others are not."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.content.selection import Selection
from crawler.content.tree import parse
from crawler.domain.errors import InvalidRequest
from crawler.domain.options import parse_selectors
from crawler.domain.selectors import Selectors, Step, parse_selector, steps_of

ONLY = (
    "which is not supported: of pseudo-classes only :not(), :is(), :where(), :first-child, "
    ":last-child and :empty are"
)
PLAIN = "around something else than elements, classes, ids and attributes"
PAGE = parse("<body class=a><div id=b><p class=a>x<b>y</b></p><p title='c d'>z</p></div>")

names = st.sampled_from(["a", "p", "_x", "--y", "é", r"md\:flex", r"\31 0", "-b", "B-1"])
values = st.sampled_from(["=x", '="a b"', "~='x,y'", "^=x i", "|= x s", '*="]"', "$='\\''", ""])
simple = st.one_of(
    names.map(lambda name: f".{name}"),
    names.map(lambda name: f"#{name}"),
    st.builds(lambda name, value: f"[ {name}{value} ]", names, values),
    st.sampled_from([":first-child", ":last-child", ":EMPTY"]),
)
plain = st.builds(lambda name, rest: name + "".join(rest), names | st.just("*"), st.lists(simple))
choice = st.builds(
    lambda name, parts: f":{name}( {' , '.join(parts)} )",
    st.sampled_from(["not", "is", "where", "IS"]),
    st.lists(plain, min_size=1, max_size=3),
)
compound = st.builds(lambda head, rest: head + "".join(rest), plain, st.lists(choice, max_size=2))
selector = st.builds(
    lambda first, rest: first + "".join(joint + each for joint, each in rest),
    compound,
    st.lists(st.tuples(st.sampled_from([" ", ">", " + ", "~ ", " , "]), compound), max_size=4),
)


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("main", "main"),
        ("  article.post \n", "article.post"),
        ("main\t> p", "main > p"),
        (r".md\:flex", r".md\:flex"),
        ('div.note#top[lang|="de" i]:first-child', 'div.note#top[lang|="de" i]:first-child'),
    ],
)
def test_a_selector_is_kept_as_it_was_written(text: str, kept: str) -> None:
    assert parse_selector(text) == kept


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "is empty"),
        (" ", "is empty"),
        ("main >", 'ends after ">", where an element is expected'),
        ("main,", 'ends after ",", where an element is expected'),
        ("> main", 'can\'t be read from "> main" on'),
        ("a[href", 'can\'t be read from "[href" on'),
        ("p..x", 'can\'t be read from "..x" on'),
        ("#1", 'can\'t be read from "#1" on'),
        ("a{}", 'can\'t be read from "{}" on'),
        ("svg|a", 'can\'t be read from "|a" on'),
        ("//div", 'can\'t be read from "//div" on'),
        ("div:has(p)", f"has :has(), {ONLY}"),
        ("li:nth-child(2n + 1)", f"has :nth-child(), {ONLY}"),
        ("p:first-of-type", f"has :first-of-type, {ONLY}"),
        ("p:empty-looking", f"has :empty-looking, {ONLY}"),
        ("p::before", f"has ::before, {ONLY}"),
        ("p:lexbor-contains('x')", f"has :lexbor-contains(), {ONLY}"),
        (":not(:is(p))", f"has :not() {PLAIN}"),
        (":is(main p)", f"has :is() {PLAIN}"),
        ("p" * 301, "has more than 300 characters"),
        ("p\0", "has characters that can't be shown"),
        ("p\ud800", "has characters that can't be shown"),
    ],
)  # fmt: skip
def test_what_is_no_selector_or_may_take_long_is_refused(text: str, why: str) -> None:
    with pytest.raises(ValueError) as refused:
        parse_selector(text)
    assert str(refused.value) == why


def test_a_selector_is_taken_apart_into_alternatives_and_steps() -> None:
    assert steps_of("main>p , h2 + *") == (
        (Step(" ", "main"), Step(">", "p")),
        (Step(" ", "h2"), Step("+", "*")),
    )


@given(selector)
def test_what_is_taken_is_what_the_parser_reads(text: str) -> None:
    try:
        kept = parse_selector(text)
    except ValueError as error:
        assert "characters" in str(error)
        return
    assert parse_selector(kept) == kept
    Selection(PAGE).find(kept)


@given(st.text(alphabet="ab.#[]()=\"'\\:, >+~*|-1 é\n", max_size=30))
def test_no_text_is_taken_that_the_parser_refuses(text: str) -> None:
    try:
        kept = parse_selector(text)
    except ValueError:
        return
    Selection(PAGE).find(kept)


@pytest.mark.parametrize(
    ("body", "field", "message"),
    [
        ({"contentSelector": 3}, "contentSelector", "must be a CSS selector or null"),
        ({"contentSelector": "p:"}, "contentSelector", 'can\'t be read from ":" on'),
        ({"contentSelector": "b," * 50 + "b"}, "contentSelector", "has more than 50 parts"),
        ({"removeSelectors": "p"}, "removeSelectors", "must be a list of CSS selectors"),
        ({"removeSelectors": [3]}, "removeSelectors", "must be a list of CSS selectors"),
        ({"removeSelectors": ["b"] * 21}, "removeSelectors", "has more than 20 selectors"),
        ({"removeSelectors": ["b", ""]}, "removeSelectors", "has a wrong entry: number 2 is empty"),
        ({"removeSelectors": ["b " * 25, "i " * 26]}, "removeSelectors", "has more than 50 parts"),
        ({"selector": "p"}, "selector", "is not a known member"),
    ],
)
def test_what_is_wrong_with_selectors_is_told_of_their_field(
    body: dict[str, object], field: str, message: str
) -> None:
    with pytest.raises(InvalidRequest) as refused:
        parse_selectors(body)
    assert [(each.field, each.message) for each in refused.value.errors] == [(field, message)]


def test_each_selector_of_a_list_is_kept_once() -> None:
    chosen = parse_selectors({"contentSelector": None, "removeSelectors": [" .ad", ".ad ", "nav"]})
    assert chosen == Selectors(None, (".ad", "nav"))
