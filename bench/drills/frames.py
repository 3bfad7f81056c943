"""Two sites of documentation: nothing of their frame is left, and none of their text lost.

What a page's text is, `main_text` reads with the standard library, by what each generator marks.
"""

import re
from collections.abc import Iterator

from bench.drills.main_text import share_held, words, words_of_page
from bench.drills.verdict import expect
from bench.sites import SITES, Site
from crawler.content.document import make_document

LEAST_SHARE = 0.98
"""Share of a page's words that its Markdown holds; the rest are marks of headings and formulas."""

FRAME = {
    "python3-doc": re.compile(
        r"^\W*(?:previous|next) topic\b|^\W*quick search\W*$|© ?copyright|^\W*navigation\W*$"
        r"|this page is licensed under|created using \W*sphinx|^\W*show source\W*$"
        r"|^\W*report a bug\W*$|please donate|found a \W*bug",
        re.I | re.M,
    ),
    "postgresql-doc-15": re.compile(r"^(?:Prev|Next|Up|Home)$|\[(?:Prev|Next|Up|Home)\]\(", re.M),
}
"""Navigation, search box, footer and licence line, as they would stand in Markdown."""


def frames() -> str:
    """Each page's Markdown holds its text and nothing of what stands around it."""
    return "; ".join(_site(site) for site in SITES.values())


def _site(site: Site) -> str:
    framed, poor, pages = [], [], 0
    for name, html, markdown in _pages(site):
        pages += 1
        if found := FRAME[site.name].search(markdown):
            framed.append(f"{name} ({found[0].strip()})")
        if share_held(words_of_page(html), words(markdown)) < LEAST_SHARE:
            poor.append(name)
    expect(not framed, f"{site.name}: {len(framed)} pages with frame: {framed[:9]}")
    expect(not poor, f"{site.name}: {len(poor)} pages that lost text: {poor[:9]}")
    return f"{site.name}: {pages:,} pages"


def _pages(site: Site) -> Iterator[tuple[str, str, str]]:
    """The name, the source and the Markdown of every page."""
    for path in sorted(site.folder.rglob("*.html")):
        name = str(path.relative_to(site.folder))
        body = path.read_bytes()
        markdown = make_document(body, "text/html", f"http://site.example/{name}").markdown
        yield name, body.decode(errors="replace"), markdown
