"""How a crawl call shall fetch, as it travels with the call."""

from dataclasses import dataclass
from typing import Any

from crawler.domain.model import ScopeKind


@dataclass(frozen=True, slots=True)
class CrawlOptions:
    """How a crawl call shall fetch: its share of the job's pace, its time, what the job covers.

    `concurrency` is the call's share of fetches at once; `host_concurrency` what all jobs together
    may do at the batch's host as far as this job goes; the `other` ones hold for hosts that
    redirects lead to, of which it is not known where they stand.
    """

    scope: ScopeKind
    scope_bases: tuple[str, ...]
    ignore_robots: bool
    concurrency: int
    delay_ms: int
    budget_seconds: float
    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    host_concurrency: int = 1
    other_concurrency: int = 1
    other_delay_ms: int = 0
    max_age_seconds: int = 0
    follows_links: bool = True
    wants_sitemaps: bool = False
    has_credentials: bool = False

    def as_json(self) -> dict[str, Any]:
        """As it stands in a call."""
        return {
            "scope": str(self.scope),
            "scopeBases": list(self.scope_bases),
            "include": list(self.include),
            "exclude": list(self.exclude),
            "ignoreRobots": self.ignore_robots,
            "concurrency": self.concurrency,
            "hostConcurrency": self.host_concurrency,
            "otherConcurrency": self.other_concurrency,
            "otherDelayMs": self.other_delay_ms,
            "delayMs": self.delay_ms,
            "budgetSeconds": self.budget_seconds,
            "maxAgeSeconds": self.max_age_seconds,
            "followsLinks": self.follows_links,
            "wantsSitemaps": self.wants_sitemaps,
            "hasCredentials": self.has_credentials,
        }


def read_options(options: Any) -> CrawlOptions:
    """The options that a call holds; those that it leaves out have their defaults.

    Raises:
        KeyError, TypeError, ValueError: when it holds none.
    """
    return CrawlOptions(
        scope=ScopeKind(options["scope"]),
        scope_bases=tuple(str(base) for base in options["scopeBases"]),
        include=tuple(str(rule) for rule in options.get("include", ())),
        exclude=tuple(str(rule) for rule in options.get("exclude", ())),
        ignore_robots=bool(options["ignoreRobots"]),
        concurrency=max(1, int(options["concurrency"])),
        host_concurrency=max(1, int(options.get("hostConcurrency", options["concurrency"]))),
        other_concurrency=max(1, int(options.get("otherConcurrency", 1))),
        other_delay_ms=max(0, int(options.get("otherDelayMs", options["delayMs"]))),
        delay_ms=max(0, int(options["delayMs"])),
        budget_seconds=float(options["budgetSeconds"]),
        max_age_seconds=max(0, int(options.get("maxAgeSeconds", 0))),
        follows_links=bool(options.get("followsLinks", True)),
        wants_sitemaps=bool(options.get("wantsSitemaps")),
        has_credentials=bool(options.get("hasCredentials")),
    )
