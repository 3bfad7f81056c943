"""Whether something that Clew depends on is there: told when it goes and when it comes back.

An engine that is away for an hour is met a thousand times an hour by each worker; the log needs
two lines of that.
"""

import logging

log = logging.getLogger(__name__)


class Presence:
    """Of one thing, as one part of a worker sees it."""

    def __init__(self, name: str) -> None:
        """`name` stands at the beginning of the lines: "the sweep: the database"."""
        self._name = name
        self._away = False

    def lost(self, error: BaseException) -> None:
        """It did not answer just now."""
        if not self._away:
            log.warning("%s is away: %s", self._name, str(error).strip())
        self._away = True

    def found(self) -> None:
        """It answered."""
        if self._away:
            log.warning("%s is back", self._name)
        self._away = False
