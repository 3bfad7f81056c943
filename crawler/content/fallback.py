"""HTML to Markdown by BeautifulSoup: slower and plainer, but it takes whatever it is given.

The native converter refuses text with many control characters as binary data; a page with a dump
of them in an example is a page all the same.
"""

import re

from bs4 import BeautifulSoup, Tag

_DROPPED = ("script", "style", "template", "noscript", "svg", "iframe", "nav", "footer", "button")
_PREFIXES = {"li": "- ", **{f"h{level}": "#" * level + " " for level in range(1, 7)}}
_BLOCKS = (
    *_PREFIXES, "p", "div", "section", "article", "blockquote", "ul", "ol", "dl", "dt", "dd",
    "table", "tr", "pre", "hr", "figure", "figcaption", "details", "summary", "br",
)  # fmt: skip

_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")
_WHITESPACE = re.compile(r"\s+")
_GAP = re.compile(r"\n\s*\n")


def plain_markdown(html: str) -> str:
    """Headings, paragraphs, list items and program text of an HTML fragment as Markdown."""
    # Within an element of its own a fragment is never mistaken for a file name or for XML.
    soup = BeautifulSoup(f"<div>{_CONTROL.sub('', html)}</div>", "html.parser")
    for dropped in soup(_DROPPED):
        dropped.decompose()
    blocks = {id(pre): _fenced(pre) for pre in soup("pre")}
    for text in soup.find_all(string=True):
        if not isinstance(text.parent, Tag) or text.find_parent("pre"):
            continue
        text.replace_with(_WHITESPACE.sub(" ", text))
    for block in soup(_BLOCKS):
        _set_off(block, blocks.get(id(block)))
    return _GAP.sub("\n\n", soup.get_text()).strip()


def _fenced(pre: Tag) -> str:
    code = pre.get_text().strip("\n")
    ticks = max((len(run) for run in re.findall("`+", code)), default=0)
    fence = "`" * max(3, ticks + 1)
    return f"{fence}\n{code}\n{fence}"


def _set_off(block: Tag, code: str | None) -> None:
    if code is not None:
        block.string = code
    block.insert(0, "\n\n" + _PREFIXES.get(block.name, ""))
    block.append("\n\n")
