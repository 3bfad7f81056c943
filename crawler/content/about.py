"""What a page says of its making: author, dates, canonical URL, Open Graph, linked data.

Several systems of saying it are in use, and many pages use more than one. The first that says
something counts, in the order of how seldom it is wrong:

    1 JSON-LD            author, datePublished, dateModified (schema.org)
    2 Open Graph         article:published_time, article:modified_time, article:author (ogp.me)
    3 meta name=         author, date, dc.*, dcterms.*, last-modified, and their like
    4 microdata          itemprop author, datePublished, dateModified (HTML, section 5)
    5 <time datetime>    the only one of the page, or one with `pubdate`: when it was published
    6 rel=author         the text of the link (HTML, section 4.6.6.2), on a page with any of these

To look through a page's body costs what a twentieth of its parsing does, so most pages, which have
nothing of the kind, are looked through once.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from selectolax.lexbor import LexborHTMLParser, LexborNode

from crawler.content.dates import iso_date
from crawler.content.jsonld import MAX_AUTHOR, LinkedData, read_linked_data
from crawler.content.tree import attribute
from crawler.domain.text import one_line
from crawler.domain.urls import resolve

VOCABULARY = "schema.org"
"""What a source mentions that has linked data or microdata."""

MAX_PROPERTIES = 40
"""Open Graph properties that are kept."""

MAX_VALUE = 1_000
"""Characters of a property's value that are kept."""

_MAX_NAME = 60
_MOST_MARKS = 300
_MOST_TIMES = 20
_SCRIPTS = 'script[type="application/ld+json" i]'
_AUTHORS = ("author", "dc.creator", "dcterms.creator", "citation_author", "parsely-author")
_PUBLISHED = (
    "article:published_time", "date", "dc.date", "dc.date.issued", "dcterms.issued",
    "dcterms.created", "dcterms.date", "pubdate", "publishdate", "publish_date",
    "citation_publication_date", "citation_date", "parsely-pub-date",
)  # fmt: skip
_MODIFIED = (
    "article:modified_time", "og:updated_time", "dc.date.modified", "dcterms.modified",
    "last-modified", "revised", "modified",
)  # fmt: skip
_TELLING = frozenset(("og:type", "og:title", *_PUBLISHED))


