"""Which links a job takes: by its scope, its rules, the operator's, and the shape of traps."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

from crawler.domain import urls
from crawler.domain.model import ScopeKind
from crawler.domain.patterns import Rules, compile_rules
from crawler.domain.reasons import Reason
from crawler.domain.scope import Scope, scope_of
from crawler.domain.traps import shape_is_trap

_NO_HOST = re.compile(r"[\s:/?#@\\]")
_LABELS = re.compile(r"[a-z0-9_-]+(\.[a-z0-9_-]+)*")


@dataclass(frozen=True, slots=True)
class HostRules:
    """Hosts that whoever runs Clew lets nobody crawl.

    `example.com` means that name and all below it, `*.example.com` only what is below it; an IP
    address or a CIDR means addresses, written in a URL or found by a look-up.
    """

    text: str = ""
    names: frozenset[str] = frozenset()
    parents: frozenset[str] = frozenset()
    networks: tuple[IPv4Network | IPv6Network, ...] = ()

    @classmethod
    def parse(cls, text: str) -> "HostRules":
        """The rules in a list with commas between them; an empty list denies nothing.

        Raises:
            ValueError: with a sentence that names the entry that is no host.
        """
        entries = [entry.strip() for entry in text.split(",") if entry.strip()]
        networks = {entry: network for entry in entries if (network := _network(entry))}
        names = [entry for entry in entries if entry not in networks]
        return cls(
            ", ".join(entries),
            frozenset(_name(entry) for entry in names if not entry.startswith("*.")),
            frozenset(_name(entry) for entry in names),
            tuple(networks.values()),
        )

    def denies(self, host: str) -> bool:
        """Whether a host may not be crawled: a name, or an address with or without brackets."""
        if not self.text:
            return False
        host = host.rstrip(".").lower()
        return host in self.names or self._is_below(host) or self._is_address(host)

    def _is_below(self, host: str) -> bool:
        if not self.parents:
            return False
        labels = host.split(".")
        return any(".".join(labels[start:]) in self.parents for start in range(1, len(labels)))

    def _is_address(self, host: str) -> bool:
        if not self.networks or not (host[-1:].isdigit() or ":" in host):
            return False
        try:
            address = ip_address(host.strip("[]").partition("%")[0])
        except ValueError:
            return False
        mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
        forms = (address, mapped) if mapped else (address,)
        return any(form in network for network in self.networks for form in forms)

    def __bool__(self) -> bool:
        return bool(self.text)


NO_HOST_RULES = HostRules()


def _network(entry: str) -> IPv4Network | IPv6Network | None:
    try:
        return ip_network(entry.strip("[]"), strict=False)
    except ValueError:
        return None


def _name(entry: str) -> str:
    """The name in a rule as canonical URLs have it (`*.Bücher.de` → `xn--bcher-kva.de`)."""
    is_host = not _NO_HOST.search(entry)
    form = urls.canonical(f"http://{entry.removeprefix('*.')}/") if is_host else None
    name = urls.authority(form).rstrip(".") if form else ""
    if not _LABELS.fullmatch(name):
        raise ValueError(f"{entry!r} is no host name, address or CIDR")
    return name


@dataclass(frozen=True, slots=True)
class Admission:
    """What decides whether a link found on a page becomes a URL of the job.

    `roots` are in whatever the rules say and whatever they look like: the user asked for them.
    """

    scope: Scope
    include: Rules
    exclude: Rules
    denied: HostRules
    roots: frozenset[str] = frozenset()

    def judge(self, url: str) -> Reason | None:
        """Why a canonical URL is left out; None: it is in."""
        if not self.scope.admits(url):
            return Reason.SCOPE
        if self.denied and self.denied.denies(urls.host(url)):
            return Reason.DENIED_HOST
        if url in self.roots:
            return None
        if self.exclude and self.exclude.match(url):
            return Reason.EXCLUDED
        if self.include and not self.include.match(url):
            return Reason.EXCLUDED
        return Reason.TRAP if shape_is_trap(url) else None

    def explain(self, url: str) -> tuple[Reason | None, str | None]:
        """What `judge` says, and the rule that decided it.

        The rule is that of `exclude` which leaves the URL out or that of `include` which lets it
        in; None where no rule decided, which with an `include` list means that none matched.
        """
        reason = self.judge(url)
        if reason is Reason.EXCLUDED:
            return reason, self.exclude.first_match(url)
        return reason, None if reason else self.include.first_match(url)


def admission_of(
    scope: ScopeKind,
    bases: Iterable[str],
    include: Iterable[str] = (),
    exclude: Iterable[str] = (),
    denied: HostRules = NO_HOST_RULES,
) -> Admission:
    """The admission of a job: scope around its roots (canonical, after redirects), and rules.

    A URL that an `exclude` rule matches is out; where there are `include` rules, one of them must
    match. Roots are what the user asked for: no rule keeps them out.

    Raises:
        ValueError: for a rule that `parse_rule` would refuse.
    """
    roots = tuple(bases)
    rules = (compile_rules(tuple(include)), compile_rules(tuple(exclude)))
    return Admission(scope_of(scope, roots), *rules, denied, frozenset(roots))
