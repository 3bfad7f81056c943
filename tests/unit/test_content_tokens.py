"""How long a text is."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.content.tokens import count_tokens, count_words
from tests.cpu import within

# What o200k_base counts: the estimate is made to lie above, by 15 % on the whole.
CODE = """```python
import zlib

def checksum(data: bytes, start: int = 0) -> int:
    return zlib.crc32(data, start) & 0xFFFFFFFF
```"""
TABLE = "| Name | Type | Default |\n|---|---|---|\n| `max_depth` | int | 2 |\n| `scope` | str | h |"
ENGLISH = "Processed pages are stored once, however often the call that brought them is repeated."
GERMAN = "Die verarbeiteten Seiten werden genau einmal gespeichert, egal wie oft sie ankommen."
CHINESE = "处理后的页面只存储一次，无论调用重复多少次。"  # noqa: RUF001
JAPANESE = "処理されたページは、呼び出しが何度繰り返されても一度だけ保存されます。"
RUSSIAN = "Обработанные страницы сохраняются один раз, сколько бы раз ни повторялся вызов."


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        (CODE, 41),
        (TABLE, 34),
        (ENGLISH, 16),
        (GERMAN, 17),
        (CHINESE, 14),
        (JAPANESE, 26),
        (RUSSIAN, 19),
    ],
)
def test_the_estimate_is_above_what_a_tokenizer_counts_but_not_far(text: str, tokens: int) -> None:
    assert tokens <= count_tokens(text) <= 1.6 * tokens


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", 0),
        ("one", 1),
        ("# It's (a) - b\n\n| *c* | `d_e` |\n|---|---|", 5),
        ("[two words](http://site/a-b?c=d)", 2),
        ("nombre d'été — naïve", 3),
        ("мир 123 평화 αβγ", 4),
        ("中文字。かな", 5),
        ("a \ud800 😀 b", 2),
    ],
)
def test_words_are_counted_as_people_do(text: str, words: int) -> None:
    assert count_words(text) == words


@given(st.text(), st.text())
def test_a_whole_has_no_more_tokens_than_its_parts(one: str, other: str) -> None:
    assert count_tokens(one + other) <= count_tokens(one) + count_tokens(other)
    assert count_words(one) >= 0


def test_every_character_costs_something() -> None:
    assert count_tokens("") == 0
    assert all(count_tokens(chr(code)) >= 1 for code in range(0x21, 0x11000, 7) if code != 0x7F)


def test_long_texts_take_little_time() -> None:
    within(0.1, count_tokens, "word, Wort; 字 \n" * 100_000)
    within(0.1, count_words, "word, Wort; 字 \n" * 100_000)
