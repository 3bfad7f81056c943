"""What a crawl call makes of each answer: pure, from what was fetched to what is told and kept."""

from collections import Counter
from dataclasses import dataclass, field, replace
from typing import Any

from crawler.content.challenges import challenge_by_headers, may_challenge
from crawler.content.links import Link
from crawler.content.page import PageHead, read_page
from crawler.content.sniffing import is_download
from crawler.domain.admission import Admission
from crawler.domain.mediatypes import is_page
from crawler.domain.model import FrontierUrl, Outcome
from crawler.domain.nofollow import rel_says_nofollow
from crawler.domain.reasons import Reason, http_reason
from crawler.domain.text import storable_headers
from crawler.fetching.fetcher import Fetched, FetchFailure, Hop, Redirected
from crawler.storage.bodies import SealedBody, seal
from crawler.storage.keys import link_keys
from crawler.storage.packing import pack_links, unpack
from crawler.storage.results import LeftOutLink, UrlResult

_MOST_LENGTH_DIGITS = 15
_MOST_SAMPLES = 5
"""Links left out for one reason that a page gives as samples; a job keeps few of them anyway."""

_SKIPPED = frozenset(
    (
        Reason.ROBOTS,
        Reason.DENIED_HOST,
        Reason.SCOPE,
        Reason.EXCLUDED,
        Reason.TRAP,
        Reason.DUPLICATE,
    )
)
"""Reasons by which a URL was not tried, rather than tried in vain."""


@dataclass(frozen=True, slots=True)
class LinkRules:
    """How links are sorted: what the job covers, and whether it follows any."""

    admission: Admission
    follows_links: bool
    obeys_nofollow: bool


@dataclass(frozen=True, slots=True)
class ReadPage:
    """A page as it was read: its head, its body to keep, its links packed and sorted."""

    head: PageHead
    body: SealedBody
    links: bytes
    link_keys: bytes
    nofollow: bool
    in_scope: tuple[str, ...]
    left_out: dict[str, int]
    samples: tuple[LeftOutLink, ...]


@dataclass(frozen=True, slots=True)
class Alternate:
    """The Markdown form of a page: where the page says that it is, and its body."""

    url: str
    body: SealedBody


@dataclass(frozen=True, slots=True)
class FetchedPage:
    """An answer whose body is to be read; `outcome` tells whether the site or the cache gave it.

    A large body is `sealed` while it waits to be read; `fetched` has none then. `declared` is the
    URL of its Markdown form, `alternate` that form, where it was to be had.
    """

    url: FrontierUrl
    fetched: Fetched
    outcome: Outcome = Outcome.FETCHED
    sealed: SealedBody | None = None
    declared: str | None = None
    alternate: Alternate | None = None

    @property
    def size(self) -> int:
        """Bytes of the body."""
        return len(self.fetched.body) if self.sealed is None else self.sealed.size

    def with_sealed(self, body: SealedBody) -> "FetchedPage":
        """The same page, its body in packed form alone."""
        return replace(self, fetched=replace(self.fetched, body=b""), sealed=body)


@dataclass
class _Sorted:
    """Links of one page: those to follow, and how many are left out for which reason."""

    followed: list[str] = field(default_factory=list)
    left_out: Counter[str] = field(default_factory=Counter)
    samples: list[LeftOutLink] = field(default_factory=list)

    def leave_out(self, reason: Reason, link: Link, page_id: int) -> None:
        name = str(reason)
        self.left_out[name] += 1
        if self.left_out[name] <= _MOST_SAMPLES:
            self.samples.append(LeftOutLink(name, link.url, page_id))


def read_pages(pages: list[FetchedPage], rules: LinkRules) -> list[ReadPage]:
    """All that costs time on pages, for a thread: mostly native code without the GIL."""
    return [_read_page(each, rules) for each in pages]


def _read_page(page: FetchedPage, rules: LinkRules) -> ReadPage:
    fetched, sealed = page.fetched, page.sealed
    head = read_page(
        unpack(sealed.data) if sealed else fetched.body,
        fetched.content_type,
        fetched.url,
        fetched.headers,
        fetched.status,
    )
    nofollow = head.nofollow and rules.obeys_nofollow
    links = _sort_links(head, nofollow, page, rules)
    return ReadPage(
        head,
        sealed or seal(fetched.body),
        pack_links(head.links),
        link_keys([link.url for link in head.links]),
        nofollow,
        tuple(links.followed),
        dict(links.left_out),
        tuple(links.samples),
    )


