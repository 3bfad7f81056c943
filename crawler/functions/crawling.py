"""Crawl calls in flight: how many there may be, and what they brought."""

import logging
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, replace

from gevent.pool import Group

from crawler.domain import urls
from crawler.domain.model import FrontierUrl
from crawler.domain.politeness import Pace, pace_of
from crawler.functions.calls import ANSWER_SECONDS, CallFailed, FunctionCalls, FunctionsAway
from crawler.functions.wire import CrawlAnswer, CrawlCall, CrawlOptions, read_crawl_answer
from crawler.storage.frontier import Claim
from crawler.storage.leases import Lease

_BUDGET_SECONDS = ANSWER_SECONDS - 2.0
_CLOSING_SECONDS = 0.3
"""Before the job's time is over a call ends by this, so that its results still count."""

_AWAY_SECONDS = (0.25, 0.25, 0.5, 0.5, 1.0, 1.0, 2.0, 2.0, 5.0)

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, eq=False)
class Call:
    """A crawl call, and once it is over its answer or its error."""

    urls: tuple[FrontierUrl, ...]
    share: int
    answer: CrawlAnswer | None = None
    error: str | None = None
    away: bool = False
    """Whether it failed because no function could be reached."""

    @property
    def ids(self) -> list[int]:
        """Ids of its URLs."""
        return [url.id for url in self.urls]


class Crawling:
    """Keeps calls within the job's pace. Pace depends on where the site stands: hosts are taken
    for public until a call found them on the operator's own addresses."""

    def __init__(
        self,
        lease: Lease,
        calls: FunctionCalls,
        monotonic: Callable[[], float],
        on_answer: Callable[[], None],
    ) -> None:
        self._lease = lease
        self._calls = calls
        self._monotonic = monotonic
        self._on_answer = on_answer
        self._group = Group()
        self._in_flight: set[Call] = set()
        self._held: Claim | None = None
        self._options = lease.options
        self._allowed_hosts: set[str] = set()
        self._only_allowed = False
        self._next_call_at = monotonic()
        self._away_running = 0
        self.answers: deque[Call] = deque()

    @property
    def idle(self) -> bool:
        """Whether nothing is in hand: no call in flight, no answer to apply, no batch held."""
        return not (self._in_flight or self.answers or self._held)

    @property
    def in_hand(self) -> list[int]:
        """Ids of all URLs that this orchestrator answers for."""
        ids = [url.id for url in self._held.urls] if self._held else []
        for call in (*self._in_flight, *self.answers):
            ids += call.ids
        return ids

    @property
    def wants_batch(self) -> bool:
        """Whether another batch could be sent now."""
        return self._held is None and self._share() > 0

    @property
    def seconds_to_wait(self) -> float:
        """Seconds until the delay between fetches lets the next call start; 0 without a wait."""
        return max(0.0, self._next_call_at - self._monotonic())

    def hold(self, claim: Claim) -> None:
        """Takes a claimed batch in hand, to be sent by `send`."""
        self._held = claim
        self._options = claim.options

    def send(self, seconds_left: float) -> bool:
        """Sends the batch in hand if the pace allows it now; returns whether it was sent."""
        claim = self._held
        if claim is None or not self._settle_pace(claim):
            return False
        share = self._share()
        if share < 1:
            return False
        self._held = None
        call = Call(claim.urls, share)
        self._in_flight.add(call)
        self._group.spawn(self._make, call, self._payload(claim, share, seconds_left))
        return True

    def let_go(self) -> list[int]:
        """Gives up the batch in hand that was not sent; returns its ids."""
        held, self._held = self._held, None
        return [url.id for url in held.urls] if held else []

    def note(self, answer: CrawlAnswer) -> None:
        """Takes over what an answer says of the site: its hosts, and when to call again."""
        self._allowed_hosts.update(answer.allowed_hosts)
        self._next_call_at = self._monotonic() + answer.wait_ms / 1000
        self._away_running = 0

    def back_off(self) -> None:
        """Waits before the next call, the longer the more often the functions were away."""
        pause = _AWAY_SECONDS[min(self._away_running, len(_AWAY_SECONDS) - 1)]
        self._next_call_at = self._monotonic() + pause
        self._away_running += 1

    def drop(self) -> None:
        """Stops waiting for any answer."""
        self._group.kill()
        self._in_flight.clear()
        self.answers.clear()
        self._held = None

    def _pace(self) -> Pace:
        return pace_of(self._options, only_allowed=self._only_allowed)

    def _share(self) -> int:
        pace = self._pace()
        if len(self._in_flight) >= pace.most_calls or self.seconds_to_wait > 0:
            return 0
        return pace.share(len(self._in_flight), sum(call.share for call in self._in_flight))

    def _settle_pace(self, claim: Claim) -> bool:
        """A batch of another pace waits until the calls under the present one are over."""
        only_allowed = all(urls.host(url.url) in self._allowed_hosts for url in claim.urls)
        if only_allowed != self._only_allowed and self._in_flight:
            return False
        self._only_allowed = only_allowed
        return True

    def _payload(self, claim: Claim, share: int, seconds_left: float) -> CrawlCall:
        return CrawlCall(
            job_id=self._lease.job_id,
            epoch=self._lease.epoch,
            urls=claim.urls,
            original_job_url=self._lease.roots[0],
            options=CrawlOptions(
                scope=claim.options.scope,
                scope_bases=claim.scope_bases,
                ignore_robots=claim.options.ignore_robots,
                concurrency=share,
                delay_ms=self._pace().delay_ms,
                budget_seconds=max(0.1, min(_BUDGET_SECONDS, seconds_left - _CLOSING_SECONDS)),
            ),
        )

    def _make(self, call: Call, payload: CrawlCall) -> None:
        try:
            answer = read_crawl_answer(self._calls.crawl(payload.as_json()), call.urls)
            over = replace(call, answer=answer)
        except (CallFailed, ValueError) as error:
            over = replace(call, error=str(error), away=isinstance(error, FunctionsAway))
        except Exception:
            # Whatever went wrong, the call is over: in flight for ever it would hold the job up.
            log.exception("job %s: a crawl call went wrong", self._lease.job_id)
            over = replace(call, error="internal error")
        self._in_flight.discard(call)
        self.answers.append(over)
        self._on_answer()
