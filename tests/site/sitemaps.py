"""Sitemaps of every kind that sites have, good and bad.

Each lists `pages` (3) addresses, `/graph/<seed>/<pages>/<i>`, unless said otherwise.
"""

import gzip
from collections.abc import Callable

from tests.site.asked import Asked
from tests.site.pages import Reply

XML = "application/xml"
NAMESPACE = "http://www.sitemaps.org/schemas/sitemap/0.9"


def _urls(asked: Asked) -> list[str]:
    count, seed = int(asked.query.get("pages", "3")), asked.query.get("seed", "1")
    return [asked.url(f"/graph/{seed}/{count}/{number}") for number in range(count)]


def _urlset(urls: list[str]) -> bytes:
    entries = "".join(f"<url><loc>{url}</loc><lastmod>2026-01-01</lastmod></url>" for url in urls)
    return f'<?xml version="1.0"?><urlset xmlns="{NAMESPACE}">{entries}</urlset>'.encode()


def _alternates(asked: Asked) -> bytes:
    """A page that is listed elsewhere, too, and the others as its forms."""
    link = '<xhtml:link rel="alternate" hreflang="x" href="%s"/>'
    forms = "".join(link % url for url in _urls(asked))
    entry = f"<url><loc>{asked.url('/leaf/0')}</loc>{forms}</url>"
    xhtml = "http://www.w3.org/1999/xhtml"
    return f'<urlset xmlns="{NAMESPACE}" xmlns:xhtml="{xhtml}">{entry}</urlset>'.encode()


def _index(sitemaps: list[str]) -> bytes:
    entries = "".join(f"<sitemap><loc>{url}</loc></sitemap>" for url in sitemaps)
    return f'<sitemapindex xmlns="{NAMESPACE}">{entries}</sitemapindex>'.encode()


def _feed(asked: Asked) -> bytes:
    items = "".join(f"<item><title>x</title><link>{url}</link></item>" for url in _urls(asked))
    return f'<?xml version="1.0"?><rss version="2.0"><channel>{items}</channel></rss>'.encode()


def _atom(asked: Asked) -> bytes:
    entries = "".join(f'<entry><link href="{url}"/></entry>' for url in _urls(asked))
    return f'<feed xmlns="http://www.w3.org/2005/Atom">{entries}</feed>'.encode()


def _entity_bomb(asked: Asked) -> bytes:
    lines = ["<!ENTITY a0 'aaaaaaaa'>"]
    lines += [f"<!ENTITY a{n} '&a{n - 1};&a{n - 1};'>" for n in range(1, 40)]
    urlset = "<urlset><url><loc>&a39;</loc></url></urlset>"
    return f"<!DOCTYPE urlset [{''.join(lines)}]>{urlset}".encode()


def _external_entity(asked: Asked) -> bytes:
    return (
        b'<!DOCTYPE urlset [<!ENTITY x SYSTEM "file:///etc/passwd">]>'
        b"<urlset><url><loc>http://127.0.0.1/&x;</loc></url></urlset>"
    )


def _hostile(asked: Asked) -> bytes:
    """Addresses that must not be crawled, among one that may."""
    return _urlset([
        "http://127.0.0.2/", "file:///etc/passwd", "javascript:alert(1)", "//", "http://u:p@127.0.0.1/",
        "http://169.254.169.254/latest/", *_urls(asked)[:1],
    ])  # fmt: skip


def _index_of(*kinds: str) -> Callable[[Asked], bytes]:
    return lambda asked: _index(
        [asked.url(f"/sitemap/{kind}?seed={seed}") for seed, kind in enumerate(kinds)]
    )


def _deep(asked: Asked) -> bytes:
    """An index that names another one, `deep.1` then `deep.2`, without end."""
    level = int(asked.rest.partition(".")[2] or "0")
    return _index([asked.url(f"/sitemap/deep.{level + 1}")])


KINDS: dict[str, tuple[str, Callable[[Asked], bytes]]] = {
    "urlset": (XML, lambda asked: _urlset(_urls(asked))),
    "plain-xml": ("text/xml", lambda asked: _urlset(_urls(asked)).replace(NAMESPACE.encode(), b"")),
    "bom": (XML, lambda asked: b"\xef\xbb\xbf" + _urlset(_urls(asked))),
    "utf16": (XML, lambda asked: _urlset(_urls(asked)).decode().encode("utf-16")),
    "wrong-type": ("text/html", lambda asked: _urlset(_urls(asked))),
    "gzip": ("application/gzip", lambda asked: gzip.compress(_urlset(_urls(asked)))),
    "gzip-bomb": ("application/gzip", lambda asked: gzip.compress(b"<urlset>" + bytes(80 * 2**20))),
    "text": ("text/plain", lambda asked: "\r\n".join(_urls(asked)).encode()),
    "text-bom": ("text/plain", lambda asked: b"\xef\xbb\xbf" + "\n".join(_urls(asked)).encode()),
    "rss": ("application/rss+xml", _feed),
    "atom": ("application/atom+xml", _atom),
    "alternates": (XML, _alternates),
    "cut": (XML, lambda asked: _urlset(_urls(asked))[:-40]),
    "junk": (XML, lambda asked: b"\0\xff not xml at all <<<"),
    "html": ("text/html", lambda asked: b"<!doctype html><title>Not found</title><p>Sorry"),
    "empty": (XML, lambda asked: b""),
    "entities": (XML, _entity_bomb),
    "external": (XML, _external_entity),
    "hostile": (XML, _hostile),
    "index": (XML, _index_of("urlset", "text", "gzip")),
    "index-of-faults": (
        XML,
        _index_of("junk", "entities", "cut", "gzip-bomb", "nowhere", "urlset"),
    ),
    "loop": (XML, lambda asked: _index([asked.url("/sitemap/loop")])),
    "deep": (XML, _deep),
}
"""Content type and body by name."""


def sitemap(asked: Asked) -> Reply:
    """`<kind>`: one of `KINDS`; `.xml` or the like may stand behind it."""
    content_type, make = KINDS[asked.rest.partition(".")[0]]
    return Reply(make(asked), content_type)


SITEMAPS: dict[str, Callable[[Asked], Reply]] = {"sitemap": sitemap}
"""What answers, by the first segment of the path."""
