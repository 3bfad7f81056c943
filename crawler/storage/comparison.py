"""Two crawls compared: which pages a job has that an earlier one had not, or had otherwise.

Pages are the same by their URL, and unchanged where their Markdown is, as people read it. What
stands on most pages of either crawl (`crawler/domain/furniture.py`) is no change of a page: a new
year in the footer changes none. Most pairs are told apart, or found equal, without being unpacked.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum

from crawler.domain.errors import Problem, UnknownJob, UnknownPage
from crawler.domain.furniture import is_told_apart
from crawler.domain.lifecycle import JobStatus
from crawler.domain.model import Job
from crawler.domain.reasons import Reason
from crawler.storage.database import Database, Row
from crawler.storage.furniture import markdown_of, read_furniture
from crawler.storage.jobs import read_job

_SLICE = 500
_TEXTS_A_SLICE = 20
_GONE = frozenset({Reason.DUPLICATE, "http-404", "http-410"})
"""Reasons for which a URL is no page any more; for others it could not be read this time."""


class ChangeKind(StrEnum):
    """What became of a page; `unread`: one of the crawls has not come to it, or could not read it,
    so that nobody knows whether it is new or gone."""

    ADDED = "added"
    CHANGED = "changed"
    REMOVED = "removed"
    UNREAD = "unread"
    UNCHANGED = "unchanged"


@dataclass(frozen=True, slots=True)
class PageChange:
    """A page in both crawls: `id` in this one, `earlier_id` in the earlier one, where it is there.

    `reason` is why the crawl that has no content of it has none, where that one knows the URL.
    """

    kind: ChangeKind
    url: str
    title: str
    id: int | None = None
    earlier_id: int | None = None
    reason: str | None = None


EVERY_KIND = frozenset(ChangeKind)
_BY_TEXT = frozenset({ChangeKind.CHANGED, ChangeKind.UNCHANGED})
_LACKED = frozenset({ChangeKind.REMOVED, ChangeKind.UNREAD})
_REMOVED = frozenset({ChangeKind.REMOVED})


@dataclass(frozen=True, slots=True, order=True)
class Position:
    """How far a list of changes has come: this crawl's pages first, then those that it lacks."""

    is_gone: bool = False
    after: int = 0


@dataclass(frozen=True, slots=True)
class Compared:
    """A job and the earlier one, as of one moment, with what neither shows of its pages."""

    job: Job
    earlier: Job
    furniture: frozenset[bytes] = field(repr=False)

    @property
    def is_complete(self) -> bool:
        """Whether both have followed all links that they were to."""
        return _saw_all(self.job) and _saw_all(self.earlier)


