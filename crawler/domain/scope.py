"""Which URLs belong to a job: judged by its roots, after their redirects."""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import lru_cache

from publicsuffixlist import PublicSuffixList

from crawler.domain import urls
from crawler.domain.model import ScopeKind


@dataclass(frozen=True, slots=True)
class Scope:
    """The parts of the web that a job covers, as URL prefixes, and domains as a whole.

    Every prefix ends in `/`, so that `/docs` never lets `/docs-old` in, and a prefix test on
    canonical URLs decides: no URL is parsed a second time on the way of ~150 links a page.
    """

    prefixes: tuple[str, ...]
    exact: frozenset[str]
    domains: frozenset[str] = frozenset()

    def admits(self, url: str) -> bool:
        """Whether a canonical URL is within the scope."""
        if url.startswith(self.prefixes) or url in self.exact:
            return True
        return bool(self.domains) and registrable_domain(urls.host(url)) in self.domains


def scope_of(kind: ScopeKind, bases: Iterable[str]) -> Scope:
    """The scope around some roots (canonical URLs, after their redirects).

    `host` is the root's host and port, on http and https where the port is the default one.
    `domain` is every host of the root's registrable domain, on any port; a host without one (an IP
    address, `localhost`, a public suffix such as `github.io`) stands for itself, as in `host`.
    `path` is the root's folder and, where the root is a folder without its slash, that name itself.
    `any` is the whole web.
    """
    scopes = [_AROUND[kind](base) for base in dict.fromkeys(bases)]
    return Scope(
        tuple(dict.fromkeys(prefix for each in scopes for prefix in each.prefixes)),
        frozenset().union(*(each.exact for each in scopes)),
        frozenset().union(*(each.domains for each in scopes)),
    )


@lru_cache(maxsize=4096)
def registrable_domain(host: str) -> str | None:
    """The domain under which a host was registered (`docs.example.co.uk` → `example.co.uk`).

    By the Public Suffix List, its private part included: two users of `github.io` are no one
    domain. None for IP addresses and for names that are a public suffix or have no dot.
    """
    if host.startswith("[") or _IPV4.fullmatch(host):
        return None
    return _suffixes().privatesuffix(host.rstrip("."))


def site_of(url: str) -> str:
    """Whose a canonical URL is: its registrable domain, or its host and port where it has none."""
    return registrable_domain(urls.host(url)) or urls.authority(url)


# What WHATWG's parser makes of every spelling of an IPv4 address.
_IPV4 = re.compile(r"\d+\.\d+\.\d+\.\d+")


@lru_cache(maxsize=1)
def _suffixes() -> PublicSuffixList:
    """The list that the package brings, read when first needed (50 ms); nothing is fetched."""
    return PublicSuffixList()


def _host(base: str) -> Scope:
    return Scope(_both_schemes(urls.origin(base) + "/"), frozenset())


def _domain(base: str) -> Scope:
    domain = registrable_domain(urls.host(base))
    return Scope(_host(base).prefixes, frozenset(), frozenset({domain} if domain else ()))


def _path(base: str) -> Scope:
    folder, name = _folder(base)
    return Scope(_both_schemes(folder), frozenset(_both_schemes(name)))


def _any(base: str) -> Scope:
    return Scope(("http://", "https://"), frozenset())


_AROUND: dict[ScopeKind, Callable[[str], Scope]] = {
    ScopeKind.HOST: _host,
    ScopeKind.DOMAIN: _domain,
    ScopeKind.PATH: _path,
    ScopeKind.ANY: _any,
}


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
