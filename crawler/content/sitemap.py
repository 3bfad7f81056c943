"""What a sitemap lists (sitemaps.org): XML, feeds (RSS, Atom), plain text; packed or not.

Sitemaps are written by programs that nobody looks after, so what can be read of a broken one is
taken: up to its fault as XML, after that by its marks. It is read as it unpacks, in pieces, since a
few kilobytes may unpack to gigabytes. A document type is refused, and with it every entity bomb.
"""

import codecs
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain

from crawler.content.sitemap_xml import XmlSitemap
from crawler.content.unpacking import Unpacking
from crawler.domain.urls import resolve

MAX_URLS = 50_000
"""URLs of one sitemap that are kept: what the protocol allows."""

MAX_CHARACTERS = 10_000_000
"""Characters of all URLs of one sitemap that are kept."""

_MOST_ADDRESSES = 4 * MAX_URLS
_MAX_LINE = 4_096
_BOM = b"\xef\xbb\xbf"
_UTF_16 = {b"\xff\xfe": "utf-16-le", b"\xfe\xff": "utf-16-be"}
_ADDRESS = re.compile(rb"[hH][tT][tT][pP][sS]?:[^\s<>]++")
_MOST_INDENTED = 8


@dataclass(frozen=True, slots=True)
class Sitemap:
    """Canonical URLs of pages and of further sitemaps, distinct, in the order of the sitemap; after
    them, as far as there is room, the other forms of its pages that it does not list themselves.

    `is_broken`: there is more, or was meant to be, that could not be read.
    """

    urls: tuple[str, ...]
    sitemaps: tuple[str, ...]
    is_broken: bool


class _Found:
    """Addresses as they are found, up to the bounds. What is listed goes before alternates."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._characters = 0
        self._listed_left = self._alternates_left = _MOST_ADDRESSES
        self.listed: dict[str, None] = {}
        self.alternates: dict[str, None] = {}
        self.is_full = False
        """Whether no more that is listed can be taken."""
        self.lacks_alternates = False
        """Whether there was no room for some alternates."""

    @property
    def wants_alternates(self) -> bool:
        """Whether further alternates are looked at."""
        return self._alternates_left > 0

    def add(self, addresses: Iterable[str]) -> None:
        """Takes addresses as written; those that are none are passed over."""
        for address in addresses:
            if address in self.listed:
                continue
            self._listed_left -= 1
            url = resolve(address, self._url) if address else None
            if self._listed_left < 0 or (url and not self._list(url)):
                self.is_full = True
                return

    def add_alternates(self, addresses: Iterable[str]) -> None:
        """Takes addresses of other forms of pages, as written. Each form names them all, so most
        are known."""
        for address in addresses:
            if address in self.alternates or address in self.listed:
                continue
            self._alternates_left -= 1
            if not self.wants_alternates:
                self.lacks_alternates = True
                return
            url = resolve(address, self._url) if address else None
            if url and url not in self.alternates and url not in self.listed:
                self._add_alternate(url)

    def _list(self, url: str) -> bool:
        """Takes a URL if there is room, or alternates can make it."""
        if url in self.listed:
            return True
        if url in self.alternates:
            del self.alternates[url]
            self._characters -= len(url)
        while not self._has_room(url):
            if not self.alternates:
                return False
            given_up, _ = self.alternates.popitem()
            self._characters -= len(given_up)
            self.lacks_alternates = True
        self._characters += len(url)
        self.listed[url] = None
        return True

    def _add_alternate(self, url: str) -> None:
        if self._has_room(url):
            self._characters += len(url)
            self.alternates[url] = None
        else:
            self.lacks_alternates = True

    def _has_room(self, url: str) -> bool:
        count = len(self.listed) + len(self.alternates)
        return count < MAX_URLS and self._characters + len(url) <= MAX_CHARACTERS


def read_sitemap(body: bytes, url: str) -> Sitemap:
    """What the sitemap in a body lists; `url` is where it was fetched. Never raises.

    Its kind is taken from what it is: servers name it at random.
    """
    unpacking = Unpacking(body)
    found = _Found(url)
    pieces = iter(unpacking)
    first = next(pieces, b"")
    codec = _UTF_16.get(first[:2])
    if codec:
        pieces = _as_utf_8(chain((first[2:],), pieces), codec)
        first = next(pieces, b"")
    first = first.removeprefix(_BOM).lstrip()
    pieces = chain((first,), pieces)
    if first.startswith(b"<"):
        xml = XmlSitemap(is_utf_8=codec is not None)
        is_broken, is_index = _read_xml(xml, pieces, found), xml.is_index
    else:
        is_broken, is_index = _read_text(pieces, found), False
    is_broken = is_broken or unpacking.is_cut or found.is_full or found.lacks_alternates
    if is_index:
        return Sitemap((), tuple(found.listed), is_broken)
    return Sitemap((*found.listed, *found.alternates), (), is_broken)


def _as_utf_8(pieces: Iterable[bytes], codec: str) -> Iterator[bytes]:
    decoder = codecs.getincrementaldecoder(codec)("replace")
    for piece in pieces:
        yield decoder.decode(piece).encode("utf-8", "replace")


def _read_xml(xml: XmlSitemap, pieces: Iterable[bytes], found: _Found) -> bool:
    """Takes what there is; returns whether there was a fault."""
    for piece in pieces:
        xml.wants_alternates = found.wants_alternates
        brought = xml.feed(piece)
        found.add(brought.listed)
        found.add_alternates(brought.alternates)
        if xml.is_over or found.is_full:
            return True
    xml.end()
    return xml.is_broken


def _read_text(pieces: Iterable[bytes], found: _Found) -> bool:
    """Takes the lines that begin with an address; returns whether there was none."""
    carried = b"\n"
    for piece in pieces:
        text = carried + piece
        end = max(text.rfind(b"\n"), text.rfind(b"\r"), 0)
        found.add(_addresses(text[:end]))
        carried = text[end : end + _MAX_LINE]
        if found.is_full:
            return True
    found.add(_addresses(carried))
    return not found.listed


def _addresses(text: bytes) -> Iterator[str]:
    """Addresses at the beginning of lines; a text that names one in passing is no sitemap."""
    for found in _ADDRESS.finditer(text):
        before = text[max(0, found.start() - _MOST_INDENTED) : found.start()].rstrip(b" \t")
        if before.endswith((b"\n", b"\r")) and len(found[0]) <= _MAX_LINE:
            yield found[0].decode("utf-8", "replace")
