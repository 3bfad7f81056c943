"""Text as it is kept and told: what strangers wrote made safe, counts and URLs in words."""

import re
from collections.abc import Iterable
from itertools import islice

_MOST_HEADERS = 100
_MOST_HEADER_CHARACTERS = 4_000

_UNSTORABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")
_SPACE = re.compile(r"\s+")


def storable(text: str) -> str:
    """The text without what UTF-8 or Postgres can't hold: NUL, lone surrogates, controls."""
    return _UNSTORABLE.sub("", text)


def one_line(text: str, limit: int) -> str:
    """The text on one line, white space folded, at most `limit` characters."""
    folded = _SPACE.sub(" ", storable(text)).strip()
    return folded if len(folded) <= limit else folded[: limit - 1] + "…"


def storable_headers(headers: Iterable[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
    """Headers of an answer as they are kept with its page: so many, and so much of each."""
    return tuple(
        (storable(name)[:_MOST_HEADER_CHARACTERS], storable(value)[:_MOST_HEADER_CHARACTERS])
        for name, value in islice(headers, _MOST_HEADERS)
    )


def counted(value: int, one: str, many: str | None = None) -> str:
    """A count and its noun: 1 page, 1,204 pages."""
    return f"{value:,} {one if value == 1 else many or one + 's'}"


def short_url(url: str) -> str:
    """A URL as people say it: without its scheme and without a slash at the end."""
    return url.partition("://")[2].removesuffix("/") or url
