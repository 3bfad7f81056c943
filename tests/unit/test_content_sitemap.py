"""What sitemaps list, in every form that they come in, and that no hostile one costs much."""

import gzip
import tracemalloc
from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.content import unpacking
from crawler.content.sitemap import MAX_URLS, Sitemap, read_sitemap
from crawler.content.sitemap_xml import MAX_DEPTH, MAX_TOKEN_BYTES
from tests.cpu import within

URL = "https://site.example/maps/sitemap.xml"
A, B, C = (f"https://site.example/{name}" for name in "abc")
XMLNS = 'xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"'


def pages(*urls: str) -> Sitemap:
    return Sitemap(urls, (), False)


def broken(*urls: str) -> Sitemap:
    return Sitemap(urls, (), True)


def urlset(inner: str, head: str = "") -> str:
    xhtml = "xmlns:xhtml='http://www.w3.org/1999/xhtml'"
    return f"{head}<urlset {XMLNS} {xhtml}>{inner}</urlset>"


def alternate(url: str) -> str:
    return f"<xhtml:link rel='alternate' hreflang='de' href='{url}'/>"


def locs(urls: Iterable[str]) -> str:
    return "".join(f"<url><loc>{url}</loc></url>" for url in urls)


@pytest.mark.parametrize(
    ("text", "sitemap"),
    [
        (urlset(locs([A, B, A])), pages(A, B)),
        (urlset("", '<?xml version="1.0" encoding="UTF-8"?>'), pages()),
        (urlset(f"<url><loc>\n {A} \n</loc><lastmod>2024</lastmod></url>"), pages(A)),
        (urlset(f"<url><loc><![CDATA[{A}?x=1&y=2]]></loc></url>"), pages(f"{A}?x=1&y=2")),
        (urlset(f"<url><loc>{A}?x=1&amp;y=2</loc></url>"), pages(f"{A}?x=1&y=2")),
        (urlset(f"<!-- <url><loc>{A}</loc></url> -->{locs([B])}"), pages(B)),
        (urlset(locs(["/a", "b", "//site.example/c"])), pages(A, "https://site.example/maps/b", C)),
        (urlset(locs(["", "mailto:x@y", "//[", "javascript:x", A])), pages(A)),
        (urlset(locs([A]), "\n\t <?xml version='1.0'?>"), pages(A)),
        (f"\ufeff{urlset(locs([A]))}", pages(A)),
        # the addresses of images and videos are none of pages
        (
            urlset(
                f"<url><loc>{A}</loc><image:image><image:loc>{B}</image:loc></image:image></url>"
            ),
            pages(A),
        ),
        (urlset(f"<url><image><loc>{B}</loc></image><loc>{A}</loc></url>"), pages(A)),
        (urlset(f"<loc>{B}</loc><sitemap><loc>{C}</loc></sitemap>{locs([A])}"), pages(A)),
        # namespaces: with a prefix, undeclared, of an old version, none at all
        (
            f'<s:urlset xmlns:s="http://www.sitemaps.org/schemas/sitemap/0.9"><s:url><s:loc>{A}'
            f"</s:loc></s:url><url><loc>{B}</loc></url></s:urlset>",
            pages(A),
        ),
        (
            f"<urlset xmlns='http://www.google.com/schemas/sitemap/0.84'>{locs([A])}</urlset>",
            pages(A),
        ),
        (f"<urlset>{locs([A])}</urlset>", pages(A)),
        # indexes
        (
            f"<sitemapindex {XMLNS}><sitemap><loc>{A}</loc><lastmod>2024</lastmod></sitemap>"
            f"<sitemap><loc>/b</loc></sitemap><url><loc>{C}</loc></url></sitemapindex>",
            Sitemap((), (A, B), False),
        ),
        # feeds
        (
            f"<rss version='2.0'><channel><link>{C}</link><item><title>A</title><link>{A}</link>"
            f"<guid>{C}</guid></item><item><link>{B}</link></item></channel></rss>",
            pages(A, B),
        ),
        (
            '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
            f"<channel><link>{C}</link></channel><item><link>{A}</link></item></rdf:RDF>",
            pages(A),
        ),
        (
            f"<feed xmlns='http://www.w3.org/2005/Atom'><link href='{C}'/><entry><link href='{A}'/>"
            f"<link rel='edit' href='{C}'/><link rel='enclosure' href='{C}'/>"
            f"<link rel='alternate' type='text/html' href='{B}'/>"
            f"<link type='application/json' href='{C}'/></entry></feed>",
            pages(A, B),
        ),
        # other forms of a page, after all that is listed, each once
        (
            urlset(f"<url><loc>{A}</loc>{alternate(A)}{alternate(C)}</url>{locs([B])}"),
            pages(A, B, C),
        ),
        (
            urlset(f"<url>{alternate(B)}{alternate(C)}<loc>{A}</loc></url>{locs([C])}"),
            pages(A, C, B),
        ),
        (
            urlset(f"<url><loc>{A}</loc>{alternate('/b?x=1&amp;y=2')}</url>"),
            pages(A, f"{B}?x=1&y=2"),
        ),
        (
            urlset(
                f"<url><loc>{A}</loc><link rel='Alternate' media='handheld' href=' {B} '/>"
                f"<x:link href='{C}' rel='x alternate' type='text/html'/></url>"
            ),
            pages(A, B, C),
        ),
        # ... of which these are none
        (
            urlset(
                f"<url><loc>{A}</loc>{alternate('android-app://x/y')}<xhtml:link hreflang='de'/>"
                f"<xhtml:link rel='amphtml' href='{B}'/><xhtml:link href='{B}'/><xhtml:hardlink"
                f" rel='alternate' href='{B}'/><a>{alternate(B)}</a><xhtml:link rel='alternate'"
                f" type='application/json' href='{B}'/></url>{alternate(C)}"
            ),
            pages(A),
        ),
        (
            f"<sitemapindex><sitemap><loc>{A}</loc>{alternate(B)}</sitemap></sitemapindex>",
            Sitemap((), (A,), False),
        ),
        # plain text
        (f"{A}\n{B}\r\n\n  {C}", pages(A, B, C)),
        (f"{A}\r{B}\r", pages(A, B)),
        (f"\ufeff{A}\n# a remark on {B}\n/c\nftp://site.example/x", pages(A)),
        (f"{A}\n{'https://site.example/' + 'x' * 5_000}\n{B}", pages(A, B)),
    ],
)
def test_a_sitemap_lists_canonical_urls_in_its_order(text: str, sitemap: Sitemap) -> None:
    assert read_sitemap(text.encode(), URL) == sitemap
    assert read_sitemap(gzip.compress(text.encode()), URL) == sitemap


