"""XML sitemaps and feeds, fed in pieces to expat; what follows a fault is read by its marks.

    urlset        url/loc            pages
                  url/*:link[@href]  other forms of a page (rel=alternate: by language, by device)
    sitemapindex  sitemap/loc        further sitemaps
    rss, RDF      item/link          pages
    feed          entry/link[@href]  pages (Atom, RFC 4287)

Names are taken with their prefix and by their place, not by namespaces: these are declared wrongly
too often, and `image:loc` must not pass for `loc`. Only links to other forms of a page are taken
under any prefix: `xhtml:` is custom, and nothing else in a sitemap has their attributes (Google
Search Central, "Tell Google about localized versions of your page").
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from xml.parsers import expat

from crawler.domain.mediatypes import is_page

MAX_ELEMENTS = 1_500_000
"""Elements that are read: thirty for each URL of the largest sitemap. More only cost time."""

MAX_DEPTH = 100
"""Elements within elements; each that is open costs memory."""

MAX_TOKEN_BYTES = 2**20
"""Bytes of one tag, text or comment: expat looks through an unfinished one with every piece."""

_MAX_ADDRESS = 8_192


@dataclass(frozen=True, slots=True)
class _Form:
    """Names of a form of sitemap: the item, and its part that holds the address."""

    item: str
    part: str
    is_index: bool = False
    has_alternates: bool = False
    attribute: str | None = None


_FORMS = {
    "urlset": _Form("url", "loc", has_alternates=True),
    "sitemapindex": _Form("sitemap", "loc", is_index=True),
    "rss": _Form("item", "link"),
    "rdf": _Form("item", "link"),
    "feed": _Form("entry", "link", attribute="href"),
}

@dataclass(slots=True)
class Addresses:
    """As written: those of pages or sitemaps, and those of other forms of the pages."""

    listed: list[str] = field(default_factory=list)
    alternates: list[str] = field(default_factory=list)


_ENTITIES = {"&amp;": "&", "&lt;": "<", "&gt;": ">", "&quot;": '"', "&apos;": "'"}
_ENTITY = re.compile("|".join(_ENTITIES))
_ATTRIBUTE = re.compile(rb"""\b(rel|href|type)\s*+=\s*+("[^"]*+"|'[^']*+')""")


class _Over(Exception):
    """Nothing more comes of it: no sitemap, or one that declares a document type or has no end."""


