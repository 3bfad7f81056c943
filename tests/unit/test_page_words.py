"""What the pages say: reasons, sizes, times and addresses."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.domain.reasons import Reason
from crawler.web import words

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, ""),
        (0, "0 bytes"),
        (999, "999 bytes"),
        (1_000, "1.0 kB"),
        (9_940, "9.9 kB"),
        (9_960, "10 kB"),
        (999_499, "999 kB"),
        (999_500, "1.0 MB"),
        (3 * 10**15, "3000 TB"),
    ],
)
def test_sizes(value: int | None, text: str) -> None:
    assert words.size(value) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "less than a second"),
        (1, "1 second"),
        (300, "5 minutes"),
        (3_661, "1 hour 1 minute"),
        (90_000, "1 day 1 hour"),
    ],
)
def test_lengths_of_time(seconds: int, text: str) -> None:
    assert words.duration(seconds) == text


@pytest.mark.parametrize(
    ("url", "path"),
    [
        ("https://a.example/", "/"),
        ("https://a.example/x?y=1", "/x?y=1"),
        ("https://a.example", "/"),
    ],
)
def test_the_path_of_a_url(url: str, path: str) -> None:
    assert words.path_of(url) == path


@given(st.text())
def test_links_lead_to_the_web_or_nowhere(url: str) -> None:
    href = words.web_href(url)
    assert href is None or href.startswith(("http://", "https://"))


def test_a_script_is_no_link() -> None:
    assert words.web_href("javascript:alert(1)") is None


@pytest.mark.parametrize("reason", Reason)
def test_every_reason_is_documented(reason: Reason) -> None:
    assert f"`{reason}`" in (ROOT / "docs" / "api.md").read_text()


@pytest.mark.parametrize("reason", Reason)
def test_every_reason_has_a_few_words_that_follow_a_count(reason: Reason) -> None:
    said = words.briefly(reason)
    assert len(said) <= 40
    assert said[0].islower()


def test_reasons_come_by_count_then_by_name() -> None:
    reasons = {"robots": 3, "scope": 40, "http-404": 3, "dns": 0}
    assert words.by_count(reasons) == [("scope", 40), ("http-404", 3), ("robots", 3)]
    assert words.reasons_phrase(reasons) == (
        "40 leading elsewhere, 3 answered 404, 3 closed by robots.txt"
    )


@pytest.mark.parametrize(
    ("parts", "text"), [([], ""), (["a"], "a"), (["a", "b"], "a or b"), ("abc", "a, b or c")]
)
def test_parts_of_a_sentence(parts: list[str], text: str) -> None:
    assert words.joined(parts, "or") == text