@pytest.mark.parametrize(
    ("text", "sitemap"),
    [
        # what came before the fault counts, and what can be told after it
        (f"<urlset>{locs([A])}<url><loc>{B}</lo", broken(A)),
        (f"<urlset>{locs([A])}", broken(A)),
        (
            f"<urlset>{locs([A, B + '?x=1&y=2', C])}</urlset>",
            broken(A, f"{B}?x=1&y=2", C),
        ),
        (
            f"<urlset>{locs([A])}<url><loc>{B}</url>{locs([C + '?a=1&amp;b=2'])}</urlset>",
            broken(A, B, f"{C}?a=1&b=2"),
        ),
        (f"<urlset><a></b><url><loc><![CDATA[ {A} ]]></loc></url>", broken(A)),
        (
            f"<s:urlset><a></b><s:url><s:loc>{A}</s:loc><image:loc>{B}</image:loc>",
            broken(A),
        ),
        (
            f"<sitemapindex><sitemap><loc>{A}?x&y</loc></sitemap></sitemapindex>",
            Sitemap((), (f"{A}?x&y",), True),
        ),
        (
            f"<urlset><url>{alternate(f'{A}?x&y')}<loc>{B}</loc></url><url>"
            f"<xhtml:link href='{A}' rel='amphtml'/><link href=\"{C}\" rel='alternate' /></url>",
            broken(B, f"{A}?x&y", C),
        ),
        (f"<sitemapindex>&<sitemap>{alternate(B)}<loc>{A}</loc>", Sitemap((), (A,), True)),
        (f"<rss><channel><item><link>{A}</link></item><item><link>{B}&</link>", broken(A)),
        (f"{urlset(locs([A]))}trailing", broken(A)),
        # no sitemaps
        ("", Sitemap((), (), True)),
        ("Not found", broken()),
        (f"See {A} for more", broken()),
        (f"<html><body><a href={A}>a</a></body></html>", broken()),
        (f"<!DOCTYPE html><html><url><loc>{A}</loc></url></html>", broken()),
        ("<", broken()),
        ("\0" * 100, broken()),
    ],
)
def test_of_a_broken_sitemap_what_can_be_read_counts(text: str, sitemap: Sitemap) -> None:
    assert read_sitemap(text.encode(), URL) == sitemap


