"""The workers of this machine, known to one another: where each one's functions are.

Each worker tells its loopback port in Redis once a second. One that falls silent, because it was
killed or is frozen, is left out after three; while Redis is away, calls go to the common listener.
"""

from collections.abc import Callable

import redis

from crawler.functions.spread import Spread

TELL_SECONDS = 1.0
_SILENT_SECONDS = 3.0
_FORGOTTEN_SECONDS = 60


class Neighbours:
    """Tells of this worker and keeps a `Spread` informed of all."""

    def __init__(
        self,
        client: "redis.Redis",
        group: str,
        port: int,
        spread: Spread,
        clock: Callable[[], float],
    ) -> None:
        """`group` names the workers that call one another; `clock` gives Unix seconds."""
        self._client = client
        self._key = f"clew:{{{group}}}:workers"
        self._port = port
        self._spread = spread
        self._clock = clock
        self._has_left = False

    def tell(self) -> None:
        """Tells that this worker lives, and learns who else does."""
        if self._has_left:
            return
        now = self._clock()
        try:
            with self._client.pipeline(transaction=False) as pipeline:
                pipeline.hset(self._key, str(self._port), str(now))
                pipeline.expire(self._key, _FORGOTTEN_SECONDS)
                pipeline.hgetall(self._key)
                told: dict[str, str] = pipeline.execute()[-1]
        except redis.RedisError:
            told = {}
        living = sorted(port for port, at in told.items() if now - float(at) < _SILENT_SECONDS)
        self._spread.update(f"http://127.0.0.1:{port}" for port in living)

    def leave(self) -> None:
        """Tells that this worker takes no more calls; `tell` is silent from then on."""
        self._has_left = True
        try:
            self._client.hdel(self._key, str(self._port))
        except redis.RedisError:
            return  # it is left out soon, since it falls silent
