"""How many cores this process may really use: its affinity, and the CPU quota of its container.

A container with a quota of two CPUs on a machine of 64 still sees 64; as many workers would only
be throttled. The quota stands in cgroup v2 as ``cpu.max`` ("200000 100000"), in v1 as
``cpu.cfs_quota_us`` and ``cpu.cfs_period_us`` (Linux Documentation/admin-guide/cgroup-v2.rst and
scheduler/sched-bwc.rst); every group above may have a narrower one.
"""

import math
import os
from collections.abc import Iterator
from pathlib import Path

_MEMBERSHIP = Path("/proc/self/cgroup")
_MOUNT = Path("/sys/fs/cgroup")
_NO_LIMIT = 1 << 20
_V1_MOUNTS = ("cpu", "cpu,cpuacct", "cpuacct,cpu")


def usable_cores(membership: Path = _MEMBERSHIP, mount: Path = _MOUNT) -> int:
    """Return the whole cores that this process may use, at least 1.

    ``membership`` lists the process's control groups, ``mount`` is where they are mounted.
    """
    quotas = (_quota(folder) for folder in _groups(membership, mount))
    limits = (math.ceil(quota) for quota in quotas if quota is not None)
    return max(1, min(_affinity(), *limits, _NO_LIMIT))


def _affinity() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _groups(membership: Path, mount: Path) -> Iterator[Path]:
    """Yield the folder of each of our CPU groups and of all groups above it."""
    try:
        lines = membership.read_text().splitlines()
    except OSError:
        return
    for line in lines:
        _, controllers, path = line.split(":", 2)
        if controllers and "cpu" not in controllers.split(","):
            continue
        for root in (mount / name for name in _V1_MOUNTS) if controllers else (mount,):
            yield from _upwards(root, path)


def _upwards(root: Path, path: str) -> Iterator[Path]:
    folder = root / path.lstrip("/")
    yield from (at for at in (folder, *folder.parents) if at.is_relative_to(root))


def _quota(folder: Path) -> float | None:
    """Return the cores that one group may use, None without a limit."""
    try:
        if (folder / "cpu.max").exists():
            quota, period = (folder / "cpu.max").read_text().split()
        else:
            quota = (folder / "cpu.cfs_quota_us").read_text().strip()
            period = (folder / "cpu.cfs_period_us").read_text().strip()
        return int(quota) / int(period) if int(quota) > 0 else None
    except (OSError, ValueError, ZeroDivisionError):  # "max", or no such controller here
        return None
