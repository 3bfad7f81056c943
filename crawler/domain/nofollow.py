"""What a site says about following links: `rel`, `<meta name="robots">` and `X-Robots-Tag`.

Rules for all crawlers and those for Clew add up: whatever either forbids is forbidden. `noindex` is
not looked at: a page that search engines are to forget is still its user's to read.
"""

import re
from collections.abc import Iterable

from crawler.domain.robots import PRODUCT_TOKEN

ROBOTS_NAMES = frozenset(("robots", PRODUCT_TOKEN.lower()))
"""Names of the meta elements that Clew obeys, in lower case."""

_NOFOLLOW = frozenset(("nofollow", "none"))
# Rules whose values follow a colon, as names of crawlers are followed by one.
_WITH_VALUE = frozenset(
    ("unavailable_after", "max-snippet", "max-image-preview", "max-video-preview")
)
_MOST_CHARACTERS = 2_000
_SEPARATOR = re.compile(r"[\s,]+")


def rel_says_nofollow(rel: str) -> bool:
    """Whether a link's `rel` in lower case holds `nofollow`, a comma between tokens forgiven."""
    return "nofollow" in rel and "nofollow" in _SEPARATOR.split(rel)


def meta_says_nofollow(content: str) -> bool:
    """Whether the content of a robots meta element forbids to follow links (`nofollow`, `none`)."""
    return not _NOFOLLOW.isdisjoint(_SEPARATOR.split(content[:_MOST_CHARACTERS].lower()))


def header_says_nofollow(headers: Iterable[tuple[str, str]]) -> bool:
    """Whether one of an answer's `X-Robots-Tag` headers forbids to follow its links."""
    return any(
        _value_says_nofollow(value)
        for name, value in headers
        if len(name) == 12 and name.lower() == "x-robots-tag"
    )


def _value_says_nofollow(value: str) -> bool:
    """One header: `nofollow, otherbot: noindex, none`; a name holds until the next one.

    Rules may stand without commas between them, as in a meta element.
    """
    is_for_clew = True
    for part in value[:_MOST_CHARACTERS].lower().split(","):
        before, colon, after = part.partition(":")
        rules = before.split()
        name = rules.pop() if colon and rules else ""
        if is_for_clew and not _NOFOLLOW.isdisjoint(rules):
            return True
        if name in _WITH_VALUE or name.isdigit():  # `15:00`, of a date that has a comma
            continue
        if name:
            is_for_clew = name in ROBOTS_NAMES or name == "*"
        if is_for_clew and not _NOFOLLOW.isdisjoint(after.split()):
            return True
    return False
