"""What new links have to pass once more when they come to be queued.

    an exclude rule came in while their call was under way   → `excluded`
    their pattern may be endless and its budget is used up   → `trap`

Only URLs that are new to the job count against a budget, each once. An orchestrator counts in its
memory and writes that down now and then, so that most batches cost no statement; after a take-over
a pattern may have a few URLs more.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from crawler.domain.reasons import Reason
from crawler.domain.traps import Pattern, budget, pattern_of
from crawler.storage.changes import JobChange
from crawler.storage.exclusions import excluded_among
from crawler.storage.keys import url_key

_UNWRITTEN = 16
"""URLs of a pattern that are counted in memory alone."""

_MOST_PATTERNS = 100_000


class FoundUrl(NamedTuple):
    """A URL, the smallest depth at which it was found, and the page that it was found on."""

    url: str
    depth: int
    found_on: int
    has_budget: bool


@dataclass
class PatternUse:
    """What one transaction takes of each pattern, by its key.

    `of` are the patterns of the URLs that it queues, `totals` what was written down.
    """

    of: dict[bytes, str] = field(default_factory=dict)
    taken: Counter[str] = field(default_factory=Counter)
    left_out: Counter[str] = field(default_factory=Counter)
    totals: dict[str, int] = field(default_factory=dict)

    def take(self, queued: Iterable[bytes]) -> None:
        """Counts URLs, by their keys, that turned out to be new to the job."""
        self.taken.update(self.of[key] for key in queued if key in self.of)


@dataclass
class PatternCounts:
    """URLs of each pattern that a job has taken, as far as an orchestrator knows."""

    taken: Counter[str] = field(default_factory=Counter)
    unwritten: Counter[str] = field(default_factory=Counter)

    def learn(self, use: PatternUse) -> None:
        """Takes over what a committed transaction took."""
        if len(self.taken) > _MOST_PATTERNS:
            self.taken.clear()
            self.unwritten.clear()
        self.taken.update(use.taken)
        self.unwritten.update(use.taken)
        for pattern, total in use.totals.items():
            self.taken[pattern] = total
            self.unwritten[pattern] = 0


def refuse(
    change: JobChange, news: Mapping[bytes, FoundUrl], counts: PatternCounts, use: PatternUse
) -> dict[bytes, Reason]:
    """Which of some URLs, by their keys, are not to be queued."""
    excluded = excluded_among(change, (each.url for each in news.values()))
    refused = {key: Reason.EXCLUDED for key, each in news.items() if each.url in excluded}
    over = _over_budget(change, {k: v for k, v in news.items() if k not in refused}, counts, use)
    use.left_out.update(over.values())
    return {**refused, **dict.fromkeys(over, Reason.TRAP)}


def _over_budget(
    change: JobChange, news: Mapping[bytes, FoundUrl], counts: PatternCounts, use: PatternUse
) -> dict[bytes, str]:
    """URLs for which there is no budget, with their patterns; the others are noted in `use`."""
    patterns = {key: found for key, each in news.items() if (found := _pattern(each)) is not None}
    over = _exceeding(patterns, counts)
    if over:
        # Those that the job has already, though memory forgot them, take nothing of a budget.
        scarce = {pattern.key for pattern in over.values()}
        unsure = [key for key, pattern in patterns.items() if pattern.key in scarce]
        for row in change.run("known_by_key", url_keys=unsure):
            del patterns[bytes(row["url_key"])]
        over = _exceeding(patterns, counts)
    use.of.update({key: each.key for key, each in patterns.items() if key not in over})
    return {key: pattern.key for key, pattern in over.items()}


def _pattern(each: FoundUrl) -> Pattern | None:
    return pattern_of(each.url) if each.has_budget else None


def _exceeding(patterns: Mapping[bytes, Pattern], counts: PatternCounts) -> dict[bytes, Pattern]:
    """Of URLs by their patterns those that come when their budgets are used up."""
    over: dict[bytes, Pattern] = {}
    wanted: Counter[str] = Counter()
    for key, pattern in patterns.items():
        if counts.taken[pattern.key] + wanted[pattern.key] >= budget(pattern):
            over[key] = pattern
        else:
            wanted[pattern.key] += 1
    return over


def write_patterns(change: JobChange, counts: PatternCounts, use: PatternUse) -> None:
    """Writes down what has been counted often enough, or is left out."""
    unwritten = {pattern: counts.unwritten[pattern] + taken for pattern, taken in use.taken.items()}
    due = [pattern for pattern, urls in unwritten.items() if urls >= _UNWRITTEN]
    patterns = list(dict.fromkeys([*due, *use.left_out]))
    if patterns:
        rows = change.run(
            "charge_patterns",
            pattern_keys=[url_key(pattern) for pattern in patterns],
            patterns=patterns,
            urls=[unwritten.get(p, counts.unwritten[p]) for p in patterns],
            left_out=[use.left_out[pattern] for pattern in patterns],
        )
        use.totals = {row["pattern"]: row["urls"] for row in rows}
