"""Hostile input for all that reads what sites send, and what may come of it.

Hypothesis draws a few fragments of a format and how often each is repeated, so that what is drawn
stays small while the input grows to megabytes: nesting, floods, and what takes quadratic time.
A target fails by an error that its callers do not expect, or by more than `LIMIT_SECONDS`.
"""

import gzip
import io
import json
import resource
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from crawler.content.challenges import challenge_by_headers
from crawler.content.charset import decode
from crawler.content.document import make_document
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
from crawler.domain.traps import budget, pattern_of
from crawler.fetching.answer import Answer
from crawler.fetching.failures import SITE_ERRORS
from tests import fragments

LIMIT_SECONDS = 2.0
"""CPU time that one input may take."""

URL = "http://site.test/folder/page?x=1"
_REPEATS = (1, 1, 1, 1, 2, 3, 17, 1_000, 40_000)
_NOW = datetime(2026, 11, 24, tzinfo=UTC)


class TooSlow(Exception):
    """An input took longer than anything may; the text says how long."""


@dataclass(frozen=True)
class Target:
    """What reads an input, the fragments that inputs are made of, and their size at most."""

    read: Callable[[bytes], None]
    fragments: Sequence[str]
    most_bytes: int


@dataclass
class Figures:
    """What a run gave."""

    inputs: int = 0
    bytes: int = 0
    slowest_seconds: float = 0.0


def inputs(target: Target) -> st.SearchStrategy[bytes]:
    """Inputs for a target, from nothing to its size."""
    fragment = st.one_of(
        st.sampled_from([text.encode("utf-8", "surrogatepass") for text in target.fragments]),
        st.binary(max_size=12),
        st.text(max_size=12).map(str.encode),
    )
    run = st.tuples(
        st.lists(fragment, min_size=1, max_size=5).map(b"".join), st.sampled_from(_REPEATS)
    )
    return st.lists(run, max_size=10).map(
        lambda runs: b"".join(
            text * min(times, target.most_bytes // max(1, len(text))) for text, times in runs
        )[: target.most_bytes]
    )


def fuzz(name: str, seconds: float, kept: Path | None = None) -> Figures:
    """Gives a target inputs for so long; what it raises propagates.

    `kept` is a file that holds the input at hand, for when the process dies of it.
    """
    target, figures, end = TARGETS[name], Figures(), time.monotonic() + seconds

    @settings(
        max_examples=200,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(inputs(target))
    def give(data: bytes) -> None:
        if time.monotonic() < end:
            _give(target, data, figures, kept)

    while time.monotonic() < end:
        give()
    return figures


def _give(target: Target, data: bytes, figures: Figures, kept: Path | None) -> None:
    if kept is not None:
        kept.write_bytes(data)
    began = time.process_time()
    target.read(data)
    took = time.process_time() - began
    figures.inputs += 1
    figures.bytes += len(data)
    figures.slowest_seconds = max(figures.slowest_seconds, took)
    if took > LIMIT_SECONDS:
        raise TooSlow(f"{took:.1f} s for {len(data):,} bytes: {data[:200]!r}")


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
    for given_text in (text, "http://" + text, "http://site.test/" + text):
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
    pattern = pattern_of(url)
    assert pattern is None or budget(pattern) > 0
    for rule in suggest(url):
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
    for name in ("Retry-After", "X-Robots-Tag", "Cache-Control", "ETag", "Content-Type", "Vary"):
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
    "robots": Target(_robots, fragments.ROBOTS, 600 * 1024),
    "sitemap": Target(_sitemap, fragments.SITEMAPS, 2**20),
    "url": Target(_url, fragments.URLS, 4_000),
    "links": Target(_html, fragments.TAGS, 2**20),
    "markdown": Target(_markdown, fragments.TAGS, 2**20),
    "headers": Target(_headers, fragments.HEADERS, 300 * 1024),
}
"""What is fuzzed, by name."""


def main(name: str, seconds: str, kept: str) -> None:
    """Fuzzes one target in a process of its own and prints the figures as JSON."""
    figures = fuzz(name, float(seconds), Path(kept))
    memory_kib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(json.dumps({**asdict(figures), "peak_memory": memory_kib * 1024}))


if __name__ == "__main__":
    main(*sys.argv[1:])
