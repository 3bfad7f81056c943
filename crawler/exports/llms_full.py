"""All text of a crawl for language models, in reading order, each page with its URL and tokens.

With a limit of tokens it is a ZIP of parts: a part ends where the next page would take it over
the limit, what stands around the pages included, so only a page that is longer by itself makes a
longer part. Parts are written as they come, so how many there are is told by the last one.
"""

from collections.abc import Generator, Iterator
from dataclasses import dataclass

from crawler.content.tokens import count_tokens
from crawler.domain.text import counted
from crawler.exports.archive import Archive
from crawler.exports.export import Export
from crawler.exports.folder import MEDIA_TYPE
from crawler.exports.stock import Call, Stock, take_stock
from crawler.exports.wording import about, escaped, site_name, title_of
from crawler.storage.exporting import WholePage


@dataclass(frozen=True, slots=True)
class _Block:
    """A page as it stands in the file; `tokens` are those of the whole block."""

    text: str
    tokens: int
    tokens_of_page: int


def llms_full(call: Call) -> Export:
    """All text as one file, or with `max_tokens` as parts in a ZIP.

    Raises:
        UnknownJob: when there is no such job.
    """
    stock = take_stock(call)
    if call.max_tokens is None:
        return Export(stock.job, "llms-full.txt", "text/plain; charset=utf-8", _whole(stock))
    return Export(stock.job, "llms-full.zip", MEDIA_TYPE, _parts(stock, call.max_tokens))


def _whole(stock: Stock) -> Generator[bytes, None, None]:
    yield _top(stock, "How many tokens all pages have stands at the end.").encode()
    tokens = 0
    for blocks in stock.made(_blocks):
        tokens += sum(block.tokens_of_page for block in blocks)
        yield "".join(block.text for block in blocks).encode()
    yield f"---\n\nThe end: {counted(len(stock), 'page')}, {counted(tokens, 'token')}.\n".encode()


def _parts(stock: Stock, most: int) -> Generator[bytes, None, None]:
    blocks = _Ahead(block for blocks in stock.made(_blocks) for block in blocks)
    number = 0
    with Archive() as archive:
        while number == 0 or blocks.next is not None:
            number += 1
            with archive.growing(f"llms-full-{number:03}.txt", stock.call.now) as file:
                for text in _part(stock, number, blocks, most):
                    file.write(text)
                    yield archive.taken()
        yield archive.finish()


class _Ahead:
    """Blocks, of which the next can be looked at before it is taken."""

    def __init__(self, blocks: Iterator[_Block]) -> None:
        self._blocks = blocks
        self.next = next(blocks, None)

    def take(self) -> _Block:
        """The next block. There must be one."""
        taken, self.next = self.next, next(self._blocks, None)
        assert taken is not None
        return taken


def _part(stock: Stock, number: int, blocks: _Ahead, most: int) -> Iterator[str]:
    """A part's text: its top, as many pages as there is room for but one at least, its end."""
    top = _top(stock, f"Part {number}.")
    yield top
    # No end is longer than that of a part of so many pages and tokens.
    room = most - count_tokens(top) - count_tokens(_end(number, 10**9, 10**12, is_last=False))
    pages = tokens = 0
    while (block := blocks.next) is not None:
        if pages and tokens + block.tokens > room:
            break
        pages, tokens = pages + 1, tokens + block.tokens
        yield blocks.take().text
    yield _end(number, pages, tokens, is_last=blocks.next is None)


def _top(stock: Stock, told: str) -> str:
    name = escaped(site_name(stock.job))
    said = "\n\n".join(about(stock.job, len(stock), stock.call.now))
    return "\n\n".join([f"# {name}: full text", told, said]) + "\n\n"


def _end(number: int, pages: int, tokens: int, *, is_last: bool) -> str:
    told = f"{counted(pages, 'page')}, {counted(tokens, 'token')}"
    following = "It is the last one." if is_last else f"Part {number + 1} follows."
    return f"---\n\nEnd of part {number}: {told}. {following}\n"


def _blocks(pages: list[WholePage]) -> list[_Block]:
    return [_block(page) for page in pages]


def _block(page: WholePage) -> _Block:
    markdown = page.markdown().strip()
    head = page.head
    tokens = count_tokens(markdown)
    source = f"Source: {head.url}\nTokens: {tokens:,}"
    text = f"---\n\n# {escaped(title_of(head))}\n\n{source}\n\n{markdown}\n\n"
    return _Block(text, count_tokens(text), tokens)