@pytest.mark.parametrize("codec", ["utf-16-le", "utf-16-be"])
@pytest.mark.parametrize(
    "text", [urlset(locs([A + "é"]), '<?xml version="1.0" encoding="UTF-16"?>'), f"{A}é\n"]
)
def test_utf_16_is_read_by_its_mark(text: str, codec: str) -> None:
    assert read_sitemap(f"\ufeff{text}".encode(codec), URL) == pages(f"{A}%C3%A9")


def test_a_declared_encoding_is_read() -> None:
    body = urlset(locs([A + "é"]), '<?xml version="1.0" encoding="iso-8859-1"?>').encode("latin-1")
    assert read_sitemap(body, URL) == pages(f"{A}%C3%A9")


@pytest.mark.parametrize(
    "doctype",
    [
        '<!DOCTYPE x [<!ENTITY a "https://site.example/a">]>',
        '<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]>',
        '<!DOCTYPE x SYSTEM "http://127.0.0.1/x.dtd">',
        '<!DOCTYPE x [<!ENTITY % p SYSTEM "http://127.0.0.1/x"> %p;]>',
        "<!DOCTYPE urlset>",
    ],
)
def test_a_document_type_is_refused_and_nothing_of_it_read(doctype: str) -> None:
    assert read_sitemap(f"{doctype}<urlset>{locs(['&a;', B])}</urlset>".encode(), URL) == broken()


def test_an_entity_that_nobody_declared_ends_the_xml() -> None:
    assert read_sitemap(f"<urlset>{locs([A, '&a;', B])}</urlset>".encode(), URL) == broken(
        A, "https://site.example/maps/&a;", B
    )


