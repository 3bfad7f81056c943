"""Rules that came in mid-crawl: what waits already and they exclude is skipped.

The queue is held against new rules slice by slice, from its first id to its last; how far that
has come stands in the job's row, so that any orchestrator goes on with it. Until it is through
nothing is claimed. A URL that was in hand meanwhile and returned behind that point is met by the
claim, which holds its batch against all; one that is to wait is held against them at once.

    a root, and a rule that the job began with  → crawled: it is what the user asked for
    a root that waits, and a later rule         → skipped: that is what the user asked for since
    a root in hand, or tried again, and a rule  → crawled: it was begun

URLs beyond the depth are no URLs of the job yet: excluded, they are links that were not followed.
"""

from collections.abc import Iterable, Sequence
from itertools import islice

from crawler.domain.events import EventName
from crawler.domain.patterns import compile_rules
from crawler.domain.reasons import Reason
from crawler.storage.changes import JobChange
from crawler.storage.database import Row
from crawler.storage.results import LeftOutLink
from crawler.storage.samples import keep_samples

_SLICE = 5_000


def excluded_among(change: JobChange, urls: Iterable[str]) -> set[str]:
    """Which of some URLs the job's exclude rules leave out; no rule keeps a root out."""
    rules = compile_rules(change.options.exclude)
    matching = {url for url in urls if rules.match(url)} if rules else set()
    return matching.difference(change.roots, change.scope_bases)


def is_unheld(change: JobChange) -> bool:
    """Whether there are rules that not all of what waits was held against yet."""
    return change.excluded.rules < len(change.options.exclude)


def exclude_waiting(change: JobChange) -> int:
    """Holds a slice of what waits against new rules; returns how many URLs it looked at."""
    if not is_unheld(change):
        return 0
    rules = compile_rules(tuple(islice(change.options.exclude, change.excluded.rules, None)))
    rows = change.run("excluded_slice", after=change.excluded.until, limit=_SLICE)
    _leave_out(change, [row for row in rows if rules.first_match(row["url"])])
    if rows:
        change.run("set_excluded", rules=change.excluded.rules, until=rows[-1]["id"])
    else:
        change.run("set_excluded", rules=len(change.options.exclude), until=0)
    return len(rows)


def skip_excluded(change: JobChange, rows: Sequence[Row]) -> list[Row]:
    """Of rows just claimed, or just returned, those that no rule excludes; the others are skipped,
    and told of."""
    excluded = excluded_among(change, (row["url"] for row in rows))
    out = [row["id"] for row in rows if row["url"] in excluded]
    if not out:
        return list(rows)
    # A claim need not wait for the disk, but an event must.
    change.run("commit_durably")
    _skip(change, out)
    return [row for row in rows if row["id"] not in set(out)]


def _leave_out(change: JobChange, rows: Sequence[Row]) -> None:
    beyond = [row for row in rows if row["state"] == "beyond"]
    if beyond:
        change.run("forget_excluded", ids=[row["id"] for row in beyond])
        reason = str(Reason.EXCLUDED)
        keep_samples(
            change, [LeftOutLink(reason, row["url"], row["found_on"]) for row in beyond]
        )
        change.leave_out({reason: len(beyond)})
    _skip(change, [row["id"] for row in rows if row["state"] == "queued"])


def _skip(change: JobChange, ids: list[int]) -> None:
    """Skips URLs that the totals count as queued."""
    skipped = len(change.run("skip_excluded", ids=ids)) if ids else 0
    if skipped:
        reasons = {str(Reason.EXCLUDED): skipped}
        change.count(queued=-skipped)
        change.count_reasons("skipped", reasons)
        change.tell(EventName.URLS_SKIPPED, count=skipped, reasons=reasons)
