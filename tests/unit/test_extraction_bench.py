"""How `scripts/bench extraction` scores texts, and when it says that less than promised holds."""

import pytest

from bench.extraction import CLEW, TRAFILATURA, Reading, shortfalls, table
from bench.scoring import Score, plain, score


@pytest.mark.parametrize(
    ("text", "wanted", "expected"),
    [
        ("A ball of thread", "a ball, of THREAD!", (1, 1, 1)),
        ("", "", (1, 1, 1)),
        ("", "thread", (0, 0, 0)),
        ("thread", "", (0, 0, 0)),
        ("a a b", "a b b", (2 / 3, 2 / 3, 2 / 3)),
        ("menu a ball", "a ball", (2 / 3, 1, 0.8)),
    ],
)
def test_words_are_compared_as_often_as_they_stand(
    text: str, wanted: str, expected: tuple[float, float, float]
) -> None:
    assert score(text, wanted) == pytest.approx(Score(*expected))


@pytest.mark.parametrize(
    ("markdown", "text"),
    [
        ("a [ball](http://site/x) of", "a ball of"),
        ("[a [b] c](/x_(y))", "a [b] c"),
        ('![alt](/i.png "title") seen', " seen"),
        ("[![alt](/i.png)](/x) seen", " seen"),
        ("[ball](<http://site/a b>)", "ball"),
        ("`f(x)` [no link] (y)", "`f(x)` [no link] (y)"),
    ],
)
def test_markdown_is_scored_as_text(markdown: str, text: str) -> None:
    assert plain(markdown) == text


def reading(kind: str, f1: float, seconds: float) -> Reading:
    return Reading(kind, Score(f1, f1, f1), seconds)


def test_a_promise_that_does_not_hold_is_named() -> None:
    ours = [reading("article", 0.9, 0.01), reading("forum", 0.7, 0.01)]
    theirs = [reading("article", 0.8, 0.04), reading("forum", 0.72, 0.04)]
    assert not list(shortfalls({CLEW: ours, TRAFILATURA: theirs}))
    found = list(shortfalls({CLEW: theirs, TRAFILATURA: ours}))
    assert [line.split(":")[0] for line in found] == [
        "mean F1 0.760, trafilatura 0.800",
        "article",
        "400% of trafilatura's time, 33% promised",
    ]


def test_the_table_has_a_line_for_each_type_and_each_contender() -> None:
    readings = {name: [reading("forum", 0.7, 0.01)] for name in (CLEW, TRAFILATURA)}
    lines = list(table(readings))
    assert "| forum | 1 | 0.700 | 0.700 | +0.000 |" in lines
    assert lines[-1] == "| trafilatura | 0.700 | 0.700 | 0.700 | 10.0 | 10.0 |"
