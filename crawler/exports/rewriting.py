"""Links of pages as links between the files of an archive."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from urllib.parse import quote

from crawler.domain.markdown_links import (
    Kind,
    Link,
    absolute,
    find_links,
    fragment,
    with_destinations,
)
from crawler.domain.urls import resolve

FileOf = Callable[[str], str | None]
"""The file of the page that a canonical URL leads to; None where it leads to none."""


@dataclass(frozen=True, slots=True)
class LinkedText:
    """A page's Markdown with its links, and the canonical URLs to which their destinations lead."""

    markdown: str
    page_url: str
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
    return LinkedText(markdown, page_url, links, urls)


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
        file = None if link.kind is Kind.IMAGE else file_of(url)
        if file is not None:
            return _between(own_file, file, fragment(link.destination))
        return absolute(link.destination, text.page_url)

    return with_destinations(text.markdown, text.links, chosen)


def relative_link(from_file: str, to_file: str) -> str:
    """A relative reference (RFC 3986, 4.2) from one file of a folder to another."""
    here, there = from_file.split("/")[:-1], to_file.split("/")
    shared = 0
    while shared < min(len(here), len(there) - 1) and here[shared] == there[shared]:
        shared += 1
    return quote("/".join([".."] * (len(here) - shared) + there[shared:]), safe="/~")


def _between(own_file: str, file: str, place: str) -> str:
    if file == own_file and place:
        return place
    return relative_link(own_file, file) + place
