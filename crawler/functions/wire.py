"""What crawl and process calls say, as JSON: written on one side, read on the other.

Binary values travel as base64 (packed links) or hex (content hashes); bodies never travel, they
are kept in Postgres and referred to by hash.
"""

from base64 import b64decode, b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from crawler.domain.errors import FieldError, InvalidRequest
from crawler.domain.model import FrontierUrl, Outcome, ScopeKind
from crawler.domain.text import one_line, storable
from crawler.storage.results import BatchResult, PageToProcess, UrlResult

_TITLE_CHARACTERS = 300


@dataclass(frozen=True, slots=True)
class CrawlOptions:
    """How a crawl call shall fetch: its share of the job's pace, its time, what is in scope."""

    scope: ScopeKind
    scope_bases: tuple[str, ...]
    ignore_robots: bool
    concurrency: int
    delay_ms: int
    budget_seconds: float


@dataclass(frozen=True, slots=True)
class CrawlCall:
    """A `POST /api/v4/crawl`."""

    job_id: str
    epoch: int
    urls: tuple[FrontierUrl, ...]
    original_job_url: str
    options: CrawlOptions

    def as_json(self) -> dict[str, Any]:
        """The call's body."""
        return {
            "jobId": self.job_id,
            "epoch": self.epoch,
            "urls": [{"id": each.id, "url": each.url, "depth": each.depth} for each in self.urls],
            "originalJobUrl": self.original_job_url,
            "options": {
                "scope": str(self.options.scope),
                "scopeBases": list(self.options.scope_bases),
                "ignoreRobots": self.options.ignore_robots,
                "concurrency": self.options.concurrency,
                "delayMs": self.options.delay_ms,
                "budgetSeconds": self.options.budget_seconds,
            },
        }


@dataclass(frozen=True, slots=True)
class CrawlAnswer:
    """What the crawl function says beside its results: what the next call has to respect."""

    batch: BatchResult
    wait_ms: int
    allowed_hosts: tuple[str, ...]


def read_crawl_call(body: Any) -> CrawlCall:
    """The call that a body holds.

    Raises:
        InvalidRequest: when it is not one.
    """
    try:
        options = body["options"]
        return CrawlCall(
            job_id=str(body["jobId"]),
            epoch=int(body["epoch"]),
            urls=tuple(
                FrontierUrl(int(each["id"]), str(each["url"]), int(each["depth"]))
                for each in body["urls"]
            ),
            original_job_url=str(body["originalJobUrl"]),
            options=CrawlOptions(
                scope=ScopeKind(options["scope"]),
                scope_bases=tuple(str(base) for base in options["scopeBases"]),
                ignore_robots=bool(options["ignoreRobots"]),
                concurrency=max(1, int(options["concurrency"])),
                delay_ms=max(0, int(options["delayMs"])),
                budget_seconds=float(options["budgetSeconds"]),
            ),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise _malformed(error) from None


def crawl_answer_json(
    results: list[UrlResult], discovered: list[str], *, wait_ms: int, allowed_hosts: list[str]
) -> dict[str, Any]:
    """The crawl function's answer."""
    by_outcome: dict[str, list[dict[str, Any]]] = {"completed": [], "failed": [], "skipped": []}
    for result in results:
        kind = "completed" if result.is_page else str(result.outcome)
        by_outcome[kind].append(_result_json(result))
    return {
        **by_outcome,
        "discoveredUrls": discovered,
        "waitMs": wait_ms,
        "allowedHosts": allowed_hosts,
    }


def _result_json(result: UrlResult) -> dict[str, Any]:
    return {
        "id": result.id,
        "url": result.url,
        "outcome": str(result.outcome),
        "reason": result.reason,
        "finalUrl": result.final_url,
        "httpStatus": result.http_status,
        "title": result.title,
        "ms": result.ms,
        "bytes": result.size,
        "contentType": result.content_type,
        "contentHash": result.content_hash and result.content_hash.hex(),
        "headers": result.headers,
        "hops": result.hops,
        "links": result.links and b64encode(result.links).decode(),
        "discovered": result.discovered,
        "outOfScope": result.out_of_scope,
    }


def read_crawl_answer(answer: Mapping[str, Any], asked: tuple[FrontierUrl, ...]) -> CrawlAnswer:
    """The answer to a call for `asked`; what is in none of its lists was not reached.

    Raises:
        ValueError: when it is not an answer.
    """
    try:
        rows = [*answer["completed"], *answer["failed"], *answer["skipped"]]
        results = tuple(_read_result(row) for row in rows)
        reached = {result.id for result in results}
        not_reached = tuple(each.id for each in asked if each.id not in reached)
        batch = BatchResult(results, tuple(answer["discoveredUrls"]), not_reached)
        return CrawlAnswer(batch, int(answer["waitMs"]), tuple(answer["allowedHosts"]))
    except (KeyError, TypeError, ValueError) as error:
        raise ValueError(f"not an answer of the crawl function: {error!r}") from None


def _read_result(row: Mapping[str, Any]) -> UrlResult:
    return UrlResult(
        id=int(row["id"]),
        url=row["url"],
        outcome=Outcome(row["outcome"]),
        reason=row["reason"],
        final_url=row["finalUrl"],
        http_status=row["httpStatus"],
        title=None if row["title"] is None else one_line(row["title"], _TITLE_CHARACTERS),
        ms=row["ms"],
        size=row["bytes"],
        content_type=None if row["contentType"] is None else storable(row["contentType"])[:200],
        content_hash=row["contentHash"] and bytes.fromhex(row["contentHash"]),
        headers=tuple((name, value) for name, value in row["headers"]),
        hops=tuple((url, status) for url, status in row["hops"]),
        links=row["links"] and b64decode(row["links"]),
        discovered=tuple(row["discovered"]),
        out_of_scope=row["outOfScope"],
    )


def process_call_json(job_id: str, pages: list[PageToProcess]) -> dict[str, Any]:
    """The body of a `POST /api/v4/process`."""
    return {
        "jobId": job_id,
        "results": [
            {
                "id": page.id,
                "url": page.url,
                "contentHash": page.content_hash.hex(),
                "contentType": page.content_type,
            }
            for page in pages
        ],
    }


def read_process_call(body: Any) -> tuple[str, list[PageToProcess]]:
    """Job and pages of a process call.

    Raises:
        InvalidRequest: when the body is not one.
    """
    try:
        pages = [
            PageToProcess(
                int(row["id"]),
                str(row["url"]),
                bytes.fromhex(row["contentHash"]),
                row["contentType"],
            )
            for row in body["results"]
        ]
        return str(body["jobId"]), pages
    except (KeyError, TypeError, ValueError) as error:
        raise _malformed(error) from None


def _malformed(error: Exception) -> InvalidRequest:
    return InvalidRequest(FieldError("body", f"is not such a call ({type(error).__name__})"))
