"""Where the result goes: judged before the crawl begins, written aside, then renamed.

So a result is there whole or not at all, and nothing that was there before is lost: with `--force`
it is moved to a name that ends in `.old`.
"""

import os
import secrets
import shutil
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO
from urllib.parse import urlsplit

from crawler.terminal.unpacking import unpack

FOLDER = "folder"
"""The format that is a ZIP on the wire and a folder of Markdown files here."""
FORMATS: Mapping[str, str] = {
    FOLDER: "",
    "zip": ".zip",
    "md": ".md",
    "jsonl": ".jsonl",
    "csv": ".csv",
    "llms": "-llms.txt",
    "llms-full": "-llms-full.txt",
    "sitemap": "-sitemap.xml",
}
"""What a file is called in a folder: its crawl's host, and this."""
_BY_SUFFIX = {".zip": "zip", ".md": "md", ".jsonl": "jsonl", ".csv": "csv"}


class Occupied(Exception):
    """Something is there already; the text says what to do."""


@dataclass(frozen=True)
class Destination:
    """A place for the result; `path` is None for standard output."""

    path: Path | None
    format: str
    force: bool
    max_tokens: int | None = None

    @property
    def query(self) -> dict[str, str]:
        """What the API is asked for."""
        query = {"format": "zip" if self.format == FOLDER else self.format}
        return query | ({"maxTokens": str(self.max_tokens)} if self.max_tokens else {})

    def check(self) -> None:
        """Raises Occupied when `write` would, before anything is fetched for it."""
        if self.path is None:
            return
        folder = _nearest_folder(self.path)
        if not os.access(folder, os.W_OK | os.X_OK) or not folder.is_dir():
            raise Occupied(f"nothing can be written to {folder}: name another place")
        if self.format == FOLDER and self.path.exists() and not self.path.is_dir():
            raise Occupied(f"{self.path} is a file: name a folder, or choose another --format")
        if self.format != FOLDER and self.path.is_dir():
            raise Occupied(f"{self.path} is a folder")
        if _holds_something(self.path) and not self.force:
            raise Occupied(
                f"{self.path} is there already: name another place, or use --force, which moves it"
                " aside"
            )

    def write(self, chunks: Iterable[bytes], check: Callable[[], None]) -> str:
        """Writes what the API sent; returns in words what is there now.

        ``check`` is called again and again, and may raise to end it: nothing is left then.

        Raises:
            Occupied: when something came there in the meantime.
            BadArchive, OSError: when it can't be written.
        """
        if self.path is None:
            _copy(chunks, sys.stdout.buffer, check)
            sys.stdout.buffer.flush()
            return "standard output"
        path = Path(os.path.abspath(self.path))
        path.parent.mkdir(parents=True, exist_ok=True)
        write = self._write_folder if self.format == FOLDER else self._write_file
        return write(path, chunks, check)

    def _write_file(self, path: Path, chunks: Iterable[bytes], check: Callable[[], None]) -> str:
        with _beside(path) as draft:
            _save(chunks, draft, check)
            self.check()
            kept = _move_aside(path)
            draft.rename(path)
        return f"{path}{kept}"

    def _write_folder(self, path: Path, chunks: Iterable[bytes], check: Callable[[], None]) -> str:
        with _beside(path) as archive, _beside(path) as draft:
            _save(chunks, archive, check)
            draft.mkdir()
            count = unpack(archive, draft, check)
            self.check()
            kept = _move_aside(path) if _holds_something(path) else ""
            _put(draft, path)
        return f"{path} ({count:,} files){kept}"


def choose(
    output: str | None, format: str | None, force: bool, url: str, max_tokens: int | None = None
) -> Destination | None:
    """The place that `-o` and `--format` name, None for none; `url` gives a file its name.

    A path that ends like a ZIP, Markdown, JSONL or CSV file is one unless it is a folder.
    """
    if output is None:
        return None
    if output == "-":
        return Destination(None, format if format and format != FOLDER else "md", force, max_tokens)
    path = Path(output)
    if format is None:
        format = FOLDER if path.is_dir() else _BY_SUFFIX.get(path.suffix.lower(), FOLDER)
    if format != FOLDER and (path.is_dir() or output.endswith(os.sep)):
        path = path / f"{_host(url)}{FORMATS[format]}"
    return Destination(path, format, force, max_tokens)


def _host(url: str) -> str:
    try:
        host = urlsplit(url).hostname or ""
    except ValueError:
        host = ""
    return "".join(char if char.isalnum() or char in "-." else "-" for char in host) or "crawl"


def _nearest_folder(path: Path) -> Path:
    """The folder in which something would be made: the first that is there of those above."""
    above = Path(os.path.abspath(path)).parents
    return next(folder for folder in above if os.path.lexists(folder))


def _holds_something(path: Path) -> bool:
    return any(path.iterdir()) if path.is_dir() else os.path.lexists(path)


@contextmanager
def _beside(path: Path) -> Iterator[Path]:
    """A name in the same folder, so that it can be renamed; what bears it in the end is removed."""
    draft = path.with_name(f".{path.name}.{secrets.token_hex(4)}.part")
    try:
        yield draft
    finally:
        if draft.is_dir():
            shutil.rmtree(draft, ignore_errors=True)
        else:
            draft.unlink(missing_ok=True)


def _save(chunks: Iterable[bytes], path: Path, check: Callable[[], None]) -> None:
    with path.open("xb") as file:
        _copy(chunks, file, check)


def _copy(chunks: Iterable[bytes], file: IO[bytes], check: Callable[[], None]) -> None:
    for chunk in chunks:
        check()
        file.write(chunk)


def _move_aside(path: Path) -> str:
    """Gives what is there another name; returns words that say which."""
    if not os.path.lexists(path):
        return ""
    number, old = 1, path.with_name(f"{path.name}.old")
    while os.path.lexists(old):
        number += 1
        old = path.with_name(f"{path.name}.old-{number}")
    path.rename(old)
    return f"; what was there before is in {old}"


def _put(draft: Path, path: Path) -> None:
    """An empty folder that is there stays the same one: it may be a shell's current one."""
    if not path.is_dir():
        draft.rename(path)
        return
    for entry in draft.iterdir():
        entry.rename(path / entry.name)
