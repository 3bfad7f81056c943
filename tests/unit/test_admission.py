"""Admission: scope, rules, denied hosts and traps in one verdict, and the rule that decided."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.domain.admission import NO_HOST_RULES, HostRules, admission_of
from crawler.domain.model import ScopeKind
from crawler.domain.reasons import Reason

DENIED = HostRules.parse("no.site, *.internal, 10.0.0.0/8")
JOB = admission_of(
    ScopeKind.ANY,
    ["http://site/"],
    include=("/docs/*", "/news/*"),
    exclude=("*.pdf", "regex:[?&]sort="),
    denied=DENIED,
)


@pytest.mark.parametrize(
    ("url", "reason", "rule"),
    [
        ("http://site/docs/a", None, "/docs/*"),
        ("http://other/news/a", None, "/news/*"),
        ("http://site/about", Reason.EXCLUDED, None),
        ("http://other/", Reason.EXCLUDED, None),
        ("http://site/docs/a.pdf", Reason.EXCLUDED, "*.pdf"),
        ("http://site/docs/?a&sort=b", Reason.EXCLUDED, "regex:[?&]sort="),
        ("http://www.no.site/docs/a", Reason.DENIED_HOST, None),
        ("http://10.1.2.3:81/docs/a.pdf", Reason.DENIED_HOST, None),
        ("http://site/docs/a/a/a/a", Reason.TRAP, None),
    ],
)
def test_a_link_is_in_or_out_for_one_reason(
    url: str, reason: Reason | None, rule: str | None
) -> None:
    assert JOB.judge(url) is reason
    assert JOB.explain(url) == (reason, rule)


@pytest.mark.parametrize("rules", [{"exclude": ("*",)}, {"include": ("/news/*",)}])
def test_no_rule_keeps_a_root_out(rules: dict[str, tuple[str, ...]]) -> None:
    root = "http://site/a/a/a/a"
    job = admission_of(ScopeKind.HOST, [root], denied=DENIED, **rules)
    assert job.explain(root) == (None, None)
    assert job.judge("http://site/b") is Reason.EXCLUDED
    denied = admission_of(ScopeKind.HOST, ["http://no.site/"], denied=DENIED)
    assert denied.judge("http://no.site/") is Reason.DENIED_HOST


def test_scope_comes_before_rules() -> None:
    job = admission_of(ScopeKind.PATH, ["http://site/docs/"], exclude=("*x*",), denied=DENIED)
    assert job.judge("http://site/docs/a") is None
    assert job.judge("http://site/docs/x") is Reason.EXCLUDED
    assert job.judge("http://site/x") is Reason.SCOPE
    assert job.judge("http://no.site/docs/") is Reason.SCOPE
    assert job.explain("http://site/docs/a") == (None, None)


@pytest.mark.parametrize(
    ("rules", "host", "denied"),
    [
        ("example.com", "example.com", True),
        ("example.com", "a.b.example.com", True),
        ("example.com", "EXAMPLE.com.", True),
        ("example.com", "notexample.com", False),
        ("example.com", "example.com.evil", False),
        ("example.com", "com", False),
        ("*.internal", "a.internal", True),
        ("*.internal", "internal", False),
        ("localhost", "localhost", True),
        ("Bücher.de", "www.xn--bcher-kva.de", True),
        ("10.0.0.0/8", "10.1.2.3", True),
        ("10.0.0.0/8", "11.1.2.3", False),
        ("10.0.0.1/8", "10.9.9.9", True),
        ("10.0.0.0/8", "[::ffff:a01:203]", True),
        ("10.0.0.0/8", "a10", False),
        ("192.0.2.1", "192.0.2.1", True),
        ("0x7f.1", "127.0.0.1", True),
        ("2001:db8::/32", "[2001:db8::1]", True),
        ("2001:db8::/32", "2001:db8::1", True),
        ("[2001:db8::1]", "[2001:db8::1]", True),
        ("fe80::/10", "fe80::1%eth0", True),
        ("2001:db8::/32", "10.1.2.3", False),
        ("a.example, b.example", "b.example", True),
        ("", "example.com", False),
    ],
)
def test_a_host_is_denied_by_name_or_by_address(rules: str, host: str, denied: bool) -> None:
    assert HostRules.parse(rules).denies(host) is denied


def test_no_rules_deny_nothing() -> None:
    assert HostRules.parse(" , ") == NO_HOST_RULES
    assert not NO_HOST_RULES
    assert HostRules.parse("b,a ").text == "b, a"


@pytest.mark.parametrize(
    "entry",
    ["http://a", "a/b", "a:80", "a b", "*", "*.", "a.*.b", "10.0.0.0/33", "[::1]:81", "u@a", "a?b",
     "a#b", "a\\b", "a\tb", "a..b"],
)  # fmt: skip
def test_what_is_no_host_is_refused_by_its_name(entry: str) -> None:
    with pytest.raises(ValueError, match="is no host name, address or CIDR") as caught:
        HostRules.parse(f"fine.example,{entry}")
    assert repr(entry) in str(caught.value)


@given(st.text(max_size=20), st.text(max_size=20))
def test_any_text_is_a_list_of_hosts_or_an_explained_mistake(text: str, host: str) -> None:
    DENIED.denies(host)
    try:
        rules = HostRules.parse(text)
    except ValueError as mistake:
        assert str(mistake)
    else:
        rules.denies(host)
        assert HostRules.parse(rules.text) == rules
