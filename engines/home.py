"""Where the engines live: folders below the data folder, and sockets in a folder of their own.

    <data folder>/            as root 0711: the engines' user must get through, and see nothing
        binaries/             as root only: the programs
        postgres/  valkey/    0700, owned by the account that the engines run as
        logs/
        sockets               the path of the sockets' folder

PostgreSQL refuses to run as root, so as root both engines run as ``nobody``. The sockets stand in
a private folder below the temporary folder, because a socket's path may have about 100 bytes only
and a data folder can be anywhere. Who may enter that folder may do everything in the database:
there is no password, and no port.
"""

import os
import pwd
import shutil
import stat
import tempfile
from dataclasses import dataclass
from pathlib import Path

from engines.binaries import Binaries, copy_binaries, find_binaries
from engines.errors import EngineError
from engines.process import Account

_UNPRIVILEGED = "nobody"
_SOCKET_PATH_BYTES = 100  # 104 on macOS, 108 on Linux, with the final NUL
_LONGEST_SOCKET_NAME = "/clew-12345678/.s.PGSQL.5432.lock"


@dataclass(frozen=True)
class Home:
    """The engines' place; ``account`` is None when they run as ourselves."""

    data_dir: Path
    sockets: Path
    account: Account | None
    binaries: Binaries

    def folder(self, name: str) -> Path:
        """Return a folder below the data folder that only the engines' account can read."""
        return _private_folder(self.data_dir / name, self.account)

    def log(self, name: str) -> Path:
        """Return the path of a log."""
        folder = self.data_dir / "logs"
        folder.mkdir(mode=0o700, exist_ok=True)
        return folder / f"{name}.log"

    def close(self) -> None:
        """Remove the sockets' folder; the engines must have ended."""
        shutil.rmtree(self.sockets, ignore_errors=True)
        _remembered_path(self.data_dir).unlink(missing_ok=True)


def open_home(data_dir: Path) -> Home:
    """Make and check the folders that the engines need.

    Raises EngineError when there are no engines for this system, or when a folder can't be made
    or reached by the account that they run as.
    """
    data_dir = data_dir.resolve()
    account = _engine_account()
    make_data_dir(data_dir)
    blocked = _blocked_folder(data_dir, account)
    if blocked:
        raise EngineError(
            f"{blocked} is closed to the user {_UNPRIVILEGED}, who runs the engines for root:"
            f" run 'chmod o+x {blocked}', or set CLEW_DATA_DIR to another folder"
        )
    binaries = find_binaries()
    if account:
        binaries = copy_binaries(binaries, _open_folder(data_dir / "binaries"))
    return Home(data_dir, _socket_folder(data_dir, account), account, binaries)


def make_data_dir(data_dir: Path) -> None:
    """Make the data folder and those above it; raises EngineError when that is impossible."""
    mode = 0o711 if os.geteuid() == 0 else 0o700
    try:
        for folder in (*reversed(data_dir.parents), data_dir):
            if not folder.exists():
                folder.mkdir()
                folder.chmod(mode)
    except OSError as error:
        raise EngineError(f"the data folder {data_dir} can't be made: {error.strerror}") from None
    if not os.access(data_dir, os.W_OK | os.X_OK):
        raise EngineError(f"the data folder {data_dir} is not writable for {_user_name()}")


def _engine_account() -> Account | None:
    if os.geteuid() != 0:
        return None
    try:
        entry = pwd.getpwnam(_UNPRIVILEGED)
    except KeyError:
        raise EngineError(
            f"PostgreSQL does not run as root, and there is no user {_UNPRIVILEGED}:"
            " start Clew as an ordinary user"
        ) from None
    return Account(entry.pw_name, entry.pw_uid, entry.pw_gid)


def _user_name() -> str:
    try:
        return pwd.getpwuid(os.geteuid()).pw_name
    except KeyError:
        return f"user {os.geteuid()}"


def _blocked_folder(path: Path, account: Account | None) -> Path | None:
    """Return the first folder on the way to ``path``, itself included, that stops ``account``."""
    if account is None:
        return None
    ways = (*reversed(path.parents), path)
    return next((folder for folder in ways if not _may_enter(folder, account)), None)


def _may_enter(folder: Path, account: Account) -> bool:
    status = folder.stat()
    if status.st_uid == account.uid:
        return bool(status.st_mode & stat.S_IXUSR)
    if status.st_gid == account.gid:
        return bool(status.st_mode & stat.S_IXGRP)
    return bool(status.st_mode & stat.S_IXOTH)


def _open_folder(path: Path) -> Path:
    path.mkdir(exist_ok=True)
    path.chmod(0o755)
    return path


def _private_folder(path: Path, account: Account | None) -> Path:
    owner = account.uid if account else os.geteuid()
    if not path.exists():
        path.mkdir(mode=0o700)
        if account:
            os.chown(path, account.uid, account.gid)
    status = path.lstat()
    if not stat.S_ISDIR(status.st_mode) or status.st_uid != owner:
        raise EngineError(
            f"{path} belongs to user {status.st_uid}, but the engines would run as user {owner}:"
            " start Clew as before, or set CLEW_DATA_DIR to another folder"
        )
    path.chmod(0o700)  # PostgreSQL refuses a folder that others can read
    return path


def _remembered_path(data_dir: Path) -> Path:
    return data_dir / "sockets"


def _socket_folder(data_dir: Path, account: Account | None) -> Path:
    """Return the folder used before if it is still ours, or else a new one that nobody can have
    prepared for us."""
    owner = account.uid if account else os.geteuid()
    memory = _remembered_path(data_dir)
    if memory.exists():
        before = Path(memory.read_text(encoding="utf-8"))
        if _is_private(before, owner):
            return before
    folder = Path(tempfile.mkdtemp(prefix="clew-", dir=_temporary_folder(account)))
    if account:
        os.chown(folder, account.uid, account.gid)
    memory.write_text(str(folder), encoding="utf-8")
    return folder


def _is_private(folder: Path, owner: int) -> bool:
    try:
        status = folder.lstat()
    except OSError:
        return False
    mode = stat.S_IMODE(status.st_mode)
    return stat.S_ISDIR(status.st_mode) and status.st_uid == owner and mode == 0o700


def _temporary_folder(account: Account | None) -> Path:
    """Return a folder for short paths; root's own temporary folder may be closed to others."""
    for candidate in (tempfile.gettempdir(), "/tmp", "/var/tmp"):
        short = len(os.fsencode(candidate + _LONGEST_SOCKET_NAME)) <= _SOCKET_PATH_BYTES
        folder = Path(candidate).resolve()
        if short and os.access(folder, os.W_OK) and not _blocked_folder(folder, account):
            return folder
    raise EngineError("no temporary folder is short and open enough for sockets: set TMPDIR")
