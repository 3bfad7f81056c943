"""A ZIP made without a file: what was written so far is taken away, chunk by chunk.

Sizes and checksums follow each file's content (APPNOTE 6.3.10, section 4.3.9), since they are
not known before it; the directory at the end makes the archive valid, so one that breaks off is
none. More than 65,535 files make it a Zip64.
"""

import stat
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from types import TracebackType
from typing import IO, Self
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

_UNIX = 3
_MODE = (stat.S_IFREG | 0o644) << 16
_FIRST_YEAR, _LAST_YEAR = 1980, 2107  # what an entry's time can tell


class _Sink:
    """What a ZIP is written to: it can't be gone back in."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []

    def write(self, data: bytes) -> int:
        """Keeps the data until they are taken."""
        self._parts.append(bytes(data))
        return len(data)

    def flush(self) -> None:
        """Nothing waits anywhere."""

    def taken(self) -> bytes:
        """What was written since the last time."""
        data, self._parts = b"".join(self._parts), []
        return data


class Archive:
    """A ZIP that grows; leave it by `finish`, or it stays without its end."""

    def __init__(self) -> None:
        self._sink = _Sink()
        self._zip = ZipFile(self._sink, "w", ZIP_DEFLATED)  # type: ignore[call-overload]

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Lets go of the archive; what it would still write goes nowhere."""
        self._zip.close()

    def add(self, name: str, text: str, changed_at: datetime) -> None:
        """A file with a text. Its name must be safe and not be there yet."""
        self._zip.writestr(_entry(name, changed_at), text.encode())

    @contextmanager
    def growing(self, name: str, changed_at: datetime) -> Iterator["GrowingFile"]:
        """A file that is written bit by bit; no other may be added meanwhile."""
        with self._zip.open(_entry(name, changed_at), "w", force_zip64=True) as file:
            yield GrowingFile(file)

    def taken(self) -> bytes:
        """The bytes that were written since the last time."""
        return self._sink.taken()

    def finish(self) -> bytes:
        """Writes the directory; the last bytes."""
        self._zip.close()
        return self._sink.taken()


class GrowingFile:
    """A file of an archive that is being written."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file

    def write(self, text: str) -> None:
        """Adds to the file."""
        self._file.write(text.encode())


def _entry(name: str, changed_at: datetime) -> ZipInfo:
    moment = changed_at.astimezone(UTC)
    year = min(max(moment.year, _FIRST_YEAR), _LAST_YEAR)
    entry = ZipInfo(name, (year, *moment.timetuple()[1:6]))
    entry.compress_type = ZIP_DEFLATED
    entry.create_system = _UNIX
    entry.external_attr = _MODE
    return entry
