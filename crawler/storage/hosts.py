"""Turns at hosts in Redis: for all jobs, workers and machines, in one round trip a request.

A host's keys share its name as hash tag, so each script touches one node of a cluster. Time is
Redis's own. All keys expire: a worker that is killed leaves turns that are free after seconds, a
host that nobody asks is forgotten.
"""

from collections.abc import Collection, Sequence
from importlib.resources import files
from typing import cast

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from crawler.domain import turns
from crawler.domain.hosts import spacing_ms
from crawler.domain.politeness import Why
from crawler.domain.turns import Answer, Ask, Report

SERVER_TIME = (
    "local time = redis.call('TIME')\nlocal now = time[1] * 1000 + math.floor(time[2] / 1000)\n"
)
"""Lua that sets `now` to Redis's time, in milliseconds."""

ANSWER_SECONDS = 0.5
"""Longer than this no request waits for Redis: the worker then keeps the host's limits itself."""

_WHYS = (None, Why.BUSY, Why.DELAY, Why.ASKED, Why.BACKING_OFF)
"""Reasons by their number in Lua."""

_LINE_MS = 60_000

_SITE_UNKNOWN, _SITE_IGNORED = -1, -2

_FIGURES = {
    **{name: getattr(turns, name) for name in dir(turns) if name.endswith(("_MS", "_US"))},
    "LINE_MS": _LINE_MS,
    "DOWN_AFTER": turns.DOWN_AFTER,
    "FADE_GAPS": turns.FADE_GAPS,
    "SITE_UNKNOWN": _SITE_UNKNOWN,
    "SITE_IGNORED": _SITE_IGNORED,
    "UNREACHED": turns.UNREACHED,
    "SILENT": turns.SILENT,
    "SILENCE": turns.SILENCE,
    **{why.name: number for number, why in enumerate(_WHYS) if why is not None},
}


class RedisHosts:
    """A `HostStore` in Redis. Every method raises `redis.RedisError` when Redis is away."""

    def __init__(self, client: "redis.Redis", time: str = SERVER_TIME) -> None:
        """Takes a client and Lua that sets `now` to milliseconds of Unix time."""
        self._client = client
        figures = "".join(f"local {name} = {value}\n" for name, value in _FIGURES.items())
        self._turns = client.register_script(time + figures + _source("turns"))
        self._hold = client.register_script(time + figures + _source("hold"))

    def ask(self, host: str, ask: Ask, reports: Sequence[Report]) -> Answer:
        """Takes the reports in, then grants a turn or says how long to wait."""
        spacing = spacing_ms(ask.delay_ms)
        wish = (ask.job_id, ask.slot, ask.concurrency, spacing, _site_spacing_ms(ask))
        return self._run(host, wish, reports)

    def give_back(self, host: str, reports: Sequence[Report]) -> Answer:
        """Takes the reports in; the answer says whether the host may be asked at all."""
        return self._run(host, ("", "", 0, 0, _SITE_UNKNOWN), reports)

    def hold(self, host: str, slots: Collection[str], *, started: bool) -> None:
        """Says that these turns go on; `started`: a request began that Redis missed."""
        self._hold(keys=keys(host)[:2], args=[int(started), *slots])

    def _run(
        self, host: str, wish: tuple[str, str, int, int, int], reports: Sequence[Report]
    ) -> Answer:
        arguments: list[str | int] = [*wish]
        for report in reports:
            arguments += report
        wait_ms, why, failures = cast("list[int]", self._turns(keys=keys(host), args=arguments))
        return Answer(wait_ms, _WHYS[why], failures)


def keys(host: str) -> list[str]:
    """A host's keys: its state, the turns under way, the line of jobs that wait, and the spacing
    that its robots.txt asks for, which is kept for longer."""
    return [f"clew:{{{host}}}:{name}" for name in ("host", "slots", "line", "site")]


def _site_spacing_ms(ask: Ask) -> int:
    if ask.ignores_site:
        return _SITE_IGNORED
    return _SITE_UNKNOWN if ask.site_delay_ms is None else spacing_ms(ask.site_delay_ms)


def connect(url: str) -> "redis.Redis":
    """A client that gives up soon and at once, since the worker can stand in; it reads bytes."""
    client: redis.Redis = redis.Redis.from_url(
        url,
        socket_timeout=ANSWER_SECONDS,
        socket_connect_timeout=ANSWER_SECONDS,
        retry=Retry(NoBackoff(), 0),
    )
    return client


def _source(name: str) -> str:
    return files("crawler.storage").joinpath("lua", f"{name}.lua").read_text(encoding="utf-8")
