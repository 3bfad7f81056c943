"""What is to be dropped of a page, as long as it is only being decided."""

from collections.abc import Iterable

from selectolax.lexbor import LexborNode

from crawler.content.sizing import Sizing

_LEAST_LEFT = 25
_LEAST_SHARE_LEFT = 0.05
"""Characters, or share of the page's text, that are left, whatever they are called."""


class Cut:
    """What is to be dropped of a page; the tree changes at the end, all at once."""

    def __init__(self, main: LexborNode, titles: Iterable[LexborNode]) -> None:
        """Takes the headings of the first rank as well: what holds one is not dropped."""
        self.main = main
        self.sizes = Sizing(main)
        self._less = 0
        self._gone: set[int] = set()
        self._dropped: dict[int, tuple[int, LexborNode]] = {}
        self._titled = {main.mem_id}
        for title in titles:
            self._keep(title)

    @property
    def left(self) -> int:
        """Characters that are not to be dropped."""
        return self.sizes.whole - self._less

    def _keep(self, node: LexborNode | None) -> None:
        while node is not None and node.mem_id not in self._titled:
            self._titled.add(node.mem_id)
            node = node.parent

    def holds_title(self, node: LexborNode) -> bool:
        """Whether a node is, or is around, a heading of the first rank, or all of the content."""
        return node.mem_id in self._titled

    def is_gone(self, node: LexborNode) -> bool:
        """Whether a node, or one around it, is to be dropped."""
        return node.mem_id in self._gone

    def standing(self, nodes: Iterable[LexborNode]) -> list[LexborNode]:
        """Those that are not to be dropped so far."""
        return [node for node in nodes if node.mem_id not in self._gone]

    def held_by(self, node: LexborNode) -> int:
        """Characters of a node that are not to be dropped so far."""
        dropped = (self._dropped.get(inner.mem_id) for inner in node.css("*"))
        return self.sizes.of(node) - sum(each[0] for each in dropped if each)

    def drop(self, node: LexborNode) -> None:
        """Put a node on the list, unless it is there or within one that is."""
        if node.mem_id in self._gone:
            return
        size = self.sizes.of(node)
        self._less += size
        for inner in node.css("*"):
            self._gone.add(inner.mem_id)
            if inner.mem_id in self._dropped:
                self._less -= self._dropped.pop(inner.mem_id)[0]
        self._gone.add(node.mem_id)
        self._dropped[node.mem_id] = (size, node)

    def carry_out(self) -> None:
        """Take all that is on the list out of the tree, but for the largest where that is all."""
        if not self._dropped:
            return
        dropped = sorted(self._dropped.values(), key=lambda each: each[0])
        least = min(_LEAST_LEFT, _LEAST_SHARE_LEFT * self.sizes.whole)
        while dropped and self.left < least:
            self._less -= dropped.pop()[0]
        for _, node in dropped:
            node.decompose()
