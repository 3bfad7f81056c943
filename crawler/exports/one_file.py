"""A crawl as one Markdown file: what it is, then each page with its front matter."""

from collections.abc import Generator

from crawler.exports.export import Export
from crawler.exports.stock import Call, Stock, take_stock
from crawler.exports.wording import about, escaped, page_text, site_name
from crawler.storage.exporting import WholePage


def one_file(call: Call) -> Export:
    """The crawl as one Markdown file.

    Raises:
        UnknownJob: when there is no such job.
    """
    stock = take_stock(call)
    return Export(stock.job, "md", "text/markdown; charset=utf-8", _chunks(stock))


def _chunks(stock: Stock) -> Generator[bytes, None, None]:
    said = about(stock.job, len(stock), stock.call.now)
    yield ("\n\n".join([f"# {escaped(site_name(stock.job))}", *said]) + "\n\n").encode()
    yield from stock.made(_text)


def _text(pages: list[WholePage]) -> bytes:
    return "".join(f"{page_text(page.head, page.markdown())}\n" for page in pages).encode()
