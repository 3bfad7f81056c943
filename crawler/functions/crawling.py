"""Crawl calls in flight: at which hosts, how many there may be, and what they brought."""

import logging
from collections import deque
from collections.abc import Callable, Collection
from dataclasses import dataclass, replace

from gevent.pool import Group

from crawler.domain.model import FrontierUrl, JobOptions, SitemapUse
from crawler.domain.politeness import Pace, pace_of
from crawler.functions.call_options import CrawlOptions
from crawler.functions.calls import ANSWER_SECONDS, CallFailed, FunctionCalls, FunctionsAway
from crawler.functions.wire import CrawlAnswer, CrawlCall, read_crawl_answer
from crawler.storage.claims import Claim
from crawler.storage.leases import Lease
from crawler.storage.results import SitemapUrl
from crawler.storage.sitemaps import SitemapClaim

_BUDGET_SECONDS = ANSWER_SECONDS - 2.0
_CLOSING_SECONDS = 0.3
"""Before the job's time is over a call ends by this, so that its results still count."""

_MOST_CALLS = 16
"""Crawl calls in flight per job, over all hosts."""

_MOST_UNSURE_CALLS = 8
"""Of these, calls to hosts that never answered yet, or that took long lately: those that do answer
have their share whatever these do. Likewise, hosts that never answered share half of the
concurrency that the user gave."""

_SLOW_SECONDS = 8.0

_AWAY_SECONDS = (0.25, 0.25, 0.5, 0.5, 1.0, 1.0, 2.0, 2.0, 5.0)

_UNBOUNDED = 2**31

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, eq=False)
class Call:
    """A crawl call to one host, and once it is over its answer or its error."""

    host: str
    share: int
    since: float
    """When it was sent."""
    urls: tuple[FrontierUrl, ...] = ()
    sitemaps: tuple[SitemapUrl, ...] = ()
    answer: CrawlAnswer | None = None
    error: str | None = None
    away: bool = False
    """Whether it failed because no function could be reached."""

    @property
    def ids(self) -> list[int]:
        """Ids of its URLs."""
        return [url.id for url in self.urls]

    @property
    def sitemap_ids(self) -> list[int]:
        """Ids of its sitemaps."""
        return [sitemap.id for sitemap in self.sitemaps]


