"""Every form in which a crawl is taken away, but for the table of its URLs."""

from collections.abc import Callable, Mapping

from crawler.exports.export import Export
from crawler.exports.folder import folder
from crawler.exports.json_lines import json_lines
from crawler.exports.llms import llms
from crawler.exports.llms_full import llms_full
from crawler.exports.one_file import one_file
from crawler.exports.sitemap import sitemap
from crawler.exports.stock import Call

FORMATS: Mapping[str, Callable[[Call], Export]] = {
    "zip": folder,
    "md": one_file,
    "llms": llms,
    "llms-full": llms_full,
    "jsonl": json_lines,
    "sitemap": sitemap,
}
