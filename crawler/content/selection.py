"""Elements that a user's selectors match, found step by step.

Of a whole selector the parser would try every ancestor for every step, which grows with a power of
the depth. Here each step is one look through the page for its compound, in native code; what stands
between two steps is a look at parents or siblings of what was found, each of them once.
"""

from collections.abc import Iterable

from selectolax.lexbor import LexborHTMLParser, LexborNode

from crawler.domain.selectors import Step, Steps, steps_of

MOST_LOOKS = 1_000_000
"""Elements that are looked at for all selectors of a page; on a page of more, those that are left
match nothing. Some seconds."""

_Nodes = list[LexborNode]


class _TooMany(Exception):
    """All looks are taken."""


class Selection:
    """Finds elements in one tree."""

    def __init__(self, tree: LexborHTMLParser, most_looks: int = MOST_LOOKS) -> None:
        self._root = tree.root
        self._body = tree.body
        self._left = most_looks

    def find(self, selector: str) -> _Nodes:
        """The elements of the body (itself included) that a selector matches, in document order; of
        those within one another only the outermost.

        `selector` is one that `parse_selector` let through.
        """
        if self._root is None or self._body is None:
            return []
        try:
            return self._outermost(self._matches(self._root, self._body, steps_of(selector)))
        except _TooMany:
            return []

    def _matches(
        self, root: LexborNode, body: LexborNode, alternatives: tuple[Steps, ...]
    ) -> _Nodes:
        chosen: set[int] = set()
        for first, *others in alternatives:
            if others:
                found = self._follow(self._look(root, first.compound), others)
                chosen.update(node.mem_id for node in found)
        # All alternatives at once, for the order; each element is found once, whichever it matches.
        single = ", ".join(steps[0].compound for steps in alternatives if len(steps) == 1)
        if single:
            chosen.update(node.mem_id for node in self._look(root, f":is({single})"))
        ends = ", ".join(steps[-1].compound for steps in alternatives)
        return [node for node in self._look(body, f":is({ends})") if node.mem_id in chosen]

    def _look(self, node: LexborNode, compound: str) -> _Nodes:
        found: _Nodes = node.css(compound)
        self._count(len(found))
        return found

    def _count(self, looks: int) -> None:
        self._left -= looks
        if self._left < 0:
            raise _TooMany

    def _follow(self, found: _Nodes, steps: Iterable[Step]) -> _Nodes:
        for step in steps:
            if step.combinator == " ":
                found = self._descendants(found, step.compound)
            elif step.combinator == ">":
                found = self._children(found, step.compound)
            else:
                found = self._siblings(found, step.compound, only_next=step.combinator == "+")
        return found

    def _descendants(self, found: _Nodes, compound: str) -> _Nodes:
        return [
            node
            for top in self._outermost(found)
            for node in self._look(top, compound)
            if node.mem_id != top.mem_id  # an element is among those that are looked through
        ]

    def _children(self, found: _Nodes, compound: str) -> _Nodes:
        ids = {node.mem_id for node in found}
        return [
            node
            for node in self._descendants(found, compound)
            if node.parent is not None and node.parent.mem_id in ids
        ]

    def _siblings(self, found: _Nodes, compound: str, *, only_next: bool) -> _Nodes:
        ids = {node.mem_id for node in found}
        parents = {node.parent.mem_id: node.parent for node in found if node.parent is not None}
        wanted = {node.mem_id for node in self._children(list(parents.values()), compound)}
        following: _Nodes = []
        for parent in parents.values():
            is_after = False
            for child in parent.iter():
                self._count(1)
                at = child.mem_id
                if is_after and at in wanted:
                    following.append(child)
                is_after = at in ids or (is_after and not only_next)
        return following

    def _outermost(self, found: _Nodes) -> _Nodes:
        """Those that are within none of the others, in the order given."""
        ids = {node.mem_id for node in found}
        known: dict[int, bool] = {}
        return [node for node in found if not self._is_within(node, ids, known)]

    def _is_within(self, node: LexborNode, ids: set[int], known: dict[int, bool]) -> bool:
        """Whether an ancestor is one of `ids`; `known` says it of ancestors that were asked for."""
        passed: list[int] = []
        is_within = False
        above = node.parent
        while above is not None:
            at = above.mem_id
            if at in ids or at in known:
                is_within = at in ids or known[at]
                break
            passed.append(at)
            above = above.parent
        self._count(len(passed))
        known.update(dict.fromkeys(passed, is_within))
        return is_within
