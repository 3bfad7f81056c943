"""The HTTP cache as a crawl call uses it: what is young is not asked for, the rest on condition.

    batch = cache.open(urls, max_age_seconds)       one look-up for the call
    batch.young(url, follow)                        an answer for which no request is needed
    batch.conditional(url)                          headers for a request (`headers_for`)
    batch.revalidated(fetched)                      the page that a 304 speaks of
    batch.note(fetched, page)                       what an answer leaves to keep
    batch.save()                                    after the bodies were put: kept for the next

A job that sends headers or cookies of its user's sees pages that are not for everybody: its
batches are opened `private`, which neither reads nor fills the cache.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from itertools import pairwise
from typing import TypeVar

from crawler.domain.freshness import (
    freshened,
    is_gone,
    is_young,
    may_be_stored,
    must_be_validated,
    shareable,
    validators_of,
)
from crawler.domain.mediatypes import is_page
from crawler.domain.text import storable_headers
from crawler.fetching.guard import Network
from crawler.fetching.outcomes import Fetched, Follow, Hop, Redirected
from crawler.storage.bodies import BodyStore, SealedBody
from crawler.storage.cache import CachedAnswer, HttpCache

MAX_REDIRECTS = 10
"""As many as a fetch follows."""

PREFETCH_BYTES = 4 * 2**20
"""Pages that a batch reads at once, unpacked; others are read one by one, when asked for."""


Served = TypeVar("Served", Fetched | None, Redirected)


class PageCache:
    """Opens the cache for crawl calls."""

    def __init__(self, cache: HttpCache, bodies: BodyStore, monotonic: Callable[[], float]) -> None:
        """Takes what is kept, where pages stand, and a clock in seconds."""
        self._cache = cache
        self._bodies = bodies
        self._monotonic = monotonic

    def open(
        self, urls: Sequence[str], max_age_seconds: int, *, private: bool = False
    ) -> "CacheBatch":
        """What is kept of a call's URLs: one statement, and one for their pages.

        `max_age_seconds` is how old an answer may be to be used without asking; 0: none is.
        """
        batch = CacheBatch(self._cache, self._bodies, self._monotonic, max_age_seconds, private)
        batch.look_up(urls)
        return batch


class CacheBatch:
    """The cache during one crawl call; its greenlets share it."""

    def __init__(
        self,
        cache: HttpCache,
        bodies: BodyStore,
        monotonic: Callable[[], float],
        max_age_seconds: int,
        private: bool,
    ) -> None:
        self._cache = cache
        self._bodies = bodies
        self._monotonic = monotonic
        self._max_age_seconds = max_age_seconds
        self._private = private
        self._opened = monotonic()
        self._known: dict[str, CachedAnswer] = {}
        self._asked: set[str] = set()
        self._pages: dict[bytes, bytes] = {}
        self._used: set[str] = set()
        self._kept: dict[str, CachedAnswer] = {}
        self._dropped: set[str] = set()

    def look_up(self, urls: Sequence[str]) -> None:
        """Learns what is kept of some URLs, and reads their pages as far as they are small."""
        self._ask(urls)
        wanted: dict[bytes, None] = {}
        left = PREFETCH_BYTES
        for answer in map(self._known.get, urls):
            if answer and answer.content_hash and self._is_usable(answer):
                left -= answer.body_bytes
                if left >= 0:
                    wanted[answer.content_hash] = None
        if wanted:
            self._pages.update(self._bodies.get(list(wanted)))

    def young(self, url: str, follow: Follow) -> Fetched | Redirected | None:
        """The answer to `url` without a request, or None where one has to be made.

        Redirects that are kept are followed like those of a fetch: `follow` judges each target.
        """
        hops: tuple[Hop, ...] = ()
        while (answer := self._young(url)) is not None:
            if answer.target is None:
                return self._serve(hops, self._complete(answer, _unasked(answer, hops)))
            if len(hops) >= MAX_REDIRECTS or any(hop.url == url for hop in hops):
                return None
            hops += (Hop(url, answer.status),)
            reason = follow(answer.target)
            if reason is not None:
                left = Redirected(answer.target, reason, hops, 0, _network(answer))
                return self._serve(hops, left)
            url = answer.target
        return None

    def conditional(self, url: str) -> Mapping[str, str]:
        """Headers by which a request asks only for what is not kept already; none: for all."""
        answer = self._answer(url)
        if answer is None or answer.target is not None:
            return {}
        return validators_of(answer.headers).conditions()

    def revalidated(self, fetched: Fetched) -> Fetched | None:
        """The page that a 304 speaks of, its headers renewed (RFC 9111, section 4.3.4).

        None where none is meant: the site has to be asked for it again. Then `conditional` says
        nothing for its URL any more, so that a second 304 is the site's own fault.
        """
        answer = self._answer(fetched.url)
        if answer is None or answer.target is not None:
            return None
        if not validators_of(answer.headers).may_be_meant_by(validators_of(fetched.headers)):
            self._forget(fetched.url)
            return None
        renewed = replace(
            answer,
            headers=_kept_headers(freshened(answer.headers, fetched.headers)),
            allowed=fetched.network is Network.ALLOWED,
        )
        served = self._complete(renewed, fetched)
        if served is not None:
            self._keep(renewed)
            self._keep_hops(fetched.hops, fetched.url, fetched.network)
        return served

    def note(self, outcome: Fetched | Redirected, page: SealedBody | None = None) -> None:
        """Keeps what a request brought, as far as the site allows it.

        `page` is the body of an answer that is a page worth keeping; None for all others. What
        is known to be there no more is dropped, for the next job as well.
        """
        if isinstance(outcome, Redirected):
            self._keep_hops(outcome.hops, outcome.target, outcome.network)
            return
        self._keep_hops(outcome.hops, outcome.url, outcome.network)
        if 200 <= outcome.status < 300:
            has_all = page is not None or not is_page(outcome.content_type)
            self._keep(_kept(outcome, page), has_all=has_all)
        elif is_gone(outcome.status):
            self._drop(outcome.url)

    def save(self) -> None:
        """Writes what was noted; call it after the bodies of the noted pages were put."""
        self._cache.drop(self._dropped)
        self._cache.store(self._kept.values())
        self._cache.touch(self._used - self._kept.keys() - self._dropped)

    def _ask(self, urls: Iterable[str]) -> None:
        new = [url for url in urls if url not in self._asked]
        if self._private or not new:
            return
        self._asked.update(new)
        self._known.update(self._cache.look_up(new))

    def _answer(self, url: str) -> CachedAnswer | None:
        """What is kept of a URL; the targets of redirects are looked up when they are met."""
        self._ask((url,))
        return self._known.get(url)

    def _young(self, url: str) -> CachedAnswer | None:
        """An answer that may be used without asking, at this moment of the call."""
        if not self._max_age_seconds:
            return None
        answer = self._answer(url)
        return answer if answer is not None and self._is_young(answer) else None

    def _is_young(self, answer: CachedAnswer) -> bool:
        age_seconds = answer.age_seconds + self._monotonic() - self._opened
        return is_young(age_seconds, self._max_age_seconds) and not must_be_validated(
            answer.headers
        )

    def _is_usable(self, answer: CachedAnswer) -> bool:
        return bool(validators_of(answer.headers)) or self._is_young(answer)

    def _serve(self, hops: tuple[Hop, ...], answer: Served) -> Served:
        """An answer without a request, of which all that led to it was used."""
        if answer is not None:
            self._used.update(hop.url for hop in hops)
            if isinstance(answer, Fetched):
                self._used.add(answer.url)
        return answer

    def _complete(self, answer: CachedAnswer, fetched: Fetched) -> Fetched | None:
        """What was fetched, with the kept answer in place of its own; None if its page is gone."""
        page = b"" if answer.content_hash is None else self._page(answer.content_hash)
        if page is None:
            self._forget(answer.url)
            return None
        return replace(
            fetched,
            status=answer.status,
            headers=answer.headers,
            content_type=_content_type(answer.headers),
            body=page,
        )

    def _page(self, content_hash: bytes) -> bytes | None:
        known = self._pages.pop(content_hash, None)
        return known if known is not None else self._bodies.get([content_hash]).get(content_hash)

    def _keep_hops(self, hops: tuple[Hop, ...], end: str, network: Network) -> None:
        targets = [*(hop.url for hop in hops[1:]), end] if hops else []
        for hop, target in zip(hops, targets, strict=True):
            if hop.url in self._used:  # out of the cache itself: it is no younger by that
                continue
            answer = CachedAnswer(
                hop.url, hop.status, (), target=target, allowed=network is Network.ALLOWED
            )
            self._keep(answer, has_all=hop.may_be_kept)

    def _keep(self, answer: CachedAnswer, *, has_all: bool = True) -> None:
        """Keeps an answer in place of the one before, or at least drops that."""
        may = answer.target is not None or may_be_stored(answer.status, answer.headers)
        if has_all and may and not self._private:
            self._kept[answer.url] = answer
            self._dropped.discard(answer.url)
        else:
            self._drop(answer.url)

    def _drop(self, url: str) -> None:
        self._kept.pop(url, None)
        if self._known.get(url) is not None:
            self._dropped.add(url)

    def _forget(self, url: str) -> None:
        """Drops an answer that is of no use, so that its URL is asked for without conditions."""
        self._drop(url)
        self._known.pop(url, None)


def _unasked(answer: CachedAnswer, hops: tuple[Hop, ...]) -> Fetched:
    """A fetch that took no request, as far as it does not depend on the page."""
    way = [*(hop.url for hop in hops), answer.url]
    return Fetched(
        url=answer.url,
        status=answer.status,
        headers=(),
        content_type=None,
        body=b"",
        hops=hops,
        milliseconds=0,
        network=_network(answer),
        downgraded=any(
            here.startswith("https:") and there.startswith("http:") for here, there in pairwise(way)
        ),
    )


def _kept(fetched: Fetched, page: SealedBody | None) -> CachedAnswer:
    return CachedAnswer(
        fetched.url,
        fetched.status,
        _kept_headers(fetched.headers),
        content_hash=page.hash if page else None,
        page_bytes=len(page.data) if page else 0,
        allowed=fetched.network is Network.ALLOWED,
    )


def _kept_headers(headers: Iterable[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
    return storable_headers(shareable(headers))


def _network(answer: CachedAnswer) -> Network:
    return Network.ALLOWED if answer.allowed else Network.PUBLIC


def _content_type(headers: Sequence[tuple[str, str]]) -> str | None:
    """The last one counts (Fetch Standard, "extract a MIME type")."""
    values = [value for name, value in headers if name.lower() == "content-type"]
    return values[-1] if values else None
