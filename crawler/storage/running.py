"""How many jobs may run at once, over all workers: whoever would start one asks here.

Askers come one at a time, by an advisory lock that lasts to the end of their transaction, so that
of two that see one place free only the first finds it. It is taken after the job's row, by all.
"""

from crawler.storage.changes import JobChange

_LOCK = 0x436C6577_4A6F6273  # "ClewJobs"


def is_full(change: JobChange, most_running: int | None) -> bool:
    """Whether as many jobs run as may, so that this one can't start now."""
    if most_running is None:
        return False
    row = change.one("running_jobs", lock=_LOCK) or {"running": 0}
    return bool(row["running"] >= most_running)
