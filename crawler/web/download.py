"""Files that people take away: their names, and the headers by which a browser saves them."""

import errno
import logging
import re
from collections.abc import Generator, Iterable, Iterator
from contextlib import closing

from flask import Response

from crawler.domain.errors import Problem
from crawler.storage.database import Outage
from crawler.web.stream import bound_sending
from crawler.web.words import short_url

_UNSAFE = re.compile(r"[^A-Za-z0-9.-]+")
_MOST_CHARACTERS = 80
_BYTES_A_WRITE = 64 * 1024
"""What a client has the time of `bound_sending` to take."""

log = logging.getLogger(__name__)


def file_name(url: str, ending: str) -> str:
    """A name that every system takes, from a URL: docs.python.org-3-library.md."""
    name = _UNSAFE.sub("-", short_url(url))[:_MOST_CHARACTERS].strip(".-")
    return f"{name or 'crawl'}.{ending}"


def attachment(
    parts: Iterable[str] | Iterable[bytes], content_type: str, name: str
) -> Response:
    """A file that is saved, never shown: what strangers wrote must not run as a page of ours."""
    response = Response(parts, content_type=content_type)
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    response.headers["X-Content-Type-Options"] = "nosniff"
    return response


def streamed(
    job_id: str, chunks: Generator[bytes, None, None], content_type: str, name: str
) -> Response:
    """A file of a job that is sent while it is made.

    One that can't be finished ends as a broken connection: no client takes it for a whole file.
    """
    bound_sending()
    return attachment(_writes(job_id, chunks), content_type, name)


def _writes(job_id: str, chunks: Generator[bytes, None, None]) -> Iterator[bytes]:
    try:
        with closing(chunks):
            for chunk in chunks:
                for start in range(0, len(chunk), _BYTES_A_WRITE):
                    yield chunk[start : start + _BYTES_A_WRITE]
    except (Problem, *Outage) as error:
        log.warning("a file of job %s broke off: %s", job_id, error)
        raise ConnectionResetError(errno.ECONNRESET, "the file broke off") from error
