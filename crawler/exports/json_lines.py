"""A crawl as JSON Lines: one page a line, named as in the API."""

import json
import re
from typing import Any

from crawler.content.tokens import count_tokens, count_words
from crawler.exports.export import Export
from crawler.exports.stock import Call, take_stock
from crawler.exports.wording import moment_of
from crawler.storage.exporting import WholePage

# JSON lets them stand in a string; many readers of lines take them for a line's end.
_LINE_ENDS = re.compile("[\x85\u2028\u2029]")


def json_lines(call: Call) -> Export:
    """The crawl as JSON Lines; an empty file where there is no page.

    Raises:
        UnknownJob: when there is no such job.
    """
    stock = take_stock(call)
    return Export(stock.job, "jsonl", "application/jsonl; charset=utf-8", stock.made(_lines))


def _lines(pages: list[WholePage]) -> bytes:
    return "".join(map(_line, pages)).encode("utf-8", "replace")


def _line(page: WholePage) -> str:
    text = json.dumps(_page(page), ensure_ascii=False, separators=(",", ":"))
    return _LINE_ENDS.sub(lambda char: f"\\u{ord(char[0]):04x}", text) + "\n"


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
