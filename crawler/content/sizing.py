"""How much text the blocks of a page hold, in characters without white space.

Each answer reads all of a block; blocks lie within blocks, and there may be thousands of them. So
what is read in all is bounded: beyond the bound every block counts as the whole page.
"""

from selectolax.lexbor import LexborNode

_MOST_READ = 20
"""How often all of the text is read, at most, in the sum over all answers."""

_LEAST_READ = 20_000


class Sizing:
    """Sizes within one block, whose own is `whole`."""

    def __init__(self, block: LexborNode) -> None:
        text = block.text()
        self._allowance = _MOST_READ * len(text) + _LEAST_READ
        self.whole = _size(text)

    def of(self, node: LexborNode) -> int:
        """The size of a node."""
        if self._allowance < 0:
            return self.whole
        text = node.text()
        self._allowance -= len(text) + 20
        return _size(text)

    def of_links(self, node: LexborNode) -> int:
        """The size of the links in a node."""
        return sum(map(self.of, node.css("a")))


def _size(text: str) -> int:
    return len("".join(text.split()))