@pytest.mark.parametrize("size", [1, 7, 100])
def test_a_packed_sitemap_that_breaks_off_is_read_as_far_as_it_goes(size: int) -> None:
    text = urlset(locs(f"https://site.example/{n}" for n in range(5_000))).encode()
    packed = gzip.compress(text)
    sitemap = read_sitemap(packed[: len(packed) * size // 101], URL)
    assert sitemap.is_broken
    assert len(sitemap.urls) < 5_000
    assert sitemap.urls == tuple(f"https://site.example/{n}" for n in range(len(sitemap.urls)))


def test_members_of_a_packed_sitemap_follow_one_another() -> None:
    parts = (b"<urlset>", locs([A]).encode(), b"", b"</urlset>")
    body = b"".join(map(gzip.compress, parts))
    assert read_sitemap(body + b"\0\0padding", URL) == pages(A)


def test_an_address_may_stand_across_pieces() -> None:
    for shift in range(40):
        padding = "x" * (unpacking.PIECE_BYTES - 60 + shift)
        xml = f"<urlset><!--{padding}--><url><loc>{A}</loc>{alternate(B)}</url>"
        assert read_sitemap(f"{xml}</urlset>".encode(), URL) == pages(A, B)
        assert read_sitemap(f"<urlset><a></b>{xml}".encode(), URL) == broken(A, B)
        assert read_sitemap(f"#{padding}\n{A}\n{B}".encode(), URL) == pages(A, B)


def test_no_more_urls_are_taken_than_the_protocol_allows() -> None:
    text = "\n".join(f"https://site.example/{n}" for n in range(MAX_URLS + 1))
    sitemap = read_sitemap(text.encode(), URL)
    assert sitemap.urls[-1] == f"https://site.example/{MAX_URLS - 1}"
    assert sitemap.is_broken
    assert not read_sitemap(text.rpartition("\n")[0].encode(), URL).is_broken


def test_other_forms_of_pages_take_no_room_from_what_is_listed() -> None:
    urls = [f"https://site.example/{n}" for n in range(MAX_URLS + 10)]
    entries = [f"<url>{alternate(url + 'x')}<loc>{url}</loc></url>" for url in urls[:-10]]
    sitemap = read_sitemap(f"<urlset>{''.join(entries)}</urlset>".encode(), URL)
    assert sitemap == broken(*urls[:MAX_URLS])
    few = read_sitemap(f"<urlset>{''.join(entries[: MAX_URLS // 2])}</urlset>".encode(), URL)
    assert len(set(few.urls)) == MAX_URLS and not few.is_broken


def test_forms_that_name_one_another_in_every_entry_are_all_read() -> None:
    pages_of = [[f"https://site.example/{n}/{name}" for name in range(20)] for n in range(2_000)]
    text = "".join(
        f"<url><loc>{url}</loc>{''.join(map(alternate, forms))}</url>"
        for forms in pages_of
        for url in forms[:15]
    )
    sitemap = within(2.0, read_sitemap, f"<urlset>{text}</urlset>".encode(), URL)
    assert len(sitemap.urls) == 40_000 and not sitemap.is_broken


BOMBS: dict[str, tuple[bytes, bytes, int]] = {
    "zeros": (b"", b"\0", 60_000_000),
    "elements": (b"<urlset>", b"<a/>", 2_000_000),
    "open elements": (b"<urlset>", b"<a>", 2_000_000),
    "addresses that are none": (b"<urlset>", b"<url><loc>//[</loc></url>", 400_000),
    "other forms that are none": (
        b"<urlset><url>", b"<link rel='alternate' href='//['/>", 1_000_000
    ),
    "other forms after a fault": (b"<urlset><a></b>", b"<link rel='alternate' href='", 1_500_000),
    "one link after a fault": (b"<urlset><a></b><link ", b"rel='", 8_000_000),
    "one comment": (b"<urlset><!--", b"x", 8_000_000),
    "one attribute": (b'<urlset a="', b"x", 8_000_000),
    "one address": (b"<urlset><url><loc>", b"x", 8_000_000),
    "marks after a fault": (b"<urlset><a></b>", b"<loc>", 3_000_000),
    "spaces after a fault": (b"<urlset><a></b>", b"<loc" + b" " * 60_000, 300),
    "empty lines": (b"http://a/", b"\n", 20_000_000),
    "lines that are no address": (b"http://a/\n", b"http:\n", 1_000_000),
}
"""How each begins, what follows again and again, and how often."""


@pytest.mark.parametrize("kind", BOMBS)
def test_a_bomb_costs_little_time(kind: str) -> None:
    head, part, times = BOMBS[kind]
    packed = gzip.compress(head + part * times, 1)
    sitemap = within(2.5, read_sitemap, packed, URL)
    assert len(sitemap.urls) <= 1


def test_a_bomb_costs_little_memory() -> None:
    packed = gzip.compress(b"<urlset>" + b"<url><loc>//[</loc></url>" * 20_000, 1)
    tracemalloc.start()
    read_sitemap(packed, URL)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most < 2_000_000


@pytest.mark.parametrize(
    ("text", "sitemap"),
    [
        (f"<urlset>{locs([A])}{'<a>' * MAX_DEPTH}{'</a>' * MAX_DEPTH}</urlset>", broken(A)),
        (f"<urlset>{locs([A])}<a b='{'x' * 2 * MAX_TOKEN_BYTES}'/>{locs([B])}</urlset>", broken(A)),
    ],
)
def test_what_came_before_a_bound_counts(text: str, sitemap: Sitemap) -> None:
    assert read_sitemap(text.encode(), URL) == sitemap


marks = st.sampled_from(
    [
        "<urlset>", "</urlset>", "<sitemapindex>", "<rss>", "<feed>", "<url>", "</url>", "<loc>",
        "</loc>", "<x:link rel='alternate' href='", "'/>", "<item>", "<entry>", "<link>",
        "<link href='x'/>", "</link>", A, "&amp;", "&",
        "<", "<!--", "-->", "<![CDATA[", "]]>", "<!DOCTYPE a>", "<?a?>", "\0", "\ufeff", "é", "\n",
        "http:",
    ]
)  # fmt: skip


@given(st.lists(marks, max_size=30).map("".join), st.sampled_from(["utf-8", "utf-16", "latin-1"]))
def test_reading_any_text_never_raises(text: str, codec: str) -> None:
    sitemap = read_sitemap(text.encode(codec, "replace"), URL)
    for url in sitemap.urls + sitemap.sitemaps:
        assert url.startswith(("http://", "https://"))


@given(st.binary(max_size=200), st.sampled_from([b"", b"\x1f\x8b", b"\x1f\x8b\x08\0", b"\xff\xfe"]))
def test_reading_any_bytes_never_raises(body: bytes, head: bytes) -> None:
    read_sitemap(head + body, URL)
