"""A page as people take it away: title, description, language, Markdown, metadata."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from crawler.content.about import VOCABULARY, read_about
from crawler.content.alternate import alternate_markdown, is_of_page, with_absolute_links
from crawler.content.bounds import clip
from crawler.content.charset import decode
from crawler.content.chosen import Content, content_of
from crawler.content.mainblock import clean
from crawler.content.markdown import FRAME, from_text, to_markdown
from crawler.content.mediatype import Kind, kind_of
from crawler.content.metadata import description_of, language_of, title_of
from crawler.content.page import first_line
from crawler.content.structure import marks_of
from crawler.content.tree import base_url, parsable, parse
from crawler.domain.selectors import NO_SELECTORS, Selectors

_LONG_PAGE = 1_000_000
"""Characters of source from which on a page is converted in pieces."""

_SHORT = 200
"""Characters of Markdown below which a page may have its content in `<noscript>`."""


@dataclass(frozen=True, slots=True)
class Document:
    """A page's content; description and language are "" where the page does not tell them.

    `metadata` is what else it says of itself, as JSON (`content.about`). `matched` elements were
    chosen as the content by a selector, `removed` ones were left out by others; of elements within
    one another the outermost counts.
    """

    title: str
    description: str
    language: str
    markdown: str
    metadata: Mapping[str, Any] = field(default_factory=dict)
    matched: int = 0
    removed: int = 0


def make_document(
    body: bytes,
    content_type: str | None,
    url: str,
    *,
    is_parsable: bool = False,
    selectors: Selectors = NO_SELECTORS,
) -> Document:
    """The document in a body fetched from `url` (canonical).

    `is_parsable`: `read_page` found so. `selectors`, to which only HTML is held, choose the content
    and leave parts out; where they choose nothing, the content is found as it is without them.
    Links and images are absolute. Never raises.
    """
    kind = kind_of(content_type)
    text = decode(body, content_type)
    del body  # of a large page each of these takes as much again
    if kind is Kind.MARKDOWN:
        return Document(first_line(text), "", "", with_absolute_links(clip(text), url, url))
    if kind is Kind.TEXT:
        return Document(first_line(text), "", "", from_text(text))
    marks, is_long, has_other = marks_of(text), len(text) >= _LONG_PAGE, "<noscript" in text
    has_vocabulary = VOCABULARY in text
    source = text if is_parsable else parsable(text, is_xml=kind is Kind.XHTML)
    encoded = source.encode("utf-8", "ignore")
    del text, source
    tree = parse(encoded)
    del encoded
    title, description, language = title_of(tree), description_of(tree), language_of(tree)
    base = base_url(tree, url)
    # Before the content, for which the tree is taken apart.
    about = read_about(tree, base, has_vocabulary=has_vocabulary)
    content = content_of(tree, marks, selectors, in_pieces=is_long, has_other=has_other)
    del tree  # it takes more than all that follows
    return Document(
        title,
        description,
        language,
        _markdown(content, base),
        about.as_json(),
        content.matched,
        content.removed,
    )


def with_alternate(document: Document, body: bytes, form_url: str, page_url: str) -> Document:
    """The document of an HTML page with the text of the Markdown form that the page declares,
    unless that is none of it; links are absolute by the form's URL. Never raises."""
    markdown = alternate_markdown(body)
    is_content = markdown and is_of_page(markdown, document.markdown)
    if not is_content:
        return document
    return replace(document, markdown=with_absolute_links(markdown, form_url, page_url))


def _markdown(content: Content, base: str) -> str:
    """The Markdown of a page's content, or of what it shows without script, where it has none."""
    dropped = [] if content.matched else FRAME
    parts = (to_markdown(clean(piece), base, dropped) for piece in content.html)
    markdown = clip("\n\n".join(part for part in parts if part))
    if len(markdown) < _SHORT and content.without_script:
        markdown = max(markdown, to_markdown(clean(content.without_script), base), key=len)
    if not markdown:
        parts = (to_markdown(clean(piece), base, []) for piece in content.html)
        return clip("\n\n".join(part for part in parts if part))
    return markdown
