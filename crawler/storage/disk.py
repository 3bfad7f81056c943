"""How much disk the database takes, against the operator's limit.

PostgreSQL keeps the files of what was deleted: they do not shrink, and what is written next
goes into the room that is free in them. So full is a database whose files have reached the limit
and have no such room. What is free is reckoned from what the large columns hold: they stand
apart from their tables (TOAST), and are nearly all of a database of pages. Room becomes usable by
a vacuum, which is asked for here, since the automatic one waits for a fifth of a table.

VACUUM FULL would shrink the files, but it needs a second copy of a table while it works, on a
disk that is said to be full, and locks everybody out until it is done.
"""

from collections.abc import Callable

from crawler.storage.database import Database

_COST_SHARE = 20
"""A measurement of what is free may take a twentieth of the time, however much is stored."""

_WORTH_A_VACUUM = 2**20
"""Bytes that were deleted since the last one."""


class DiskWatch:
    """Knows whether the limit is reached; `check` is to be called every few seconds."""

    def __init__(
        self, database: Database, limit_bytes: int | None, monotonic: Callable[[], float]
    ) -> None:
        """Takes the limit in bytes, None for none, and a clock in seconds."""
        self._database = database
        self._limit_bytes = limit_bytes
        self._monotonic = monotonic
        self._room_bytes = 0
        self._measure_at = float("-inf")
        self._is_full = False

    @property
    def is_full(self) -> bool:
        """Whether the limit was reached at the last check: no page may be fetched then."""
        return self._is_full

    @property
    def why(self) -> str:
        """What to tell the users of jobs that have to wait."""
        limit = _in_words(self._limit_bytes or 0)
        return (
            f"the disk limit of {limit} is reached (CLEW_MAX_DISK): delete crawls that are not"
            " needed any more, then resume this one"
        )

    def check(self) -> None:
        """Measures anew.

        Raises:
            psycopg2.OperationalError: when the database is away; what was known stays.
        """
        if self._limit_bytes is None:
            return
        size = self._size_bytes()
        if size >= self._limit_bytes:
            self._find_room()
            size = self._size_bytes() - self._room_bytes
        self._is_full = size >= self._limit_bytes

    def _find_room(self) -> None:
        """Learns of the room in the files; what was deleted counts once it can be used."""
        started = self._monotonic()
        if started < self._measure_at:
            return
        room = self._measure_room_bytes()
        if room - self._room_bytes >= _WORTH_A_VACUUM:
            self._database.read("vacuum_contents")
            self._room_bytes = self._measure_room_bytes()
        else:
            self._room_bytes = min(room, self._room_bytes)
        now = self._monotonic()
        self._measure_at = now + _COST_SHARE * (now - started)

    def _size_bytes(self) -> int:
        size: int = self._database.read("database_size")[0]["bytes"]
        return size

    def _measure_room_bytes(self) -> int:
        room: int = self._database.read("free_room")[0]["bytes"]
        return room


def _in_words(size: int) -> str:
    """A size as people write it: the largest unit that leaves a whole number."""
    for unit, power in (("TB", 40), ("GB", 30), ("MB", 20), ("kB", 10)):
        if size >= 1 << power and size % (1 << power) == 0:
            return f"{size >> power} {unit}"
    return f"{size} bytes"
