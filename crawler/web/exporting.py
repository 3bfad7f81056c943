"""A crawl as a file, at any moment of it, sent slice by slice: for programs and for people."""

from dataclasses import dataclass
from datetime import UTC, datetime

from flask import Response, request

from crawler.domain.errors import FieldError, InvalidRequest
from crawler.exports.export import Export
from crawler.exports.formats import FORMATS
from crawler.exports.stock import Call
from crawler.web import report
from crawler.web.download import file_name, streamed
from crawler.web.requests import parse_number
from crawler.web.services import services

_MOST_TOKENS = 10**9

@dataclass(frozen=True, slots=True)
class Offer:
    """A form of export as people choose it."""

    format: str
    label: str
    sentence: str


OFFERS = (
    Offer("zip", "Folder (ZIP)", "A Markdown file for each page, with links between them."),
    Offer("md", "One Markdown file", "All pages one after the other, each with its front matter."),
    Offer("llms", "llms.txt", "An index for language models: titles, links and descriptions."),
    Offer("llms-full", "llms-full.txt", "All text for language models, with its tokens counted."),
    Offer("jsonl", "JSON Lines", "A page a line with its metadata, for programs."),
    Offer("csv", "Table of URLs (CSV)", "Every URL with what came of it, and why."),
    Offer("sitemap", "sitemap.xml", "The pages as a site lists them for search engines."),
)
_FORMATS = tuple(offer.format for offer in OFFERS)


def export(job_id: str) -> Response:
    """The crawl so far in the form that `format` names.

    Raises:
        InvalidRequest: for a form that there is not, or a `maxTokens` that means nothing.
    """
    name, max_tokens = _wanted()
    if name == "csv":
        return report.table(job_id)
    here = services()
    call = Call(here.exports, here.runtime.room, job_id, datetime.now(UTC), max_tokens)
    made = FORMATS[name](call)
    return streamed(job_id, made.chunks, made.media_type, _file_name(made))


def _wanted() -> tuple[str, int | None]:
    name = request.args.get("format")
    if name not in _FORMATS:
        raise InvalidRequest(FieldError("format", f"must be one of {', '.join(_FORMATS)}"))
    given = request.args.get("maxTokens")
    if given is None:
        return name, None
    if name != "llms-full":
        raise InvalidRequest(FieldError("maxTokens", "goes with the format llms-full only"))
    return name, parse_number("maxTokens", given, low=1, high=_MOST_TOKENS)


def _file_name(made: Export) -> str:
    """A partial export says so in its name, since not every form can say it inside."""
    ending = f"partial.{made.ending}" if made.is_partial else made.ending
    return file_name(made.job.url, ending)