def _sort_links(
    head: PageHead, nofollow: bool, page: FetchedPage, rules: LinkRules
) -> _Sorted:
    """Links of roots are sorted later, once redirects of roots have settled the scope. A page's own
    form is no other page."""
    links, url = _Sorted(), page.url
    own = page.alternate.url if page.alternate else None
    if not (url.depth and rules.follows_links):
        return links
    judge, follow = rules.admission.judge, links.followed.append
    for link in head.links:
        if link.url == own:
            continue
        if nofollow or (link.rel and rules.obeys_nofollow and rel_says_nofollow(link.rel)):
            links.leave_out(Reason.NOFOLLOW, link, url.id)
        elif (reason := judge(link.url)) is None:
            follow(link.url)
        else:
            links.leave_out(reason, link, url.id)
    return links


def wants_body(status: int, content_type: str | None) -> bool:
    """Whether an answer's body is worth its download: pages, and what may be a challenge."""
    return (200 <= status < 300 or may_challenge(status)) and is_page(content_type)


def judge(fetched: Fetched) -> tuple[str | None, Outcome]:
    """What an answer is, with the reason: a page, a failure, or no page at all."""
    reason, outcome = judge_head(fetched)
    if outcome is not Outcome.FETCHED:
        return reason, outcome
    if not has_content(fetched):
        return str(Reason.EMPTY), Outcome.FAILED
    if is_download(fetched.body, fetched.content_type):
        return str(Reason.NOT_HTML), Outcome.SKIPPED
    return None, outcome


def has_content(fetched: Fetched) -> bool:
    """Whether an answer's body is more than white space."""
    return bool(fetched.body) and not fetched.body.isspace()


def judge_head(fetched: Fetched) -> tuple[str | None, Outcome]:
    """What an answer with content is by its head."""
    if challenge_by_headers(fetched.status, fetched.headers):
        return str(Reason.CHALLENGE), Outcome.FAILED
    if not 200 <= fetched.status < 300:
        return http_reason(fetched.status), Outcome.FAILED
    if not is_page(fetched.content_type):
        return str(Reason.NOT_HTML), Outcome.SKIPPED
    return None, Outcome.FETCHED


def page_result(page: FetchedPage, read: ReadPage, discovered: tuple[int, ...]) -> UrlResult:
    """The result of a page; `discovered` are positions in the batch's list of URLs."""
    fetched, alternate = page.fetched, page.alternate
    return UrlResult(
        **_common(page.url, fetched),
        outcome=page.outcome,
        title=read.head.title,
        size=page.size,
        content_hash=read.body.hash,
        links=read.links,
        link_keys=read.link_keys,
        discovered=discovered,
        left_out=read.left_out,
        detail="was led from https to http" if fetched.downgraded else None,
        canonical=read.head.canonical,
        nofollow=read.nofollow,
        is_parsable=read.head.is_parsable,
        alternate_url=alternate.url if alternate else None,
        alternate_hash=alternate.body.hash if alternate else None,
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
    )


def refused(url: FrontierUrl, reason: Reason, detail: str | None) -> UrlResult:
    """The result of a URL that was not asked for: robots.txt forbids it, or can't be read."""
    return UrlResult(url.id, url.url, _outcome(reason), str(reason), detail=detail)


def failed(url: FrontierUrl, failure: FetchFailure) -> UrlResult:
    """The result of a fetch without an answer."""
    return UrlResult(
        url.id,
        url.url,
        _outcome(failure.reason),
        str(failure.reason),
        http_status=failure.status,
        ms=failure.milliseconds,
        hops=_hops(failure.hops),
        detail=failure.detail,
    )


def left_by_redirect(
    url: FrontierUrl, redirected: Redirected, detail: str | None = None
) -> UrlResult:
    """The result of a redirect that was not followed: out of the job, to a known page, or to a
    host whose robots.txt does not let its target be fetched."""
    return UrlResult(
        url.id,
        url.url,
        _outcome(redirected.reason),
        str(redirected.reason),
        final_url=redirected.target,
        http_status=redirected.hops[-1].status,
        ms=redirected.milliseconds,
        hops=_hops(redirected.hops),
        detail=detail,
    )


def _outcome(reason: Reason) -> Outcome:
    return Outcome.SKIPPED if reason in _SKIPPED else Outcome.FAILED


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
        "headers": storable_headers(fetched.headers),
        "hops": _hops(fetched.hops),
    }


def _hops(hops: tuple[Hop, ...]) -> tuple[tuple[str, int], ...]:
    return tuple((hop.url, hop.status) for hop in hops)
