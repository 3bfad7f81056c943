"""What a page says of itself, as people read it: whatever the metadata hold, each with a label."""

import re
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from crawler.domain.model import StoredPage
from crawler.web.page_metadata import metadata_json

# Shown elsewhere in the viewer: as the answer's, as links, as the outline beside the text.
_SHOWN_ELSEWHERE = frozenset(("contentType", "headers", "redirects", "linksOut", "headings"))
_LABELS: Mapping[str, str] = {
    "publishedAt": "Published",
    "modifiedAt": "Modified",
    "canonicalUrl": "Canonical address",
    "openGraph": "Open Graph",
    "jsonLdTypes": "JSON-LD types",
    "tokens": "Tokens, about",
}
_CAPITAL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")


class Fact(NamedTuple):
    """Something that is known of a page: a text, a number, some texts, or texts by their names."""

    label: str
    value: str | int | list[str] | dict[str, str]


def facts(stored: StoredPage) -> Iterator[Fact]:
    """What is known of a page and not empty, in the order of the API's `metadata`."""
    for name, value in metadata_json(stored).items():
        if name not in _SHOWN_ELSEWHERE and value not in (None, "", [], {}):
            yield Fact(label(name), _shown(value))


def label(name: str) -> str:
    """A member's name as words: `publishedAt` is "Published", `someThing` "Some thing"."""
    return _LABELS.get(name) or _CAPITAL.sub(" ", name).lower().capitalize()


def _shown(value: Any) -> str | int | list[str] | dict[str, str]:
    if isinstance(value, Mapping):
        return {str(name): str(each) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [str(each) for each in value]
    return value if isinstance(value, int) else str(value)
