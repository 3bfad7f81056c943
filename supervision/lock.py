"""One server per data folder: a lock, which also says where the one that holds it is.

The kernel lets go of the lock when its holder dies, however that happens; what stands in the file
means something only while it is locked.
"""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from time import sleep
from typing import NamedTuple

from engines import EngineError

_NAME = "lock"
_GLANCE_SECONDS = 0.1


class Holder(NamedTuple):
    """The supervisor of a data folder, and the address at which this machine reaches it."""

    pid: int
    address: str


@contextmanager
def only_supervisor(data_dir: Path, address: str) -> Iterator[None]:
    """Hold the data folder's lock; raises EngineError when another one does."""
    with (data_dir / _NAME).open("a+") as lock:
        if not _take(lock.fileno()):
            lock.seek(0)
            pid = lock.readline().strip()
            raise EngineError(
                f"Clew already runs on the data folder {data_dir} (process {pid}):"
                " stop that one, or set CLEW_DATA_DIR to another folder"
            )
        lock.truncate(0)
        lock.write(f"{os.getpid()}\n{address}\n")
        lock.flush()
        yield


def read_holder(data_dir: Path) -> Holder | None:
    """Who holds the lock just now, None for nobody."""
    try:
        with (data_dir / _NAME).open() as lock:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        words = (data_dir / _NAME).read_text().split()
        # One that has only just taken it has not written yet, one of an older version no address.
        is_whole = len(words) == 2 and words[0].isdigit()
        return Holder(int(words[0]), words[1]) if is_whole else Holder(0, "")
    except OSError:
        pass
    return None


def _take(lock: int) -> bool:
    """Tried twice: `read_holder` has it for a moment when it finds nobody."""
    for pause in (_GLANCE_SECONDS, 0.0):
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            sleep(pause)
        else:
            return True
    return False
