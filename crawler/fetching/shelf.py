"""Answers for robots.txt that workers share: what fetching wants of it, and none at all."""

from typing import Protocol


class RobotsShelf(Protocol):
    """Answers by origin. What they are kept in may be away: no method raises."""

    def get(self, origin: str) -> tuple[int, bytes] | None:
        """Status and body of an origin's robots.txt, or None where nothing is known."""

    def put(self, origin: str, status: int, body: bytes, ttl_seconds: float) -> None:
        """Keeps an answer for so long."""

    def claim(self, origin: str, seconds: float) -> bool:
        """Whether the caller is to ask the origin, rather than wait for one who does.

        A claim ends with `release`, or by itself after so many seconds. Yes while it is away.
        """

    def release(self, origin: str) -> None:
        """Ends a claim."""


class _NoShelf:
    """A shelf that keeps nothing: every worker asks by itself."""

    def get(self, origin: str) -> tuple[int, bytes] | None:
        """Nothing."""
        return None

    def put(self, origin: str, status: int, body: bytes, ttl_seconds: float) -> None:
        """Nothing."""

    def claim(self, origin: str, seconds: float) -> bool:
        """Yes."""
        return True

    def release(self, origin: str) -> None:
        """Nothing."""


NO_SHELF: RobotsShelf = _NoShelf()
