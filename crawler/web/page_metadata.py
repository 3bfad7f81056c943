"""What the API tells of a page beside its text: what the page says of itself, and what was counted.

Counts and headings are made of the Markdown that is shown, when it is shown: so they agree with it.
"""

from typing import Any

from crawler.content.link_header import read_link_headers
from crawler.content.outline import outline_of
from crawler.content.tokens import count_tokens, count_words
from crawler.domain.model import StoredPage


def metadata_json(stored: StoredPage) -> dict[str, Any]:
    """The metadata of a page; null and empty for what it does not tell."""
    said, markdown = stored.metadata, stored.markdown or ""
    return {
        "title": stored.title,
        "description": stored.description,
        "language": stored.language,
        "author": said.get("author"),
        "publishedAt": said.get("publishedAt"),
        "modifiedAt": said.get("modifiedAt"),
        "canonicalUrl": _canonical(stored),
        "markdownUrl": stored.alternate_url,
        "openGraph": said.get("openGraph", {}),
        "jsonLdTypes": said.get("jsonLdTypes", []),
        "words": count_words(markdown),
        "tokens": count_tokens(markdown),
        "headings": [heading._asdict() for heading in outline_of(markdown)],
        "linksOut": len(stored.links),
        "contentType": stored.row.content_type,
        "headers": stored.headers,
        "redirects": [{"url": url, "status": status} for url, status in stored.hops],
    }


def _canonical(stored: StoredPage) -> str | None:
    """Where page and `Link` headers differ, neither counts, as for duplicates."""
    url = stored.row.final_url or stored.row.url
    names = read_link_headers(stored.headers, url).canonicals
    names |= {name for name in (stored.metadata.get("canonicalUrl"),) if name}
    return next(iter(names)) if len(names) == 1 else None
