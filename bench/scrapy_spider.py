"""The crawl that Clew is measured against: Scrapy as its documentation shows it, set for speed.

Run with the benchmark's own environment: `python bench/scrapy_spider.py URL FOLDER`. Every HTML
page's text goes to a file in FOLDER. The last line on stdout is JSON: pages, seconds, URLs.

By default its link extractor keeps fragments, so that a page with a thousand anchors costs a
thousand look-ups; `--canonicalize` is what a user who knows that would set.
"""

import hashlib
import json
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from scrapy import Spider
from scrapy.crawler import CrawlerProcess
from scrapy.http import HtmlResponse, Request, Response
from scrapy.linkextractors import LinkExtractor

SETTINGS = {
    "CONCURRENT_REQUESTS": 32,
    "CONCURRENT_REQUESTS_PER_DOMAIN": 32,
    "DOWNLOAD_DELAY": 0,
    "LOG_ENABLED": False,
    "COOKIES_ENABLED": False,
    "TELNETCONSOLE_ENABLED": False,
    "ROBOTSTXT_OBEY": False,
}


class SiteSpider(Spider):
    """Follows every link on the start URL's host and stores the text of each HTML page."""

    name = "site"

    def __init__(self, url: str, folder: str, canonicalize: bool) -> None:
        super().__init__()
        self.url = url
        self.allowed_domains = [urlsplit(url).hostname]
        # The extractor compares with the port, the middleware behind `allowed_domains` without.
        self.extractor = LinkExtractor(
            allow_domains=[urlsplit(url).netloc], canonicalize=canonicalize
        )
        self.folder = Path(folder)
        self.stored: list[str] = []

    async def start(self) -> AsyncIterator[Request]:
        """The first request, which unlike those of `start_urls` counts as seen."""
        yield Request(self.url)

    def parse(self, response: Response, **kwargs: Any) -> Iterator[Request]:
        """Stores a page and gives its links to the scheduler, which drops those seen before."""
        if not isinstance(response, HtmlResponse):
            return
        name = hashlib.sha256(response.url.encode()).hexdigest()
        (self.folder / name).write_text(response.text)
        self.stored.append(response.url)
        for link in self.extractor.extract_links(response):
            yield Request(link.url)


def main() -> None:
    """Crawls the site named on the command line and prints what it found."""
    url, folder, *flags = sys.argv[1:]
    process = CrawlerProcess(SETTINGS)
    crawler = process.create_crawler(SiteSpider)
    process.crawl(crawler, url=url, folder=folder, canonicalize="--canonicalize" in flags)
    process.start()
    seconds = crawler.stats.get_value("elapsed_time_seconds")
    urls = sorted(crawler.spider.stored)
    print(json.dumps({"pages": len(urls), "seconds": seconds, "urls": urls}))


if __name__ == "__main__":
    main()
