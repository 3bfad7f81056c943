"""Example URLs judged before a crawl starts."""

import pytest

from crawler.domain.admission import HostRules
from crawler.domain.options import parse_job_request
from crawler.web.try_out import MOST_EXAMPLES, Tried, try_out

DENIED = HostRules.parse("secret.example")


def tried(example: str, **options: object) -> Tried:
    """What becomes of one example in a crawl of https://a.example/docs/."""
    wanted = parse_job_request({"url": "https://a.example/docs/", **options})
    (each,) = try_out(wanted, example, DENIED).examples
    return each


@pytest.mark.parametrize(
    ("example", "options", "url", "is_in", "why"),
    [
        ("/docs/x", {}, "https://a.example/docs/x", True, ""),
        ("a.example/x", {}, "https://a.example/x", True, ""),
        ("HTTPS://A.example:443/x#y", {}, "https://a.example/x", True, ""),
        ("/x?utm_source=y", {}, "https://a.example/x", True, ""),
        ("/blog/1", {"exclude": ["/blog/*"]}, None, False, "excluded by /blog/*"),
        ("/docs/1", {"include": ["/docs/*"]}, None, True, "let in by /docs/*"),
        ("/docs/", {"exclude": ["/docs/*"]}, None, True, "a start page, which no rule keeps out"),
        ("/docs/", {"include": ["/x"]}, None, True, "a start page, which no rule keeps out"),
        ("/x", {"include": ["/docs/*"]}, None, False, "matches none of the include rules"),
        ("/x", {"scope": "path"}, None, False, "outside the part of the site"),
        ("https://b.a.example/", {"scope": "domain"}, None, True, ""),
        ("https://b.a.example/", {}, None, False, "outside the part of the site"),
        ("https://secret.example/", {"scope": "any"}, None, False, "whoever runs Clew"),
        ("/a/b/a/b/a/b/a/b", {}, None, False, "endlessly many"),
        ("mailto:somebody@a.example", {}, "mailto:somebody@a.example", False, "no web address"),
        ("//b.example/x", {}, "https://b.example/x", False, "outside the part of the site"),
    ],
)
def test_an_example_is_in_or_out_and_says_why(
    example: str, options: dict[str, object], url: str | None, is_in: bool, why: str
) -> None:
    judged = tried(example, **options)
    assert (judged.is_in, url is None or judged.url == url) == (is_in, True)
    assert why in judged.why if why else judged.why == ""


def test_a_flood_of_examples_is_cut_off_and_said() -> None:
    wanted = parse_job_request({"url": "https://a.example/"})
    trial = try_out(wanted, "/x\n" * (MOST_EXAMPLES + 3), DENIED)
    assert (len(trial.examples), trial.left) == (MOST_EXAMPLES, 3)
