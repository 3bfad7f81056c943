"""Processes as Linux shows them in /proc: who descends from whom, and what they cost."""

import os
from pathlib import Path
from typing import NamedTuple

PROC = Path("/proc")
CLOCK_TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")


class Process(NamedTuple):
    """A process as it was when read; `started` (ticks since boot) tells reused pids apart."""

    pid: int
    parent: int
    started: int
    state: str
    command: str
    cpu_seconds: float


def read_process(pid: int) -> Process | None:
    """The process with this pid, or None when there is none (proc(5), /proc/pid/stat)."""
    try:
        stat = (PROC / str(pid) / "stat").read_text()
        command = (PROC / str(pid) / "cmdline").read_bytes()
    except (FileNotFoundError, ProcessLookupError):
        return None
    # The name stands in parentheses and may itself hold spaces and parentheses.
    fields = stat[stat.rindex(")") + 2:].split()
    ticks = sum(int(field) for field in fields[11:15])
    return Process(
        pid=pid,
        parent=int(fields[1]),
        started=int(fields[19]),
        state=fields[0],
        command=command.replace(b"\0", b" ").decode(errors="replace").strip(),
        cpu_seconds=ticks / CLOCK_TICKS_PER_SECOND,
    )


def all_processes() -> dict[int, Process]:
    """Every process that can be seen, by pid, zombies left out."""
    pids = (int(entry.name) for entry in PROC.iterdir() if entry.name.isdigit())
    found = (read_process(pid) for pid in pids)
    return {process.pid: process for process in found if process and process.state != "Z"}


def tree(root: int) -> list[Process]:
    """`root` and all that descend from it, parents before children."""
    processes = all_processes()
    members = [processes[root]] if root in processes else []
    for member in members:
        members.extend(child for child in processes.values() if child.parent == member.pid)
    return members


def environment(pid: int) -> dict[str, str]:
    """The environment a process was started with; empty when it is gone, foreign or overwritten."""
    try:
        raw = (PROC / str(pid) / "environ").read_bytes()
    except OSError:
        return {}
    pairs = (entry.partition("=") for entry in raw.decode(errors="replace").split("\0"))
    return {name: value for name, equals, value in pairs if equals}


def is_alive(process: Process) -> bool:
    """Whether that very process still runs (a zombie does not)."""
    now = read_process(process.pid)
    return now is not None and now.started == process.started and now.state != "Z"


def pss_bytes(pid: int) -> int:
    """Proportional set size: private memory plus its share of the shared; 0 when gone."""
    try:
        rollup = (PROC / str(pid) / "smaps_rollup").read_text()
    except OSError:
        return 0
    for line in rollup.splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1]) * 1024
    return 0
