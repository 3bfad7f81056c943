"""The nouns of a crawl: job, options, totals, URL, page."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from datetime import datetime
from enum import StrEnum
from typing import Any

from crawler.domain.lifecycle import JobStatus
from crawler.domain.selectors import Selectors


class ScopeKind(StrEnum):
    """What a job covers, judged against its root after the root's own redirects."""

    HOST = "host"
    DOMAIN = "domain"
    PATH = "path"
    ANY = "any"


class SitemapUse(StrEnum):
    """What sitemaps are to a job: URLs beside those of links, nothing, or all there is."""

    INCLUDE = "include"
    SKIP = "skip"
    ONLY = "only"


class Outcome(StrEnum):
    """What became of a URL."""

    FETCHED = "fetched"
    CACHED = "cached"
    FAILED = "failed"
    SKIPPED = "skipped"


def _camel(name: str) -> str:
    head, *rest = name.split("_")
    return head + "".join(word.capitalize() for word in rest)


@dataclass(frozen=True, slots=True)
class JobOptions:
    """What the user chose. None in a limit means none; in concurrency and delay the polite default.

    Of `headers` and `cookies` only the names stand here; their values are kept sealed.
    """

    max_depth: int | None = 2
    max_pages: int | None = 1000
    time_limit_seconds: int | None = 300
    scope: ScopeKind = ScopeKind.HOST
    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    sitemap: SitemapUse = SitemapUse.INCLUDE
    ignore_robots: bool = False
    max_age_seconds: int = 0
    concurrency: int | None = None
    delay_ms: int | None = None
    headers: tuple[str, ...] = ()
    cookies: tuple[str, ...] = ()
    content_selector: str | None = None
    remove_selectors: tuple[str, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """In the API's camelCase."""
        return {_camel(name): value for name, value in asdict(self).items()}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "JobOptions":
        """What `as_json` made, read back from storage: validated before it was stored."""
        known = {_camel(each.name): each.name for each in fields(cls)}
        values = {known[key]: value for key, value in data.items() if key in known}
        for name in ("include", "exclude", "headers", "cookies", "remove_selectors"):
            values[name] = tuple(values.get(name, ()))
        values["scope"] = ScopeKind(values.get("scope", ScopeKind.HOST))
        # Jobs from before there were sitemaps go on without them.
        values["sitemap"] = SitemapUse(values.get("sitemap", SitemapUse.SKIP))
        return cls(**values)

    @property
    def selectors(self) -> Selectors:
        """What the job takes from its pages."""
        return Selectors(self.content_selector, self.remove_selectors)

    def depth_allows(self, depth: int) -> bool:
        """Whether URLs this many clicks from a root are within the job."""
        return self.max_depth is None or depth <= self.max_depth

    def pages_left(self, taken: int) -> int | None:
        """How many pages may still be claimed when `taken` are done or in flight; None: any."""
        return None if self.max_pages is None else max(0, self.max_pages - taken)


@dataclass(frozen=True, slots=True)
class Totals:
    """A job's counts, absolute. discovered = queued + processing + completed + failed + skipped.

    `reasons` says why URLs failed or were skipped: its counts are those of `failed` and `skipped`.
    """

    discovered: int = 0
    queued: int = 0
    processing: int = 0
    completed: int = 0
    failed: int = 0
    skipped: int = 0
    from_cache: int = 0
    processed: int = 0
    process_failed: int = 0
    bytes: int = 0
    reasons: Mapping[str, int] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        """In the API's camelCase."""
        return {_camel(name): value for name, value in asdict(self).items()}

    @property
    def adds_up(self) -> bool:
        """The invariants that hold at every event."""
        parts = self.queued + self.processing + self.completed + self.failed + self.skipped
        explained = sum(self.reasons.values())
        return self.discovered == parts and explained == self.failed + self.skipped


@dataclass(frozen=True, slots=True)
class Owner:
    """The worker that orchestrates a job now."""

    host: str
    pid: int
    epoch: int


@dataclass(frozen=True, slots=True)
class Job:
    """A job as one read of the database shows it."""

    id: str
    urls: tuple[str, ...]
    status: JobStatus
    options: JobOptions
    totals: Totals
    last_event_id: int
    epoch: int
    scope_bases: tuple[str, ...]
    created_at: datetime
    started_at: datetime | None = None
    finished_at: datetime | None = None
    error: str | None = None
    owner: Owner | None = None
    based_on: str | None = None

    @property
    def url(self) -> str:
        """The first root: what the job is called by."""
        return self.urls[0]


@dataclass(frozen=True, slots=True)
class Trail:
    """How far a URL's redirects were followed before a host had no turn for the next request.

    `hops` are the URLs that answered with a redirect, each with its HTTP status; `next` is the
    canonical URL that the last of them leads to.
    """

    hops: tuple[tuple[str, int], ...]
    next: str

    def as_json(self) -> dict[str, Any]:
        """For storage and for calls."""
        return {"hops": self.hops, "next": self.next}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "Trail":
        """What `as_json` made."""
        return cls(tuple((str(url), int(status)) for url, status in data["hops"]), data["next"])


@dataclass(frozen=True, slots=True)
class FrontierUrl:
    """A URL in hand; `attempts` are the fetches of it that failed in passing."""

    id: int
    url: str
    depth: int
    attempts: int = 0
    trail: Trail | None = None

    @property
    def start(self) -> str:
        """What is to be asked for first: the URL itself, or where its redirects have led to."""
        return self.trail.next if self.trail else self.url


@dataclass(frozen=True, slots=True)
class PageRow:
    """What is known of one URL of a job: a row of `batch_completed` plus where it was found."""

    id: int
    url: str
    final_url: str | None
    http_status: int | None
    outcome: str | None
    reason: str | None
    title: str | None
    ms: int | None
    bytes: int | None
    depth: int
    found_on: int | None
    content_hash: str | None
    content_type: str | None = None
    fetched_at: datetime | None = None
    content: str | None = None
    detail: str | None = None
    duplicate_of: int | None = None
    attempts: int = 0
    not_before: datetime | None = None

    def as_json(self) -> dict[str, Any]:
        """As the API shows it."""
        return {
            "id": self.id,
            "url": self.url,
            "finalUrl": self.final_url,
            "httpStatus": self.http_status,
            "outcome": self.outcome,
            "reason": self.reason,
            "title": self.title,
            "ms": self.ms,
            "bytes": self.bytes,
            "depth": self.depth,
            "foundOn": self.found_on,
            "contentHash": self.content_hash,
            "contentType": self.content_type,
            "fetchedAt": self.fetched_at and iso(self.fetched_at),
            "detail": self.detail,
            "duplicateOf": self.duplicate_of,
            "attempts": self.attempts,
            "notBefore": self.not_before and iso(self.not_before),
        }


@dataclass(frozen=True, slots=True)
class StoredLink:
    """A link as a page held it; kept for good, since nothing later can rebuild it."""

    url: str
    text: str
    rel: str


@dataclass(frozen=True, slots=True)
class StoredPage:
    """One URL with all that was kept of it; `metadata` is what the page says of itself, as JSON,
    `alternate_url` where its content came from: a Markdown form that it declares.
    """

    row: PageRow
    title: str = ""
    description: str = ""
    language: str = ""
    markdown: str | None = None
    headers: tuple[tuple[str, str], ...] = ()
    hops: tuple[tuple[str, int], ...] = ()
    links: tuple[StoredLink, ...] = field(default=())
    metadata: Mapping[str, Any] = field(default_factory=dict)
    alternate_url: str | None = None


def iso(moment: datetime) -> str:
    """ISO 8601 in UTC with milliseconds, as the contract writes every time."""
    text = moment.strftime("%Y-%m-%dT%H:%M:%S")
    return f"{text}.{moment.microsecond // 1000:03d}Z"
