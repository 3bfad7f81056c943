"""The well-behaved pages: a path in, a whole reply out."""

import gzip
import html
import zlib
from collections.abc import Callable
from dataclasses import dataclass, field

import brotli
from backports import zstd

from tests.site.graph import Graph

WORDS = "Ariadne gave Theseus a ball of thread: „Faden“, нить, 糸, ½ clew."

Query = dict[str, str]


@dataclass
class Reply:
    """An answer that is sent as a whole, with the right Content-Length."""

    body: bytes = b""
    content_type: str = "text/html; charset=utf-8"
    status: int = 200
    headers: list[tuple[str, bytes]] = field(default_factory=list)


def page(title: str, content: str, head: str = "") -> str:
    """An HTML document."""
    return (
        f"<!doctype html><html lang=en><head><title>{html.escape(title)}</title>{head}</head>"
        f"<body><main><h1>{html.escape(title)}</h1>{content}</main></body></html>"
    )


def graph_page(rest: str, query: Query) -> Reply:
    """`<seed>/<pages>/<i>`: its links are spelled in several ways that mean the same page."""
    seed, pages, number = (int(part) for part in rest.split("/"))
    if not 0 <= number < pages:
        return Reply(b"no such page", status=404)
    graph = Graph(seed, pages, int(query.get("delay", "0")))
    links = "".join(
        f'<li><a href="{_spell(graph.path(target), position)}">page {target}</a></li>'
        for position, target in enumerate(graph.links(number))
    )
    away = '<a href="mailto:a@example.org">write</a> <a href="http://example.invalid/">away</a>'
    text = f"<p>{WORDS} {number}</p>" * 5
    return Reply(page(f"Page {number}", f"{text}<ul>{links}</ul>{away}").encode())


def _spell(path: str, position: int) -> str:
    """One of the ways to write a link to `path`."""
    tail = path.rpartition("/")[2]
    return (
        path,
        tail,
        f"./{tail}",
        f"{path}#part-{position}",
        f"../{'/'.join(path.split('/')[3:])}",
    )[position % 5]


def sized_page(rest: str, query: Query) -> Reply:
    """A page of about that many bytes."""
    paragraph = f"<p>{WORDS}</p>"
    count = int(rest) // len(paragraph.encode())
    return Reply(page(f"{rest} bytes", paragraph * count).encode())


def charset_page(rest: str, query: Query) -> Reply:
    """A page in the encoding `rest`, which is declared where `declare` says."""
    declare = query.get("declare", "header")
    head = f'<meta charset="{rest}">' if declare == "meta" else ""
    body = page(f"In {rest}", f"<p>{WORDS}</p>", head).encode(rest, "xmlcharrefreplace")
    content_type = {"header": f"text/html; charset={rest}", "wrong": "text/html; charset=x-none"}
    return Reply(body, content_type.get(declare, "text/html"))


def _deflate(data: bytes, window_bits: int = zlib.MAX_WBITS) -> bytes:
    packer = zlib.compressobj(9, zlib.DEFLATED, window_bits)
    return packer.compress(data) + packer.flush()


PACKERS: dict[str, tuple[str, Callable[[bytes], bytes]]] = {
    "gzip": ("gzip", gzip.compress),
    "deflate": ("deflate", _deflate),
    "raw-deflate": ("deflate", lambda data: _deflate(data, -zlib.MAX_WBITS)),
    "br": ("br", lambda data: bytes(brotli.compress(data, quality=5))),
    "zstd": ("zstd", zstd.compress),
    "gzip,gzip": ("gzip, gzip", lambda data: gzip.compress(gzip.compress(data))),
}
"""Content-Encoding and packer by name."""