class ComparisonStore:
    """Reads two crawls side by side."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def open(self, job_id: str) -> Compared:
        """A job with the one that it is a repetition of.

        Raises:
            UnknownJob: when there is no such job.
            Problem: when it repeats none, or the earlier one was deleted.
        """
        with self._database.snapshot() as statements:
            job = read_job(statements, job_id)
            if job.based_on is None:
                raise Problem(
                    "This crawl was not made from an earlier one: there is nothing to compare.",
                    code="nothing-to-compare",
                    status=409,
                )
            try:
                earlier = read_job(statements, job.based_on)
            except UnknownJob:
                raise Problem(
                    "The earlier crawl was deleted.", code="earlier-crawl-gone", status=409
                ) from None
            furniture = read_furniture(statements, job.id) | read_furniture(statements, earlier.id)
        return Compared(job, earlier, furniture)

    def changes(
        self,
        pair: Compared,
        start: Position = Position(),
        kinds: frozenset[ChangeKind] = EVERY_KIND,
    ) -> Iterator[tuple[PageChange, Position]]:
        """Every page of either crawl that is of these kinds, each with the position behind it.

        No text is read where none of the kinds asks for it.
        """
        found = self._found(pair, start, kinds)
        return ((change, position) for change, position in found if change.kind in kinds)

    def _found(
        self, pair: Compared, start: Position, kinds: frozenset[ChangeKind]
    ) -> Iterator[tuple[PageChange, Position]]:
        if not (start.is_gone or kinds <= _REMOVED):
            for rows in self._rows("compared_pages", pair, start.after):
                if kinds & _BY_TEXT:
                    self._judge(pair, rows)
                yield from (
                    (_of_this(row, pair.earlier), Position(False, row["position"])) for row in rows
                )
        if kinds & _LACKED:
            for rows in self._rows("pages_gone", pair, start.after if start.is_gone else 0):
                yield from (
                    (_of_earlier(row, pair.job), Position(True, row["position"])) for row in rows
                )

    def texts(self, pair: Compared, page_id: int) -> tuple[str, str]:
        """What a page of this crawl said in the earlier one ("" where it was not there), and says.

        Raises:
            UnknownPage: when this crawl has no content of such a page.
        """
        rows = self._database.read(
            "earlier_page", job_id=pair.job.id, based_on=pair.earlier.id, id=page_id
        )
        texts = self._texts(pair, [(page_id, rows[0]["id"] if rows else None)])
        if page_id not in texts:
            raise UnknownPage
        return texts[page_id]

    def _rows(self, name: str, pair: Compared, after: int) -> Iterator[list[Row]]:
        while rows := self._database.read(
            name, job_id=pair.job.id, based_on=pair.earlier.id, after=after, limit=_SLICE
        ):
            yield rows
            after = rows[-1]["position"]

    def _judge(self, pair: Compared, rows: list[Row]) -> None:
        """Settles of each row whether its page reads the same in both crawls."""
        unsure = [
            (row["id"], row["earlier_id"])
            for row in rows
            if row["is_same"] is False
            and not is_told_apart(
                bytes(row["units"] or b""), bytes(row["earlier_units"] or b""), pair.furniture
            )
        ]
        texts = self._texts(pair, unsure)
        for row in rows:
            if row["id"] in texts:
                before, now = texts[row["id"]]
                row["is_same"] = before == now

    def _texts(
        self, pair: Compared, ids: list[tuple[int, int | None]]
    ) -> dict[int, tuple[str, str]]:
        found: dict[int, tuple[str, str]] = {}
        for at in range(0, len(ids), _TEXTS_A_SLICE):
            some = ids[at : at + _TEXTS_A_SLICE]
            rows = self._database.read(
                "markdown_pairs",
                job_id=pair.job.id,
                based_on=pair.earlier.id,
                ids=[page_id for page_id, _ in some],
                earlier_ids=[earlier_id for _, earlier_id in some],
            )
            for row in rows:
                earlier = {"markdown": row["earlier_markdown"], "units": row["earlier_units"]}
                found[row["id"]] = (
                    markdown_of(earlier, pair.furniture) or "",
                    markdown_of(row, pair.furniture) or "",
                )
        return found


def _saw_all(job: Job) -> bool:
    """Whether a job has followed all links that it was to: what it does not know is not there."""
    return job.status is JobStatus.COMPLETED and not job.totals.reasons.get(Reason.PAGE_LIMIT)


def _has_none(job: Job, state: str | None, reason: str | None) -> bool:
    """Whether a job's word on a URL of which it has no content is that there is no such page."""
    return _saw_all(job) if state is None else state == "alias" or reason in _GONE


def _of_this(row: Row, earlier: Job) -> PageChange:
    reason = None
    if row["earlier_id"] is not None:
        kind = ChangeKind.UNCHANGED if row["is_same"] else ChangeKind.CHANGED
    elif _has_none(earlier, row["earlier_state"], row["earlier_reason"]):
        kind = ChangeKind.ADDED
    else:
        kind, reason = ChangeKind.UNREAD, row["earlier_reason"]
    return PageChange(kind, row["url"], row["title"], row["id"], row["earlier_id"], reason)


def _of_earlier(row: Row, job: Job) -> PageChange:
    is_gone = _has_none(job, row["state"], row["reason"])
    kind = ChangeKind.REMOVED if is_gone else ChangeKind.UNREAD
    is_shown = row["state"] not in (None, "beyond", "alias")
    page_id = row["id"] if is_shown else None
    return PageChange(kind, row["url"], row["title"], page_id, row["earlier_id"], row["reason"])
