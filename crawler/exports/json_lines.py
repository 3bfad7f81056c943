"""A crawl as JSON Lines: one page a line, named as in the API."""

import json
from typing import Any

from crawler.content.tokens import count_tokens, count_words
from crawler.exports.export import Export
from crawler.exports.stock import Call, take_stock
from crawler.exports.wording import moment_of
from crawler.storage.exporting import WholePage


def json_lines(call: Call) -> Export:
    """The crawl as JSON Lines; an empty file where there is no page.

    Raises:
        UnknownJob: when there is no such job.
    """
    stock = take_stock(call)
    return Export(stock.job, "jsonl", "application/jsonl; charset=utf-8", stock.made(_lines))


def _lines(pages: list[WholePage]) -> bytes:
    lines = (json.dumps(_page(page), ensure_ascii=False, separators=(",", ":")) for page in pages)
    return "".join(f"{line}\n" for line in lines).encode("utf-8", "replace")


def _page(page: WholePage) -> dict[str, Any]:
    head, markdown = page.head, page.markdown()
    return {
        "id": head.id,
        "url": head.url,
        "title": head.title,
        "description": head.description,
        "language": head.language,
        "depth": head.depth,
        "fetchedAt": moment_of(head),
        "contentType": head.content_type,
        "words": count_words(markdown),
        "tokens": count_tokens(markdown),
        "metadata": head.metadata,
        "markdown": markdown,
    }
