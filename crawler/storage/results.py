"""What a crawl call brings back, as the orchestrator hands it to storage."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from crawler.domain.model import Outcome, Trail


@dataclass(frozen=True, slots=True)
class UrlResult:
    """What became of one URL of a call.

    `links` are the page's links, packed, `link_keys` the keys of their URLs; `discovered` are
    positions in the batch's list of URLs, and `left_out` counts, by reason, the links that are not
    among these. `canonical` is the URL under which the page says that it is known; `nofollow`: it
    asks that no link be followed; `is_parsable`: its source was seen to be fit for the parser.
    `alternate_url` and `alternate_hash`: a Markdown form of the page, which is its content.
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
    link_keys: bytes | None = None
    discovered: tuple[int, ...] = ()
    left_out: Mapping[str, int] = field(default_factory=dict)
    detail: str | None = None
    canonical: str | None = None
    nofollow: bool = False
    is_parsable: bool = False
    alternate_url: str | None = None
    alternate_hash: bytes | None = None

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
class Retry:
    """A URL that failed in passing: it is to be tried again after so many milliseconds.

    Not an attempt where it was led to a URL whose host has no turn for it now: it goes on from
    there, at the end of its `trail`.
    """

    id: int
    reason: str
    after_ms: int
    is_attempt: bool = True
    trail: Trail | None = None


@dataclass(frozen=True, slots=True)
class LeftOutLink:
    """A link that leaves the job, as a sample for its report."""

    reason: str
    url: str
    found_on: int


@dataclass(frozen=True, slots=True)
class SitemapUrl:
    """A sitemap in hand; `is_named`: robots.txt or an index names it, it is no guess."""

    id: int
    url: str
    attempts: int = 0
    is_named: bool = True


@dataclass(frozen=True, slots=True)
class SitemapResult:
    """What became of one sitemap: the pages and further sitemaps that it lists, in its order.

    `reason` is None where it was read; `is_broken`: only a part of it could be. With
    `retry_after_ms` it failed in passing, and is to be read again then.
    """

    id: int
    reason: str | None = None
    retry_after_ms: int | None = None
    urls: tuple[str, ...] = ()
    sitemaps: tuple[str, ...] = ()
    is_broken: bool = False


@dataclass(frozen=True, slots=True)
class BatchResult:
    """A crawl call's answer: outcomes, the URLs their pages link to, and what it did not get to.

    `sitemaps` are those that the roots' hosts name; `sitemap_results` what sitemaps held.
    """

    results: tuple[UrlResult, ...]
    discovered: tuple[str, ...]
    not_reached: tuple[int, ...] = ()
    retries: tuple[Retry, ...] = ()
    samples: tuple[LeftOutLink, ...] = ()
    sitemaps: tuple[str, ...] = ()
    sitemap_results: tuple[SitemapResult, ...] = ()


@dataclass(frozen=True, slots=True)
class PageToProcess:
    """A fetched page whose content waits for the processor; `is_parsable` and what is told of
    its Markdown form as in `UrlResult`."""

    id: int
    url: str
    content_hash: bytes
    content_type: str | None
    attempts: int = 0
    is_parsable: bool = False
    alternate_url: str | None = None
    alternate_hash: bytes | None = None


@dataclass(frozen=True, slots=True)
class ProcessedPage:
    """What the processor made of a page; `markdown` is packed, its `length` in characters.

    `units` are the fingerprints by which furniture is found, `metadata` is what the page says of
    itself beside the others.
    """

    id: int
    title: str
    description: str
    language: str
    markdown: bytes
    length: int
    units: bytes = b""
    metadata: Mapping[str, Any] = field(default_factory=dict)
