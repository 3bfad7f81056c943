"""Links that leave a job, a hundred for each reason: what its report shows of them."""

from collections.abc import Sequence

from crawler.storage.changes import JobChange
from crawler.storage.jobs import url_key
from crawler.storage.results import LeftOutLink

MOST_SAMPLES = 100
"""Samples of a reason that a job keeps."""

_ENOUGH = 5_000
"""After so many links of a reason no more are sampled: most pages link to the same few."""


def keep_samples(change: JobChange, samples: Sequence[LeftOutLink]) -> None:
    """Keeps those links of which there are not enough yet, each once."""
    wanted = {
        (link.reason, link.url): link
        for link in samples
        if change.links_left_out.get(link.reason, 0) < _ENOUGH
    }
    if wanted:
        change.run(
            "insert_samples",
            reasons=[link.reason for link in wanted.values()],
            urls=[link.url for link in wanted.values()],
            url_keys=[url_key(link.url) for link in wanted.values()],
            found_on=[link.found_on for link in wanted.values()],
            most=MOST_SAMPLES,
        )
