"""Which URLs belong to a job: the same host, or the same folder, as its root after redirects."""

from collections.abc import Iterable
from dataclasses import dataclass

from crawler.domain import urls
from crawler.domain.model import ScopeKind


@dataclass(frozen=True, slots=True)
class Scope:
    """The parts of the web that a job covers, as URL prefixes.

    Every prefix ends in `/`, so that `/docs` never lets `/docs-old` in, and a prefix test on
    canonical URLs decides: no URL is parsed a second time on the way of ~150 links a page.
    """

    prefixes: tuple[str, ...]
    exact: frozenset[str]

    def admits(self, url: str) -> bool:
        """Whether a canonical URL is within the scope."""
        return url.startswith(self.prefixes) or url in self.exact


def scope_of(kind: ScopeKind, bases: Iterable[str]) -> Scope:
    """The scope around some roots (canonical URLs, after their redirects).

    `host` is the root's origin's host on any of http and https with that port; `path` is the
    root's folder and, where the root is a folder without its slash, that name itself.
    """
    prefixes: dict[str, None] = {}
    exact: set[str] = set()
    for base in bases:
        if kind is ScopeKind.HOST:
            prefixes.update(dict.fromkeys(_both_schemes(urls.origin(base) + "/")))
        else:
            folder, name = _folder(base)
            prefixes.update(dict.fromkeys(_both_schemes(folder)))
            exact.update(_both_schemes(name))
    return Scope(tuple(prefixes), frozenset(exact))


def _both_schemes(url: str) -> tuple[str, ...]:
    """A site that answers on http and https by the default ports is one site."""
    scheme, rest = url.split("://", 1)
    other = {"http": "https", "https": "http"}[scheme]
    has_port = ":" in rest.split("/", 1)[0].rpartition("]")[2]
    return (url,) if has_port else (url, f"{other}://{rest}")


def _folder(base: str) -> tuple[str, str]:
    """The folder of a root and the root's own URL without its query.

    `/docs` and `/docs/` mean the folder `/docs/`; `/docs/index.html` means it too, since a last
    segment with a dot is a file.
    """
    root = urls.origin(base)
    path = urls.path(base)
    last = path.rpartition("/")[2]
    if not last:
        return root + path, root + path.rstrip("/")
    if "." in last:
        folder = path[: len(path) - len(last)]
        return root + folder, root + folder.rstrip("/")
    return root + path + "/", root + path
