"""A crawl as a folder in a ZIP: a Markdown file a page, links between pages lead to files."""

from collections.abc import Generator, Mapping
from functools import partial

from crawler.exports.archive import Archive
from crawler.exports.export import Export
from crawler.exports.names import README, FileNames
from crawler.exports.rewriting import (
    FileOf,
    LinkedText,
    read_links,
    relative_link,
    rewritten,
    wanted_urls,
)
from crawler.exports.stock import Call, Stock, take_stock
from crawler.exports.wording import about, escaped, page_text, site_name, title_of
from crawler.storage.exporting import LinkTarget, PageHead, WholePage

MEDIA_TYPE = "application/zip"

_Read = list[tuple[PageHead, LinkedText]]


def folder(call: Call) -> Export:
    """The crawl as a folder.

    Raises:
        UnknownJob: when there is no such job.
    """
    names = FileNames()
    stock = take_stock(call, lambda page: names.add(page.url))
    names.settle()
    return Export(stock.job, "zip", MEDIA_TYPE, _chunks(stock, names))


def _chunks(stock: Stock, names: FileNames) -> Generator[bytes, None, None]:
    with Archive() as archive:
        with archive.growing(README, stock.call.now) as index:
            index.write(_top(stock))
            for heads in stock.heads():
                index.write("".join(_line(head, names) for head in heads))
                yield archive.taken()
        for pages in stock.pages():
            with stock.turn(pages):
                chunk = _added(stock, names, archive, pages)
            yield chunk
        yield archive.finish()


def _added(stock: Stock, names: FileNames, archive: Archive, pages: list[WholePage]) -> bytes:
    """Adds pages to the archive; the bytes that it grew by."""
    threads, store = stock.call.threads, stock.call.store
    texts = threads.work(_read, pages)
    targets = store.link_targets(stock.job.id, wanted_urls(text for _, text in texts))
    file_of = partial(_file_of, stock, names, targets)
    return threads.work(_written, archive, names, texts, file_of)


def _read(pages: list[WholePage]) -> _Read:
    return [(page.head, read_links(page.markdown(), page.head.url)) for page in pages]


def _written(archive: Archive, names: FileNames, texts: _Read, file_of: FileOf) -> bytes:
    for head, text in texts:
        name = names.of(head.url, head.key)
        archive.add(name, page_text(head, rewritten(text, name, file_of)), head.fetched_at)
    return archive.taken()


def _file_of(
    stock: Stock, names: FileNames, targets: Mapping[str, LinkTarget], url: str
) -> str | None:
    """The file of the page that a URL leads to, if that page is part of this export."""
    target = targets.get(url)
    return None if target is None or target.id not in stock else names.of(target.url, target.key)


def _top(stock: Stock) -> str:
    said = about(stock.job, len(stock), stock.call.now)
    pages = ["## Pages"] if len(stock) else []
    return "\n\n".join([f"# {escaped(site_name(stock.job))}", *said, *pages]) + "\n\n"


def _line(head: PageHead, names: FileNames) -> str:
    file = names.of(head.url, head.key)
    return f"- [{escaped(title_of(head))}]({relative_link(README, file)})\n"
