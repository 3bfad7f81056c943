"""What a page says about itself: title, description, language.

The HTML elements come first, the Open Graph ones (ogp.me) where these are missing.
"""

import html
import re

from bs4 import BeautifulSoup
from selectolax.lexbor import LexborHTMLParser

from crawler.content.tree import attribute, fold, in_head, text_of

MAX_TITLE = 300
"""Characters of a title that are kept."""

MAX_DESCRIPTION = 1_000
"""Characters of a description that are kept."""

_LANGUAGE = re.compile(r"[a-zA-Z]{1,8}(?:[-_][a-zA-Z0-9]{1,8}){0,4}")
_ENTITY = re.compile(r"&(?:#\d+|#x[0-9a-fA-F]+|[a-zA-Z]{2,8});")
_MARKUP = re.compile(r"</?[a-z][^<>]*>", re.I)

_DESCRIPTIONS = ('meta[name="description" i]', 'meta[property="og:description"]')


def title_of(tree: LexborHTMLParser) -> str:
    """The title: `<title>`, else og:title, else the first heading; "" without any."""
    title = text_of(in_head(tree, "title"), MAX_TITLE)
    if not title:
        title = fold(_content(tree, 'meta[property="og:title"]'), MAX_TITLE)
    if not title:
        title = text_of(tree.css_first("h1"), MAX_TITLE)
    # Titles that were escaped twice are common: "Questions &amp;amp; answers".
    return fold(html.unescape(title), MAX_TITLE) if _ENTITY.search(title) else title


def description_of(tree: LexborHTMLParser) -> str:
    """The description as plain text, "" where the page gives none."""
    for selector in _DESCRIPTIONS:
        content = _content(tree, selector)
        if content.strip():
            return fold(_plain(content), MAX_DESCRIPTION)
    return ""


def language_of(tree: LexborHTMLParser) -> str:
    """The language tag (BCP 47) of `<html lang>`, else of meta content-language, else ""."""
    root = tree.root
    declared = (
        attribute(root, "lang")
        or attribute(root, "xml:lang")
        or _content(tree, 'meta[http-equiv="content-language" i]')
    )
    found = _LANGUAGE.match(declared.strip())
    return found[0].replace("_", "-") if found else ""


def _content(tree: LexborHTMLParser, selector: str) -> str:
    return attribute(in_head(tree, selector), "content")


def _plain(text: str) -> str:
    """Descriptions that hold markup, as systems that fill them from an article's HTML write."""
    text = text[: MAX_DESCRIPTION * 8]
    if _MARKUP.search(text) or _ENTITY.search(text):
        # Within an element a text is never mistaken for a file name or a URL.
        return BeautifulSoup(f"<p>{text}</p>", "html.parser").get_text(" ")
    return text
