"""Markdown of strangers as HTML: what it shows, where it leads, and that nothing in it acts."""

import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from selectolax.lexbor import LexborHTMLParser

from crawler.web.rendering import MOST_CHARACTERS, Parsed, parse, to_html
from tests.fragments import TAGS

BASE = "http://site/docs/a.html"
FOLDER = "/jobs/x/pages/"
PAGES = {BASE: 3, "http://site/docs/b.html": 7}
OWN = re.compile(r"(?:/jobs/x/pages/\d+)?(?:#at-[^\"]*)?")


def read(markdown: str) -> Parsed:
    parsed = parse(markdown, BASE, most_seconds=60)
    assert parsed is not None
    return parsed


def html(markdown: str) -> str:
    return to_html(read(markdown), PAGES, FOLDER)


def check_harmless(markup: str) -> None:
    """No element, attribute or address that acts, loads, or passes for one of the page around."""
    for node in LexborHTMLParser(markup).css("body *"):
        assert node.tag in KNOWN_TAGS, markup
        for name, value in node.attrs.items():
            assert name in KNOWN_ATTRIBUTES, markup
            if name == "id":
                assert (value or "").startswith("at-"), markup
            if name == "href":
                assert _leads_out_or_to_a_page(value or ""), markup


def _leads_out_or_to_a_page(href: str) -> bool:
    return href.startswith(("http://", "https://", "mailto:")) or bool(OWN.fullmatch(href))


KNOWN_ATTRIBUTES = {"href", "rel", "id", "class", "start", "colspan", "rowspan", "data-language"}
KNOWN_TAGS = {
    "a", "abbr", "b", "blockquote", "br", "code", "dd", "del", "details", "div", "dl", "dt", "em",
    "h2", "h3", "h4", "h5", "h6", "hr", "i", "ins", "kbd", "li", "mark", "ol", "p", "pre", "q",
    "s", "samp", "section", "small", "strong", "sub", "summary", "sup", "table", "tbody", "td",
    "tfoot", "th", "thead", "tr", "u", "ul", "var",
}  # fmt: skip

HOSTILE = [
    "<script>alert(1)</script>",
    "<SCRIPT SRC=//e.test/x.js></SCRIPT>",
    "<img src=x onerror=alert(1)>",
    "<svg onload=alert(1)><a xlink:href='javascript:alert(1)'>x</a></svg>",
    "<math><mtext><table><mglyph><style><img src=x onerror=alert(1)>",
    "<a href=javascript:alert(1)>x</a>",
    "<a href=' &#1; java&#x0a;script:alert(1)'>x</a>",
    "<a href=data:text/html,<script>alert(1)</script>>x</a>",
    "<a href=vbscript:x>x</a> <a href=//e.test>x</a> <a href=/jobs/x/delete>x</a>",
    "[x](javascript:alert(1)) [x](data:text/html;base64,PHM+) [x](vbscript:x)",
    "[x](&#106;avascript:alert(1)) [x](java%0ascript:alert(1)) [x](\x01javascript:alert(1))",
    "[x]: javascript:alert(1)\n\n[x] <javascript:alert(1)> <data:text/html,x>",
    "![x](javascript:alert(1)) ![x](data:image/svg+xml,<svg/onload=alert(1)>)",
    "<p style='position:fixed;inset:0' onclick=alert(1) id=content class=top>x</p>",
    "<form action=/jobs><form action=//e.test><input name=url><button>Crawl</button></form>",
    "<iframe srcdoc='<script>alert(1)</script>'></iframe><object data=x><embed src=x>",
    "<base href=//e.test/><meta http-equiv=refresh content=0><link rel=stylesheet href=//e.test>",
    "<template><script>alert(1)</script></template><noscript><p title='</noscript><img src=x>'>",
    "</article></main></body><h1>Sign in</h1>",
    "<details open ontoggle=alert(1)><summary>x</summary></details>",
    "<video autoplay onplay=alert(1)><source onerror=alert(1)></video><audio src=x>",
    "```\"><script>alert(1)</script>\nx\n```",
    "``` x\" onmouseover=alert(1) y=\"\nx\n```",
    "# \"><img src=x onerror=alert(1)>",
    "| <b onclick=x>a</b> |\n|:-:|\n| <script>b</script> |",
    "[^\"><script>]\n\n[^\"><script>]: <img src=x onerror=alert(1)>",
    "<!--><script>alert(1)</script>--><![CDATA[<script>alert(1)</script>]]><?x <b>?>",
    "<x:script xmlns:x='http://www.w3.org/1999/xhtml'>alert(1)</x:script><body onload=x>",
    "<h2 id=content>x</h2><a id=sheet name=top href='#content'>x</a>",
    "<textarea></textarea><select><option></select><input type=image src=x>",
]  # fmt: skip


@pytest.mark.parametrize("markdown", HOSTILE)
def test_nothing_that_a_stranger_writes_acts(markdown: str) -> None:
    check_harmless(html(markdown))
    check_harmless(html(f"> - a {markdown}\n\n| {markdown} |\n|-|\n"))


PIECES = [*HOSTILE, *TAGS, "&#xd800;", "&#0;", "\u202e", "\n\n", "`", "- ", "> ", "]("]


@given(st.lists(st.sampled_from(PIECES)).map("".join))
def test_nor_does_any_mixture_of_it(markdown: str) -> None:
    stored = markdown.encode("utf-8", "replace").decode()
    check_harmless(html(stored))