def packed_page(rest: str, query: Query) -> Reply:
    """A page packed by `rest`; `cut`: without its end; `plain`: declared so and not packed."""
    name, pack = PACKERS[rest]
    plain = page(f"Packed by {rest}", f"<p>{WORDS}</p>" * 200).encode()
    body = plain if "plain" in query else pack(plain)
    if "cut" in query:
        body = body[: len(body) * 2 // 3]
    return Reply(body, headers=[("Content-Encoding", name.encode())])


def bomb(rest: str, query: Query) -> Reply:
    """A small body that unpacks to `mib` MiB (50)."""
    name, pack = PACKERS[rest]
    size = int(query.get("mib", "50")) * 2**20
    return Reply(pack(bytes(size)), headers=[("Content-Encoding", name.encode())])


def _entity_bomb() -> bytes:
    """Forty entities, each of which is the one before it twice."""
    lines = [b"<!ENTITY a0 'aaaaaaaa'>"]
    lines += [b"<!ENTITY a%d '&a%d;&a%d;'>" % (n, n - 1, n - 1) for n in range(1, 40)]
    return b"<!DOCTYPE a [" + b"".join(lines) + b"]><p>&a39;</p>"


POISONS: dict[str, Callable[[], bytes]] = {
    "nesting": lambda: b"<div>" * 200_000 + b"deep",
    "attribute": lambda: b"<a href='/" + b"x" * 2_000_000 + b"'>long</a><p>after</p>",
    "nul": lambda: page("N\0UL", "<p>be\0fore</p><a href='/te\0xt'>a</a>\0").encode(),
    "entities": _entity_bomb,
    "control": lambda: page(
        "\x1b[31m\u202e=cmd|' /C calc'!A0\r\nid: 7", "<p>data: x\n\nevent: done\n\n\x7f</p>"
    ).encode(),
}
"""Markup that hurts parsers, terminals, spreadsheets and event streams."""


def poison(rest: str, query: Query) -> Reply:
    """One of `POISONS`."""
    return Reply(POISONS[rest]())


def redirect(rest: str, query: Query) -> Reply:
    """`<n>` redirects in a row, then a page."""
    left = int(rest)
    if left == 0:
        return Reply(page("Arrived", f"<p>{WORDS}</p>").encode())
    return _moved(b"/redirect/%d" % (left - 1), 302)


def redirect_loop(rest: str, query: Query) -> Reply:
    """Two pages that redirect to each other."""
    return _moved(b"/redirect-loop" if rest else b"/redirect-loop/back", 302)


def redirect_to(rest: str, query: Query) -> Reply:
    """A redirect whose Location is `url`, byte for byte, or missing where there is none."""
    status = int(query.get("status", "302"))
    if "url" not in query:
        return Reply(b"nowhere", status=status)
    return _moved(query["url"].encode("latin-1"), status)


def _moved(location: bytes, status: int) -> Reply:
    return Reply(b"moved", status=status, headers=[("Location", location)])


def cookie(rest: str, query: Query) -> Reply:
    """Sets a cookie and redirects to the page that shows the request's headers."""
    reply = _moved(b"/echo", 302)
    reply.headers.append(("Set-Cookie", b"session=secret; Path=/"))
    return reply


def status(rest: str, query: Query) -> Reply:
    """An empty-handed answer with that status; 429 and 503 ask for two seconds."""
    code = int(rest)
    again = [("Retry-After", b"2")] if code in (429, 503) else []
    body = b"" if code in (204, 304) else page(f"Status {code}", "").encode()
    return Reply(body, status=code, headers=again)


def listing(rest: str, query: Query) -> Reply:
    """The front page."""
    links = "".join(f"<p><a href='{path}'>{path}</a></p>" for path in ("/text", "/page/5000"))
    return Reply(page("A site", links).encode())


PAGES: dict[str, Callable[[str, Query], Reply]] = {
    "": listing,
    "graph": graph_page,
    "page": sized_page,
    "charset": charset_page,
    "coding": packed_page,
    "bomb": bomb,
    "poison": poison,
    "redirect": redirect,
    "redirect-loop": redirect_loop,
    "redirect-to": redirect_to,
    "cookie": cookie,
    "status": status,
    "text": lambda rest, query: Reply(f"Plain\n\n{WORDS}\n".encode(), "text/plain; charset=utf-8"),
    "markdown": lambda rest, query: Reply(f"# Title\n\n{WORDS}\n".encode(), "text/markdown"),
    "pdf": lambda rest, query: Reply(b"%PDF-1.7\n" + bytes(5_000), "application/pdf"),
    "png": lambda rest, query: Reply(b"\x89PNG\r\n\x1a\n" + bytes(100_000), "image/png"),
}
"""What answers, by the first segment of the path; it is given the rest of it."""
