"""Children that end with the supervisor, and the orphans of one that was killed.

A supervisor that is killed can't tell its children to stop, so on Linux the kernel does it
(PR_SET_PDEATHSIG, prctl(2)). Elsewhere, and if even that failed, the next start finds the orphans
by the pid they left behind. A pid alone proves nothing, because it may belong to somebody else by
now: the program and one of its arguments must be right as well.

Start children from the main thread only: the kernel sends the signal when the *thread* ends.
"""

import ctypes
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from time import monotonic, sleep
from typing import IO

_PR_SET_PDEATHSIG = 1
_LIBC = ctypes.CDLL(None) if sys.platform == "linux" else None  # loaded before the fork
_POLL_SECONDS = 0.02

Steps = Sequence[tuple[signal.Signals, float]]


@dataclass(frozen=True)
class Account:
    """The system user that a child runs as."""

    name: str
    uid: int
    gid: int


def spawn(
    command: Sequence[str],
    *,
    death_signal: signal.Signals,
    env: Mapping[str, str],
    cwd: Path,
    account: Account | None = None,
    output: IO[bytes] | None = None,
) -> subprocess.Popen[bytes]:
    """Start a child in a session of its own, so that Ctrl-C in the terminal does not reach it.

    ``death_signal`` is what it gets when we die. ``account`` None means our own; ``output`` None
    means our own output. Raises OSError.
    """
    return subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=subprocess.STDOUT if output else None,
        env=env,
        cwd=cwd,
        start_new_session=True,
        user=account.uid if account else None,
        group=account.gid if account else None,
        extra_groups=[] if account else None,
        umask=0o077,
        preexec_fn=_die_with_parent(death_signal),
    )


def _die_with_parent(death_signal: signal.Signals) -> Callable[[], None] | None:
    """Return what the child does before exec; it must come after the change of user, as it does
    in subprocess, because that change takes the death signal back."""
    if _LIBC is None:
        return None
    parent, libc = os.getpid(), _LIBC

    def arrange() -> None:
        libc.prctl(_PR_SET_PDEATHSIG, death_signal)
        if os.getppid() != parent:  # it died between fork and prctl
            os._exit(1)

    return arrange


def runs(pid: int, program: str, argument: str) -> bool:
    """Tell whether ``pid`` is alive and is ``program`` called with ``argument``."""
    if sys.platform == "linux":
        return _runs_by_proc(pid, program, argument)
    listing = subprocess.run(
        ["ps", "-ww", "-o", "stat=,command=", "-p", str(pid)], capture_output=True, text=True
    ).stdout.strip()
    return program in listing and argument in listing and not listing.startswith("Z")


def _runs_by_proc(pid: int, program: str, argument: str) -> bool:
    try:
        command = Path(f"/proc/{pid}/cmdline").read_bytes()  # empty for a zombie
    except OSError:
        return False
    words = command.decode(errors="surrogateescape").split("\0")
    named = any(Path(word).name == program for word in words[:3])  # "python -m gunicorn"
    return named and argument in words


def end_orphan(pid: int, program: str, argument: str, steps: Steps) -> bool:
    """End the process unless it is somebody else's; returns whether it is gone.

    ``steps`` are signals, each with the seconds to wait before the next.
    """
    return _end(
        lambda number: _send(pid, number),
        lambda: not runs(pid, program, argument),
        steps,
        hurry=lambda: False,
    )


def end_child(
    child: subprocess.Popen[bytes], steps: Steps, hurry: Callable[[], bool] = lambda: False
) -> bool:
    """End our child; ``hurry`` cuts the wait after the first step short. Returns whether it is
    gone."""
    return _end(child.send_signal, lambda: child.poll() is not None, steps, hurry)


def end_session(
    leader: int, program: str, argument: str, steps: Steps,
    hurry: Callable[[], bool] = lambda: False,
) -> bool:
    """End all that is left of the session of ``leader``, a child of ours or of a former run.

    Its processes all carry its arguments; with others the number belongs to somebody else by now.
    Returns whether all are gone.
    """
    def send(number: signal.Signals) -> None:
        for pid in _members(leader, program, argument):
            _send(pid, number)

    return _end(send, lambda: not _members(leader, program, argument), steps, hurry)


def _members(leader: int, program: str, argument: str) -> list[int]:
    return [
        pid for pid in _all_pids() if _group_of(pid) == leader and runs(pid, program, argument)
    ]


def _all_pids() -> Iterator[int]:
    if sys.platform == "linux":
        return (int(name) for name in os.listdir("/proc") if name.isdigit())
    listing = subprocess.run(["ps", "-axo", "pid="], capture_output=True, text=True).stdout
    return map(int, listing.split())


def _group_of(pid: int) -> int | None:
    try:
        return os.getpgid(pid)
    except (ProcessLookupError, PermissionError):
        return None


def _end(
    send: Callable[[signal.Signals], object],
    is_gone: Callable[[], bool],
    steps: Steps,
    hurry: Callable[[], bool],
) -> bool:
    for index, (number, seconds) in enumerate(steps):
        if is_gone():
            return True
        send(number)
        deadline = monotonic() + seconds
        while not is_gone() and monotonic() < deadline and not (index == 0 and hurry()):
            sleep(_POLL_SECONDS)
    return is_gone()


def _send(pid: int, number: signal.Signals) -> None:
    with suppress(ProcessLookupError):
        os.kill(pid, number)
