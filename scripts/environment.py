"""Sets up what the scripts need: a virtual environment in .venv, pinned packages, system packages.

Usage: environment.py run|test|lint

Each requirements file has a stamp, the hash of what it said when it was installed. The stamp is
written last, so an interrupted installation is done again; a file that did not change costs
nothing. Runs with the standard library alone, by the system's Python or that of .venv.
"""

import fcntl
import hashlib
import importlib.util
import os
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
# scripts/setup reads these two as well.
COMPLETE = VENV / "complete"  # the environment itself is there
UNFINISHED = VENV / "installing"  # left by an interrupted pip, which may think half a package whole
ENGINES = "requirements-engines.txt"
REQUIREMENTS: Mapping[str, Sequence[str]] = {
    "run": ("requirements.txt", ENGINES),
    "test": ("requirements.txt", ENGINES, "requirements-dev.txt"),
    "lint": ("requirements.txt", "requirements-dev.txt"),
}
# What the tests need of the system: a program or a folder of it, and Debian's package for it.
SYSTEM_PACKAGES: Mapping[str, str] = {
    "chromium": "chromium",
    "redis-server": "redis-server",
    "/usr/lib/postgresql": "postgresql",
    "/usr/share/doc/python3/html": "python3-doc",
}

# Of Debian 12; other releases have other ones, and the tests that read them are skipped there.
SYSTEM_DOCUMENTS: Mapping[str, str] = {
    "/usr/share/doc/postgresql-doc-15/html": "postgresql-doc-15",
}


class SetupError(Exception):
    """The environment can't be set up; the text says what to do."""


def main(arguments: list[str]) -> int:
    """Set up for the purpose named in ``arguments``; returns the exit status."""
    try:
        with only_one():
            make_venv()
            for name in REQUIREMENTS[arguments[0]]:
                install(name)
        if arguments[0] == "test":
            install_system_packages()
    except SetupError as error:
        print(f"clew: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


@contextmanager
def only_one() -> Iterator[None]:
    """Wait until no other start is installing into this environment.

    It is the environment's own folder that is locked: links of several clones may lead to one.
    """
    folder = VENV.resolve()
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError:
        raise _not_writable(folder.parent) from None
    lock = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
    finally:
        os.close(lock)


def make_venv() -> None:
    """Make .venv, or make it anew when it is unfinished or its Python is gone."""
    if COMPLETE.exists() and not UNFINISHED.exists() and _works(PYTHON):
        return
    _need_writable(VENV)
    _need_ensurepip()
    say("Setting up a virtual environment in .venv (once) …")
    # Of a link venv would empty the folder that it leads to, and then fail; of a folder it empties
    # what is in it, and so leaves the one that is locked.
    run([sys.executable, "-m", "venv", "--clear", str(VENV.resolve())], "the virtual environment")
    COMPLETE.touch()


def _need_writable(folder: Path) -> None:
    if not os.access(folder, os.W_OK):
        raise _not_writable(folder)


def _not_writable(folder: Path) -> SetupError:
    return SetupError(f"{folder} is not writable: clone Clew to a folder of your own")


def _works(python: Path) -> bool:
    try:
        done = subprocess.run([python, "-c", ""], capture_output=True, check=False)
    except OSError:  # its system's Python was removed or replaced
        return False
    return done.returncode == 0


def _need_ensurepip() -> None:
    """Debian keeps this part of Python in a package of its own."""
    if importlib.util.find_spec("ensurepip"):
        return
    package = f"python{sys.version_info[0]}.{sys.version_info[1]}-venv"
    if not _can_apt():
        raise SetupError(f"this Python can't make virtual environments: install {package}")
    apt_install([package])


def install(name: str) -> None:
    """Install a requirements file unless it is installed as it stands."""
    stamp, wanted = VENV / f"installed-{name}", _fingerprint(name)
    if stamp.exists() and stamp.read_text() == wanted:
        return
    if name == ENGINES and not _needs_engines():
        return
    _need_writable(VENV)
    say(f"Installing {name} …")
    UNFINISHED.touch()
    options = ["--no-deps"] if name == ENGINES else []
    command = [PYTHON, "-m", "pip", "install", "-qq", "--disable-pip-version-check", *options]
    run([*map(str, command), "-r", str(ROOT / name)], f"the packages of {name}")
    stamp.write_text(wanted)
    UNFINISHED.unlink()


def _fingerprint(name: str) -> str:
    text = (ROOT / name).read_text()
    included = [line[3:].strip() for line in text.splitlines() if line.startswith("-r ")]
    texts = [text, sys.version, *((ROOT / other).read_text() for other in included)]
    return hashlib.sha256("\0".join(texts).encode()).hexdigest()


def _needs_engines() -> bool:
    if os.environ.get("DATABASE_URL") and os.environ.get("REDIS_URL"):
        return False
    if "musl" in (sysconfig.get_config_var("HOST_GNU_TYPE") or ""):
        raise SetupError(
            "there are no embedded PostgreSQL and Valkey for systems with musl, such as Alpine:"
            " set DATABASE_URL and REDIS_URL to servers of your own"
        )
    return True


def install_system_packages() -> None:
    """Install what the tests need of the system, where that is possible; only what is missing."""
    missing = _missing(SYSTEM_PACKAGES)
    if missing and not _can_apt():
        raise SetupError(f"the tests need these Debian packages: {' '.join(missing)}")
    if missing:
        apt_install(missing)
    for package in _missing(SYSTEM_DOCUMENTS) if _can_apt() else ():
        try:
            apt_install([package])
        except SetupError:
            say(f"Without {package} tests of its pages are skipped.")


def _missing(packages: Mapping[str, str]) -> list[str]:
    return [package for need, package in packages.items() if not _is_there(need)]


def _is_there(need: str) -> bool:
    return Path(need).exists() if need.startswith("/") else shutil.which(need) is not None


def _can_apt() -> bool:
    return os.geteuid() == 0 and shutil.which("apt-get") is not None


def apt_install(packages: Sequence[str]) -> None:
    """Install Debian packages; the package lists are fetched only when that fails."""
    say(f"Installing {' '.join(packages)} with apt …")
    environ = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    command = ["apt-get", "install", "-qq", "-y", "--no-install-recommends", *packages]
    if subprocess.run(command, env=environ, capture_output=True, check=False).returncode == 0:
        return
    run(["apt-get", "update", "-qq"], "the package lists", environ)
    run(command, " ".join(packages), environ)


def run(command: Sequence[str], what: str, environ: Mapping[str, str] | None = None) -> None:
    """Run a command; raises SetupError when it fails, after what it printed itself."""
    done = subprocess.run(command, env=environ, stdout=subprocess.DEVNULL, check=False)
    if done.returncode != 0:
        raise SetupError(f"could not set up {what}: see the lines above")


def say(line: str) -> None:
    """Tell what is going on; on standard error, because standard output belongs to the program."""
    print(line, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
