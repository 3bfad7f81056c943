"""What `Link` headers say of a page (RFC 8288): its canonical URL (RFC 6596), pages beside it.

    Link: <https://site.example/a>; rel="canonical", </de/a>; rel=alternate; hreflang=de

It is the only word of its kind that a text has. Read as the RFC's appendix B.2 reads: up to the
first fault, and links of anything but the page itself (`anchor`) are none of the page's.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice

from crawler.content.head import MAX_LINK_TEXT, NamedPage, is_page_named
from crawler.content.mediatype import Kind, kind_of
from crawler.content.tree import fold
from crawler.domain.urls import resolve

_MOST_LINKS = 1_000
_MOST_PARAMETERS = 20
_NAMES_PAGES = frozenset(("next", "prev", "alternate"))

# Possessive throughout: what is hostile is read once, whatever it is made of.
_TARGET = re.compile(r"[\s,]*+<([^<>]*+)>")
_PARAMETER = re.compile(
    r"""
    \s*+ ; [\s;]*+
    ([^\s=;,"<>]++) \s*+                            # its name
    (?: = \s*+ (?: "((?:[^"\\]++|\\.)*+) (?:"|\\?\Z)  # a string, closed or cut off
               |   ([^\s;,"]*+) ) )?+               # or a token
    """,
    re.X | re.S,
)
_END = re.compile(r"[\s;]*+(?:,|\Z)")
_ESCAPED = re.compile(r"\\(.)", re.S)


@dataclass(slots=True)
class LinkHeaders:
    """`canonicals`: the URLs that are called canonical, None among them where one is no web
    address. `pages`: further pages, by their canonical URLs. `markdown`: the first of these that
    is the page in Markdown."""

    canonicals: set[str | None] = field(default_factory=set)
    pages: list[NamedPage] = field(default_factory=list)
    markdown: str | None = None


def read_link_headers(headers: Iterable[tuple[str, str]], url: str) -> LinkHeaders:
    """What the `Link` headers of the answer at `url` say; never raises, in linear time.

    Relative addresses are resolved against `url`: a `<base>` in the page does not count for them
    (RFC 8288, section 3.1).
    """
    said = LinkHeaders()
    for target, parameters in islice(_links(headers), _MOST_LINKS):
        if target and "anchor" not in parameters:
            _take(said, resolve(target, url), parameters)
    return said


def _take(said: LinkHeaders, target: str | None, parameters: Mapping[str, str]) -> None:
    rel = fold(parameters.get("rel", "").lower(), MAX_LINK_TEXT)
    tokens = rel.split()
    if "canonical" in tokens:
        said.canonicals.add(target)
    elif target is None or _NAMES_PAGES.isdisjoint(tokens):
        return
    elif is_page_named(tokens, parameters.get("type")):
        text = fold(parameters.get("title", ""), MAX_LINK_TEXT)
        said.pages.append(NamedPage(target, text, rel))
        if "alternate" in tokens and kind_of(parameters.get("type")) is Kind.MARKDOWN:
            said.markdown = said.markdown or target


def _links(headers: Iterable[tuple[str, str]]) -> Iterator[tuple[str, dict[str, str]]]:
    """Target and parameters of each link, as written."""
    for name, value in headers:
        if len(name) == 4 and name.lower() == "link":
            yield from _links_of(_as_browsers_read(value))


def _links_of(value: str) -> Iterator[tuple[str, dict[str, str]]]:
    at = 0
    while target := _TARGET.match(value, at):
        parameters: dict[str, str] = {}
        at = target.end()
        while parameter := _PARAMETER.match(value, at):
            at = parameter.end()
            if len(parameters) < _MOST_PARAMETERS:
                # Of a name that comes twice the first counts (section 3.3).
                parameters.setdefault(parameter[1].lower(), _value(parameter))
        yield target[1].strip(), parameters
        end = _END.match(value, at)
        if end is None:
            return
        at = end.end()


def _value(parameter: re.Match[str]) -> str:
    quoted, token = parameter[2], parameter[3]
    return _ESCAPED.sub(r"\1", quoted) if quoted is not None else token or ""


def _as_browsers_read(value: str) -> str:
    """A header's bytes, which came as latin-1: UTF-8 where they are."""
    try:
        return value.encode("latin-1").decode()
    except UnicodeError:
        return value
