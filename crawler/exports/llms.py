"""A crawl's pages as `llms.txt` (llmstxt.org): an index for language models, by section.

A section is what stands below a first folder of a site (with its host where there are several).
Pages by the way (terms, an index of words, a search form) are in "Optional", which by the format
may be left out where room is short; no folder's section is ever called so.
"""

from array import array
from collections.abc import Iterator
from urllib.parse import unquote

from crawler.domain.text import one_line
from crawler.domain.urls import authority, path
from crawler.exports.export import Export
from crawler.exports.stock import Call, Stock, take_stock
from crawler.exports.wording import about, description_of, escaped, site_name, title_of
from crawler.storage.exporting import ListedPage, PageHead

_MOST_SECTIONS = 200
_MOST_NAME = 100
_OPTIONAL = "Optional"
_PAGES = "Pages"
_MORE = "More"
_BY_THE_WAY = frozenset(
    (
        "bugs", "contact", "contact-us", "cookie-policy", "cookies", "copyright", "disclaimer",
        "genindex", "imprint", "impressum", "legal", "license", "licence", "login", "privacy",
        "privacy-policy", "py-modindex", "register", "search", "sign-in", "sign-up", "signin",
        "signup", "tags", "terms", "terms-of-service", "terms-of-use",
    )
)


class _Sections:
    """Pages by section, eight bytes each; sections in the order in which they were met."""

    def __init__(self) -> None:
        self._by_host: dict[str, dict[str, array[int]]] = {}
        self._count = 0

    def add(self, page: ListedPage) -> None:
        """Puts a page into its section, or where there are very many, into one for the rest."""
        sections = self._by_host.setdefault(self._host(page.url), {})
        name = _section(page.url)
        if name not in sections:
            if self._count >= _MOST_SECTIONS:
                name = _MORE
            self._count += 1
        sections.setdefault(name, array("q")).append(page.id)

    def _host(self, url: str) -> str:
        host = authority(url)
        return host if host in self._by_host or len(self._by_host) < _MOST_SECTIONS else ""

    def listed(self) -> Iterator[tuple[str, "array[int]"]]:
        """Headings and the pages below each; what is optional last."""
        optional = array("q")
        for host, sections in self._by_host.items():
            for name, ids in sections.items():
                if name == _OPTIONAL:
                    optional += ids
                else:
                    yield self._heading(host, name), ids
        if optional:
            yield _OPTIONAL, optional

    def _heading(self, host: str, name: str) -> str:
        if len(self._by_host) == 1:
            return name
        return host or _MORE if name in (_PAGES, _MORE) else f"{host}/{name}"


def llms(call: Call) -> Export:
    """The pages as `llms.txt`.

    Raises:
        UnknownJob: when there is no such job.
    """
    sections = _Sections()
    stock = take_stock(call, sections.add)
    texts = (text.encode() for text in _texts(stock, sections))
    return Export(stock.job, "llms.txt", "text/plain; charset=utf-8", texts)


def _texts(stock: Stock, sections: _Sections) -> Iterator[str]:
    yield _top(stock)
    for heading, ids in sections.listed():
        yield f"\n## {escaped(heading)}\n\n"
        for heads in stock.heads_of(ids):
            yield "".join(map(_line, heads))


def _top(stock: Stock) -> str:
    """The site's name as a heading, what it says of itself as a quote, and what this file is."""
    first = next(stock.heads(0, 1), [])
    name = title_of(first[0]) if first else site_name(stock.job)
    summary = first and description_of(first[0])
    quote = escaped(summary or f"Pages of {site_name(stock.job)}")
    said = "\n\n".join(about(stock.job, len(stock), stock.call.now))
    return f"# {escaped(name)}\n\n> {quote}\n\n{said}\n"


def _line(head: PageHead) -> str:
    description = description_of(head)
    told = f": {escaped(description)}" if description else ""
    return f"- [{escaped(title_of(head))}]({_destination(head.url)}){told}\n"


def _destination(url: str) -> str:
    """A canonical URL within a link: only parentheses, brackets and quotes could end it."""
    for char in "()[]<>'`|*\\":
        url = url.replace(char, f"%{ord(char):02X}")
    return url


def _section(url: str) -> str:
    """The name of a page's section, on one line."""
    folder, slash, _ = path(url).lstrip("/").partition("/")
    last = path(url).rstrip("/").rpartition("/")[2].partition(".")[0].lower()
    if last in _BY_THE_WAY:
        return _OPTIONAL
    name = one_line(unquote(folder), _MOST_NAME) if slash else ""
    is_taken = name.casefold() in (_OPTIONAL.casefold(), _PAGES.casefold(), _MORE.casefold())
    return f"/{name}" if is_taken else name or _PAGES
