"""What changed since an earlier crawl of the same: as JSON and for people.

A comparison looks at both crawls as they are now; one that still runs has not seen all pages, and
says so.
"""

import json
from collections import Counter
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any

from flask import Response, jsonify, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from crawler.aside import aside
from crawler.domain.differences import as_text, beginning, difference
from crawler.domain.errors import FieldError, InvalidRequest
from crawler.storage.comparison import ChangeKind, Compared, PageChange, Position
from crawler.web.requests import row_limit
from crawler.web.services import new_job, services

_TOLD = (ChangeKind.ADDED, ChangeKind.CHANGED, ChangeKind.REMOVED, ChangeKind.UNREAD)
_ROWS = 100
_MOST_LINES = 3_000
_MOST_CHARACTERS = 1_000_000
"""Lines of a difference, and characters in them, that a page shows; as JSON there are all."""


@dataclass(frozen=True, slots=True)
class Listing:
    """A part of the list of changes; `following` is the cursor of the next one.

    `counts` are of all changes, where somebody asked for them.
    """

    changes: list[PageChange]
    following: str | None
    counts: Counter[ChangeKind]


def show(job_id: str) -> Response:
    """Changes as JSON; the first answer of a list counts all of them."""
    kinds, start, limit = _kinds(_kind()), _position(), row_limit()
    pair = services().comparisons.open(job_id)
    is_first = "cursor" not in request.args
    listing = _counted(pair, kinds, start, limit) if is_first else _part(pair, kinds, start, limit)
    return jsonify(
        basedOn=pair.earlier.id,
        **({"counts": _counts_json(listing.counts)} if is_first else {}),
        isComplete=pair.is_complete,
        changes=[_change_json(change) for change in listing.changes],
        nextCursor=listing.following,
    )


def show_page(job_id: str, page_id: int) -> Response:
    """What changed in one page, as JSON."""
    before, now = _texts(services().comparisons.open(job_id), page_id)
    body = aside(_difference_json, before, now)
    return Response(body, mimetype="application/json")


def page(job_id: str) -> ResponseReturnValue:
    """What changed, for people; the first kind of change that there is, where none is named."""
    kind, start = _kind() or ChangeKind.CHANGED, _position()
    pair = services().comparisons.open(job_id)
    listing = _counted(pair, _kinds(kind), start, _ROWS)
    if not request.args and not listing.changes:
        kind = next((each for each in _TOLD if listing.counts[each]), kind)
        listing = replace(_part(pair, _kinds(kind), start, _ROWS), counts=listing.counts)
    return render_template(
        "changes.html",
        job=pair.job,
        earlier=pair.earlier,
        base=url_for("pages.job", job_id=job_id),
        earlier_base=url_for("pages.job", job_id=pair.earlier.id),
        is_complete=pair.is_complete,
        counts=listing.counts,
        kinds=_TOLD,
        kind=kind,
        changes=listing.changes,
        next_cursor=listing.following,
    )


def difference_page(job_id: str, page_id: int) -> ResponseReturnValue:
    """What changed in one page, for people."""
    here = services()
    pair = here.comparisons.open(job_id)
    before, now = _texts(pair, page_id)
    lines = aside(difference, before, now)
    shown = list(beginning(lines, _MOST_LINES, _MOST_CHARACTERS))
    return render_template(
        "difference.html",
        job=pair.job,
        earlier=pair.earlier,
        base=url_for("pages.job", job_id=job_id),
        page=here.pages.page(job_id, page_id),
        lines=shown,
        left_out=len(lines) - len(shown),
    )


def again(job_id: str) -> ResponseReturnValue:
    """Makes the crawl once more, to be compared with this one, and leads to its page."""
    job, _ = new_job({"basedOn": job_id})
    return redirect(url_for("pages.job", job_id=job.id), 303)


def _texts(pair: Compared, page_id: int) -> tuple[str, str]:
    return services().comparisons.texts(pair, page_id)


def _difference_json(before: str, now: str) -> str:
    lines = difference(before, now)
    told = [{"mark": line.mark, "text": line.text} for line in lines]
    return json.dumps({"diff": as_text(lines), "lines": told}, ensure_ascii=False) + "\n"


def _counted(pair: Compared, kinds: frozenset[ChangeKind], start: Position, limit: int) -> Listing:
    """A part of the list, and how many changes of each kind there are, in one go."""
    counts: Counter[ChangeKind] = Counter()
    listed: list[tuple[PageChange, Position]] = []
    for change, position in services().comparisons.changes(pair):
        counts[change.kind] += 1
        if change.kind in kinds and position > start and len(listed) <= limit:
            listed.append((change, position))
    return _listing(listed, limit, counts)


def _part(pair: Compared, kinds: frozenset[ChangeKind], start: Position, limit: int) -> Listing:
    changes = services().comparisons.changes(pair, start, kinds)
    return _listing(list(islice(changes, limit + 1)), limit, Counter())


def _listing(
    listed: list[tuple[PageChange, Position]], limit: int, counts: Counter[ChangeKind]
) -> Listing:
    following = _cursor(listed[limit - 1][1]) if len(listed) > limit else None
    return Listing([change for change, _ in listed[:limit]], following, counts)


def _kinds(kind: ChangeKind | None) -> frozenset[ChangeKind]:
    return frozenset(_TOLD if kind is None else (kind,))


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
