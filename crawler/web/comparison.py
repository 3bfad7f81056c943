"""What changed since an earlier crawl of the same: as JSON and for people.

A comparison looks at both crawls as they are now; one that still runs has not seen all pages, and
says so.
"""

from collections import Counter
from collections.abc import Iterator
from itertools import islice
from typing import Any

from flask import Response, jsonify, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from crawler.domain.differences import Line, as_text, difference
from crawler.domain.errors import FieldError, InvalidRequest
from crawler.domain.lifecycle import JobStatus
from crawler.storage.comparison import ChangeKind, Compared, PageChange, Position
from crawler.web.requests import row_limit
from crawler.web.services import new_job, services

_TOLD = (ChangeKind.ADDED, ChangeKind.CHANGED, ChangeKind.REMOVED, ChangeKind.UNREAD)
_ROWS = 100
_Listed = list[tuple[PageChange, Position]]


def show(job_id: str) -> Response:
    """Changes as JSON; the first answer of a list counts all of them."""
    kind, start, limit = _kind(), _position(), row_limit()
    pair = services().comparisons.open(job_id)
    listed, following = _page_of(pair, kind, start, limit)
    counts = {} if "cursor" in request.args else {"counts": _counts_json(_counts(pair))}
    return jsonify(
        basedOn=pair.earlier.id,
        **counts,
        isComplete=_is_complete(pair),
        changes=[_change_json(change) for change in listed],
        nextCursor=following,
    )


def show_page(job_id: str, page_id: int) -> Response:
    """What changed in one page, as JSON."""
    lines = _lines(services().comparisons.open(job_id), page_id)
    return jsonify(
        diff=as_text(lines),
        lines=[{"mark": line.mark, "text": line.text} for line in lines],
    )


def page(job_id: str) -> ResponseReturnValue:
    """What changed, for people."""
    kind, start = _kind() or ChangeKind.CHANGED, _position()
    pair = services().comparisons.open(job_id)
    listed, following = _page_of(pair, kind, start, _ROWS)
    return render_template(
        "changes.html",
        job=pair.job,
        earlier=pair.earlier,
        base=url_for("pages.job", job_id=job_id),
        earlier_base=url_for("pages.job", job_id=pair.earlier.id),
        is_complete=_is_complete(pair),
        counts=_counts(pair),
        kinds=_TOLD,
        kind=kind,
        changes=listed,
        next_cursor=following,
    )


def difference_page(job_id: str, page_id: int) -> ResponseReturnValue:
    """What changed in one page, for people."""
    here = services()
    pair = here.comparisons.open(job_id)
    return render_template(
        "difference.html",
        job=pair.job,
        earlier=pair.earlier,
        base=url_for("pages.job", job_id=job_id),
        page=here.pages.page(job_id, page_id),
        lines=_lines(pair, page_id),
    )


def again(job_id: str) -> ResponseReturnValue:
    """Makes the crawl once more, to be compared with this one, and leads to its page."""
    job, _ = new_job({"basedOn": job_id})
    return redirect(url_for("pages.job", job_id=job.id), 303)


def _lines(pair: Compared, page_id: int) -> list[Line]:
    here = services()
    before, now = here.comparisons.texts(pair, page_id)
    return here.runtime.room.work(difference, before, now)


def _page_of(
    pair: Compared, kind: ChangeKind | None, start: Position, limit: int
) -> tuple[list[PageChange], str | None]:
    """A page of a list, and the cursor of the next one."""
    wanted = _wanted(services().comparisons.changes(pair, start), kind)
    listed: _Listed = list(islice(wanted, limit + 1))
    changes = [change for change, _ in listed[:limit]]
    return changes, _cursor(listed[limit - 1][1]) if len(listed) > limit else None


def _wanted(
    changes: Iterator[tuple[PageChange, Position]], kind: ChangeKind | None
) -> Iterator[tuple[PageChange, Position]]:
    kinds = _TOLD if kind is None else (kind,)
    return ((change, position) for change, position in changes if change.kind in kinds)


def _counts(pair: Compared) -> Counter[ChangeKind]:
    return Counter(change.kind for change, _ in services().comparisons.changes(pair))


def _is_complete(pair: Compared) -> bool:
    """Whether both crawls came to their end: else what one lacks it may not have looked for."""
    return all(job.status is JobStatus.COMPLETED for job in (pair.job, pair.earlier))


def _counts_json(counts: Counter[ChangeKind]) -> dict[str, int]:
    return {kind: counts[kind] for kind in (*_TOLD, ChangeKind.UNCHANGED)}


def _change_json(change: PageChange) -> dict[str, Any]:
    return {
        "kind": change.kind,
        "url": change.url,
        "title": change.title,
        "id": change.id,
        "earlierId": change.earlier_id,
        "reason": change.reason,
    }


def _kind() -> ChangeKind | None:
    given = request.args.get("kind")
    if given is None:
        return None
    if given not in set(_TOLD):
        raise InvalidRequest(FieldError("kind", f"must be one of {', '.join(_TOLD)}"))
    return ChangeKind(given)


def _cursor(position: Position) -> str:
    return f"{'earlier' if position.is_gone else 'this'}-{position.after}"


def _position() -> Position:
    given = request.args.get("cursor")
    if given is None:
        return Position()
    part, _, after = given.partition("-")
    if part not in ("this", "earlier") or not (after.isascii() and after.isdigit()):
        raise InvalidRequest(FieldError("cursor", "is not one that this list gave"))
    return Position(part == "earlier", min(int(after[:19]), 2**63 - 1))
