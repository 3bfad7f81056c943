"""Canonical URLs agree with the URL Standard of WHATWG: its rules, one by one, on cases of our own.

Where Clew goes further (fragments, unreserved characters, tracking), the cases keep away.
"""

import pytest

from crawler.domain import urls

BASE = "http://site/a/b/c?d"

HOSTS = [
    # 3.5 host parsing: case, percent-encoding, IDNA
    ("http://EXAMPLE.com/", "http://example.com/"),
    ("http://ex%41mple.com/", "http://example.com/"),
    ("http://ex%61mple.com/", "http://example.com/"),
    ("http://fa\u00df.example/", "http://xn--fa-hia.example/"),
    ("http://\uff27\uff4f.example/", "http://go.example/"),
    ("http://\u4f60\u597d.example/", "http://xn--6qq79v.example/"),
    ("http://site\u3002example/", "http://site.example/"),
    ("http://a\u00adb.example/", "http://ab.example/"),
    ("http://a_b.example/", "http://a_b.example/"),
    ("http://%00.example/", None),
    ("http://a%2fb/", None),
    ("http://a<b/", None),
    ("http://a^b/", None),
    ("http://a|b/", None),
    ("http://a%b/", None),
    ("http:///", None),
    # 3.5 IPv4: octal, hexadecimal, short and long forms
    ("http://127.1/", "http://127.0.0.1/"),
    ("http://0177.0.0.1/", "http://127.0.0.1/"),
    ("http://0x7F000001/", "http://127.0.0.1/"),
    ("http://2130706433/", "http://127.0.0.1/"),
    ("http://1.2.3/", "http://1.2.0.3/"),
    ("http://0x.0x.0/", "http://0.0.0.0/"),
    ("http://1.2.3.4./", "http://1.2.3.4/"),
    ("http://%31%32%37.0.0.1/", "http://127.0.0.1/"),
    ("http://\u2460.1/", "http://1.0.0.1/"),
    ("http://256.0.0.1/", None),
    ("http://1.2.3.4.5/", None),
    ("http://1.2.3.09/", None),
    ("http://4294967296/", None),
    ("http://a.1/", None),
    # 3.5 IPv6: the shortest form
    ("http://[1:0:0:0:0:0:0:1]/", "http://[1::1]/"),
    ("http://[1:0:0:2:0:0:0:3]/", "http://[1:0:0:2::3]/"),
    ("http://[::FFFF:127.0.0.1]/", "http://[::ffff:7f00:1]/"),
    ("http://[::]/", "http://[::]/"),
    ("http://[::1%25eth0]/", None),
    ("http://[1:2]/", None),
    ("http://[::1.2.3]/", None),
    ("http://[::1]a/", None),
]

PARTS = [
    # 4.4 scheme, slashes, ports
    ("hTTp://site/", "http://site/"),
    ("http:site/", "http://site/"),
    ("http:/site/", "http://site/"),
    ("http:////site/", "http://site/"),
    ("http:\\\\site\\x", "http://site/x"),
    ("http://site:/", "http://site/"),
    ("http://site:0/", "http://site:0/"),
    ("http://site:65535/", "http://site:65535/"),
    ("http://site:65536/", None),
    ("http://site:1a/", None),
    ("https://site:443", "https://site/"),
    ("http://site?x", "http://site/?x"),
    # 4.1 white space and control characters
    ("\t http://site/ \r\n", "http://site/"),
    ("ht\ntp://si\tte/\rx", "http://site/x"),
    ("\x00http://site/\x1f", "http://site/"),
    ("http://site/\x01a", "http://site/%01a"),
    # 4.4 path: dots, percent-encode set
    ("http://site/a/./b/", "http://site/a/b/"),
    ("http://site/a/..", "http://site/"),
    ("http://site/../../a", "http://site/a"),
    ("http://site/a/%2e./b", "http://site/b"),
    ("http://site/a/.%2E/b", "http://site/b"),
    ("http://site/a/...", "http://site/a/..."),
    ("http://site/a//../b", "http://site/a/b"),
    ("http://site/a\\..\\b", "http://site/b"),
    ('http://site/"<>`{}', "http://site/%22%3C%3E%60%7B%7D"),
    ("http://site/a^b", "http://site/a%5Eb"),
    ("http://site/'()*!$&,;=:@|[]", "http://site/'()*!$&,;=:@|[]"),
    ("http://site/%zz%", "http://site/%zz%"),
    ("http://site/\U0001f600", "http://site/%F0%9F%98%80"),
    ("http://site/a%2Fb", "http://site/a%2Fb"),
    # 4.4 query: its own percent-encode set
    ("http://site/?a b", "http://site/?a%20b"),
    ("http://site/?\"<>'", "http://site/?%22%3C%3E%27"),
    ("http://site/?`{}^|\\", "http://site/?`{}^|\\"),
    ("http://site/?a+b", "http://site/?a+b"),
    ("http://site/?q=\u00e9", "http://site/?q=%C3%A9"),
    ("http://site/?a=/../b", "http://site/?a=/../b"),
    ("http://site/?a?b", "http://site/?a?b"),
]

RELATIVE = [
    ("x/./y/../z", "http://site/a/b/x/z"),
    ("..", "http://site/a/"),
    (".", "http://site/a/b/"),
    ("../../../../x", "http://site/x"),
    ("/x//y", "http://site/x//y"),
    ("///other/x", "http://other/x"),
    ("\\x", "http://site/x"),
    ("/\\other", "http://other/"),
    ("http:/x", "http://site/x"),
    ("https:x", "https://x/"),
    ("?", "http://site/a/b/c"),
    ("?e=1", "http://site/a/b/c?e=1"),
    (" x\n", "http://site/a/b/x"),
    ("x:y", None),
    ("./x:y", "http://site/a/b/x:y"),
    ("//", None),
    ("//other:80x/", None),
    ("%2e%2e/x", "http://site/a/x"),
]


@pytest.mark.parametrize(("url", "form"), HOSTS + PARTS)
def test_an_absolute_url_is_parsed_as_browsers_do(url: str, form: str | None) -> None:
    assert urls.canonical(url) == form


@pytest.mark.parametrize(("href", "form"), RELATIVE)
def test_a_relative_url_is_resolved_as_browsers_do(href: str, form: str | None) -> None:
    assert urls.resolve(href, BASE) == form
