"""The crawl as one Markdown file: what stands at its top, and each page with its front matter."""

import json
import re
from collections.abc import Mapping

from crawler.domain.lifecycle import JobStatus
from crawler.domain.model import Job
from crawler.storage.pages import Document
from crawler.web.words import counted, short_url

_UNSAFE = re.compile(r"[^A-Za-z0-9.-]+")
_MOST_CHARACTERS = 80
_STANDS: Mapping[JobStatus, str] = {
    JobStatus.QUEUED: "it has not started",
    JobStatus.RUNNING: "it is running",
    JobStatus.PAUSED: "it is paused",
    JobStatus.TIMEOUT: "it reached its time limit",
    JobStatus.FAILED: "it failed",
    JobStatus.CANCELLED: "it was cancelled",
}


def file_name(url: str, ending: str = "md") -> str:
    """A name that every system takes, from a URL: docs.python.org-3-library.md."""
    name = _UNSAFE.sub("-", short_url(url))[:_MOST_CHARACTERS].strip(".-")
    return f"{name or 'crawl'}.{ending}"


def preamble(job: Job) -> str:
    """The top of the file: what it is, and whether something is still missing."""
    lines = [f"# {job.url}", "", f"{counted(job.totals.processed, 'page')}, crawled by Clew."]
    incomplete = _incomplete(job)
    if incomplete:
        lines += ["", f"**This crawl is not complete:** {incomplete}."]
    return "\n".join(lines) + "\n\n"


def _incomplete(job: Job) -> str:
    totals = job.totals
    waiting = totals.queued + totals.processing
    unread = totals.completed - totals.processed - totals.process_failed
    parts = [_STANDS[job.status]] if job.status in _STANDS else []
    if waiting:
        parts.append(f"{counted(waiting, 'URL')} waiting")
    if unread:
        parts.append(f"{counted(unread, 'page')} not yet turned into Markdown")
    return ", ".join(parts)


def document_text(document: Document) -> str:
    """A page with its front matter, whose strings are JSON's, a part of YAML 1.2 (section 1.3)."""
    fields = {
        "title": document.title,
        "url": document.url,
        "fetched_at": document.fetched_at,
        "depth": document.depth,
        "description": document.description,
        "language": document.language,
        "author": document.metadata.get("author", ""),
        "published_at": document.metadata.get("publishedAt", ""),
        "modified_at": document.metadata.get("modifiedAt", ""),
    }
    front = [f"{name}: {_quoted(value)}" for name, value in fields.items() if value != ""]
    return "\n".join(["---", *front, "---", "", document.markdown.strip(), "", ""])


def _quoted(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)
