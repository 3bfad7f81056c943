"""The independent walk reads links as a browser does; what it finds is what crawls are held to."""

import pytest

from tests.walk import links, normal_form

PAGE = "http://site:81/a/index.html"


@pytest.mark.parametrize(
    ("html", "found"),
    [
        ('<a href="b.html">', ["http://site:81/a/b.html"]),
        ('<a href="b.html#x"><a href="b.html#y"><a href="b.html">', ["http://site:81/a/b.html"]),
        ('<a href="../c?q=1&amp;r=2">', ["http://site:81/c?q=1&r=2"]),
        ('<a href=" d e.html ">', ["http://site:81/a/d%20e.html"]),
        ('<a href="\nh\tttp://Other:80/p">', ["http://other/p"]),
        ('<base href="/b/"><a href="x"><base href="/c/"><a href="y">',
         ["http://site:81/b/x", "http://site:81/b/y"]),
        ('<area href="/map">', ["http://site:81/map"]),
        ('<a name="here"><link href="style.css"><img src="i.png">', []),
        ('<a href="mailto:a@b.c"><a href="javascript:x()"><a href="http://[bad">', []),
        ('<!-- <a href="comment"> --><script>"<a href=\'s\'>"</script>', []),
    ],
)
def test_links_are_those_that_a_browser_would_follow(html: str, found: list[str]) -> None:
    assert links(html, PAGE) == found


@pytest.mark.parametrize(
    ("url", "form"),
    [
        ("HTTP://Site", "http://site/"),
        ("https://site:443/a#b", "https://site/a"),
        ("http://site/a?", "http://site/a"),
        ("http://site/%7Ea/é", "http://site/%7Ea/%C3%A9"),
    ],
)
def test_a_page_has_one_url(url: str, form: str) -> None:
    assert normal_form(url) == form
    assert normal_form(form) == form
