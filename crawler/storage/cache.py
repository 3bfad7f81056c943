"""Answers of sites, shared by all jobs: bounded in size, the one unused for longest goes first.

Pages stand in `bodies` and are shared with the jobs that fetched them: an answer that goes leaves
its page to the collection of bodies, which spares what a job or another answer refers to.

Which answers may be kept and used is decided elsewhere (`domain.freshness`).
"""

import hashlib
from collections.abc import Collection, Iterable
from dataclasses import dataclass

from crawler.storage.database import Database, Row
from crawler.storage.packing import pack_json, unpack_json

_ROWS_A_SLICE = 1_000
_SLACK = 0.01


@dataclass(frozen=True, slots=True)
class CachedAnswer:
    """An answer as it is kept: a page by its hash, a redirect's target, or a head alone."""

    url: str
    status: int
    headers: tuple[tuple[str, str], ...]
    content_hash: bytes | None = None
    target: str | None = None
    page_bytes: int = 0
    """Size of the page as it is kept, packed, when the answer is stored."""
    allowed: bool = False
    """Whether it came from a network that the operator allows beside the public ones."""
    age_seconds: float = 0.0
    """Since the site gave or confirmed it, when the answer was looked up."""
    body_bytes: int = 0
    """Size of the page, unpacked, when the answer was looked up."""


class HttpCache:
    """Answers by URL, `max_bytes` of them at most; none where that is 0.

    The bound is kept by each worker for what it stores, so that all of them together may exceed
    it by a hundredth each for a moment.
    """

    def __init__(self, database: Database, max_bytes: int, realm: str = "") -> None:
        """Takes the bound in bytes, packed, and the realm.

        `realm` is what answers depend on beside their URL: whom sites see asking (`Vary:
        User-Agent`), and which networks may be reached. Under another realm nothing that was
        kept is found: an operator who closes a network closes what was read there.
        """
        self._database = database
        self._max_bytes = max_bytes
        self._realm = realm.encode() + b"\0"
        self._stored_bytes = 0

    def look_up(self, urls: Collection[str]) -> dict[str, CachedAnswer]:
        """The answers that are kept for canonical URLs, by URL; one statement."""
        if not (urls and self._max_bytes):
            return {}
        rows = self._database.read("cached_answers", keys=self._keys(urls))
        return {row["url"]: _answer(row) for row in rows}

    def store(self, answers: Iterable[CachedAnswer]) -> None:
        """Keeps answers as given or confirmed now; their pages are in `bodies` already."""
        by_key = {self._key(answer.url): answer for answer in answers}
        if not (by_key and self._max_bytes):
            return
        headers = [pack_json(answer.headers) for answer in by_key.values()]
        sizes = [
            answer.page_bytes + len(packed)
            for answer, packed in zip(by_key.values(), headers, strict=True)
        ]
        self._database.read(
            "keep_answers",
            keys=list(by_key),
            urls=[answer.url for answer in by_key.values()],
            statuses=[answer.status for answer in by_key.values()],
            headers=headers,
            content_hashes=[answer.content_hash for answer in by_key.values()],
            targets=[answer.target for answer in by_key.values()],
            sizes=sizes,
            allowed=[answer.allowed for answer in by_key.values()],
        )
        self._stored_bytes += sum(sizes)
        if self._stored_bytes > self._max_bytes * _SLACK:
            self.trim()

    def touch(self, urls: Collection[str]) -> None:
        """Tells that the answers for some URLs were used."""
        if urls and self._max_bytes:
            self._database.read("touch_answers", keys=self._keys(urls))

    def drop(self, urls: Collection[str]) -> None:
        """Forgets the answers for some URLs: they are no longer true, or no longer allowed."""
        if urls and self._max_bytes:
            self._database.read("drop_answers", keys=self._keys(urls))

    def trim(self) -> None:
        """Has the answers unused for longest go until the others fit."""
        self._stored_bytes = 0
        while True:
            rows = self._database.read("trim_cache", max_bytes=self._max_bytes, limit=_ROWS_A_SLICE)
            if rows[0]["dropped"] < _ROWS_A_SLICE:
                return

    def _keys(self, urls: Iterable[str]) -> list[bytes]:
        return sorted({self._key(url) for url in urls})

    def _key(self, url: str) -> bytes:
        """128 bits of BLAKE2b (RFC 7693), as jobs know their URLs by."""
        return hashlib.blake2b(self._realm + url.encode(), digest_size=16).digest()


def _answer(row: Row) -> CachedAnswer:
    return CachedAnswer(
        url=row["url"],
        status=row["status"],
        headers=tuple((name, value) for name, value in unpack_json(row["headers"])),
        content_hash=None if row["content_hash"] is None else bytes(row["content_hash"]),
        target=row["target"],
        page_bytes=row["size"] - len(row["headers"]),
        allowed=row["allowed"],
        age_seconds=row["age_seconds"],
        body_bytes=row["body_bytes"],
    )