@dataclass(frozen=True, slots=True)
class About:
    """What a page says of its making; "" and empty where it says nothing.

    Dates are ISO 8601, as the page gives them. `open_graph` holds the first value of each property,
    by its name without `og:`.
    """

    author: str = ""
    published: str = ""
    modified: str = ""
    canonical: str = ""
    open_graph: Mapping[str, str] = field(default_factory=dict)
    types: tuple[str, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """What is said, in the API's camelCase; what is not said is left out."""
        said = {
            "author": self.author,
            "publishedAt": self.published,
            "modifiedAt": self.modified,
            "canonicalUrl": self.canonical,
            "openGraph": dict(self.open_graph),
            "jsonLdTypes": list(self.types),
        }
        return {name: value for name, value in said.items() if value}


@dataclass(slots=True)
class _Head:
    """Contents of meta elements by name, in lower case, and canonical URLs as written."""

    said: dict[str, list[str]] = field(default_factory=dict)
    canonicals: set[str] = field(default_factory=set)

    def first(self, names: Iterable[str]) -> Iterator[str]:
        """What is said under the names, in their order."""
        return (value for name in names for value in self.said.get(name, ()))


def read_about(tree: LexborHTMLParser, base: str, *, has_vocabulary: bool) -> About:
    """What a page says of its making; relative URLs are resolved against `base`.

    `has_vocabulary`: its source mentions `VOCABULARY`. Never raises.
    """
    head = _read_head(tree)
    linked, data = LinkedData(), _Microdata()
    if has_vocabulary:
        linked = read_linked_data(node.text() for node in tree.css(_SCRIPTS))
        data = _read_microdata(tree)
    shown = _read_shown(tree, is_article=has_vocabulary or bool(head.said.keys() & _TELLING))
    return About(
        author=linked.author or _author(head) or data.author or shown.author,
        published=linked.published or _date(head, _PUBLISHED) or data.published or shown.published,
        modified=linked.modified or _date(head, _MODIFIED) or data.modified,
        canonical=_canonical(head.canonicals, base),
        open_graph=_open_graph(head),
        types=linked.types,
    )


def _read_head(tree: LexborHTMLParser) -> _Head:
    """One walk over the elements that say something: this is done for every page."""
    found = _Head()
    head = tree.head
    for node in head.css("meta, link[rel~=canonical i]")[:_MOST_MARKS] if head else ():
        attributes = node.attributes
        if node.tag == "link":
            href = (attributes.get("href") or "").partition("#")[0].strip()
            found.canonicals.update((href,) if href else ())
            continue
        name = attributes.get("property") or attributes.get("name") or attributes.get("http-equiv")
        content = attributes.get("content")
        if name and content and len(name) <= _MAX_NAME:
            found.said.setdefault(name.lower(), []).append(content)
    return found


def _author(head: _Head) -> str:
    """Several authors stand in elements of their own, or in one. Open Graph's may be an address."""
    for name in ("article:author", *_AUTHORS):
        names = [_person(value) for value in head.said.get(name, ())]
        if any(names):
            return _line(", ".join(dict.fromkeys(filter(None, names))), MAX_AUTHOR)
    return ""


def _date(head: _Head, names: Iterable[str]) -> str:
    return next(filter(None, map(iso_date, head.first(names))), "")


def _canonical(hrefs: set[str], base: str) -> str:
    """Two that differ say nothing: one of them was left by a template."""
    urls = {resolve(href, base) for href in hrefs}
    return (urls.pop() or "") if len(urls) == 1 else ""


def _open_graph(head: _Head) -> dict[str, str]:
    found: dict[str, str] = {}
    for name, values in head.said.items():
        if name.startswith("og:") and len(found) < MAX_PROPERTIES:
            key, value = _line(name[3:], _MAX_NAME), _line(values[0], MAX_VALUE)
            if key and value:
                found[key] = value
    return found


@dataclass(frozen=True, slots=True)
class _Microdata:
    author: str = ""
    published: str = ""
    modified: str = ""


def _read_microdata(tree: LexborHTMLParser) -> _Microdata:
    return _Microdata(
        author=_person(_property(tree.css_first("[itemprop~=author]"))),
        published=iso_date(_property(tree.css_first("[itemprop~=datePublished]"))),
        modified=iso_date(_property(tree.css_first("[itemprop~=dateModified]"))),
    )


def _property(node: LexborNode | None) -> str:
    """A property's value (HTML, section 5.2.4); of an item that is an object, its name."""
    if node is None:
        return ""
    if "itemscope" in node.attrs:
        return _property(node.css_first("[itemprop~=name]:not([itemscope])"))
    return attribute(node, "content") or attribute(node, "datetime") or node.text()[: MAX_VALUE * 8]


def _read_shown(tree: LexborHTMLParser, *, is_article: bool) -> _Microdata:
    """What the body shows: a date, the link to an author."""
    times = tree.css("time")[:_MOST_TIMES]
    author = tree.css_first("a[rel~=author i]") if times or is_article else None
    marked = [node for node in times if "pubdate" in node.attrs]
    dates = {iso_date(attribute(node, "datetime")) for node in marked or times}
    return _Microdata(
        author=_person(author.text()[: MAX_VALUE * 8]) if author else "",
        published=dates.pop() if len(dates) == 1 else "",
    )


def _person(text: str) -> str:
    name = _line(text, MAX_AUTHOR)
    return "" if name.lower().startswith(("http:", "https:", "//", "@")) else name


def _line(text: str, limit: int) -> str:
    return one_line(text[: limit * 8], limit)
