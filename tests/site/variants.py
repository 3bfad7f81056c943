"""One page under many addresses, answers that can be kept, and shells that hold no page."""

import random
from base64 import b64encode
from collections.abc import Callable
from hashlib import sha256

from tests.site.asked import Asked
from tests.site.pages import WORDS, Reply, page


def same(asked: Asked) -> Reply:
    """The same page to the byte under every path that begins so; it links to some of them."""
    names = ("", "index.html", "index.php", "a", "a/", "a?ref=1")
    links = "".join(f'<a href="/same/{name}">{name}</a> ' for name in names)
    return Reply(page("The same", f"<p>{WORDS}</p><p>{links}</p>").encode())


def canonical(asked: Asked) -> Reply:
    """A page that names `to` its true address; without one, itself. `title` is its title.

    `by=header`: it is a header that names it.
    """
    title = asked.query.get("title", "One page")
    to = asked.query.get("to", asked.path)
    text = f"<p>{WORDS} {asked.rest} {sorted(asked.query.items())}</p>"
    if asked.query.get("by") == "header":
        link = ("Link", f'<{to}>; rel="canonical"'.encode())
        return Reply(page(title, text).encode(), headers=[link])
    return Reply(page(title, text, f'<link rel="canonical" href="{to}">').encode())


def tracked(asked: Asked) -> Reply:
    """A page that links to itself with tracking parameters and session ids."""
    marks = ("utm_source=x&utm_medium=y", "gclid=EAIaIQobChMI", "fbclid=IwAR0x",
             "PHPSESSID=0123456789abcdef0123456789abcdef")  # fmt: skip
    links = "".join(f'<a href="/tracked?{mark}">{mark}</a> ' for mark in marks)
    session = '<a href="/tracked;jsessionid=0123456789ABCDEF0123456789ABCDEF">in</a>'
    return Reply(page("Tracked", f"<p>{WORDS}</p>{links}{session}").encode())


def links(asked: Asked) -> Reply:
    """`<n>`: a page with so many links, to `/leaf/<i>`."""
    items = "".join(f"<li><a href=/leaf/{number}>{number}</a>" for number in range(int(asked.rest)))
    return Reply(page(f"{asked.rest} links", f"<ul>{items}</ul>").encode())


def leaf(asked: Asked) -> Reply:
    """A small page without links, another one on each of the site's hosts."""
    text = f"<p>{WORDS} {asked.rest} {asked.origin}</p>"
    return Reply(page(f"Leaf {asked.rest}", text).encode())


def noise(asked: Asked) -> Reply:
    """`<mib>`: a text that can't be packed, another one each time."""
    count = int(asked.rest.partition("/")[0]) * 3 * 2**18
    text = b64encode(random.randbytes(count))
    return Reply(b"\n".join(text[i : i + 76] for i in range(0, len(text), 76)), "text/plain")


def kept(asked: Asked) -> Reply:
    """A page that a cache may keep, as `<how>` says: by an ETag, a date, both; or not at all.

    `version` changes it; `links=1` makes it link to other such pages.
    """
    how, version = asked.rest.partition("/")[0], asked.query.get("version", "1")
    more = "".join(f'<a href="/kept/{each}/x">{each}</a> ' for each in ("etag", "date", "no-store"))
    shown = more if "links" in asked.query else ""
    body = page(f"Kept by {asked.rest}", f"<p>{WORDS} {version}</p>{shown}").encode()
    etag = f'"{sha256(body).hexdigest()[:16]}"'
    date = f"Tue, 0{version} Sep 2026 12:00:00 GMT"
    headers = _validators(how, etag, date)
    given = asked.headers.get("if-none-match"), asked.headers.get("if-modified-since")
    known = etag in (given[0] or "") or (how == "date" and given[1] == date)
    if known and how != "liar":
        return Reply(status=304, headers=headers)
    return Reply(body, headers=headers)


def _validators(how: str, etag: str, date: str) -> list[tuple[str, bytes]]:
    by_etag, by_date = ("ETag", etag.encode()), ("Last-Modified", date.encode())
    return {
        "etag": [by_etag],
        "weak": [("ETag", b"W/" + etag.encode())],
        "date": [by_date],
        "both": [by_etag, by_date],
        "no-store": [by_etag, ("Cache-Control", b"no-store")],
        "private": [by_etag, ("Cache-Control", b"private")],
        "vary-all": [by_etag, ("Vary", b"*")],
        "nothing": [],
        "liar": [by_etag],
    }[how]


_EMPTY = "<!doctype html><html><head><title>App</title>{}</head><body>{}</body></html>"

SHELLS: dict[str, str] = {
    "react": _EMPTY.format(
        '<script defer src="/static/js/main.4f3a.js"></script>',
        '<noscript>You need to enable JavaScript to run this app.</noscript><div id="root"></div>',
    ),
    "vue": _EMPTY.format(
        '<script type="module" src="/assets/index-4f3a.js"></script>', '<div id="app"></div>'
    ),
    "angular": _EMPTY.format(
        "", '<app-root></app-root><script src="main.js" type="module"></script>'
    ),
    "next": _EMPTY.format(
        "", '<div id="__next"></div><script id="__NEXT_DATA__" type="application/json">{"props":{}}'
        '</script><script src="/_next/static/chunks/main.js"></script>',
    ),
}  # fmt: skip
"""Pages that only a browser could fill."""

CHALLENGES: dict[str, tuple[int, str, bytes, str]] = {
    "cloudflare": (403, "cf-mitigated", b"challenge", _EMPTY.format(
        "<title>Just a moment...</title>",
        '<script src="/cdn-cgi/challenge-platform/h/b/orchestrate/chl_page/v1"></script>'
        "<noscript>Enable JavaScript and cookies to continue</noscript>")),
    "datadome": (403, "X-DataDome", b"protected", _EMPTY.format(
        "", '<script src="https://ct.captcha-delivery.com/c.js"></script>')),
    "anubis": (200, "Cache-Control", b"no-store", _EMPTY.format(
        "<title>Making sure you're not a bot!</title>",
        '<script src="/.within.website/x/cmd/anubis/static/js/main.mjs"></script>'
        '<script id="anubis_challenge" type="application/json">{}</script>')),
    "aws": (202, "x-amzn-waf-action", b"challenge", _EMPTY.format("", "")),
    "sucuri": (503, "X-Sucuri-ID", b"11005", _EMPTY.format(
        "<title>Sucuri WebSite Firewall</title>",
        '<script>var s={},u,c,U,r,i,l=0,a,e=eval,w=String.fromCharCode,sucuri_cloudproxy_js=""'
        "</script>")),
}  # fmt: skip
"""Checks for robots in place of a page: status, a header, and the body."""


def shell(asked: Asked) -> Reply:
    """`<kind>`: one of `SHELLS`, whatever follows."""
    return Reply(SHELLS[asked.rest.partition("/")[0]].encode())


def challenge(asked: Asked) -> Reply:
    """`<kind>`: one of `CHALLENGES`, whatever follows."""
    status, name, value, body = CHALLENGES[asked.rest.partition("/")[0]]
    return Reply(body.encode(), status=status, headers=[(name, value)])


VARIANTS: dict[str, Callable[[Asked], Reply]] = {
    "same": same,
    "canonical": canonical,
    "tracked": tracked,
    "tracked;jsessionid=0123456789ABCDEF0123456789ABCDEF": tracked,
    "links": links,
    "leaf": leaf,
    "noise": noise,
    "kept": kept,
    "shell": shell,
    "challenge": challenge,
}
"""What answers, by the first segment of the path."""
