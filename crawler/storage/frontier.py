"""The queue of a running job, as its orchestrator writes it: claims, results, discovery, the end.

Every method is one short transaction that begins by locking the job's row under the lease's
epoch (`Fenced` where another epoch has begun) and ends with the events that tell of the work.
Bulk work comes in slices: a method that returns a number is called again until it returns 0.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from crawler.domain.admission import NO_HOST_RULES, HostRules
from crawler.domain.events import EventName
from crawler.domain.lifecycle import JobStatus, Move
from crawler.domain.reasons import Reason
from crawler.storage.batches import (
    found_links,
    give_back,
    give_up,
    judge_anew,
    return_to_wait,
    return_urls,
    settle,
    stored_links,
    tell_batch,
    to_process,
)
from crawler.storage.changes import Changes, JobChange
from crawler.storage.claims import Claim, Claimer, claim, claim_for
from crawler.storage.discovery import Discovery, KnownUrls, discover, tell_discovery
from crawler.storage.duplicates import learn_pages
from crawler.storage.exclusions import exclude_waiting
from crawler.storage.jobs import drop_claims
from crawler.storage.leases import Lease
from crawler.storage.limits import (
    is_work_left,
    leave_out_by_depth,
    let_in_by_depth,
    let_in_by_limit,
    skip_over_limit,
    why_no_page,
)
from crawler.storage.remaking import remake
from crawler.storage.results import BatchResult, PageToProcess
from crawler.storage.retrying import requeue_failed
from crawler.storage.sitemap_queue import add_sitemaps

MOST_FAILED_CALLS = 3
_PAGES_A_SLICE = 20
_LINK_BYTES_A_SLICE = 50_000
_MOST_LINKS = 5_000
"""Links of a batch that are queued in the transaction that applies it; more go in slices."""

_SHELLS_TO_PAUSE = 10
"""A job whose first so many pages are all script shells or challenges goes on in vain."""


class Halted(Exception):
    """The job does not run now: it was paused or has ended. Nothing was written."""


@dataclass(frozen=True, slots=True)
class Applied:
    """What an applied batch leaves to do.

    `only_shells`: with this batch the job has ten script shells or challenges, and no page yet.
    """

    to_process: list[PageToProcess]
    made_stale: bool
    only_shells: bool = False


class FrontierStore:
    """The orchestrator's writes; `denied` are hosts that no job may crawl."""

    def __init__(self, changes: Changes, denied: HostRules = NO_HOST_RULES) -> None:
        self._changes = changes
        self._denied = denied

    def claim(
        self,
        lease: Lease,
        limit: int,
        busy_hosts: Collection[str] = (),
        only_hosts: Collection[str] | None = None,
    ) -> Claim:
        """Takes up to `limit` URLs of one host, none of the busy ones, and of one depth.

        With `only_hosts` it is one of these. Hosts are named as `domain.urls.authority` names them.

        Raises:
            Fenced: when the lease is lost.
            Halted: when the job does not run.
        """
        with self._changes.change(lease.job_id, epoch=lease.epoch, lazily=True) as change:
            _must_run(change)
            return claim(change, limit, busy_hosts, only_hosts)

    def apply(
        self, lease: Lease, batch: BatchResult, known: KnownUrls, claimer: Claimer | None = None
    ) -> Applied:
        """Applies a call's answer: outcomes, pages, discovered URLs, totals and events at once.

        Results of URLs that are no longer in this orchestrator's hand are dropped. Links of a
        batch that has too many of them are left to `expand`. What comes next is claimed for the
        `claimer` in the same transaction, unless links have to be queued first.

        Raises:
            Fenced: when the lease is lost.
            Halted: when the job has ended.
        """
        found = Discovery()
        with self._changes.change(lease.job_id, epoch=lease.epoch) as change:
            _must_run(change, JobStatus.PAUSED)
            wait = sum(len(result.discovered) for result in batch.results) > _MOST_LINKS
            shells_before = _shells(change)
            results = settle(change, batch, known.pages, found, links_wait=wait)
            return_urls(change, batch.not_reached)
            return_to_wait(change, batch)
            if results:
                if not wait:
                    discover(change, found_links(results, batch, found), known, found)
                tell_batch(change, results, found)
                tell_discovery(change, found)
            add_sitemaps(change, batch.sitemaps)
            only_shells = shells_before < _SHELLS_TO_PAUSE <= _shells(change)
            made_stale = found.made_stale or wait or any(each.depth == 0 for each in results)
            goes_on = change.status is JobStatus.RUNNING and not (made_stale or only_shells)
            if claimer is not None and goes_on:
                claim_for(claimer, change)
        known.learn(found)
        learn_pages(known.pages, results)
        pages = [to_process(each.result) for each in results if each.result.is_page]
        return Applied(pages, made_stale, only_shells)

    def return_urls(self, lease: Lease, ids: Iterable[int]) -> None:
        """Gives URLs back to the queue, unharmed: their call was not made or not reached.

        Raises:
            Fenced: when the lease is lost.
        """
        with self._changes.change(lease.job_id, epoch=lease.epoch) as change:
            return_urls(change, ids)

    def return_call(self, lease: Lease, ids: Iterable[int], error: str) -> None:
        """Gives a call's URLs back, unharmed, and tells why: no function could be reached.

        Raises:
            Fenced: when the lease is lost.
            Halted: when the job has ended.
        """
        with self._changes.change(lease.job_id, epoch=lease.epoch) as change:
            _must_run(change, JobStatus.PAUSED)
            if return_urls(change, ids):
                change.tell(EventName.BATCH_ERROR, error=error)

    def recover(self, lease: Lease, in_hand: Iterable[int]) -> None:
        """After an outage: gives back what was claimed by a commit whose answer never came.

        Raises:
            Fenced: when the lease is lost.
        """
        with self._changes.change(lease.job_id, epoch=lease.epoch) as change:
            give_back(change, len(change.run("return_unheld", ids=list(in_hand))))

    def fail_call(self, lease: Lease, ids: Iterable[int], error: str) -> None:
        """Gives a failed call's URLs back; those that failed too often are `function-error`.

        Raises:
            Fenced: when the lease is lost.
            Halted: when the job has ended.
        """
        with self._changes.change(lease.job_id, epoch=lease.epoch) as change:
            _must_run(change, JobStatus.PAUSED)
            rows = change.run("return_failed_call", ids=list(ids), most=MOST_FAILED_CALLS)
            given_up = [row for row in rows if row["state"] == "done"]
            change.count(processing=-len(rows), queued=len(rows) - len(given_up))
            if rows:
                change.tell(EventName.BATCH_ERROR, error=error)
            give_up(change, given_up)

    def expand(self, lease: Lease, known: KnownUrls, busy_hosts: Collection[str] = ()) -> int:
        """Queues the links of some stale pages: roots once all are in, pages that came closer.

        A root at a busy host, or one that failed in passing, keeps nothing waiting.
        Returns how many pages there were.

        Raises:
            Fenced: when the lease is lost.
            Halted: when the job does not run.
        """
        found = Discovery()
        with self._changes.change(lease.job_id, epoch=lease.epoch) as change:
            _must_run(change)
            if change.one("roots_open", busy_hosts=list(busy_hosts)) is not None:
                return 0
            if judged := judge_anew(change):
                return judged
            rows = change.run("take_stale", limit=_PAGES_A_SLICE, most_bytes=_LINK_BYTES_A_SLICE)
            discover(change, stored_links(change, rows, found, self._denied), known, found)
            tell_discovery(change, found)
        known.learn(found)
        return len(rows)

    def adjust(self, lease: Lease) -> int:
        """A slice of what limits or new rules let in or leave out, or of what is done again.

        Returns 0 once nothing is left to look at.

        Raises:
            Fenced: when the lease is lost.
            Halted: when the job does not run.
        """
        with self._changes.change(lease.job_id, epoch=lease.epoch) as change:
            _must_run(change)
            return (
                exclude_waiting(change)
                or requeue_failed(change)
                or let_in_by_depth(change)
                or leave_out_by_depth(change)
                or let_in_by_limit(change)
                or remake(change)
            )

    def skip_over_limit(self, lease: Lease) -> int:
        """A slice of what still waits when the page limit is reached: `page-limit`.

        Raises:
            Fenced: when the lease is lost.
            Halted: when the job does not run.
        """
        with self._changes.change(lease.job_id, epoch=lease.epoch) as change:
            _must_run(change)
            return skip_over_limit(change)

    def finish(self, lease: Lease) -> JobStatus | None:
        """Ends the job if all its work is done; returns the status, or None where it goes on.

        Raises:
            Fenced: when the lease is lost.
            Halted: when the job does not run.
        """
        with self._changes.change(lease.job_id, epoch=lease.epoch) as change:
            _must_run(change)
            now = change.now
            unprocessed = now.completed - now.processed - now.process_failed
            # The rows have the last word: limits may have been raised a moment ago.
            if now.queued or now.processing or unprocessed or is_work_left(change):
                return None
            if now.completed:
                change.move(Move.COMPLETE)
            else:
                change.move(Move.FAIL, error=why_no_page(change))
            return change.status

    def pause(self, lease: Lease, error: str) -> None:
        """Pauses the job because going on would be in vain; `error` tells the user why.

        Raises:
            Fenced: when the lease is lost.
            Halted: when the job does not run.
        """
        with self._changes.change(lease.job_id, epoch=lease.epoch) as change:
            _must_run(change)
            change.move(Move.PAUSE, error=error)

    def time_limit(self, lease: Lease) -> int | None:
        """The job's time limit in seconds as it stands now; None for none.

        Raises:
            Fenced: when the lease is lost.
        """
        with self._changes.change(lease.job_id, epoch=lease.epoch) as change:
            return change.options.time_limit_seconds

    def time_out(self, lease: Lease) -> None:
        """Ends the job because its time is over; what is in flight counts as waiting.

        Raises:
            Fenced: when the lease is lost.
            Halted: when the job does not run.
        """
        self._end(lease, Move.TIME_OUT, None)

    def fail(self, lease: Lease, error: str) -> None:
        """Ends the job because of an internal error.

        Raises:
            Fenced: when the lease is lost.
            Halted: when the job does not run.
        """
        self._end(lease, Move.FAIL, error)

    def _end(self, lease: Lease, move: Move, error: str | None) -> None:
        with self._changes.change(lease.job_id, epoch=lease.epoch) as change:
            _must_run(change)
            drop_claims(change)
            change.move(move, error=error)


def _must_run(change: JobChange, *also: JobStatus) -> None:
    if change.status is not JobStatus.RUNNING and change.status not in also:
        raise Halted(change.status)


def _shells(change: JobChange) -> int:
    """Pages that were none for a crawler, while there is no other page."""
    now = change.now
    if now.completed:
        return 0
    return now.reasons.get(Reason.NEEDS_JAVASCRIPT, 0) + now.reasons.get(Reason.CHALLENGE, 0)
