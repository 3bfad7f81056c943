"""One page, once: a URL whose page the job has under another URL is a `duplicate` of that.

    the same content, or that of its Markdown form                 → the same page
    names the URL of a page that is there, with the same title     → that page
    names what a page that is there names, with the same title     → that page

What a page names is in its `rel=canonical` (RFC 6596). Sites are often wrong about it (every page
of a list names the first, every page the home page), so it is believed only once both pages were
seen and their titles agree, and only within one site: a page speaks for itself, and nobody for
another's site. So no page is lost because of what another says: one that answers under a name stays
a page, whoever named it before. Within a batch, pages that name no other come first.

A duplicate brings the page as close to a root as it is itself, like a redirect, since which of the
two was fetched first must not decide about depths. Its links are followed where they may be others:
a page that is only called the same has its own, and a root is what the user asked for. Those of a
page with the same content are not: a site that answers whatever is asked with one page, whose
relative links lead ever deeper, would have no end.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from crawler.storage.changes import JobChange
from crawler.storage.discovery import Discovery, lower_depths
from crawler.storage.keys import url_key
from crawler.storage.known_pages import KnownPages
from crawler.storage.redirects import SettledUrl, at_present_depths, duplicate
from crawler.storage.results import UrlResult


@dataclass(frozen=True, slots=True)
class Original:
    """A page that others may turn out to be."""

    id: int
    depth: int
    title: str


@dataclass(frozen=True, slots=True)
class Double:
    """What makes a page of a batch a duplicate: the page that it is, and what they share."""

    page: Original
    has_same_content: bool


@dataclass
class Originals:
    """Pages by content; by their own URLs, and by the URL that they name, each with the title."""

    by_content: dict[bytes, Original] = field(default_factory=dict)
    by_url: dict[tuple[str, str], Original] = field(default_factory=dict)
    by_name: dict[tuple[str, str], Original] = field(default_factory=dict)

    def add(self, page: Original, result: UrlResult) -> None:
        """Makes a page known; the first one under a content, a URL or a name stays."""
        for content in (result.content_hash, result.alternate_hash):
            if content:
                self.by_content.setdefault(content, page)
        for url in (result.final_url, result.url):
            if url:
                self.by_url.setdefault((url, page.title), page)
        if result.canonical:
            self.by_name.setdefault((result.canonical, page.title), page)

    def namesake(self, title: str, name: str | None) -> Original | None:
        """The page with this title that has the URL of this name, or else has the same name."""
        if not (title and name):
            return None
        return self.by_url.get((name, title)) or self.by_name.get((name, title))


def settle_duplicates(
    change: JobChange, results: list[SettledUrl], known: KnownPages, found: Discovery
) -> list[SettledUrl]:
    """The results with those that are duplicates told as such, under their present depths."""
    pages = [each for each in results if each.result.is_page]
    if not pages:
        return results
    doubles = find_duplicates(pages, _known_pages(change, pages, known))
    if not doubles:
        return results
    settled = [_told(each, doubles) for each in results]
    closer = [
        (double.page.id, each.depth)
        for each in pages
        if (double := doubles.get(each.result.id)) is not None and each.depth < double.page.depth
    ]
    if not closer:
        return settled
    lower_depths(change, closer, found)
    return at_present_depths(change, settled)


def _told(each: SettledUrl, doubles: Mapping[int, Double]) -> SettledUrl:
    """A page as the duplicate that it is; what was led to such a page is one of its page, too."""
    double = doubles.get(each.result.id)
    if double is not None:
        return _told_as_double(each, double)
    led_to = doubles.get(each.duplicate_of or 0)
    return each if led_to is None else each._replace(duplicate_of=led_to.page.id)


def _told_as_double(each: SettledUrl, double: Double) -> SettledUrl:
    told = duplicate(each, double.page.id)
    if double.has_same_content and each.depth > 0:
        return told
    result = each.result
    links = replace(
        told.result,
        links=result.links,
        discovered=result.discovered,
        left_out=result.left_out,
    )
    return told._replace(result=links)


def find_duplicates(pages: Iterable[SettledUrl], known: Originals) -> dict[int, Double]:
    """Which pages of a batch are which others, by the id of the duplicate; `known` is added to."""
    doubles: dict[int, Double] = {}
    for each in sorted(pages, key=lambda each: (each.result.canonical is not None, each.depth)):
        result, title = each.result, plain_title(each.result.title)
        same = known.by_content.get(result.content_hash or b"")
        page = same or known.namesake(title, result.canonical)
        if page is not None:
            doubles[result.id] = Double(page, has_same_content=same is not None)
        else:
            known.add(Original(result.id, each.depth, title), result)
    return doubles


def plain_title(title: str | None) -> str:
    """A title as titles are compared: without case, on one line."""
    return " ".join((title or "").split()).casefold()


def learn_pages(known: KnownPages, results: list[SettledUrl]) -> None:
    """Remembers the pages that a committed transaction stored."""
    hashes = ((each.result.content_hash, each.result.alternate_hash) for each in results)
    known.learn(each for pair in hashes for each in pair if each)


def _known_pages(change: JobChange, pages: list[SettledUrl], memory: KnownPages) -> Originals:
    known = Originals()
    contents = (each.result.content_hash or b"" for each in pages)
    if memory.rule_out(contents, named=any(each.result.canonical for each in pages)):
        return known
    results = [each.result for each in pages]
    names = {key: each.canonical or "" for each in results if (key := name_key_of(each))}
    urls = {url_key(name): name for name in names.values()}
    rows = change.run(
        "same_pages",
        hashes=[each.content_hash for each in results if each.content_hash],
        name_keys=list(names),
        canonical_keys=list(urls),
    )
    for row in rows:
        page = Original(row["id"], row["depth"], plain_title(row["title"]))
        shared = bytes(row["shared"])
        if shared in urls:
            known.by_url.setdefault((urls[shared], page.title), page)
        elif shared in names:
            known.by_name.setdefault((names[shared], page.title), page)
        else:
            known.by_content.setdefault(shared, page)
    return known


def name_key_of(result: UrlResult) -> bytes | None:
    """The key of the canonical URL that a page names, with its title.

    None where it names none, or has no title: such pages have no namesakes.
    """
    plain = plain_title(result.title)
    return url_key(f"{result.canonical}\n{plain}") if result.canonical and plain else None
