"""Links of pages as links between the files of an archive."""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from urllib.parse import quote

from crawler.domain.urls import resolve
from crawler.exports.links import Kind, Link, find_links, with_destinations

_ABSOLUTE = re.compile(r"[a-zA-Z][a-zA-Z0-9+.-]*:")
# What must not stand in a destination as it is: it would end it, a cell, or an attribute.
_UNSAFE = re.compile(r"[\x00-\x20\x7f\"'()<>\\`|\[\]{}^*]")

FileOf = Callable[[str], str | None]
"""The file of the page that a canonical URL leads to; None where it leads to none."""


@dataclass(frozen=True, slots=True)
class LinkedText:
    """A page's Markdown with its links, and the canonical URLs to which their destinations lead."""

    markdown: str
    links: list[Link]
    urls: Mapping[str, str]


def read_links(markdown: str, page_url: str) -> LinkedText:
    """A page's Markdown, its links found and resolved against the page's URL."""
    links = find_links(markdown)
    urls = {}
    for destination in {link.destination for link in links}:
        url = resolve(destination, page_url)
        if url is not None:
            urls[destination] = url
    return LinkedText(markdown, links, urls)


def wanted_urls(texts: Iterable[LinkedText]) -> set[str]:
    """The URLs whose pages may be files."""
    return {url for text in texts for url in text.urls.values()}


def rewritten(text: LinkedText, own_file: str, file_of: FileOf) -> str:
    """The text as it stands in its file: links to pages lead to their files, all else is absolute.

    Images stay where they are, since they are no pages. Fragments are kept.
    """

    def chosen(link: Link) -> str | None:
        url = text.urls.get(link.destination)
        if url is None:
            return None
        fragment = _fragment(link.destination)
        file = None if link.kind is Kind.IMAGE else file_of(url)
        if file is not None:
            return _between(own_file, file, fragment)
        is_absolute = _ABSOLUTE.match(link.destination) is not None
        return None if is_absolute else _safe(url) + fragment

    return with_destinations(text.markdown, text.links, chosen)


def relative_link(from_file: str, to_file: str) -> str:
    """A relative reference (RFC 3986, 4.2) from one file of a folder to another."""
    here, there = from_file.split("/")[:-1], to_file.split("/")
    shared = 0
    while shared < min(len(here), len(there) - 1) and here[shared] == there[shared]:
        shared += 1
    return quote("/".join([".."] * (len(here) - shared) + there[shared:]), safe="/~")


def _between(own_file: str, file: str, fragment: str) -> str:
    if file == own_file and fragment:
        return fragment
    return relative_link(own_file, file) + fragment


def _fragment(destination: str) -> str:
    _, mark, fragment = destination.partition("#")
    return mark + _safe(fragment)


def _safe(text: str) -> str:
    return _UNSAFE.sub(lambda match: f"%{ord(match[0]):02X}", text)
