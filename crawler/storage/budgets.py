"""What new links have to pass once more when they come to be queued.

    an exclude rule came in while their call was under way   → `excluded`
    their pattern may be endless and its budget is used up   → `trap`

Only URLs that the job does not know yet count against a budget, each once.
"""

from collections.abc import Mapping
from typing import NamedTuple

from crawler.domain.reasons import Reason
from crawler.domain.traps import budget, pattern_of
from crawler.storage.changes import JobChange
from crawler.storage.exclusions import exclude_rules
from crawler.storage.keys import url_key


class FoundUrl(NamedTuple):
    """A URL, the smallest depth at which it was found, and the page that it was found on."""

    url: str
    depth: int
    found_on: int
    has_budget: bool


def refuse(change: JobChange, news: Mapping[bytes, FoundUrl]) -> dict[bytes, Reason]:
    """Which of some URLs, by their keys, are not to be queued; takes the others' budgets."""
    rules = exclude_rules(change)
    refused = {
        key: Reason.EXCLUDED for key, each in news.items() if rules.first_match(each.url)
    }
    over = _over_budget(change, {key: each for key, each in news.items() if key not in refused})
    return {**refused, **dict.fromkeys(over, Reason.TRAP)}


def _over_budget(change: JobChange, news: Mapping[bytes, FoundUrl]) -> list[bytes]:
    patterns = {
        key: pattern
        for key, each in news.items()
        if each.has_budget and (pattern := pattern_of(each.url)) is not None
    }
    if not patterns:
        return []
    rows = change.run(
        "charge_patterns",
        url_keys=list(patterns),
        pattern_keys=[url_key(pattern.key) for pattern in patterns.values()],
        patterns=[pattern.key for pattern in patterns.values()],
        budgets=[budget(pattern) for pattern in patterns.values()],
    )
    return [bytes(row["url_key"]) for row in rows]
