"""Answers of crawl calls, applied one after the other: what they brought, and what failed."""

import logging
import uuid
from collections.abc import Callable

from crawler.functions.crawling import Call, Crawling
from crawler.functions.dispatching import Dispatching
from crawler.functions.processing import Processing
from crawler.functions.sitemapping import Sitemapping
from crawler.storage.changes import Fenced
from crawler.storage.database import Outage
from crawler.storage.discovery import KnownUrls
from crawler.storage.frontier import FrontierStore, Halted
from crawler.storage.leases import Lease

ONLY_SHELLS = (
    "The first ten pages were checks for robots or need a browser's scripts to show anything:"
    " crawled this way the site has no content. Resume to try the rest all the same."
)

log = logging.getLogger(__name__)


class Applying:
    """Writes what answers brought; `made_stale` and `halt` tell the orchestrator what follows.

    An answer stays in line until it is written: after an outage it is applied once more, which
    changes nothing where it was written already.
    """

    def __init__(
        self,
        lease: Lease,
        frontier: FrontierStore,
        crawling: Crawling,
        sitemapping: Sitemapping,
        processing: Processing,
        known: KnownUrls,
        dispatching: Dispatching,
    ) -> None:
        self._lease = lease
        self._frontier = frontier
        self._crawling = crawling
        self._sitemapping = sitemapping
        self._processing = processing
        self._known = known
        self._dispatching = dispatching
        self.made_stale = True  # an older orchestrator may have left stale pages
        """Whether stored links may have to be queued."""
        self.halt: str | None = None
        """Why the job should pause, for its user."""

    def run(self, may_claim: Callable[[], bool]) -> None:
        """Applies the answers that are there; `may_claim` tells whether what comes next may be
        claimed with them, since nothing else has to come first.

        Those that come meanwhile are left: a site can be so quick that there is always one more.

        Raises:
            Fenced, Halted, psycopg2.OperationalError: as the storage does.
        """
        answers = self._crawling.answers
        for _ in range(len(answers)):
            call = answers[0]
            if call.sitemaps:
                self._apply_sitemaps(call)
            elif call.answer is None:
                self._take_back(call)
            else:
                self._apply(call, may_claim)
            answers.popleft()

    def _apply(self, call: Call, may_claim: Callable[[], bool]) -> None:
        if call.answer is None:
            return
        self._crawling.note(call.answer)
        batch = call.answer.batch
        # A root that waits holds the links of the others back no longer.
        waits = bool(batch.retries or call.answer.host_waits)
        halt = self.halt or call.answer.halt
        claims = not (self.made_stale or waits or halt or batch.sitemaps) and may_claim()
        try:
            applied = self._frontier.apply(
                self._lease, batch, self._known, self._dispatching if claims else None
            )
        except (Fenced, Halted, *Outage):
            self._dispatching.forget()
            raise
        except Exception:
            # The error may have come after the commit.
            self._frontier.return_urls(self._lease, self._dispatching.forget())
            self._frontier.fail_call(self._lease, call.ids, f"Internal error {log_error()}")
            return
        self._dispatching.launch()
        if batch.sitemaps:
            self._sitemapping.look_soon()
        self.made_stale = self.made_stale or applied.made_stale or waits
        self._processing.add(applied.to_process)
        self.halt = halt or (ONLY_SHELLS if applied.only_shells else None)

    def _apply_sitemaps(self, call: Call) -> None:
        if call.answer is not None:
            self._crawling.note(call.answer)
        elif call.away:
            self._crawling.back_off()
        try:
            self._sitemapping.settle(call)
        except (Fenced, Halted, *Outage):
            raise
        except Exception:
            log.error("job %s: sitemaps: %s", self._lease.job_id, log_error())
            self._sitemapping.fail(call)

    def _take_back(self, call: Call) -> None:
        """A failed call: counted against its URLs, unless no function was there to hear of them."""
        error = call.error or "no answer"
        if call.away:
            self._crawling.back_off()
            self._frontier.return_call(self._lease, call.ids, error)
        else:
            self._frontier.fail_call(self._lease, call.ids, error)


def log_error() -> str:
    """Logs the present exception under a name that can be shown to a user."""
    name = uuid.uuid4().hex[:8]
    log.exception("internal error %s", name)
    return name
