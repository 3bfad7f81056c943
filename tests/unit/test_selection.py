"""Content chosen by selectors: what they match, what becomes of it, and what it may cost."""

import pytest

from crawler.content.document import Document, make_document
from crawler.content.selection import Selection
from crawler.content.tree import parse
from crawler.domain.selectors import Selectors
from tests.cpu import within

PAGE = """<title>T</title><body><nav><a href=/n>Nav</a></nav>
<main><h1>One</h1><p>first</p><div class=ad>buy</div><p>second</p></main>
<aside><p>aside</p></aside><footer><p>foot</p></footer>"""
LONG = "Some words that nobody would take for a teaser. " * 6


def found(html: str, selector: str) -> list[str]:
    return [f"{node.tag} {node.text().strip()}" for node in Selection(parse(html)).find(selector)]


def made(html: str, content: str | None, *remove: str) -> Document:
    body = html.encode()
    return make_document(body, "text/html", "http://s/", selectors=Selectors(content, remove))


@pytest.mark.parametrize(
    ("selector", "expected"),
    [
        ("p", ["p 1", "p 2", "p 3", "p 4"]),
        ("div p", ["p 1", "p 2", "p 3"]),
        ("div > p", ["p 1", "p 2", "p 3"]),
        ("body > p", ["p 4"]),
        ("h2 + p", ["p 2"]),
        ("h2 ~ p", ["p 2", "p 3"]),
        ("#a p ~ p", ["p 2", "p 3"]),
        ("p + p + p", []),
        ("i, h2", ["h2 x", "i 5"]),
        ("i, div", ["div 1x23", "i 5"]),
        ("div, p", ["div 1x23", "p 4"]),
        ("p:not(:first-child)", ["p 2", "p 3", "p 4"]),
        ("h2, p, h2:first-child", ["p 1", "h2 x", "p 2", "p 3", "p 4"]),
        ("html > body > #a > h2", ["h2 x"]),
        ("*", ["body 1x2345"]),
        ("html", []),
        ("title", []),
    ],
)
def test_the_outermost_matches_come_in_document_order(selector: str, expected: list[str]) -> None:
    html = "<title>t</title><div id=a><p>1<h2>x</h2><p>2<p>3</div><p>4</p><i>5</i>"
    assert found(html, selector) == expected


@pytest.mark.parametrize(
    ("html", "selector"),
    [
        ("<div>" * 399, ".x div div div div div"),
        ("<div>" * 399, " ".join(["div"] * 50)),
        (("<b>" * 300 + "</b>" * 300) * 100, " ".join(["b"] * 50)),
        ("<p>" * 100_000, ".x ~ p ~ p ~ p"),
        ("<p>" * 100_000, "p ~ p ~ p ~ p"),
        ("<p>" * 100_000, ", ".join(["* *"] * 25)),
        ("<p>" * 100_000, ", ".join(f"p:not(.{letter})" for letter in "abcdefghijklmnopqr")),
        ("<p>" * 100_000, "p" + ":not(.a)" * 30),
        ("<div>" + "<!--x-->" * 100_000 + "<p>", "p:first-child, p + p, p ~ p, div:empty"),
        (f"<a href={'a' * 2_000_000}>", f"[href*={'a' * 280}b]"),
    ],
)
def test_no_selector_takes_more_than_linear_time(html: str, selector: str) -> None:
    within(2.5, Selection(parse(html)).find, selector)


def test_a_page_is_looked_at_a_bounded_number_of_times() -> None:
    selection = Selection(parse("<p>" * 1_000), most_looks=2_500)
    assert len(selection.find("p")) == 1_000
    assert selection.find("p") == []


def test_without_selectors_the_content_is_found() -> None:
    assert made(PAGE, None).markdown == "# One\n\nfirst\n\nbuy\n\nsecond"