class XmlSitemap:
    """The addresses of one XML document, as its pieces come."""

    def __init__(self, *, is_utf_8: bool = False) -> None:
        """`is_utf_8`: its bytes are, whatever its declaration says."""
        self._expat = expat.ParserCreate("utf-8" if is_utf_8 else None)
        self._expat.buffer_text = True
        self._expat.StartElementHandler = self._start
        self._expat.EndElementHandler = self._end
        self._expat.StartDoctypeDeclHandler = _refuse
        self._form: _Form | None = None
        self._prefix = ""
        self._depth = 0
        self._item_depth = 0
        self._elements = 0
        self._fed = 0
        self._text: list[str] = []
        self._characters = 0
        self._found = Addresses()
        self._fault: _Remainder | None = None
        self.wants_alternates = True
        """Whether other forms of pages are still of use: to take them costs time."""
        self.is_broken = False
        """Whether it had a fault."""
        self.is_over = False
        """Whether nothing more comes of it."""

    @property
    def is_index(self) -> bool:
        """Whether its addresses are those of further sitemaps."""
        return self._form is not None and self._form.is_index

    def feed(self, piece: bytes) -> Addresses:
        """The addresses that a piece brought."""
        self._found = Addresses()
        if self._fault is not None:
            self._feed_remainder(self._fault, piece)
        else:
            self._fed += len(piece)
            self._parse(piece)
        return self._found

    def end(self) -> None:
        """Has what was fed judged as a whole."""
        if not self.is_broken:
            self._parse(b"", is_last=True)

    def _parse(self, piece: bytes, *, is_last: bool = False) -> None:
        try:
            self._expat.Parse(piece, is_last)
            if self._fed - self._expat.CurrentByteIndex > MAX_TOKEN_BYTES:
                raise _Over
        except expat.ExpatError:
            self.is_broken = True
            if self._form is not None and self._form.part == "loc":
                self._fault = _Remainder(self._prefix)
                self._feed_remainder(self._fault, piece)
            else:
                self.is_over = True
        except _Over:
            self.is_broken = self.is_over = True

    def _feed_remainder(self, remainder: "_Remainder", piece: bytes) -> None:
        for mark in remainder.feed(piece):
            if mark["address"]:
                self._found.listed.append(_unescape(mark["address"]))
            elif self.wants_alternates:
                self._found.alternates += _alternates_of(mark["link"])

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        self._depth += 1
        self._elements += 1
        if self._form is None:
            self._begin(name)
        elif self._item_depth == 0:
            if name == self._prefix + self._form.item:
                self._item_depth = self._depth
        elif self._depth == self._item_depth + 1:
            if name == self._prefix + self._form.part:
                self._start_part(attributes)
            elif self.wants_alternates and name.endswith("link") and self._form.has_alternates:
                self._take_alternate(name, attributes)
        if self._elements > MAX_ELEMENTS or self._depth > MAX_DEPTH:
            raise _Over

    def _begin(self, root: str) -> None:
        prefix, colon, name = root.rpartition(":")
        form = _FORMS.get(name.lower())
        if form is None:
            raise _Over
        self._form = form
        # Only RDF's root is of another namespace than its items.
        self._prefix = "" if name.lower() == "rdf" else prefix + colon

    def _start_part(self, attributes: dict[str, str]) -> None:
        if self._form is not None and self._form.attribute is not None:
            is_link = attributes.get("rel", "alternate") == "alternate"
            if is_link and is_page(attributes.get("type")):
                self._found.listed.append(attributes.get(self._form.attribute, ""))
            return
        self._text, self._characters = [], 0
        self._expat.CharacterDataHandler = self._take_text

    def _take_alternate(self, name: str, attributes: dict[str, str]) -> None:
        if (name == "link" or name.endswith(":link")) and _is_alternate(attributes):
            self._found.alternates.append(attributes["href"])

    def _take_text(self, text: str) -> None:
        if self._characters < _MAX_ADDRESS:
            self._text.append(text)
            self._characters += len(text)

    def _end(self, name: str) -> None:
        if self._expat.CharacterDataHandler is not None:
            self._expat.CharacterDataHandler = None
            self._found.listed.append("".join(self._text)[:_MAX_ADDRESS].strip())
        if self._depth == self._item_depth:
            self._item_depth = 0
        self._depth -= 1


def _refuse(*_: object) -> None:
    raise _Over


def _is_alternate(attributes: Mapping[str, str]) -> bool:
    """Whether a link leads to another form of its page, which is a page."""
    rel = attributes.get("rel", "")
    is_named = rel == "alternate" or "alternate" in rel.lower().split()
    return is_named and "href" in attributes and is_page(attributes.get("type"))


class _Remainder:
    """What follows a fault: most often one `&` that should have been `&amp;`."""

    def __init__(self, prefix: str) -> None:
        name = re.escape(prefix.encode()) + b"loc"
        self._mark = re.compile(
            rb"<" + name + rb"\s*>\s*(?:<!\[CDATA\[\s*)?(?P<address>[^<>\s\]]{1,%d})"
            rb"|<(?:[\w.-]{1,30}:)?link(?P<link>\s[^<>]{1,%d})>" % (_MAX_ADDRESS, _MAX_ADDRESS)
        )
        self._carried = b""

    def feed(self, piece: bytes) -> Iterator[re.Match[bytes]]:
        """Each `address` of a piece, and of what the last one ended amid, and the attributes of
        each `link`; some may come twice."""
        text = self._carried + piece
        end = 0
        for found in self._mark.finditer(text):
            if found.end() == len(text) and found["address"]:
                break  # it may go on
            end = found.end()
            yield found
        self._carried = text[max(end, len(text) - _MAX_ADDRESS - 256) :]


def _alternates_of(link: bytes) -> list[str]:
    found = _ATTRIBUTE.findall(link)
    attributes = {name.decode(): _unescape(value[1:-1]) for name, value in found}
    return [attributes["href"]] if _is_alternate(attributes) else []


def _unescape(address: bytes) -> str:
    text = address.decode("utf-8", "replace")
    return _ENTITY.sub(lambda entity: _ENTITIES[entity[0]], text)
