"""Scope: what belongs to a job, around its roots."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.domain.model import ScopeKind
from crawler.domain.scope import registrable_domain, scope_of, site_of
from crawler.domain.urls import canonical

HOST, PATH, DOMAIN, ANY = ScopeKind.HOST, ScopeKind.PATH, ScopeKind.DOMAIN, ScopeKind.ANY


@pytest.mark.parametrize(
    ("kind", "base", "url", "admitted"),
    [
        (HOST, "http://site/a/b", "http://site/", True),
        (HOST, "http://site/a/b", "http://site/c?d", True),
        (HOST, "http://site/", "https://site/", True),
        (HOST, "https://site/", "http://site/", True),
        (HOST, "http://site/", "http://www.site/", False),
        (HOST, "http://site/", "http://site.evil/", False),
        (HOST, "http://site/", "http://evil/site/", False),
        (HOST, "http://site/", "http://site:81/", False),
        (HOST, "http://site:81/", "http://site:81/a", True),
        (HOST, "http://site:81/", "http://site:8181/", False),
        (HOST, "http://site:81/", "http://site/", False),
        (HOST, "http://site:81/", "https://site:81/", False),
        (HOST, "http://[::1]/", "https://[::1]/a", True),
        (HOST, "http://[::1]:81/", "http://[::1]:81/a", True),
        (HOST, "http://[::1]:81/", "http://[::1]/a", False),
        (PATH, "http://site/docs", "http://site/docs", True),
        (PATH, "http://site/docs", "http://site/docs/", True),
        (PATH, "http://site/docs", "http://site/docs/a/b?c", True),
        (PATH, "http://site/docs", "https://site/docs/a", True),
        (PATH, "http://site/docs", "http://site/docs-old", False),
        (PATH, "http://site/docs", "http://site/docs-old/a", False),
        (PATH, "http://site/docs", "http://site/docsy", False),
        (PATH, "http://site/docs", "http://site/", False),
        (PATH, "http://site/docs", "http://other/docs/", False),
        (PATH, "http://site/docs/", "http://site/docs", True),
        (PATH, "http://site/docs/", "http://site/docs/a", True),
        (PATH, "http://site/docs/", "http://site/docs-old/", False),
        (PATH, "http://site/docs/index.html", "http://site/docs/", True),
        (PATH, "http://site/docs/index.html", "http://site/docs/index.html", True),
        (PATH, "http://site/docs/index.html", "http://site/docs/a/b.html", True),
        (PATH, "http://site/docs/index.html", "http://site/docs", True),
        (PATH, "http://site/docs/index.html", "http://site/a.html", False),
        (PATH, "http://site/docs/?q=/x/", "http://site/docs/a", True),
        (PATH, "http://site/docs/?q=/x/", "http://site/x/a", False),
        (PATH, "http://site/", "http://site/anything", True),
        (PATH, "http://site/index.html", "http://site/anything", True),
        (PATH, "http://site:81/docs", "https://site:81/docs/a", False),
        (PATH, "http://site:81/docs", "http://site:81/docs/a", True),
        (DOMAIN, "https://www.example.co.uk/a", "https://example.co.uk/", True),
        (DOMAIN, "https://example.co.uk/a", "http://docs.example.co.uk/b", True),
        (DOMAIN, "https://a.example.com/", "https://b.example.com:8443/", True),
        (DOMAIN, "https://a.example.com/", "https://example.com./", True),
        (DOMAIN, "https://example.co.uk/", "https://other.co.uk/", False),
        (DOMAIN, "https://example.com/", "https://notexample.com/", False),
        (DOMAIN, "https://example.com/", "https://example.com.evil.net/", False),
        (DOMAIN, "https://me.github.io/", "https://www.me.github.io/", True),
        (DOMAIN, "https://me.github.io/", "https://you.github.io/", False),
        (DOMAIN, "https://github.io/", "https://you.github.io/", False),
        (DOMAIN, "https://github.io/", "http://github.io/a", True),
        (DOMAIN, "https://a.unlisted/", "https://b.a.unlisted/", True),
        (DOMAIN, "http://münchen.de/", "http://www.münchen.de/", True),
        (DOMAIN, "http://127.0.0.1:81/", "http://127.0.0.1:81/a", True),
        (DOMAIN, "http://127.0.0.1/", "http://10.1.0.1/", False),
        (DOMAIN, "http://127.0.0.1:81/", "http://127.0.0.1:82/", False),
        (DOMAIN, "http://[::1]/", "http://[::2]/", False),
        (DOMAIN, "http://localhost:81/", "http://localhost:81/a", True),
        (DOMAIN, "http://localhost/", "http://site.localhost/", False),
        (ANY, "http://site/a", "https://other:81/b", True),
    ],
)
def test_a_url_is_in_scope_by_host_or_by_folder(
    kind: ScopeKind, base: str, url: str, admitted: bool
) -> None:
    scope = scope_of(kind, [canonical(base) or ""])
    assert scope.admits(canonical(url) or "") is admitted


@pytest.mark.parametrize(
    ("host", "domain"),
    [
        ("a.b.example.co.uk", "example.co.uk"),
        ("example.com.", "example.com"),
        ("co.uk", None),
        ("site", None),
        ("1.2.3.4", None),
        ("[::1]", None),
    ],
)
def test_a_domain_is_what_can_be_registered(host: str, domain: str | None) -> None:
    assert registrable_domain(host) == domain


@pytest.mark.parametrize(
    ("one", "other", "is_one"),
    [
        ("http://a.example.co.uk/", "https://example.co.uk:8443/x", True),
        ("https://one.github.io/", "https://two.github.io/", False),
        ("http://10.0.0.1:1/", "http://10.0.0.1:2/", False),
        ("http://localhost:1/", "http://localhost:1/x", True),
    ],
)
def test_a_site_is_a_registered_domain_or_else_a_host_and_port(
    one: str, other: str, is_one: bool
) -> None:
    assert (site_of(one) == site_of(other)) is is_one


@pytest.mark.parametrize("kind", [HOST, PATH, DOMAIN])
def test_several_roots_cover_what_each_covers(kind: ScopeKind) -> None:
    scope = scope_of(kind, ["http://a/x/", "https://b/y"])
    for url, admitted in [
        ("http://a/x/1", True),
        ("https://b/y/2", True),
        ("http://b/y", True),
        ("http://c/x/", False),
    ]:
        assert scope.admits(url) is admitted


paths = st.lists(st.sampled_from(["a", "b", "a-b", "c.html", "%20", "é"]), max_size=4).map("/".join)


@given(st.sampled_from(ScopeKind), paths, paths, st.sampled_from(["", "/"]))
def test_a_folder_admits_all_below_it_and_its_root(
    kind: ScopeKind, folder: str, below: str, slash: str
) -> None:
    base = canonical(f"http://site/{folder}{slash}") or ""
    page = canonical(f"http://site/{folder}/{below}") or ""
    scope = scope_of(kind, [base])
    assert scope.admits(base)
    assert scope.admits(page)
