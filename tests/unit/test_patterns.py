"""Include and exclude rules: what they match, which are refused, what is proposed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.domain import urls
from crawler.domain.patterns import MAX_RULE_LENGTH, compile_rules, parse_rule, suggest
from tests.cpu import within


@pytest.mark.parametrize(
    ("rule", "url", "matches"),
    [
        # a glob that begins with / is held against path and query
        ("/a", "http://site/a", True),
        ("/a", "https://other:81/a", True),
        ("/a", "http://site/a/", False),
        ("/a", "http://site/a?b", False),
        ("/a", "http://site/b/a", False),
        ("/a*", "http://site/ab/c?d=e", True),
        ("/a/*", "http://site/a/", True),
        ("/a/*", "http://site/a", False),
        ("/*.pdf", "http://site/a/b.pdf", True),
        ("/*.pdf", "http://site/a/bxpdf", False),
        ("/a?b=*", "http://site/a?b=1&c", True),
        ("/a?b=*", "http://site/ab=1", False),
        ("/[a-z]+", "http://site/abc", False),
        ("/[a-z]+", "http://site/[a-z]+", True),
        ("/*/b/*/d", "http://site/a/b/c/d", True),
        ("/**b", "http://site/a/b", True),
        ("/A", "http://site/a", False),
        # any other against the whole URL
        ("http://site/a", "http://site/a", True),
        ("http://site/a", "https://site/a", False),
        ("http*://site/*", "https://site/a", True),
        ("https://*.site/*", "https://www.site/a", True),
        ("https://*.site/*", "https://site/a", False),
        ("*/a/*", "http://site/b/a/c", True),
        ("*.pdf", "http://site/b.pdf", True),
        ("*.pdf", "http://site/b.pdf?c", False),
        ("*", "http://site/", True),
        ("https://site", "https://site/", True),
        ("https://site*", "https://site/A", True),
        ("https://Site*A", "https://site/A", True),
        # in whatever spelling
        ("/b ü/*", "http://site/b ü/c", True),
        ("/%7ea/%c3%bc", "http://site/~a/ü", True),
        ("HTTPS://*.Bücher.de/*", "https://www.bücher.de/A", True),
        ("*://bücher.de/*", "https://bücher.de/", True),
        ("  /a  ", "http://site/a", True),
        # a regular expression is sought in the whole URL
        ("regex:a", "http://site/bab", True),
        ("regex:^a", "http://site/a", False),
        ("regex:/a$", "http://site/a", True),
        (r"regex:[?&]id=\d+(&|$)", "http://site/?id=12&x", True),
        (r"regex:[?&]id=\d+(&|$)", "http://site/?id=12a", False),
        ("regex:(?i)/A", "http://site/a", True),
        ("regex:^https://", "http://site/", False),
        (r"regex:\.pl$|\.pm$", "http://site/x.pm", True),
    ],
)
def test_a_rule_matches_as_its_kind_says(rule: str, url: str, matches: bool) -> None:
    rules = compile_rules((parse_rule(rule),))
    assert rules.match(urls.canonical(url) or "") is matches


@pytest.mark.parametrize(
    ("rule", "complaint"),
    [
        ("", "is empty"),
        ("  ", "is empty"),
        ("regex:", "is empty"),
        ("/" + "a" * MAX_RULE_LENGTH, "is longer than 500 characters"),
        ("/a\nb", "contains control characters"),
        ("/a\ud800", "contains control characters"),
        ("/a#b", "contains #"),
        ("private/*", "matches no URL"),
        ("example.com/*", "matches no URL"),
        ("ftp://*", "matches no URL"),
        ("regex:(", "is not a regular expression of RE2: missing )"),
        (r"regex:(a)\1", "is not a regular expression of RE2"),
        ("regex:(?=a)", "is not a regular expression of RE2"),
        ("regex:a{2000}", "is not a regular expression of RE2"),
        ("regex:.{1,999}", "repeats too much"),
        ("regex:ü", "contains characters that stand percent-encoded"),
    ],
)
def test_a_rule_that_can_not_work_is_refused(rule: str, complaint: str) -> None:
    with pytest.raises(ValueError, match="^" + complaint.replace("(", r"\(").replace(")", r"\)")):
        parse_rule(rule)


def test_the_first_rule_that_matches_is_named() -> None:
    rules = compile_rules(("/x", "/a*", "regex:a"))
    assert rules.first_match("http://site/ab") == "/a*"
    assert rules.first_match("http://site/ba") == "regex:a"
    assert rules.first_match("http://site/b") is None
    assert rules and not compile_rules(())
    assert compile_rules(()).first_match("http://site/") is None


def test_regular_expressions_too_large_together_are_refused() -> None:
    with pytest.raises(ValueError, match="too large together"):
        compile_rules(tuple(f"regex:{number}.{{1,300}}a" for number in range(10)))


LONGEST = "http://site/" + "a" * (urls.MAX_URL_LENGTH - 12)


@pytest.mark.parametrize(
    "rules",
    [
        ("regex:" + "(a|aa)+" * 60 + "b",),
        ("regex:(.*a){60}b",),
        tuple(f"/{'*a' * 200}b{number}" for number in range(100)),
        tuple(f"regex:a.{{1,{300 + number}}}b" for number in range(5)),
    ],
)
def test_no_rule_takes_long_whatever_it_says(rules: tuple[str, ...]) -> None:
    ready = compile_rules(tuple(map(parse_rule, rules)))
    assert within(0.5, ready.first_match, LONGEST) is None


@given(st.text(max_size=20) | st.text(alphabet="/*a?.[({:regx%\\|^$", max_size=20))
def test_any_text_is_a_rule_or_an_explained_mistake(text: str) -> None:
    for rule in (text, "/" + text, "regex:" + text):
        try:
            accepted = parse_rule(rule)
        except ValueError as mistake:
            assert str(mistake)
        else:
            assert parse_rule(accepted) == accepted
            compile_rules((accepted,)).match("http://site/a")


@pytest.mark.parametrize(
    ("url", "rules"),
    [
        (
            "http://site/news/2024/a-12?page=3",
            ["/news/2024/a-12?*", "/news/*/a-*?page=*", "/news/2024/*", "/news/*"],
        ),
        ("http://site/a/b/", ["/a/b/*", "/a/*"]),
        ("http://site/a1", ["/a*"]),
        ("http://site/%C3%A9/b", ["/%C3%A9/*"]),
        ("http://site/about", ["/about"]),
        ("http://site/", ["/"]),
        ("http://site/?q", ["/?*"]),
    ],
)
def test_rules_are_proposed_from_narrow_to_wide(url: str, rules: list[str]) -> None:
    assert suggest(url) == rules
    assert suggest(url, with_host=True) == [*rules, "*://site/*"]


@given(st.text(alphabet="/a1?&=%*.é;", max_size=30))
def test_every_proposed_rule_matches_its_url(rest: str) -> None:
    url = urls.canonical("http://site:81/" + rest) or ""
    for rule in suggest(url, with_host=True):
        assert compile_rules((parse_rule(rule),)).match(url)
