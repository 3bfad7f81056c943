"""A page as people take it away: title, description, language, Markdown."""

from dataclasses import dataclass

from selectolax.lexbor import LexborHTMLParser

from crawler.content.bounds import clip
from crawler.content.charset import decode
from crawler.content.mainblock import main_block, without_script
from crawler.content.markdown import from_text, to_markdown
from crawler.content.mediatype import Kind, kind_of
from crawler.content.metadata import description_of, language_of, title_of
from crawler.content.page import first_line
from crawler.content.tree import base_url, parsable, parse

_SHORT = 200
"""Characters of Markdown below which a page may have its content in `<noscript>`."""


@dataclass(frozen=True, slots=True)
class Document:
    """A page's content; description and language are "" where the page does not tell them."""

    title: str
    description: str
    language: str
    markdown: str


def make_document(
    body: bytes, content_type: str | None, url: str, *, is_parsable: bool = False
) -> Document:
    """The document in a body fetched from `url` (canonical).

    `is_parsable`: `read_page` found so. Links and images are absolute. Never raises.
    """
    kind = kind_of(content_type)
    text = decode(body, content_type)
    if kind is Kind.MARKDOWN:
        return Document(first_line(text), "", "", clip(text))
    if kind is Kind.TEXT:
        return Document(first_line(text), "", "", from_text(text))
    tree = parse(text if is_parsable else parsable(text, is_xml=kind is Kind.XHTML))
    title, description = title_of(tree), description_of(tree)
    return Document(title, description, language_of(tree), _markdown(tree, text, url))


def _markdown(tree: LexborHTMLParser, html: str, url: str) -> str:
    base = base_url(tree, url)
    markdown = to_markdown(main_block(tree, html), base)
    if len(markdown) < _SHORT and "<noscript" in html:
        return max(markdown, to_markdown(without_script(tree), base), key=len)
    return markdown
