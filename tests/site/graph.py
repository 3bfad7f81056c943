"""Made sites of linked pages: the same seed gives the same links, here and in the server."""

import random
from collections import deque
from dataclasses import dataclass


@dataclass(frozen=True)
class Graph:
    """A site of `pages` pages, each of which waits up to `delay_milliseconds` before it answers."""

    seed: int
    pages: int
    delay_milliseconds: int = 0

    @property
    def root(self) -> str:
        """Path (with query) of the page that the crawl starts from."""
        return self.path(0)

    def path(self, page: int) -> str:
        """Path (with query) under which a page is known."""
        delay = f"?delay={self.delay_milliseconds}" if self.delay_milliseconds else ""
        return f"/graph/{self.seed}/{self.pages}/{page}{delay}"

    def links(self, page: int) -> list[int]:
        """Pages that a page links to, in the order of its text, some of them twice.

        Every page has a parent among the thirty before it, so all are reachable and the site is
        deep; a few links jump ahead, so that many pages are reached by a long way first and by
        a short way later.
        """
        children = [
            child
            for child in range(page + 1, min(page + 31, self.pages))
            if self._parent(child) == page
        ]
        chance = random.Random(f"links {self.seed} {page}")
        jumps = [chance.randrange(self.pages) for _ in range(chance.choice((0, 0, 1, 1, 2)))]
        targets = children + jumps + jumps[:1] + [0]
        chance.shuffle(targets)
        return targets

    def _parent(self, page: int) -> int:
        return random.Random(f"parent {self.seed} {page}").randrange(max(0, page - 30), page)


def breadth_first(graph: Graph, depth: int | None = None) -> set[str]:
    """Paths of all pages at most `depth` clicks from the root (None: of all pages)."""
    return {graph.path(page) for page in depths(graph, depth)}


def depths(graph: Graph, depth: int | None = None) -> dict[int, int]:
    """Pages within `depth` clicks of the root, each with its smallest number of clicks."""
    found = {0: 0}
    waiting = deque([0])
    while waiting:
        page = waiting.popleft()
        if found[page] == depth:
            continue
        for target in graph.links(page):
            if target not in found:
                found[target] = found[page] + 1
                waiting.append(target)
    return found
