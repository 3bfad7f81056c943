"""What crawl calls and their answers say, as JSON: written on one side, read on the other.

Binary values travel as base64 (packed links) or hex (content hashes); bodies never travel, they
are kept in Postgres and referred to by hash.
"""

from base64 import b64decode, b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from crawler.domain.errors import FieldError, InvalidRequest
from crawler.domain.model import FrontierUrl, Outcome, Trail
from crawler.domain.text import one_line, storable
from crawler.functions.call_options import CrawlOptions, read_options
from crawler.storage.results import (
    BatchResult,
    LeftOutLink,
    Retry,
    SitemapResult,
    SitemapUrl,
    UrlResult,
)

_TITLE_CHARACTERS = 300
_DETAIL_CHARACTERS = 300


@dataclass(frozen=True, slots=True)
class CrawlCall:
    """A `POST /api/v4/crawl`: URLs to fetch, or sitemaps to read."""

    job_id: str
    epoch: int
    urls: tuple[FrontierUrl, ...]
    original_job_url: str
    options: CrawlOptions
    sitemaps: tuple[SitemapUrl, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """The call's body."""
        return {
            "jobId": self.job_id,
            "epoch": self.epoch,
            "urls": [
                {
                    "id": each.id,
                    "url": each.url,
                    "depth": each.depth,
                    "attempts": each.attempts,
                    "trail": _trail_json(each.trail),
                }
                for each in self.urls
            ],
            "sitemaps": [
                {
                    "id": each.id,
                    "url": each.url,
                    "attempts": each.attempts,
                    "isNamed": each.is_named,
                }
                for each in self.sitemaps
            ],
            "originalJobUrl": self.original_job_url,
            "options": self.options.as_json(),
        }


@dataclass(frozen=True, slots=True)
class CrawlAnswer:
    """What the crawl function says beside its results: what the next calls have to respect.

    `host_waits`: hosts at which no turn is to be had for so many milliseconds. `halt`: why the
    job can't go on at all, for its user.
    """

    batch: BatchResult
    host_waits: tuple[tuple[str, int], ...]
    allowed_hosts: tuple[str, ...]
    halt: str | None = None

    @property
    def was_answered(self) -> bool:
        """Whether a site answered, if only with an error or a robots.txt that forbids all."""
        batch = self.batch
        settled = any(each.http_status or each.outcome is Outcome.SKIPPED for each in batch.results)
        retried = any(each.reason.startswith("http-") for each in batch.retries)
        return settled or retried or any(each.reason is None for each in batch.sitemap_results)


def read_crawl_call(body: Any) -> CrawlCall:
    """The call that a body holds.

    Raises:
        InvalidRequest: when it is not one.
    """
    try:
        return CrawlCall(
            job_id=str(body["jobId"]),
            epoch=int(body["epoch"]),
            urls=tuple(
                FrontierUrl(
                    int(each["id"]),
                    str(each["url"]),
                    int(each["depth"]),
                    int(each.get("attempts", 0)),
                    _read_trail(each.get("trail")),
                )
                for each in body["urls"]
            ),
            original_job_url=str(body["originalJobUrl"]),
            options=read_options(body["options"]),
            sitemaps=tuple(
                SitemapUrl(
                    int(each["id"]),
                    str(each["url"]),
                    int(each["attempts"]),
                    bool(each["isNamed"]),
                )
                for each in body.get("sitemaps", ())
            ),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise malformed(error) from None


def crawl_answer_json(
    batch: BatchResult,
    *,
    host_waits: Mapping[str, int],
    allowed_hosts: list[str],
    halt: str | None = None,
) -> dict[str, Any]:
    """The crawl function's answer; what was not reached is in none of its lists."""
    by_outcome: dict[str, list[dict[str, Any]]] = {"completed": [], "failed": [], "skipped": []}
    for result in batch.results:
        kind = "completed" if result.is_page else str(result.outcome)
        by_outcome[kind].append(_result_json(result))
    return {
        **by_outcome,
        "discoveredUrls": batch.discovered,
        "retries": [_retry_json(each) for each in batch.retries],
        "samples": [[each.reason, each.url, each.found_on] for each in batch.samples],
        "sitemaps": batch.sitemaps,
        "sitemapResults": [
            {
                "id": each.id,
                "reason": each.reason,
                "retryAfterMs": each.retry_after_ms,
                "urls": each.urls,
                "sitemaps": each.sitemaps,
                "isBroken": each.is_broken,
            }
            for each in batch.sitemap_results
        ],
        "hostWaits": dict(host_waits),
        "allowedHosts": allowed_hosts,
        "halt": halt,
    }


def _retry_json(retry: Retry) -> dict[str, Any]:
    return {
        "id": retry.id,
        "reason": retry.reason,
        "afterMs": retry.after_ms,
        "isAttempt": retry.is_attempt,
        "trail": _trail_json(retry.trail),
    }


def _trail_json(trail: Trail | None) -> dict[str, Any] | None:
    return None if trail is None else trail.as_json()


def _read_trail(data: Any) -> Trail | None:
    return None if data is None else Trail.from_json(data)


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
        "linkKeys": None if result.link_keys is None else b64encode(result.link_keys).decode(),
        "discovered": result.discovered,
        "leftOut": result.left_out,
        "detail": result.detail,
        "canonical": result.canonical,
        "nofollow": result.nofollow,
        "isParsable": result.is_parsable,
        "alternateUrl": result.alternate_url,
        "alternateHash": result.alternate_hash and result.alternate_hash.hex(),
    }


def read_crawl_answer(answer: Mapping[str, Any], asked: tuple[FrontierUrl, ...]) -> CrawlAnswer:
    """The answer to a call for `asked`; what is in none of its lists was not reached.

    Raises:
        ValueError: when it is not an answer.
    """
    try:
        rows = [*answer["completed"], *answer["failed"], *answer["skipped"]]
        results = tuple(_read_result(row) for row in rows)
        retries = tuple(
            Retry(
                int(each["id"]),
                each["reason"],
                int(each["afterMs"]),
                bool(each["isAttempt"]),
                _read_trail(each["trail"]),
            )
            for each in answer["retries"]
        )
        reached = {result.id for result in results} | {retry.id for retry in retries}
        batch = BatchResult(
            results,
            discovered=tuple(answer["discoveredUrls"]),
            not_reached=tuple(each.id for each in asked if each.id not in reached),
            retries=retries,
            samples=tuple(LeftOutLink(*each) for each in answer["samples"]),
            sitemaps=tuple(answer["sitemaps"]),
            sitemap_results=tuple(map(_read_sitemap_result, answer["sitemapResults"])),
        )
        waits = tuple((str(host), int(ms)) for host, ms in answer["hostWaits"].items())
        return CrawlAnswer(batch, waits, tuple(answer["allowedHosts"]), answer["halt"])
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise ValueError(f"not an answer of the crawl function: {error!r}") from None


def _read_sitemap_result(row: Mapping[str, Any]) -> SitemapResult:
    return SitemapResult(
        id=int(row["id"]),
        reason=row["reason"],
        retry_after_ms=row["retryAfterMs"],
        urls=tuple(row["urls"]),
        sitemaps=tuple(row["sitemaps"]),
        is_broken=bool(row["isBroken"]),
    )


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
        link_keys=None if row["linkKeys"] is None else b64decode(row["linkKeys"]),
        discovered=tuple(row["discovered"]),
        left_out={str(reason): int(count) for reason, count in row["leftOut"].items()},
        detail=None if row["detail"] is None else one_line(row["detail"], _DETAIL_CHARACTERS),
        canonical=row["canonical"],
        nofollow=bool(row["nofollow"]),
        is_parsable=bool(row["isParsable"]),
        alternate_url=row["alternateUrl"],
        alternate_hash=row["alternateHash"] and bytes.fromhex(row["alternateHash"]),
    )


def malformed(error: Exception) -> InvalidRequest:
    """The answer to a body that is no such call."""
    return InvalidRequest(FieldError("body", f"is not such a call ({type(error).__name__})"))
