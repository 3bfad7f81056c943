"""What changed between two texts, line by line."""

from hypothesis import given
from hypothesis import strategies as st

from crawler.domain.differences import Line, Mark, as_text, beginning, difference
from tests.cpu import within

NUMBERS = "\n".join(map(str, range(30)))


def test_equal_texts_have_no_difference() -> None:
    assert difference(NUMBERS, NUMBERS) == []


def test_a_change_stands_among_three_lines_of_context() -> None:
    changed = NUMBERS.replace("15", "fifteen")

    assert as_text(difference(NUMBERS, changed)) == (
        "@12\n 12\n 13\n 14\n-15\n+fifteen\n 16\n 17\n 18\n@11"
    )


def test_changes_that_are_near_share_their_context() -> None:
    changed = NUMBERS.replace("15", "fifteen").replace("18", "eighteen")

    marks = [line.mark for line in difference(NUMBERS, changed)]

    assert marks.count(Mark.GAP) == 2


def test_what_was_not_there_is_all_new() -> None:
    assert as_text(difference("", "a\nb")) == "+a\n+b"
    assert as_text(difference("a\nb", "")) == "-a\n-b"


_LINES = st.lists(st.sampled_from(["a", "b", "c", "", "d e"]), min_size=1, max_size=40)
_TEXT = _LINES.map("\n".join)


@given(_TEXT.filter(bool), _TEXT.filter(bool))
def test_both_texts_can_be_read_out_of_their_difference(before: str, after: str) -> None:
    left, old, new = iter(before.split("\n")), [], []
    for line in difference(before, after):
        unchanged = int(line.text) if line.mark is Mark.GAP else line.mark is Mark.SAME
        read = [next(left) for _ in range(unchanged or line.mark is Mark.REMOVED)]
        old += read
        new += [line.text] if line.mark is Mark.ADDED else read * bool(unchanged)

    assert before == after or (old, new) == (before.split("\n"), after.split("\n"))


def test_long_texts_without_a_line_in_common_take_little_time() -> None:
    before = "\n".join(f"before {number % 50}" for number in range(20_000))
    after = "\n".join(f"after {number % 50}" for number in range(20_000))

    lines = within(1.0, difference, before, after)

    assert len(lines) == 40_000


def test_of_a_long_difference_there_is_a_beginning() -> None:
    lines = [Line(Mark.ADDED, "abc"), Line(Mark.SAME, ""), Line(Mark.REMOVED, "def")]

    assert list(beginning(lines, 2, 100)) == lines[:2]
    assert list(beginning(lines, 100, 4)) == [*lines[:2], Line(Mark.REMOVED, "d")]
    assert list(beginning(lines, 100, 3)) == lines[:1]
    assert list(beginning(lines, 100, 100)) == lines