@pytest.mark.parametrize(
    ("markdown", "href"),
    [
        ("[x](http://site/docs/b.html)", "/jobs/x/pages/7"),
        ("[x](http://site/docs/b.html#os.path)", "/jobs/x/pages/7#at-os.path"),
        ("[x](b.html)", "/jobs/x/pages/7"),
        ("[x](#here)", "/jobs/x/pages/3#at-here"),
        ("[x](HTTP://SITE/docs/./b.html?utm_source=x)", "/jobs/x/pages/7"),
        ("<http://site/docs/b.html>", "/jobs/x/pages/7"),
        ("[x](http://site/other?utm_source=x#y)", "http://site/other?utm_source=x#y"),
        ("[x](/other)", "http://site/other"),
        ("[x](mailto:a@b.test)", "mailto:a@b.test"),
        ("[x](ftp://e.test/)", None),
        ("[x]()", "/jobs/x/pages/3"),
        ("[x](http://e.test/" + "x" * 2_000 + ")", None),
    ],
)
def test_links_lead_to_pages_of_the_crawl_or_outward(markdown: str, href: str | None) -> None:
    link = LexborHTMLParser(html(markdown)).css_first("a")
    assert link is not None and link.attrs.get("href") == href
    assert link.attrs["rel"] == "noopener noreferrer"


def test_the_targets_are_the_canonical_addresses_each_once() -> None:
    parsed = read("[a](b.html#x) [b](b.html) [c](http://o.test?gclid=1) [d](tel:1)")
    assert parsed.targets == ("http://site/docs/b.html", "http://o.test/")


def test_pictures_are_links_and_within_links_their_text() -> None:
    made = html('![A *fine* cat](cat.png "t") [![B](b.png)](b.html) ![](c.png)')
    assert "<img" not in made
    assert '<a href="http://site/docs/cat.png" rel="noopener noreferrer">A fine cat</a>' in made
    assert '<a href="/jobs/x/pages/7" rel="noopener noreferrer">B</a>' in made
    assert ">picture</a>" in made


def test_headings_stand_below_the_page_s_own_and_can_be_led_to() -> None:
    parsed = read("# The `os` module\n## Files, and more\n## Files and more\n###### Deep\n#")
    assert [(h.level, h.text, h.id) for h in parsed.headings] == [
        (2, "The os module", "at-the-os-module"),
        (3, "Files, and more", "at-files-and-more"),
        (3, "Files and more", "at-files-and-more-1"),
        (6, "Deep", "at-deep"),
    ]
    made = to_html(parsed, PAGES, FOLDER)
    assert '<h3 id="at-files-and-more-1">' in made and '<h6 id="at-deep">' in made
    assert "<h1" not in made
    assert html("### Only").startswith('<h2 id="at-only">')


@pytest.mark.parametrize(
    ("markdown", "part"),
    [
        ("- [x] a\n- [ ] b", '<li class="task">☑ a</li>'),
        ("Term\n: Meaning", "<dt>Term</dt>\n<dd>Meaning</dd>"),
        ("> [!WARNING]\n> Hot", '<p class="markdown-alert-title">Warning</p>'),
        ("| a |\n|--:|\n| 1 |", '<div class="wide"><table>'),
        ("| a |\n|--:|\n| 1 |", '<td class="at-right">1</td>'),
        ("```python\nx < 1\n```", '<pre data-language="python"><code>x &lt; 1\n</code></pre>'),
        ("    x\n", "<pre><code>x\n</code></pre>"),
        ("```math\n\\frac12\n```", '<pre data-language="math"><code>\\frac12\n</code></pre>'),
        ("~~a~~ H<sub>2</sub>O", "<s>a</s> H<sub>2</sub>O"),
        ("List&lt;T> `a<b`", "List&lt;T&gt; <code>a&lt;b</code>"),
        ("<details><summary>S</summary>\n\n*a*\n\n</details>", "<p><em>a</em></p>\n</details>"),
        ("a[^1]\n\n[^1]: Note", '<a href="#at-fn1" id="at-fnref1"'),
        ("a[^1]\n\n[^1]: Note", '<li id="at-fn1"'),
        ("a[^1]\n\n[^1]: Note", '<a href="#at-fnref1" class="footnote-backref"'),
    ],
)
def test_what_the_text_shows(markdown: str, part: str) -> None:
    assert part in html(markdown)


def test_a_long_text_is_rendered_as_far_as_the_bound_goes_and_the_rest_is_kept() -> None:
    row = "| a | b |\n"
    markdown = row + "|---|---|\n" + row * 40_000
    parsed = read(markdown)
    assert MOST_CHARACTERS - 20 < len(markdown) - len(parsed.rest) <= MOST_CHARACTERS
    assert parsed.rest.startswith(row) and markdown.endswith(parsed.rest)


@pytest.mark.parametrize(
    "flood",
    ["[", "![", "[a](", "*a **a ", "`" * 3 + "\n", "<", "&", "|a" * 50 + "\n", "> ", "- a\n",
     "a\n: b\n\n", "[^a", "^[", "<div>", "<ul><li>", "<a b=", "<!--", "\\", "[a]: x\n"],
)  # fmt: skip
def test_a_flood_of_anything_ends_in_bounded_time(flood: str) -> None:
    began = time.thread_time()
    parsed = parse(flood * (MOST_CHARACTERS // len(flood)), BASE, 0.2)
    made = to_html(parsed, {}, FOLDER) if parsed else ""
    assert time.thread_time() - began < 3
    assert len(made) < 20 * MOST_CHARACTERS


def test_what_would_take_too_long_is_not_read() -> None:
    assert parse("[" * MOST_CHARACTERS, BASE, most_seconds=0.05) is None


def test_an_address_that_is_named_a_hundred_thousand_times_is_not_written_as_often() -> None:
    flood = "[a]: http://e.test/" + "x" * 1_900 + "\n\n" + "[a]" * 90_000
    made = to_html(read(flood), {}, FOLDER)
    assert len(made) < 12_000_000
