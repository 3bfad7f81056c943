"""What a crawl call brings back, as the orchestrator hands it to storage."""

from dataclasses import dataclass, field

from crawler.domain.model import Outcome


@dataclass(frozen=True, slots=True)
class UrlResult:
    """What became of one URL of a call.

    `links` are the page's links, packed; `discovered` are positions in the batch's list of URLs.
    """

    id: int
    url: str
    outcome: Outcome
    reason: str | None = None
    final_url: str | None = None
    http_status: int | None = None
    title: str | None = None
    ms: int | None = None
    size: int | None = None
    content_type: str | None = None
    content_hash: bytes | None = None
    headers: tuple[tuple[str, str], ...] = ()
    hops: tuple[tuple[str, int], ...] = ()
    links: bytes | None = None
    discovered: tuple[int, ...] = ()
    out_of_scope: int = 0

    @property
    def is_page(self) -> bool:
        """Whether there is content to process."""
        return self.outcome in (Outcome.FETCHED, Outcome.CACHED)

    def as_row(self, depth: int) -> dict[str, object]:
        """A row of `batch_completed`."""
        return {
            "id": self.id,
            "url": self.url,
            "finalUrl": self.final_url,
            "httpStatus": self.http_status,
            "outcome": str(self.outcome),
            "reason": self.reason,
            "title": self.title,
            "ms": self.ms,
            "bytes": self.size,
            "depth": depth,
        }


@dataclass(frozen=True, slots=True)
class BatchResult:
    """A crawl call's answer: outcomes, the URLs their pages link to, and what it did not get to."""

    results: tuple[UrlResult, ...]
    discovered: tuple[str, ...]
    not_reached: tuple[int, ...] = field(default=())


@dataclass(frozen=True, slots=True)
class PageToProcess:
    """A fetched page whose content waits for the processor."""

    id: int
    url: str
    content_hash: bytes
    content_type: str | None
    attempts: int = 0


@dataclass(frozen=True, slots=True)
class ProcessedPage:
    """What the processor made of a page; `markdown` is packed, its `length` in characters."""

    id: int
    title: str
    description: str
    language: str
    markdown: bytes
    length: int
