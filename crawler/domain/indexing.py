"""What of a page a search finds it by, and in which language its words are compared.

    title, headings                              count most
    description, URL                             then these
    the Markdown, without addresses of links     word for word

PostgreSQL bounds an index entry: 16,383 positions, 1 MiB of words. Beyond 16,000 words a page is
found by what it says there for the first time, but not by phrases; beyond the bound of characters,
by nothing.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import chain

from crawler.domain.prose import headings, prose
from crawler.domain.terms import words

MOST_POSITIONS = 16_000
"""Words of a text whose places are known."""

_MOST_BYTES = 500_000
_MOST_HEADING_WORDS = 80
_MOST_OTHER_WORDS = 40
_SHORTEST_FREQUENT = 3

SIMPLE = "simple"
"""Words are compared letter by letter: no language is declared, or none that is known."""

_LANGUAGES: Mapping[str, str] = {
    "ar": "arabic", "ca": "catalan", "da": "danish", "de": "german", "el": "greek",
    "en": "english", "es": "spanish", "eu": "basque", "fi": "finnish", "fr": "french",
    "ga": "irish", "hi": "hindi", "hu": "hungarian", "hy": "armenian", "id": "indonesian",
    "it": "italian", "lt": "lithuanian", "nb": "norwegian", "ne": "nepali", "nl": "dutch",
    "nn": "norwegian", "no": "norwegian", "pt": "portuguese", "ro": "romanian",
    "ru": "russian", "sr": "serbian", "sv": "swedish", "ta": "tamil", "tr": "turkish",
    "yi": "yiddish",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class IndexText:
    """A page's words, each part a line of them, as the database makes an index entry of them.

    `frequent` are the words that it uses most.
    """

    language: str
    title: str
    headings: str
    about: str
    frequent: str
    body: str


def search_language(tag: str) -> str:
    """The language whose word forms are one word, by a page's language tag (RFC 5646)."""
    return _LANGUAGES.get(tag.replace("_", "-").partition("-")[0].strip().lower(), SIMPLE)


def index_text(title: str, description: str, language: str, url: str, markdown: str) -> IndexText:
    """What a page is found by. Takes milliseconds for 100 KB of Markdown, never more than 0.3 s."""
    text = prose(markdown)
    body = words(text)
    about = words(title)[:_MOST_OTHER_WORDS]
    rest = words(f"{description[:1_000]} {url[:1_000]}")[:_MOST_OTHER_WORDS]
    return IndexText(
        language=search_language(language),
        title=" ".join(about),
        headings=" ".join(words(headings(text)[:5_000])[:_MOST_HEADING_WORDS]),
        about=" ".join(rest),
        frequent=" ".join(_frequent(body)),
        body=" ".join(chain(_bounded(body), about, rest)),
    )


def _frequent(body: Sequence[str]) -> list[str]:
    counts = Counter(word for word in body if len(word) >= _SHORTEST_FREQUENT)
    most = counts.most_common(2 * _MOST_OTHER_WORDS)  # many go: no word to search for
    return [word for word, count in most if count > 1]


def _bounded(body: Sequence[str]) -> list[str]:
    """As many words as fit. One that does not has a 0 in its place: the others keep theirs."""
    kept: set[str] = set()
    size = 0
    bounded: list[str] = []
    for place, word in enumerate(body):
        is_new = word not in kept
        if is_new and size + len(word) * 4 + 4 <= _MOST_BYTES:
            kept.add(word)
            size += len(word.encode()) + 4
        elif is_new:
            word = "0"
        if place < MOST_POSITIONS or is_new:
            bounded.append(word)
    return bounded