@pytest.mark.parametrize(
    ("content", "remove", "markdown", "matched", "removed"),
    [
        ("main", (), "# One\n\nfirst\n\nbuy\n\nsecond", 1, 0),
        ("main", (".ad", "h1"), "first\n\nsecond", 1, 2),
        ("main p", (), "first\n\nsecond", 2, 0),
        ("p, main", (), "# One\n\nfirst\n\nbuy\n\nsecond\n\naside\n\nfoot", 3, 0),
        ("footer, nav", (), "[Nav](http://s/n)\n\nfoot", 2, 0),
        ("aside", ("p",), "# One\n\nbuy", 0, 4),
        ("article", (), "# One\n\nfirst\n\nbuy\n\nsecond", 0, 0),
        ("article", (".ad",), "# One\n\nfirst\n\nsecond", 0, 1),
        (None, (".ad", "main p"), "# One", 0, 3),
        (None, ("html", "body", "*"), "# One\n\nfirst\n\nbuy\n\nsecond", 0, 0),
    ],
)
def test_selectors_choose_the_content_and_leave_parts_out(
    content: str | None, remove: tuple[str, ...], markdown: str, matched: int, removed: int
) -> None:
    document = made(PAGE, content, *remove)
    assert (document.title, document.markdown) == ("T", markdown)
    assert (document.matched, document.removed) == (matched, removed)


def test_nothing_of_what_was_chosen_counts_as_frame() -> None:
    side = "<div role=navigation class=sidebar hidden><p>A<nav style='display:none'>B</nav></div>"
    assert made(f"<main>{LONG}</main>{side}", ".sidebar").markdown == "A\n\nB"


@pytest.mark.parametrize(
    "empty",
    [
        "<img alt=x>",
        "<math></math>",
        "",
        "<script>x()</script>",
        "<noscript>x</noscript>",
        "<style>p {}</style>",
        "<svg>",
    ],
)
def test_where_what_was_chosen_shows_nothing_the_content_is_found(empty: str) -> None:
    document = made(f"<body><div id=x>{empty}</div><main><h1>H</h1>text</main>", "#x")
    assert (document.markdown, document.matched) == ("# H\n\ntext", 0)


def test_what_shows_without_script_is_the_content_where_nothing_was_chosen() -> None:
    html = f"<body><div id=app></div><noscript><p>{LONG}</p></noscript>"
    assert made(html, "#app").markdown == made(html, None).markdown == LONG.strip()


@pytest.mark.parametrize(
    ("html", "selector", "markdown"),
    [
        ("<ul><li>a<li>b</ul>", "li", "- a\n- b"),
        ("<table><tr><td>a<td>b<tr><td>c<td>d</table>", "tr", "|a|b|\n|---|---|\n|c|d|"),
        ("<p><b>a</b> x <b>c</b>", "b", "**a**\n\n**c**"),
        ("<p>a <span>b</span>, <span><span>c</span></span>", "span", "b\n\nc"),
        ("<ol><li>a</ol><p>x</p><ul><li>b</ul><i>c</i>", "li, i", "- a\n- b\n\n*c*"),
        ("<pre>a\n  b</pre>", "pre", "```\na\n  b\n```"),
        ("<h2>a<a class=headerlink href=#a>¶</a></h2>", "h2", "## a"),
        ("<a href='javascript:x()'>a</a>", "a", "a"),
        ("<div><img src=/i.png alt=i></div>", "div", "![i](http://s/i.png)"),
    ],
)  # fmt: skip
def test_chosen_elements_keep_their_form(html: str, selector: str, markdown: str) -> None:
    chosen = made(html, selector).markdown
    assert (chosen.replace(" ", "") if "|" in chosen else chosen) == markdown


def test_a_long_page_is_chosen_from_as_a_short_one_is() -> None:
    parts = "".join(f"<section><h2>{n}</h2><p>{LONG}</p></section><i>{n}</i>" for n in range(4_000))
    document = made(f"<body><article>{parts}</article>", "section, pre", "i", "section > p")
    assert document.matched == document.removed / 2 == 4_000
    assert document.markdown == "\n\n".join(f"## {n}" for n in range(4_000))
    whole = made(f"<body><article>{parts}</article>", "article", "i")
    assert whole.markdown.count("## ") == whole.markdown.count(LONG.strip()) == 4_000


def test_markdown_and_plain_text_are_taken_as_they_are() -> None:
    chosen = Selectors("p", ("b",))
    for content_type in ("text/plain", "text/markdown"):
        document = make_document(b"one <b>", content_type, "http://s/", selectors=chosen)
        assert (document.matched, document.removed) == (0, 0)
        assert document.markdown.startswith("one")
