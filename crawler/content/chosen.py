"""The part of a page that is its content: what its user's selectors choose, or what is found."""

from dataclasses import dataclass

from selectolax.lexbor import LexborHTMLParser, LexborNode

from crawler.content.mainblock import NO_CONTENT, chosen_block, main_block, without_script
from crawler.content.selection import Selection
from crawler.domain.selectors import Selectors

_MEDIA = "img[src], video[src], audio[src], source[src]"


@dataclass(frozen=True, slots=True)
class Content:
    """A page's content as HTML, in pieces; what it shows to those who run no script; and how many
    elements selectors chose and left out."""

    html: list[str]
    without_script: str = ""
    matched: int = 0
    removed: int = 0


def content_of(
    tree: LexborHTMLParser,
    marks: frozenset[str],
    selectors: Selectors,
    *,
    in_pieces: bool,
    has_other: bool,
) -> Content:
    """A page's content, for which its tree is taken apart.

    `marks` as for `main_block`; `has_other`: the page has something to show without script. Where
    selectors choose nothing that shows, the content is found.
    """
    selection = Selection(tree)
    removed = _remove(selection, selectors.remove)
    without = without_script(tree) if has_other else ""
    if selectors.content is None:
        return Content(main_block(tree, marks, in_pieces=in_pieces), without, 0, removed)
    tree.strip_tags(NO_CONTENT)
    chosen = selection.find(selectors.content)
    if any(_shows_something(node) for node in chosen):
        html = chosen_block(tree, chosen, marks, in_pieces=in_pieces)
        return Content(html, "", len(chosen), removed)
    return Content(main_block(tree, marks, in_pieces=in_pieces), without, 0, removed)


def _remove(selection: Selection, selectors: tuple[str, ...]) -> int:
    removed = 0
    for selector in selectors:
        for node in selection.find(selector):
            if node.tag != "body":  # without it there is no page
                node.decompose()
                removed += 1
    return removed


def _shows_something(node: LexborNode) -> bool:
    return bool(node.text().strip()) or node.css_first(_MEDIA) is not None
