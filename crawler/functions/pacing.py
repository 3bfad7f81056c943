"""Turns at hosts for a worker's crawl calls.

    Fetcher, robots.txt ── take, done ──► Lane (one per call) ──► SharedHosts (one per worker)
"""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from time import time

from crawler.domain.turns import HostStore
from crawler.functions.hosts import SharedHosts
from crawler.functions.lane import PATIENCE_SECONDS, Lane, PaceAt

__all__ = ["PATIENCE_SECONDS", "RENEW_SECONDS", "HostPacing", "Lane"]

RENEW_SECONDS = 1.5
"""How often `HostPacing.renew` is to be called, so that turns of long requests are kept."""

_YOUNG_SECONDS = 1.0


class HostPacing:
    """The turns of a worker's calls."""

    def __init__(
        self,
        store: HostStore,
        workers: int,
        monotonic: Callable[[], float],
        clock: Callable[[], float] = time,
    ) -> None:
        """Takes where all workers keep the state of hosts, how many these are, and two clocks.

        `store` may raise `redis.RedisError`; `clock` gives Unix seconds.
        """
        self._hosts = SharedHosts(store, workers, self._under_way, monotonic, clock)
        self._monotonic = monotonic
        self._lanes: set[Lane] = set()

    def lane(self, job_id: str, pace: PaceAt, *, ignores_site: bool = False) -> Lane:
        """The turns of one call, which closes them at its end.

        Args:
            job_id: whose place in a host's line the requests take.
            pace: requests at once and milliseconds between two starts that the job's pace allows
                at the host of a request's canonical URL.
            ignores_site: whether a `Crawl-delay` of robots.txt is nothing to the job.
        """
        lane = Lane(self._hosts, job_id, pace, ignores_site, self._monotonic, self._lanes)
        self._lanes.add(lane)
        return lane

    def renew(self) -> None:
        """Keeps the turns of requests that take long."""
        for host, slots in self._under_way(_YOUNG_SECONDS).items():
            self._hosts.hold(host, slots)

    def _under_way(self, seconds: float = 0.0) -> Mapping[str, Sequence[str]]:
        """Turns that have been taken for at least so long, by host."""
        before = self._monotonic() - seconds
        held: dict[str, list[str]] = defaultdict(list)
        for lane in self._lanes:
            for host, slot in lane.under_way(before):
                held[host].append(slot)
        return held
