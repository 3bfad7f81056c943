"""What a crawl of a site ought to find: a breadth-first walk with nothing but the standard library.

It shares no code with the product, so that a mistake made there is not made here too. One host,
one connection, one page at a time; a URL's depth is its smallest number of clicks from the root.
"""

import http.client
from collections import deque
from dataclasses import dataclass, field
from html.parser import HTMLParser
from urllib.parse import quote, urldefrag, urljoin, urlsplit, urlunsplit

HTML_TYPES = ("text/html", "application/xhtml+xml")
TEXT_TYPES = ("text/plain", "text/markdown")
DEFAULT_PORTS = {"http": 80, "https": 443}
# What a path or query may hold as it is; all else is percent-encoded (RFC 3986, section 3.3).
KEPT_IN_URL = "/%:@!$&'()*+,;=~[]?"


@dataclass
class Visit:
    """A URL that the walk asked for: what came back, and where it was first linked from."""

    depth: int
    found_on: str | None
    status: int
    content_type: str
    links: list[str] = field(default_factory=list)

    @property
    def is_html(self) -> bool:
        """Whether it is an HTML page that exists."""
        return self.status == 200 and self.content_type in HTML_TYPES

    @property
    def is_page(self) -> bool:
        """Whether it is something to read: HTML or plain text."""
        return self.is_html or (self.status == 200 and self.content_type in TEXT_TYPES)


def walk(root_url: str, max_depth: int | None = None) -> dict[str, int]:
    """The HTML pages (status 200) on the root's host within `max_depth` clicks, with depths."""
    visits = explore(root_url, max_depth)
    return {url: visit.depth for url, visit in visits.items() if visit.is_html}


def explore(root_url: str, max_depth: int | None = None) -> dict[str, Visit]:
    """All that the walk asked for, pages or not, by URL, in the order in which it was asked."""
    root = normal_form(root_url)
    visits: dict[str, Visit] = {}
    queue: deque[tuple[str, int, str | None]] = deque([(root, 0, None)])
    connection = http.client.HTTPConnection(urlsplit(root).netloc, timeout=30)
    while queue:
        url, depth, found_on = queue.popleft()
        if url in visits:
            continue
        visit = visits[url] = _visit(connection, url, depth, found_on)
        if 300 <= visit.status < 400:
            # A redirect costs no click: its target belongs to the level being walked.
            queue.extendleft((link, depth, url) for link in _on_host(visit, root))
        elif max_depth is None or depth < max_depth:
            queue.extend((link, depth + 1, url) for link in _on_host(visit, root))
    connection.close()
    return visits


def _on_host(visit: Visit, root: str) -> list[str]:
    parts = urlsplit(root)
    return [link for link in visit.links if urlsplit(link)[:2] == parts[:2]]


def _visit(
    connection: http.client.HTTPConnection, url: str, depth: int, found_on: str | None
) -> Visit:
    parts = urlsplit(url)
    connection.request("GET", urlunsplit(("", "", parts.path, parts.query, "")))
    response = connection.getresponse()
    body = response.read()
    content_type = (response.getheader("Content-Type") or "").partition(";")[0].strip().lower()
    visit = Visit(depth, found_on, response.status, content_type)
    if visit.is_html:
        visit.links = links(body.decode("utf-8", errors="replace"), url)
    elif 300 <= visit.status < 400:
        visit.links = [normal_form(urljoin(url, response.getheader("Location") or ""))]
    return visit


def links(html: str, url: str) -> list[str]:
    """The http(s) targets of `a` and `area` in document order, each once, absolute."""
    collector = LinkCollector()
    collector.feed(html)
    base = urljoin(url, collector.base) if collector.base else url
    found = (_resolve(href, base) for href in collector.hrefs)
    return list(dict.fromkeys(link for link in found if link))


def _resolve(href: str, base: str) -> str | None:
    # A browser drops tabs and newlines anywhere in a URL, and blanks at its ends.
    href = href.translate({9: None, 10: None, 13: None}).strip(" ")
    try:
        target = urljoin(base, href)
        return normal_form(target) if target.startswith(("http://", "https://")) else None
    except ValueError:
        return None


def normal_form(url: str) -> str:
    """The URL without fragment, empty query and default port, host in lower case, encoded."""
    parts = urlsplit(urldefrag(url).url)
    host = (parts.hostname or "").lower()
    if parts.port and parts.port != DEFAULT_PORTS.get(parts.scheme):
        host += f":{parts.port}"
    path, query = quote(parts.path or "/", KEPT_IN_URL), quote(parts.query, KEPT_IN_URL)
    return urlunsplit((parts.scheme, host, path, query, ""))


class LinkCollector(HTMLParser):
    """Gathers the hrefs of a document and its first `<base href>`."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.base: str | None = None
        self.hrefs: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Called by the parser for each start tag, names in lower case."""
        href = next((value for name, value in attrs if name == "href"), None)
        if href is None:
            return
        if tag in ("a", "area"):
            self.hrefs.append(href)
        elif tag == "base" and self.base is None:
            self.base = href
