"""Links that leave a job, a hundred for each reason: what its report shows of them."""

from collections import defaultdict
from collections.abc import Sequence

from crawler.storage.changes import JobChange
from crawler.storage.keys import url_key
from crawler.storage.results import LeftOutLink

MOST_SAMPLES = 100
"""Samples of a reason that a job keeps."""

_ENOUGH = 5_000
"""After so many links of a reason no more are sampled: most pages link to the same few."""


def keep_samples(change: JobChange, samples: Sequence[LeftOutLink]) -> None:
    """Keeps those links of which there are not enough yet, each once."""
    wanted: dict[str, dict[str, LeftOutLink]] = defaultdict(dict)
    for link in samples:
        of_reason = wanted[link.reason]
        full = change.links_left_out.get(link.reason, 0) >= _ENOUGH
        if not full and len(of_reason) < MOST_SAMPLES:
            of_reason.setdefault(link.url, link)
    _insert(change, [link for of_reason in wanted.values() for link in of_reason.values()])


def _insert(change: JobChange, links: list[LeftOutLink]) -> None:
    if links:
        change.run(
            "insert_samples",
            reasons=[link.reason for link in links],
            urls=[link.url for link in links],
            url_keys=[url_key(link.url) for link in links],
            found_on=[link.found_on for link in links],
            most=MOST_SAMPLES,
        )
