"""A crawl's pages as a sitemap (sitemaps.org, protocol 0.9).

A sitemap holds 50,000 URLs and 50 MiB at most. Beyond that the export is a ZIP of several, with an
index of them that is to stand at the top of the site, as they are.
"""

import re
from collections.abc import Generator, Iterator
from html import escape

from crawler.domain.model import Job
from crawler.domain.urls import origin
from crawler.exports.archive import Archive
from crawler.exports.export import Export
from crawler.exports.folder import MEDIA_TYPE
from crawler.exports.stock import Call, Stock, take_stock
from crawler.exports.wording import why_partial
from crawler.storage.exporting import ListedPage, PageHead

MOST_URLS = 50_000
_MOST_BYTES = 40 * 2**20
_BYTES_BESIDE_URL = 100
_NAMESPACE = 'xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"'
# W3C Date and Time Formats: a time of day has its zone, or is left out.
_MOMENT = re.compile(
    r"(\d{4}(?:-\d\d(?:-\d\d)?)?)(?:(T\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:\d\d))|(?!\d))"
)
_HEAD = '<?xml version="1.0" encoding="UTF-8"?>\n'


class _Plan:
    """How many pages go into each file, in their order."""

    def __init__(self) -> None:
        self.counts = [0]
        self._bytes = 0

    def add(self, page: ListedPage) -> None:
        """Puts a page into the last file, or into another where that is full."""
        size = len(escape(page.url).encode()) + _BYTES_BESIDE_URL
        if self.counts[-1] == MOST_URLS or self._bytes + size > _MOST_BYTES:
            self.counts.append(0)
            self._bytes = 0
        self.counts[-1] += 1
        self._bytes += size


def sitemap(call: Call) -> Export:
    """The pages as a sitemap, or as several in a ZIP.

    Raises:
        UnknownJob: when there is no such job.
    """
    plan = _Plan()
    stock = take_stock(call, plan.add)
    if len(plan.counts) == 1:
        texts = (text.encode() for text in _sitemap(stock, 0, len(stock)))
        return Export(stock.job, "sitemap.xml", "application/xml; charset=utf-8", texts)
    return Export(stock.job, "sitemap.zip", MEDIA_TYPE, _several(stock, plan.counts))


def _several(stock: Stock, counts: list[int]) -> Generator[bytes, None, None]:
    names = [f"sitemap-{number:03}.xml" for number in range(1, len(counts) + 1)]
    now = stock.call.now
    with Archive() as archive:
        archive.add("sitemap.xml", _index(stock.job, names), now)
        start = 0
        for name, count in zip(names, counts, strict=True):
            with archive.growing(name, now) as file:
                for text in _sitemap(stock, start, start + count):
                    file.write(text)
                    yield archive.taken()
            start += count
        yield archive.finish()


def _index(job: Job, names: list[str]) -> str:
    site = escape(origin(job.url))
    listed = "".join(f"<sitemap><loc>{site}/{name}</loc></sitemap>\n" for name in names)
    return f"{_HEAD}<sitemapindex {_NAMESPACE}>\n{listed}</sitemapindex>\n"


def _sitemap(stock: Stock, start: int, end: int) -> Iterator[str]:
    yield f"{_HEAD}{_comment(stock.job)}<urlset {_NAMESPACE}>\n"
    for heads in stock.heads(start, end):
        yield "".join(map(_entry, heads))
    yield "</urlset>\n"


def _comment(job: Job) -> str:
    why = why_partial(job)
    return f"<!-- This crawl is not complete: {why}. -->\n" if why else ""


def _entry(head: PageHead) -> str:
    return f"<url><loc>{escape(head.url)}</loc><lastmod>{_last_change(head)}</lastmod></url>\n"


def _last_change(head: PageHead) -> str:
    """When the page says that it last changed, or came about; else when it was read."""
    for name in ("modifiedAt", "publishedAt"):
        said = _MOMENT.match(str(head.metadata.get(name)))
        if said:
            return said[0] if said[2] else said[1]
    return head.fetched_at.isoformat(timespec="seconds")
