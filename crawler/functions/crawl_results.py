"""What a crawl call makes of each answer: pure, from what was fetched to what is told and kept."""

from dataclasses import dataclass
from typing import Any

from crawler.content.page import PageHead, read_page
from crawler.domain.mediatypes import is_page
from crawler.domain.model import FrontierUrl, Outcome
from crawler.domain.reasons import Reason, http_reason
from crawler.domain.scope import Scope
from crawler.domain.text import storable
from crawler.fetching.fetcher import Fetched, FetchFailure, Hop, Redirected
from crawler.fetching.robots import RobotsVerdict
from crawler.storage.bodies import SealedBody, seal
from crawler.storage.packing import pack_links
from crawler.storage.results import UrlResult

_MOST_HEADERS = 100
_MOST_HEADER_CHARACTERS = 4_000
_MOST_LENGTH_DIGITS = 15


@dataclass(frozen=True, slots=True)
class ReadPage:
    """A page as it was read: its head, its body to keep, its links packed and judged by scope."""

    head: PageHead
    body: SealedBody
    links: bytes
    in_scope: tuple[str, ...]
    out_of_scope: int


def read_pages(fetched: list[Fetched], scope: Scope) -> list[ReadPage]:
    """All that costs time on pages, for a thread: mostly native code without the GIL."""
    return [_read_page(each, scope) for each in fetched]


def _read_page(fetched: Fetched, scope: Scope) -> ReadPage:
    head = read_page(fetched.body, fetched.content_type, fetched.url)
    in_scope = tuple(link.url for link in head.links if scope.admits(link.url))
    return ReadPage(
        head,
        seal(fetched.body),
        pack_links(head.links),
        in_scope,
        len(head.links) - len(in_scope),
    )


def wants_body(status: int, content_type: str | None) -> bool:
    """Whether an answer's body is worth its download: pages only."""
    return 200 <= status < 300 and is_page(content_type)


def judge(fetched: Fetched) -> tuple[str | None, Outcome]:
    """What an answer is, with the reason: a page, a failure, or something that is no page."""
    if not 200 <= fetched.status < 300:
        return http_reason(fetched.status), Outcome.FAILED
    if not is_page(fetched.content_type):
        return str(Reason.NOT_HTML), Outcome.SKIPPED
    if not fetched.body.strip():
        return str(Reason.EMPTY), Outcome.FAILED
    return None, Outcome.FETCHED


def page_result(
    url: FrontierUrl, fetched: Fetched, page: ReadPage, discovered: tuple[int, ...]
) -> UrlResult:
    """The result of a page; `discovered` are positions in the batch's list of URLs."""
    return UrlResult(
        **_common(url, fetched),
        outcome=Outcome.FETCHED,
        title=page.head.title,
        size=len(fetched.body),
        content_hash=page.body.hash,
        headers=_kept_headers(fetched.headers),
        links=page.links,
        discovered=discovered,
        out_of_scope=page.out_of_scope,
    )


def no_page(
    url: FrontierUrl, fetched: Fetched, outcome: Outcome, reason: str | None
) -> UrlResult:
    """The result of an answer without a page: its type and size are told by its head."""
    return UrlResult(
        **_common(url, fetched),
        outcome=outcome,
        reason=reason,
        size=_announced_length(fetched),
        headers=_kept_headers(fetched.headers),
    )


def refused(url: FrontierUrl, verdict: RobotsVerdict) -> UrlResult:
    """The result of a URL that was not asked for: robots.txt forbids it, or can't be read."""
    outcome = Outcome.SKIPPED if verdict.reason is Reason.ROBOTS else Outcome.FAILED
    return UrlResult(url.id, url.url, outcome, str(verdict.reason))


def failed(url: FrontierUrl, failure: FetchFailure) -> UrlResult:
    """The result of a fetch without an answer."""
    return UrlResult(
        url.id,
        url.url,
        Outcome.FAILED,
        str(failure.reason),
        http_status=failure.status,
        ms=failure.milliseconds,
        hops=_hops(failure.hops),
    )


def left_by_redirect(scope: Scope, url: FrontierUrl, redirected: Redirected) -> UrlResult:
    """The result of a redirect that was not followed: out of scope, or to a known page."""
    leaves = url.depth > 0 and not scope.admits(redirected.target)
    return UrlResult(
        url.id,
        url.url,
        Outcome.SKIPPED,
        str(Reason.SCOPE if leaves else Reason.DUPLICATE),
        final_url=redirected.target,
        http_status=redirected.hops[-1].status,
        ms=redirected.milliseconds,
        hops=_hops(redirected.hops),
    )


def _announced_length(fetched: Fetched) -> int | None:
    for name, value in fetched.headers:
        if name.lower() == "content-length":
            usable = value.isdecimal() and len(value) <= _MOST_LENGTH_DIGITS
            return int(value) if usable else None
    return None


def _common(url: FrontierUrl, fetched: Fetched) -> dict[str, Any]:
    return {
        "id": url.id,
        "url": url.url,
        "final_url": fetched.url,
        "http_status": fetched.status,
        "ms": fetched.milliseconds,
        "content_type": fetched.content_type,
        "hops": _hops(fetched.hops),
    }


def _hops(hops: tuple[Hop, ...]) -> tuple[tuple[str, int], ...]:
    return tuple((hop.url, hop.status) for hop in hops)


def _kept_headers(headers: tuple[tuple[str, str], ...]) -> tuple[tuple[str, str], ...]:
    return tuple(
        (storable(name)[:_MOST_HEADER_CHARACTERS], storable(value)[:_MOST_HEADER_CHARACTERS])
        for name, value in headers[:_MOST_HEADERS]
    )