class Crawling:
    """Keeps calls within the job's pace: what it may do at each host, and in all.

    The pace at a host depends on where it stands: hosts are taken for public until a call found
    them on the operator's own addresses.
    """

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
        self._options = lease.options
        self._allowed_hosts: set[str] = set()
        self._ready_at: dict[str, float] = {}
        self._heard_hosts: set[str] = set()
        self._quick_hosts: set[str] = set()
        self._next_call_at = monotonic()
        self._away_running = 0
        self.answers: deque[Call] = deque()

    @property
    def options(self) -> JobOptions:
        """The job's options as the last claim told them."""
        return self._options

    @property
    def idle(self) -> bool:
        """Whether nothing is in hand: no call in flight, no answer to apply."""
        return not (self._in_flight or self.answers)

    @property
    def in_hand(self) -> list[int]:
        """Ids of all URLs that this orchestrator answers for."""
        return [url_id for call in (*self._in_flight, *self.answers) for url_id in call.ids]

    @property
    def sitemaps_in_hand(self) -> list[int]:
        """Ids of all sitemaps that are being read."""
        calls = (*self._in_flight, *self.answers)
        return [sitemap_id for call in calls for sitemap_id in call.sitemap_ids]

    @property
    def has_room(self) -> bool:
        """Whether another call may start now, at a host that is not busy."""
        if self._monotonic() < self._next_call_at or len(self._in_flight) >= _MOST_CALLS:
            return False
        return self._free_in_all(self._options) > 0

    @property
    def busy_hosts(self) -> Collection[str]:
        """Hosts at which no call may start now: their share is taken, or they wait."""
        now = self._monotonic()
        self._ready_at = {host: at for host, at in self._ready_at.items() if at > now}
        full = {call.host for call in self._in_flight if not self._free_at(call.host)}
        return full | self._ready_at.keys()

    @property
    def only_hosts(self) -> Collection[str] | None:
        """The only hosts at which calls may start now, busy ones included; None: it may be any."""
        if sum(map(self._is_unsure, self._in_flight)) >= _MOST_UNSURE_CALLS:
            return self._quick_hosts
        return None if self._free_for_unheard(self._options) > 0 else self._heard_hosts

    @property
    def hosts_wait(self) -> bool:
        """Whether some host has been found to have no turn for a while."""
        return any(at > self._monotonic() for at in self._ready_at.values())

    @property
    def seconds_to_wait(self) -> float:
        """Seconds until the next call may start where now none may; 0 where nothing is known."""
        now = self._monotonic()
        moments = [at for at in (self._next_call_at, *self._ready_at.values()) if at > now]
        return min(moments, default=now) - now

    def reserve(self, claim: Claim) -> Call | None:
        """A call for a claimed batch, to be launched; None where the pace, as it is now, has no
        room for it."""
        self._options = claim.options
        is_heard = claim.host in self._heard_hosts
        in_all = (self._free_in_all if is_heard else self._free_for_unheard)(claim.options)
        share = min(self._free_at(claim.host), in_all, len(claim.urls))
        if share < 1:
            return None
        call = Call(claim.host, share, self._monotonic(), claim.urls)
        self._in_flight.add(call)
        return call

    def launch(self, call: Call, claim: Claim, seconds_left: float) -> None:
        """Sends a reserved call, once its claim is committed."""
        self._start(call, claim, seconds_left)

    def release(self, call: Call) -> None:
        """Gives up a reserved call, whose claim was not committed."""
        self._in_flight.discard(call)

    def send_sitemap(
        self, sitemap: SitemapUrl, claim: SitemapClaim, seconds_left: float
    ) -> None:
        """Has one sitemap read, with the job's options as a claim tells them."""
        self._options = claim.options
        call = Call(claim.host, 1, self._monotonic(), sitemaps=(sitemap,))
        self._start(call, claim, seconds_left)

    def note(self, answer: CrawlAnswer) -> None:
        """Takes over what an answer says of hosts: where they stand, how long they wait."""
        now = self._monotonic()
        self._allowed_hosts.update(answer.allowed_hosts)
        self._ready_at.update({host: now + ms / 1000 for host, ms in answer.host_waits})
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

    def _pace_at(self, host: str) -> Pace:
        return pace_of(self._options, only_allowed=host in self._allowed_hosts)

    def _free_at(self, host: str) -> int:
        """Fetches at once that the next call to a host may make."""
        there = [call.share for call in self._in_flight if call.host == host]
        pace = self._pace_at(host)
        if host not in self._quick_hosts:
            return 0 if there else pace.concurrency
        if len(there) >= pace.most_calls:
            return 0
        return pace.share(len(there), sum(there))

    def _free_in_all(self, options: JobOptions) -> int:
        """What is left of the concurrency that the user gave, over all hosts."""
        most = options.concurrency
        in_flight = sum(call.share for call in self._in_flight)
        return _UNBOUNDED if most is None else most - in_flight

    def _free_for_unheard(self, options: JobOptions) -> int:
        """What is left of that for hosts that never answered: one in any case may be tried."""
        if options.concurrency is None:
            return _UNBOUNDED
        calls = (call for call in self._in_flight if call.host not in self._heard_hosts)
        most = max(1, options.concurrency // 2) - sum(call.share for call in calls)
        return min(most, self._free_in_all(options))

    def _is_unsure(self, call: Call) -> bool:
        """Whether a call may be one that takes all of its time, as far as is known."""
        takes_long = self._monotonic() - call.since > _SLOW_SECONDS
        return takes_long or call.host not in self._quick_hosts

    def _start(self, call: Call, claim: Claim | SitemapClaim, seconds_left: float) -> None:
        self._in_flight.add(call)
        self._group.spawn(self._make, call, self._payload(call, claim, seconds_left))

    def _payload(
        self, call: Call, claim: Claim | SitemapClaim, seconds_left: float
    ) -> CrawlCall:
        pace, elsewhere = self._pace_at(call.host), pace_of(claim.options, only_allowed=False)
        options = claim.options
        return CrawlCall(
            job_id=self._lease.job_id,
            epoch=self._lease.epoch,
            urls=call.urls,
            sitemaps=call.sitemaps,
            original_job_url=self._lease.roots[0],
            options=CrawlOptions(
                scope=options.scope,
                scope_bases=claim.scope_bases,
                include=options.include,
                exclude=options.exclude,
                ignore_robots=options.ignore_robots,
                concurrency=call.share,
                host_concurrency=pace.concurrency,
                delay_ms=pace.delay_ms,
                other_concurrency=elsewhere.concurrency,
                other_delay_ms=elsewhere.delay_ms,
                budget_seconds=max(0.1, min(_BUDGET_SECONDS, seconds_left - _CLOSING_SECONDS)),
                max_age_seconds=options.max_age_seconds,
                follows_links=options.sitemap is not SitemapUse.ONLY,
                wants_sitemaps=options.sitemap is not SitemapUse.SKIP,
                has_credentials=bool(options.headers or options.cookies),
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
        self._note_pace(over)
        self.answers.append(over)
        self._on_answer()

    def _note_pace(self, over: Call) -> None:
        """Remembers whether a host answers, and whether it keeps calls for long all the same."""
        was_answered = over.answer is not None and over.answer.was_answered
        if was_answered:
            self._heard_hosts.add(over.host)
        if self._monotonic() - over.since > _SLOW_SECONDS:
            self._quick_hosts.discard(over.host)
        elif was_answered:
            self._quick_hosts.add(over.host)
