"""What an export says of itself and of its pages: what it is, of when, whether something misses."""

import json
import re
from collections.abc import Mapping
from datetime import datetime

from crawler.domain.lifecycle import JobStatus
from crawler.domain.model import Job, iso
from crawler.domain.reasons import explain
from crawler.domain.text import counted, one_line, short_url
from crawler.storage.exporting import PageHead

MAX_TITLE = 300
_MOST_DESCRIPTION = 1_000
_STANDS: Mapping[JobStatus, str] = {
    JobStatus.QUEUED: "it has not started",
    JobStatus.RUNNING: "it is running",
    JobStatus.PAUSED: "it is paused",
    JobStatus.TIMEOUT: "it reached its time limit",
    JobStatus.FAILED: "it failed",
    JobStatus.CANCELLED: "it was cancelled",
}
# What would be markup in a line of text: of all punctuation only what can begin some within a line.
_MARKUP = re.compile(r"([\\`*_\[\]<>|~&])")

# What JSON's strings may hold and YAML's text may not (YAML 1.2.2, 5.1), or reads as a line's end.
_NO_YAML = re.compile("[\x7f-\x9f\u2028\u2029\ud800-\udfff\ufeff\ufffe\uffff]")


def why_partial(job: Job) -> str:
    """Why a crawl is not complete, in some words; "" for a complete one."""
    totals = job.totals
    waiting = totals.queued + totals.processing
    unread = totals.completed - totals.processed - totals.process_failed
    parts = [_STANDS[job.status]] if job.status in _STANDS else []
    if waiting:
        parts.append(f"{counted(waiting, 'URL')} waiting")
    if unread:
        parts.append(f"{counted(unread, 'page')} not yet turned into Markdown")
    return ", ".join(parts)


def about(job: Job, pages: int, now: datetime) -> list[str]:
    """What the export is, in paragraphs of Markdown: of what, of when, what is not in it."""
    moment = f"{now.day} {now:%b %Y, %H:%M} UTC"
    lines = [f"{counted(pages, 'page')} of <{job.url}>, crawled by Clew; exported {moment}."]
    if why := why_partial(job):
        lines.append(f"**This crawl is not complete:** {why}.")
    if job.totals.process_failed:
        lines.append(f"{counted(job.totals.process_failed, 'page')} could not be converted.")
    return [*lines, *_without_page(job)]


def site_name(job: Job) -> str:
    """What the crawl is called by: its first root without the scheme."""
    return short_url(job.url)


def title_of(head: PageHead) -> str:
    """A page's title on one line; its URL where it has none."""
    return one_line(head.title, MAX_TITLE) or short_url(head.url)


def description_of(head: PageHead) -> str:
    """A page's description on one line, "" where it has none."""
    return one_line(head.description, _MOST_DESCRIPTION)


def escaped(text: str) -> str:
    """A line of plain text as Markdown."""
    return _MARKUP.sub(r"\\\1", text)


def front_matter(head: PageHead) -> str:
    """What is known of a page, as YAML whose strings are JSON's (a part of YAML 1.2, 1.3)."""
    said = head.metadata
    fields = {
        "title": head.title,
        "url": head.url,
        "fetched_at": head.fetched_at.isoformat(timespec="seconds"),
        "depth": head.depth,
        "description": head.description,
        "language": head.language,
        "author": said.get("author"),
        "published_at": said.get("publishedAt"),
        "modified_at": said.get("modifiedAt"),
    }
    given = {name: value for name, value in fields.items() if value not in ("", None)}
    lines = [f"{name}: {_yaml(value)}" for name, value in given.items()]
    return "\n".join(["---", *lines, "---", ""])


def _yaml(value: object) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return _NO_YAML.sub(lambda char: f"\\u{ord(char[0]):04x}", text)


def page_text(head: PageHead, markdown: str) -> str:
    """A page as a file: its front matter, then its Markdown."""
    return f"{front_matter(head)}\n{markdown.strip()}\n"


def moment_of(head: PageHead) -> str:
    """When a page was read, as the API writes times."""
    return iso(head.fetched_at)


def _without_page(job: Job) -> list[str]:
    """How many URLs gave no page, and why, the most frequent reasons first."""
    totals = job.totals
    if not totals.failed + totals.skipped:
        return []
    counts = sorted(totals.reasons.items(), key=lambda each: (-each[1], each[0]))
    reasons = [f"- {count:,}: {explain(reason)}" for reason, count in counts if count]
    told = f"{counted(totals.failed, 'URL')} failed, {totals.skipped:,} left out:"
    return [told, "\n".join(reasons)]
