"""Names of files for pages: safe on Windows, macOS and Linux, one for each page, within the folder.

A name follows the URL's path: `/library/os.html` is `library/os.md`, `/library/` is
`library/index.md`. Where two pages of a job would have the same name to any of these systems,
both carry a mark of their URL. So a name depends on nothing but the URL and on whether another
page wants it, and stays the same in the next export and in the next crawl.
"""

import hashlib
import re
import unicodedata
from base64 import b32encode
from collections.abc import Iterator
from functools import lru_cache
from itertools import pairwise
from urllib.parse import unquote_to_bytes

README = "README.md"
"""The file at the top, which no page may take the place of."""

ENDING = ".md"
_MOST_STEM_BYTES = 80
_MOST_FOLDER_BYTES = 50
_MOST_PATH_BYTES = 140
"""Of folders and file below the host's: with that, and with a mark, a path stays below 200."""

# Not allowed in names on Windows (Naming Files, Paths, and Namespaces), `/` nowhere.
_FORBIDDEN = re.compile(r'[<>:"/\\|?*]+')
# Devices on Windows, whatever their ending; the superscript digits count as digits there.
_DEVICE = re.compile(r"(?:con|prn|aux|nul|conin\$|conout\$|clock\$|(?:com|lpt)[0-9¹²³]) *(?:\.|$)")
_PAGE_ENDING = re.compile(r"\.(?:x?html?|md|markdown)$", re.I)
_MARKED = re.compile(r"~[a-z2-7]{12}\.md$")


class FileNames:
    """The files of a job's pages: add every page first, then ask."""

    def __init__(self) -> None:
        self._seen: list[int] = []
        self._hosts: set[str] = set()
        self._contested: frozenset[int] = frozenset()

    def add(self, url: str) -> None:
        """Takes a page's URL into account; eight bytes of its name are kept."""
        host, path = plain_name(url)
        self._seen.append(_fingerprint(f"{host}/{path}"))
        if len(self._hosts) < 2:
            self._hosts.add(folded(host))

    def settle(self) -> None:
        """Finds the names that several pages want; what was kept for that is let go."""
        self._contested = frozenset(_repeated(self._seen))
        self._seen = []

    def of(self, url: str, key: str) -> str:
        """A page's file, as a path with `/`: with a folder for its host where there are several.

        Takes the page's URL, and as `key` a URL that no other page of the job has.
        """
        host, path = plain_name(url)
        if self._is_taken(host, path):
            path = f"{path.removesuffix(ENDING)}~{_mark(key)}{ENDING}"
        return f"{host}/{path}" if len(self._hosts) > 1 else path

    def _is_taken(self, host: str, path: str) -> bool:
        return (
            folded(path) == folded(README)
            or _MARKED.search(folded(path)) is not None
            or _fingerprint(f"{host}/{path}") in self._contested
        )


@lru_cache(maxsize=4096)  # most links of a page lead to what others link to, too
def plain_name(url: str) -> tuple[str, str]:
    """A page's host as a folder, and the path of its file below; other pages may want the same."""
    host, _, rest = url.partition("://")[2].partition("/")
    path, _, query = rest.partition("?")
    *folders, last = path.split("/")
    stem = _PAGE_ENDING.sub("", _decoded(last)) if last else "index"
    if query:
        stem = f"{stem}-{_decoded(query)}"
    file = safe_name(stem, _MOST_STEM_BYTES) + ENDING
    return folder_name(host), "/".join((*_fitting(folders, file), file))


def safe_name(text: str, most_bytes: int) -> str:
    """A component of a path that every system takes, at most so many bytes of UTF-8, or two more.

    Characters that nobody sees (controls, marks of direction, zero widths) are left out.
    """
    seen = "".join(
        " " if kind[0] == "Z" else char
        for char in text
        if (kind := unicodedata.category(char))[0] != "C"
    )
    name = _FORBIDDEN.sub("-", unicodedata.normalize("NFC", seen))
    name = _cut(name.strip(". "), most_bytes).strip(". ") or "_"
    return f"_{name}" if _DEVICE.match(folded(name)) else name


def folder_name(text: str) -> str:
    """The same for a folder, which never has the name of a page's file."""
    name = safe_name(_decoded(text), _MOST_FOLDER_BYTES)
    return f"{name}_" if folded(name).endswith(ENDING) else name


def folded(name: str) -> str:
    """What is equal for names that some system takes for one: without case, in one spelling."""
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", name).casefold())


def _fitting(folders: list[str], file: str) -> Iterator[str]:
    """As many folders as leave room for the file."""
    left = _MOST_PATH_BYTES - len(file.encode())
    for folder in filter(None, folders):
        name = folder_name(folder)
        left -= len(name.encode()) + 1
        if left < 0:
            return
        yield name


def _decoded(text: str) -> str:
    """A part of a URL as people read it; as it is where it is no UTF-8."""
    try:
        return unquote_to_bytes(text).decode()
    except UnicodeError:
        return text


def _cut(text: str, most_bytes: int) -> str:
    return text.encode("utf-8", "ignore")[:most_bytes].decode("utf-8", "ignore")


def _mark(key: str) -> str:
    """Sixty bits of a URL, as letters and digits without case."""
    digest = hashlib.blake2b(key.encode("utf-8", "surrogatepass"), digest_size=10).digest()
    return b32encode(digest).decode().lower()[:12]


def _fingerprint(name: str) -> int:
    digest = hashlib.blake2b(folded(name).encode("utf-8", "surrogatepass"), digest_size=8).digest()
    return int.from_bytes(digest, "big")


def _repeated(numbers: list[int]) -> Iterator[int]:
    numbers.sort()
    for one, following in pairwise(numbers):
        if one == following:
            yield one
