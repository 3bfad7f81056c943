"""How much text the blocks of a page hold, in characters without white space.

Each answer reads all of a block; blocks lie within blocks, and there may be thousands of them. So
what is read in all is bounded: beyond the bound every block counts as the whole page.
"""

from functools import cached_property

from selectolax.lexbor import LexborNode

_MOST_READ = 20
"""How often all of the text is read, at most, in the sum over all answers."""

_LEAST_READ = 20_000
_COST = 20
"""Characters that an answer counts for, however few it reads."""


class Sizing:
    """Sizes within one block."""

    def __init__(self, block: LexborNode) -> None:
        self._block = block
        self._allowance = 0

    @cached_property
    def whole(self) -> int:
        """The size of the block itself. Most pages of documentation are never asked for it."""
        text = self._block.text()
        self._allowance = _MOST_READ * len(text) + _LEAST_READ
        return _size(text)

    def of(self, node: LexborNode) -> int:
        """The size of a node within."""
        if self.whole and self._allowance < 0:
            return self.whole
        text = node.text()
        self._allowance -= len(text) + _COST
        return _size(text)

    def of_links(self, node: LexborNode) -> int:
        """The size of the links in a node."""
        return sum(map(self.of, node.css("a")))


def _size(text: str) -> int:
    return len(text) - text.count(" ") - text.count("\n") - text.count("\t")
