"""A page as people take it away: title, description, language, Markdown."""

from dataclasses import dataclass

from crawler.content.bounds import clip
from crawler.content.charset import decode
from crawler.content.mainblock import main_block
from crawler.content.markdown import from_text, to_markdown
from crawler.content.mediatype import Kind, kind_of
from crawler.content.metadata import description_of, language_of, title_of
from crawler.content.page import first_line
from crawler.content.tree import base_url, parse


@dataclass(frozen=True, slots=True)
class Document:
    """A page's content; description and language are "" where the page does not tell them."""

    title: str
    description: str
    language: str
    markdown: str


def make_document(body: bytes, content_type: str | None, url: str) -> Document:
    """The document in a body fetched from `url` (canonical).

    Links and images are absolute. Never raises.
    """
    kind = kind_of(content_type)
    text = decode(body, content_type)
    if kind is Kind.MARKDOWN:
        return Document(first_line(text), "", "", clip(text))
    if kind is Kind.TEXT:
        return Document(first_line(text), "", "", from_text(text))
    tree = parse(text, is_xml=kind is Kind.XHTML)
    title, description = title_of(tree), description_of(tree)
    language, base = language_of(tree), base_url(tree, url)
    return Document(title, description, language, to_markdown(main_block(tree, text), base))
