"""What sites say about following links, in rel, meta elements and headers."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.domain.nofollow import header_says_nofollow, meta_says_nofollow, rel_says_nofollow


@pytest.mark.parametrize(
    ("rel", "nofollow"),
    [
        ("nofollow", True),
        ("ugc nofollow noopener", True),
        ("nofollow,noopener", True),
        ("external-nofollow", False),
        ("ugc sponsored", False),
        ("", False),
    ],
)
def test_a_rel_says_nofollow_by_its_tokens(rel: str, nofollow: bool) -> None:
    assert rel_says_nofollow(rel) is nofollow


@pytest.mark.parametrize(
    ("content", "nofollow"),
    [
        ("nofollow", True),
        ("NOINDEX,NOFOLLOW", True),
        ("noindex nofollow", True),
        (" none ", True),
        ("index, follow", False),
        ("noindex, max-snippet:-1", False),
        ("", False),
    ],
)
def test_meta_robots_forbids_to_follow(content: str, nofollow: bool) -> None:
    assert meta_says_nofollow(content) is nofollow


@pytest.mark.parametrize(
    ("values", "nofollow"),
    [
        (["nofollow"], True),
        (["noindex, NoFollow"], True),
        (["noindex", "none"], True),
        (["clew: nofollow"], True),
        (["Clew: noindex, nofollow"], True),
        (["*: nofollow"], True),
        (["otherbot: noindex", "nofollow"], True),
        (["otherbot: noindex, clew: nofollow"], True),
        (["unavailable_after: 25 Jun 2030 15:00:00 PST, nofollow"], True),
        (["max-snippet: 20, nofollow"], True),
        (["noindex nofollow"], True),
        (["clew: noindex nofollow"], True),
        (["noindex nofollow otherbot: noindex"], True),
        (["unavailable_after: Fri, 25 Jun 2030 15:00:00 GMT, nofollow"], True),
        (["noindex unavailable_after: 25 Jun 2030 15:00:00 PST nofollow"], False),
        (["otherbot: noindex nofollow"], False),
        (["noindex otherbot: nofollow"], False),
        (["otherbot: nofollow"], False),
        (["otherbot: noindex, nofollow"], False),
        (["clew: noindex, otherbot: nofollow"], False),
        (["noindex, follow"], False),
        ([""], False),
        ([], False),
    ],
)
def test_x_robots_tag_speaks_to_all_or_to_one(values: list[str], nofollow: bool) -> None:
    headers = [("Content-Type", "nofollow"), *(("X-Robots-Tag", value) for value in values)]
    assert header_says_nofollow(headers) is nofollow


@given(st.lists(st.tuples(st.sampled_from(["x-robots-tag", "X-Robots-Tag", "a"]), st.text())))
def test_no_header_raises(headers: list[tuple[str, str]]) -> None:
    assert header_says_nofollow(headers) in (True, False)
