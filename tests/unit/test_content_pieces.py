"""A long page is converted in pieces, and reads as if it had been converted at once."""

import pytest

from crawler.content import document, pieces
from crawler.content.document import make_document
from crawler.content.mainblock import main_block
from crawler.content.pieces import PIECE
from crawler.content.tree import parse

WORDS = "Ariadne gave a ball of thread. "
SECTION = (
    "<section id='s{n}'><h2>Part {n}</h2><p>" + WORDS * 8 + "<a href='/{n}'>on</a></p>"
    "<table><tr><th>a<th>b</tr><tr><td>{n}<td>2</tr></table><pre>x = {n}\n\ny</pre>"
    "<ol><li>one<li>two<ul><li>three</ul></ol><div class='note'><p>Note {n}</p>text</div></section>"
)
SECTIONS = "".join(SECTION.format(n=number) for number in range(400))
LOOSE = "".join(f"words {n} <b>bold</b> <br><p>{WORDS * 9}</p> tail " for n in range(1500))

PAGES = {
    "sections": f"<main><h1>Thread</h1>{SECTIONS}</main>",
    "wrappers": f"<body><div id=a><div class=content>{SECTIONS}</div></div><p>End</p>",
    "text between blocks": f"<main><h1>Thread</h1>{LOOSE}</main>",
    "a wrapper that is frame": f"<main><h1>A</h1><p>b</p><div role=dialog>{SECTIONS}</div></main>",
    "one long list": "<main><h1>A</h1><ul>" + f"<li>{WORDS}</li>" * 9_000 + "</ul></main>",
    "one long text": f"<main><h1>A</h1>{WORDS * 9_000}</main>",
}


@pytest.mark.parametrize("name", PAGES)
def test_in_pieces_a_page_reads_as_at_once(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    body, whole = PAGES[name].encode(), ""
    for is_long in (False, True):
        monkeypatch.setattr(document, "_LONG_PAGE", 0 if is_long else 10**9)
        markdown = make_document(body, "text/html", "http://site/").markdown
        whole = whole or markdown
    assert markdown == whole


@pytest.mark.parametrize(
    ("name", "most"), [("sections", 2 * PIECE), ("wrappers", 2 * PIECE), ("one long list", 10**7)]
)
def test_pieces_end_between_blocks_and_lists_stay_whole(name: str, most: int) -> None:
    parts = main_block(parse(PAGES[name]), frozenset(), in_pieces=True)
    assert max(map(len, parts)) < most
    assert "".join(parts).count("<li>") == PAGES[name].count("<li>")


def test_wrappers_within_wrappers_are_opened_a_few_times_only() -> None:
    block = parse("<main>" + "<div>" * 300 + SECTIONS).css_first("main")
    assert block is not None
    assert len(list(pieces.pieces_of(block))) == 1


def test_no_address_that_runs_something_is_left_in_a_piece() -> None:
    body = f"<main><h1>A</h1>{SECTIONS}<p><a href='javascript:x()'>run</a></main>" * 12
    document_ = make_document(body.encode(), "text/html", "http://site/")
    assert "javascript" not in document_.markdown
