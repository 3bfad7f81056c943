"""A ZIP of Markdown as a folder, whatever its names say.

The archive comes from Clew, its names come from the sites: nothing leaves the folder, nothing is
written that is no plain file, and no file of the archive takes another's place.
"""

import shutil
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

_NAME_CHARACTERS = 255
_FORBIDDEN = frozenset('\\:*?"<>|')
_RESERVED = frozenset(
    {"con", "prn", "aux", "nul", *(f"{kind}{n}" for kind in ("com", "lpt") for n in range(1, 10))}
)


class BadArchive(Exception):
    """The archive is broken, or holds a name that may not become a file; the text says which."""


def unpack(archive: Path, folder: Path, check: Callable[[], None]) -> int:
    """Writes the archive's files into the folder, which is empty; returns how many.

    ``check`` is called before each file and may raise to end it.

    Raises:
        BadArchive: nothing but what came before is written.
        OSError: when a file can't be written.
    """
    try:
        with zipfile.ZipFile(archive) as opened:
            members = list(_members(opened))
            for info, parts in members:
                check()
                path = folder.joinpath(*parts)
                path.parent.mkdir(parents=True, exist_ok=True)
                # Exclusive: where upper and lower case are one, the second name is refused.
                with opened.open(info) as source, path.open("xb") as target:
                    shutil.copyfileobj(source, target)
    except (zipfile.BadZipFile, NotImplementedError, EOFError) as error:
        raise BadArchive(f"the archive is broken: {error}") from None
    return len(members)


def _members(opened: zipfile.ZipFile) -> Iterator[tuple[zipfile.ZipInfo, list[str]]]:
    """The files, all of whose names are judged before the first is written."""
    seen: set[str] = set()
    for info in opened.infolist():
        if info.is_dir():
            continue
        parts = _parts(info.orig_filename)
        key = "/".join(parts).casefold()
        if key in seen:
            raise BadArchive(f"the archive holds {info.filename!r} twice")
        seen.add(key)
        yield info, parts


def _parts(name: str) -> list[str]:
    """The folders and the file of a name, each of which is one on every system."""
    parts = name.split("/")
    if not all(map(_is_safe, parts)):
        raise BadArchive(f"the archive holds {name!r}, which is no name for a file")
    return parts


def _is_safe(part: str) -> bool:
    if not part or not part.isprintable() or _FORBIDDEN & set(part):
        return False
    if part[-1] in ". " or part.partition(".")[0].rstrip().lower() in _RESERVED:
        return False
    return len(part.encode("utf-8", "surrogatepass")) <= _NAME_CHARACTERS
