"""robots.txt as all workers share it: an answer per origin in Redis, asked for by one of them.

Redis may be away: then nothing is known here, and every worker asks by itself.
"""

import secrets
import zlib
from typing import cast

import redis

_RELEASE = """
if redis.call('GET', KEYS[1]) == ARGV[1] then
    redis.call('DEL', KEYS[1])
end
"""
"""Only the own claim is given up: another's may have followed one that expired."""


class RobotsShelf:
    """Answers by origin; a client that reads bytes is needed. No method raises `RedisError`."""

    def __init__(self, client: "redis.Redis") -> None:
        self._client = client
        self._release = client.register_script(_RELEASE)
        self._claims: dict[str, str] = {}

    def get(self, origin: str) -> tuple[int, bytes] | None:
        """Status and body of an origin's robots.txt, or None where nothing is known."""
        try:
            packed = cast("bytes | None", self._client.get(_key(origin, "robots")))
            return None if packed is None else _unpack(packed)
        except (redis.RedisError, zlib.error):
            return None

    def put(self, origin: str, status: int, body: bytes, ttl_seconds: float) -> None:
        """Keeps an answer for so long."""
        try:
            self._client.set(
                _key(origin, "robots"), _pack(status, body), px=max(1, int(ttl_seconds * 1000))
            )
        except redis.RedisError:
            return

    def claim(self, origin: str, seconds: float) -> bool:
        """Whether the caller is to ask the origin, rather than wait for one who does.

        A claim ends with `release`, or by itself after so many seconds. Yes while Redis is away.
        """
        token = secrets.token_hex(8)
        try:
            is_ours = self._client.set(
                _key(origin, "asking"), token, nx=True, px=max(1, int(seconds * 1000))
            )
        except redis.RedisError:
            return True
        if is_ours:
            self._claims[origin] = token
        return bool(is_ours)

    def release(self, origin: str) -> None:
        """Ends a claim of this worker's."""
        token = self._claims.pop(origin, None)
        if token is None:
            return
        try:
            self._release(keys=[_key(origin, "asking")], args=[token])
        except redis.RedisError:
            return  # it expires


def _key(origin: str, what: str) -> str:
    return f"clew:{{{origin}}}:{what}"


def _pack(status: int, body: bytes) -> bytes:
    return status.to_bytes(2, "big") + zlib.compress(body)


def _unpack(packed: bytes) -> tuple[int, bytes]:
    return int.from_bytes(packed[:2], "big"), zlib.decompress(packed[2:])
