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


def _in_no_hurry() -> bool:
    return False


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
    """Tell whether ``pid`` is ``program`` called with ``argument``, and not about to end."""
    if sys.platform == "linux":
        return _runs_by_proc(pid, program, argument)
    listing = _ps("-ww", "-o", "stat=,command=", "-p", str(pid)).strip()
    return program in listing and argument in listing and not listing.startswith("Z")


def is_alive(pid: int) -> bool:
    """Tell whether ``pid`` still holds its files, ports and locks.

    A process that ends loses its arguments first and its files only then, so ``runs`` says no too
    early; one whose first thread is a zombie keeps them until its last thread is gone.
    """
    if sys.platform != "linux":
        return _ps("-o", "stat=", "-p", str(pid)).strip()[:1] not in ("", "Z")
    try:
        # The name in parentheses may hold anything; the state follows it (proc(5)).
        state = Path(f"/proc/{pid}/stat").read_bytes().rpartition(b")")[2].split()[0]
        return state not in (b"Z", b"X") or len(os.listdir(f"/proc/{pid}/task")) > 1
    except OSError:
        return False


def _ps(*arguments: str) -> str:
    return subprocess.run(["ps", *arguments], capture_output=True, text=True).stdout


def _runs_by_proc(pid: int, program: str, argument: str) -> bool:
    try:
        command = Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return False
    words = command.decode(errors="surrogateescape").split("\0")
    named = any(Path(word).name == program for word in words[:3])  # "python -m gunicorn"
    return named and argument in words


def end_orphan(pid: int, program: str, argument: str, steps: Steps) -> bool:
    """End the process unless it is somebody else's; returns whether it is gone.

    ``steps`` are signals, each with the seconds to wait before the next.
    """
    if not runs(pid, program, argument):
        return True
    return _end(lambda number: _send(pid, number), lambda: not is_alive(pid), steps, _in_no_hurry)


def end_child(
    child: subprocess.Popen[bytes], steps: Steps, hurry: Callable[[], bool] = _in_no_hurry
) -> bool:
    """End our child; ``hurry`` cuts the wait after the first step short. Returns whether it is
    gone."""
    return _end(child.send_signal, lambda: child.poll() is not None, steps, hurry)


def end_session(
    leader: int, program: str, argument: str, steps: Steps,
    hurry: Callable[[], bool] = _in_no_hurry,
) -> bool:
    """End all that is left of the session of ``leader``, a child of ours or of a former run.

    Its processes all carry its arguments; with others the number belongs to somebody else by now.
    Returns whether all are gone.
    """
    seen: set[int] = set()

    def send(number: signal.Signals) -> None:
        for pid in _members(leader, program, argument):
            _send(pid, number)

    def are_gone() -> bool:
        seen.update(_members(leader, program, argument))
        return not any(map(is_alive, seen))

    return _end(send, are_gone, steps, hurry)


def _members(leader: int, program: str, argument: str) -> list[int]:
    return [
        pid for pid in _all_pids() if _group_of(pid) == leader and runs(pid, program, argument)
    ]


def _all_pids() -> Iterator[int]:
    if sys.platform == "linux":
        return (int(name) for name in os.listdir("/proc") if name.isdigit())
    return map(int, _ps("-axo", "pid=").split())


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
