"""All that reads what sites send, each with what it is fuzzed with and what must hold of it."""

import gzip
import io
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime

from crawler.content.challenges import challenge_by_headers
from crawler.content.charset import decode
from crawler.content.document import make_document
from crawler.content.link_header import read_link_headers
from crawler.content.mediatype import kind_of
from crawler.content.page import read_page
from crawler.content.sitemap import read_sitemap
from crawler.domain import urls
from crawler.domain.admission import admission_of
from crawler.domain.freshness import may_be_stored, must_be_validated, validators_of
from crawler.domain.headers import parse_cookies, parse_headers
from crawler.domain.model import ScopeKind
from crawler.domain.nofollow import header_says_nofollow
from crawler.domain.patterns import parse_rule, suggest
from crawler.domain.retry_after import retry_after_seconds
from crawler.domain.robots import RobotsRules
from crawler.domain.traps import budget, pattern_of, shape_is_trap
from crawler.fetching.answer import Answer
from crawler.fetching.decoding import Body, TooLarge, Undecodable
from crawler.fetching.failures import SITE_ERRORS
from tests import fragments

URL = "http://site.test/folder/page?x=1"
_NOW = datetime(2026, 11, 24, tzinfo=UTC)


@dataclass(frozen=True)
class Target:
    """What reads an input, and what inputs are made of.

    `most_bytes` is their size at most. Floods repeat a fragment between one of `heads` and one of
    `tails`. From `settled_bytes` on time grows with size alone: below, costs that are bounded may
    grow faster (Lexbor looks through all open elements, of which there are at most some thousand).
    """

    read: Callable[[bytes], object]
    fragments: Sequence[str]
    most_bytes: int
    heads: Sequence[str] = ("",)
    tails: Sequence[str] = ("",)
    settled_bytes: int = 0
    seconds_per_byte: float = 2e-6


def _robots(data: bytes) -> None:
    rules = RobotsRules.parse(data)
    for url in (URL, "http://site.test/", "http://site.test/" + "a" * 1_900):
        blocked = rules.blocking_rule(url)
        assert rules.allows(url) == (blocked is None)
    assert rules.crawl_delay is None or rules.crawl_delay >= 0
    assert all(isinstance(sitemap, str) for sitemap in rules.sitemaps)


def _sitemap(data: bytes) -> None:
    body = (data, gzip.compress(data, 1), b"\x1f\x8b" + data)[len(data) % 3]
    found = read_sitemap(body, "http://site.test/sitemap.xml")
    assert len(found.urls) <= 50_000
    assert all(urls.canonical(url) == url for url in (*found.urls, *found.sitemaps))


def _url(data: bytes) -> None:
    text = data.decode("utf-8", ("surrogateescape", "replace")[len(data) % 2])
    # Longer addresses than these are refused at once.
    for given_text in (text, "http://" + text, "http://site.test/" + text[:600], text[-1_900:]):
        for url in (urls.resolve(given_text, URL), urls.canonical(given_text), _typed(given_text)):
            if url is not None:
                _judge(url)
    urls.complete_typed(text)
    with suppress(ValueError):
        parse_rule(text[:600])


def _typed(text: str) -> str | None:
    try:
        return urls.parse_typed(text)
    except urls.InvalidUrl:
        return None


_ADMISSIONS = [
    admission_of(kind, [URL], include=["*"], exclude=["/secret/*", r"regex:(a+)+\d{3,}$"])
    for kind in ScopeKind
]


def _judge(url: str) -> None:
    assert urls.canonical(url) == url, url
    assert len(url) <= urls.MAX_URL_LENGTH
    assert url.startswith(urls.origin(url)) and urls.host(url) and urls.path(url).startswith("/")
    assert f"//{urls.authority(url)}/" in url
    shape_is_trap(url)
    pattern = pattern_of(url)
    assert pattern is None or budget(pattern) > 0
    for rule in suggest(url)[:3]:
        parse_rule(rule)
    for admission in _ADMISSIONS:
        assert admission.judge(url) == admission.explain(url)[0]


def _html(data: bytes) -> None:
    types = ("text/html; charset=utf-8", "application/xhtml+xml", "text/html")
    page = read_page(data, types[len(data) % 3], URL)
    for link in page.links:
        assert urls.canonical(link.url) == link.url, link.url
    assert page.canonical is None or urls.canonical(page.canonical) == page.canonical


def _markdown(data: bytes) -> None:
    make_document(data, "text/html", URL)


_NAMES = (
    "Retry-After", "X-Robots-Tag", "Cache-Control", "ETag", "Content-Type", "Vary", "Link",
)  # fmt: skip


class _Wire:
    """A socket that has received all that there will be."""

    def __init__(self, data: bytes) -> None:
        self._data = data

    def makefile(self, mode: str, buffering: int = -1) -> io.BytesIO:
        return io.BytesIO(self._data)


def _headers(data: bytes) -> None:
    for head in (data, b"HTTP/1.1 200 OK\r\n" + data + b"\r\n\r\n"):
        answer = Answer(_Wire(head))  # type: ignore[arg-type]
        try:
            answer.begin()
        except SITE_ERRORS:
            continue
        finally:
            answer.close()
        _read_headers(answer.status, answer.getheaders())
    value = data.decode("latin-1")
    with suppress(Undecodable, TooLarge):
        Body(value, 1_000)
    for name in _NAMES:
        _read_headers(403, [(name, value)])
    for parse in (parse_headers, parse_cookies):
        with suppress(ValueError):
            parse({value[:100]: value})
            parse({"Accept-Language": value})


def _read_headers(status: int, headers: list[tuple[str, str]]) -> None:
    header_says_nofollow(headers)
    challenge_by_headers(status, headers)
    may_be_stored(status, headers)
    must_be_validated(headers)
    said = read_link_headers(headers, URL)
    for url in (*said.canonicals, *(page.href for page in said.pages)):
        assert url is None or urls.canonical(url) == url, url
    conditions = validators_of(headers).conditions()
    assert not any(control in value for value in conditions.values() for control in "\r\n\0")
    for name, value in headers:
        if name.lower() == "content-type":
            kind_of(value)
            decode(b"<p>text", value)
        if name.lower() == "retry-after":
            seconds = retry_after_seconds(value, _NOW)
            assert seconds is None or 0 <= seconds < 1e9


TARGETS: dict[str, Target] = {
    "robots": Target(
        _robots, fragments.ROBOTS, 600 * 1024,
        ("", "User-agent: *\nDisallow: /", "Disallow:x"), ("", "y\n"),
    ),
    "sitemap": Target(_sitemap, fragments.SITEMAPS, 2**20, ("", "<urlset><url><loc>")),
    "url": Target(
        _url, fragments.URLS, 4_000, ("", "http://site.test/", "/?a="), ("", "/a/b", "&z"),
    ),
    "links": Target(
        _html, fragments.TAGS, 2**20, ("", "<body><script></script>", "<a href=/x>"), ("", "x"),
        settled_bytes=400_000, seconds_per_byte=5e-6,
    ),
    "markdown": Target(
        _markdown, (*fragments.TAGS, *fragments.STRUCTURE), 2**20,
        settled_bytes=400_000, seconds_per_byte=1e-5,
    ),
    "headers": Target(
        _headers, fragments.HEADERS, 300 * 1024,
        ("", "charset=", "Tue, 24 Nov 2026", "</a>; rel=canonical"), ("", ";"),
    ),
}  # fmt: skip
"""What is fuzzed, by name."""
