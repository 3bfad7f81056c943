"""Cards: siblings alike that each show a picture, a few words and a link to another page."""

from collections.abc import Callable

from selectolax.lexbor import LexborNode

from crawler.content.sizing import Sizing

_MOST_PICTURES = 1_000
_CLIMB = 8
"""Elements around a picture that may be its card."""

_LEAST_CARDS = 4
_LARGEST_CARD = 400
_SMALLEST_CARD = 10
"""Characters of text, in the mean of a group."""

_LEAST_LINKING = 0.8
_NO_CARDS = frozenset(("img", "picture", "source", "p", "span", "figure", "tr", "td", "tbody"))


def card_groups(
    pictures: list[LexborNode], sizes: Sizing, is_kept: Callable[[LexborNode], bool]
) -> list[list[LexborNode]]:
    """The groups of cards around pictures, one for each parent, outer ones among them.

    `is_kept` tells of an element that it is part of no card, nor is what is around it.
    """
    alike: dict[tuple[int, str], list[LexborNode]] = {}
    seen: set[int] = set()
    for picture in pictures[:_MOST_PICTURES]:
        node = picture
        for _ in range(_CLIMB):
            around = node.parent
            if around is None or node.mem_id in seen or is_kept(node):
                break
            seen.add(node.mem_id)
            if node.tag not in _NO_CARDS:
                alike.setdefault((around.mem_id, _kind(node)), []).append(node)
            node = around
    return [group for group in alike.values() if _are_cards(group, sizes)]


def _kind(node: LexborNode) -> str:
    return f"{node.tag} {(node.attributes.get('class') or '').strip().partition(' ')[0]}"


def _are_cards(nodes: list[LexborNode], sizes: Sizing) -> bool:
    if len(nodes) < _LEAST_CARDS:
        return False
    mean = sum(map(sizes.of, nodes)) / len(nodes)
    if not _SMALLEST_CARD <= mean <= _LARGEST_CARD:
        return False
    return sum(map(_links_on, nodes)) >= _LEAST_LINKING * len(nodes)


def _links_on(node: LexborNode) -> bool:
    parent = node.parent
    return "a" in (node.tag, parent and parent.tag) or node.css_first("a") is not None
