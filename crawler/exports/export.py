"""What an export is to whoever sends it on."""

from collections.abc import Generator
from dataclasses import dataclass

from crawler.domain.model import Job
from crawler.exports.wording import why_partial


@dataclass(frozen=True, slots=True)
class Export:
    """A file in the making: `chunks` can be iterated over once, and may be left at any time.

    `ending` is that of its name. Iterating raises UnknownJob when the job was deleted meanwhile,
    and what the database raises when it is away.
    """

    job: Job
    ending: str
    media_type: str
    chunks: Generator[bytes, None, None]

    @property
    def is_partial(self) -> bool:
        """Whether the crawl was not complete when the export began."""
        return bool(why_partial(self.job))
