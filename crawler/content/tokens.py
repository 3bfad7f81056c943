"""How long a text is, in words and in tokens of a language model.

Tokens are estimated, from how many characters of which kind there are: a real tokenizer takes
five times as long, and tens of megabytes of every worker (docs/decisions/0016). The estimate is
made to be too high rather than too low. Against o200k_base, over 1,500 pages of documentation in
twenty languages, code and the open web: 15 % above on the whole; of a hundred pages two are
counted too low, by 3 % mostly. Strings without words (base64) have up to twice as many.

Characters are counted in UTF-8, whose first bytes tell the script, by what deleting some bytes
leaves: a pass over 30 kB takes microseconds.
"""

_LOWER = bytes(range(ord("a"), ord("z") + 1))
_UPPER = bytes(range(ord("A"), ord("Z") + 1))
_DIGITS = bytes(range(ord("0"), ord("9") + 1))
_PUNCTUATION = bytes(
    each for each in range(0x21, 0x7F) if each not in _LOWER + _UPPER + _DIGITS
)
_CONTROLS = bytes(each for each in (*range(0x20), 0x7F) if each != 0x0A)
_FOLLOWING = bytes(range(0x80, 0xC0))
"""Bytes of a character after its first one (RFC 3629, section 3)."""

# Thousandths of a token for each character, by its first byte.
_WEIGHTS = (
    (b" ", 195),
    (_UPPER, 260),
    (_PUNCTUATION, 700),
    (b"\n", 600),
    (_DIGITS, 950),
    (b"\xc2", 1_300),  # signs: degrees, quotes
    (bytes(range(0xC3, 0xCA)), 1_300),  # Latin letters with accents, which break words
    (bytes(range(0xCA, 0xD0)), 420),  # Greek
    (bytes(range(0xD0, 0xD4)), 260),  # Cyrillic
    (bytes(range(0xD4, 0xE0)), 450),  # Armenian, Hebrew, Arabic
    (b"\xe0\xe1", 450),  # scripts of India and of South East Asia
    (b"\xe2", 1_300),  # dashes, arrows, mathematics
    (b"\xe3", 820),  # kana
    (bytes(range(0xE4, 0xEA)), 880),  # Chinese
    (bytes(range(0xEA, 0xEF)), 760),  # Korean
    (bytes(range(0xEF, 0x100)), 2_000),  # pictures
)
_LOWER_WEIGHT = 220

# For words: letters and digits are one thing, Chinese and Japanese characters another.
_LETTERS = bytes(range(0xC3, 0xE2)) + bytes(range(0xEA, 0xEE))
_IDEOGRAPHS = bytes(range(0xE3, 0xEA))
_WORDS = bytes(
    ord("a") if each in _LOWER + _UPPER + _DIGITS + _LETTERS else ord(" ") for each in range(256)
)
_NO_LETTERS = _PUNCTUATION + _FOLLOWING + b"\xc2\xe2" + bytes(range(0xEE, 0x100))


def count_tokens(text: str) -> int:
    """Tokens of a text, estimated. Of texts one after the other never more than of each by itself,
    added up."""
    rest = text.encode("utf-8", "replace")
    size = len(rest)
    rest = rest.translate(None, _LOWER)
    total = _LOWER_WEIGHT * (size - len(rest))
    rest = rest.translate(None, _FOLLOWING + _CONTROLS)
    for kind, weight in _WEIGHTS:
        if not rest:
            break
        left = rest.translate(None, kind)
        total += weight * (len(rest) - len(left))
        rest = left
    return -(-total // 1_000)


def count_words(text: str) -> int:
    """Words of a text: what stands between white space and is more than punctuation; in Chinese
    and Japanese, characters."""
    encoded = text.encode("utf-8", "replace")
    words = (b" " + encoded.translate(_WORDS, _NO_LETTERS)).count(b" a")
    if text.isascii():
        return words
    ideographs = len(encoded) - len(encoded.translate(None, _IDEOGRAPHS))
    return words + ideographs - encoded.count(b"\xe3\x80")  # less their punctuation
