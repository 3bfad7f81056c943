"""Turns of a crawl call, as long as the call may go on."""

from collections.abc import Callable

from crawler.functions.lane import Lane


class CallOver(Exception):
    """The call's time is over, or its job does not want it any more: no further fetch starts."""


class CheckedTurns:
    """The turns of a lane. While one is waited for, the call may come to its end."""

    def __init__(self, lane: Lane, may_start: Callable[[], bool]) -> None:
        self._lane = lane
        self._may_start = may_start

    def take(self, url: str) -> None:
        """As the lane does.

        Raises:
            crawler.domain.politeness.NotNow: the turn comes later.
            CallOver: the call ended meanwhile.
        """
        self._lane.take(url)
        if not self._may_start():
            raise CallOver

    def done(
        self,
        url: str,
        status: int | None,
        head_seconds: float | None,
        retry_after_seconds: float | None,
    ) -> None:
        """As the lane does."""
        self._lane.done(url, status, head_seconds, retry_after_seconds)

    def note_delay(self, url: str, seconds: float | None) -> None:
        """As the lane does."""
        self._lane.note_delay(url, seconds)

    def unreachable(self, url: str, *, silent: bool) -> bool:
        """As the lane does."""
        return self._lane.unreachable(url, silent=silent)
