"""A check that can't fail proves nothing: each is shown what it must refuse."""

from typing import Any

import pytest

from bench.drills.blocks import blocks_of_markdown, blocks_of_page
from bench.drills.crawling import check_events, check_ids, check_requests
from bench.drills.main_text import share_held, words, words_of_page
from bench.drills.statements import logged_statements, reads_of_events
from bench.drills.verdict import DrillFailed
from bench.measure import percentile
from tests.nginx import Request

TOTALS = {"discovered": 3, "queued": 1, "processing": 0, "completed": 1, "failed": 1, "skipped": 0}


def event(**data: Any) -> dict[str, Any]:
    """An event's data as the API gives it."""
    return {"jobId": "j", "totals": TOTALS, **data}


def batch(*page_ids: int) -> dict[str, Any]:
    """A batch_completed with those pages fetched."""
    return event(pages=[{"id": page_id, "outcome": "fetched"} for page_id in page_ids])


@pytest.mark.parametrize("ids", [[1, 2], [1, 2, 4], [1, 2, 2, 3], [2, 1, 3], [1, 2, 3, 4], []])
def test_ids_other_than_one_to_n_are_refused(ids: list[int]) -> None:
    check_ids([1, 2, 3], 3)
    with pytest.raises(DrillFailed):
        check_ids(ids, 3)


@pytest.mark.parametrize(
    "events",
    [
        [event(totals={**TOTALS, "queued": 2})],
        [batch(1, 2), batch(2, 3)],
        [event(jobId="another")],
    ],
)
def test_events_that_do_not_add_up_are_refused(events: list[dict[str, Any]]) -> None:
    check_events([batch(1, 2), batch(3)], "j")
    with pytest.raises(DrillFailed):
        check_events(events, "j")


def requests_for(*targets: str) -> list[Request]:
    """An access log with those requests."""
    return [Request(0.0, "GET", target, 200) for target in targets]


def test_a_page_never_or_too_often_asked_for_is_refused() -> None:
    assert check_requests(requests_for("/a", "/robots.txt", "/robots.txt"), ["/a"], 0) == 0
    assert check_requests(requests_for("/a", "/a"), ["/a"], 1) == 1
    with pytest.raises(DrillFailed, match="never"):
        check_requests(requests_for("/a"), ["/a", "/b"], 0)
    with pytest.raises(DrillFailed, match="more than once"):
        check_requests(requests_for("/a", "/a"), ["/a"], 0)


SPHINX = """<head><title>t</title></head><body><nav>menu</nav><div class="body" role="main">
<h1>Os<a class="headerlink">¶</a></h1><p>one<br>two <code><span>f</span><span>oo</span></code></p>
<script>no</script><nav><p>no</p></nav><noscript><p>no</p></noscript><ul><li>a<li>b</ul></div><div>footer</div></body>"""
DOCBOOK = """<html><head><title>t</title></head><body><div class="navheader">up</div>
<div class="sect1">text<p>more</p></div><div class="navfooter">down</div></body></html>"""


def test_main_text_leaves_navigation_out_and_joins_what_is_one_word() -> None:
    assert words_of_page(SPHINX) == words("os one two foo a b")
    assert words_of_page(DOCBOOK) == words("text more")


def test_a_share_counts_each_word_as_often_as_it_stands() -> None:
    page = words("a a b b")
    assert share_held(page, words("a a b b c")) == 1
    assert share_held(page, words("a b")) == 0.5
    assert share_held(page, words("")) == 0


LOG = """2026-11-24 LOG:  statement: SELECT id, body
\tFROM events
\tWHERE job_id = 'x'
2026-11-24 LOG:  statement: INSERT INTO events (job_id) VALUES ('from events')
2026-11-24 LOG:  statement: SELECT last_event_id FROM jobs
2026-11-24 LOG:  execute q1: WITH e AS (SELECT 1 FROM public.events) SELECT 1
2026-11-24 LOG:  checkpoint starting
2026-11-24 LOG:  statement: DELETE FROM events
"""


def test_reads_of_events_are_found_in_a_statement_log(tmp_path: Any) -> None:
    log = tmp_path / "postgresql.log"
    log.write_text(LOG)
    statements = logged_statements(log, 0)
    assert len(statements) == 5
    assert [text.split()[0] for text in reads_of_events(statements)] == ["SELECT", "WITH"]


def test_percentiles_are_by_nearest_rank() -> None:
    values = [float(value) for value in range(1, 101)]
    assert percentile(values, 50) == 50
    assert percentile(values, 99) == 99
    assert percentile([7.0], 99) == 7


CODE = "<body><pre>\na\n  b\n</pre><p>c</p><pre>d</pre>"
ROWS = "<table><tr><th>A</th><th>B</th></tr><tr><td rowspan=2>1</td><td>2</td></tr>"
CELLS = f"<body>{ROWS}<tr><td><pre>x|y\n\n z</pre></td></tr></table>"
CELLS_MARKDOWN = "| A | B |\n| - | - |\n| 1 | 2 |\n|  | `x\\|y`<br><br>` z` |"


@pytest.mark.parametrize(
    "markdown",
    [
        "```\na\n b\n```\n\n```\nd\n```",
        "```\na\n  b\n```",
        "```\nd\n```\n\n```\na\n  b\n```",
        "```\na\n  b\n```\n\n```\nd\n```\n\n```\ne\n```",
        "```\na\n  b\n\n```\n\n```\nd\n```",
    ],
)
def test_code_that_is_not_the_page_s_to_the_letter_is_refused(markdown: str) -> None:
    page = blocks_of_page(CODE)
    assert not page.missing_in(blocks_of_markdown("- c\n  ```\n  a\n    b\n  ```\n\n```\nd\n```"))
    assert page.missing_in(blocks_of_markdown(markdown)) == ["code"]


@pytest.mark.parametrize(
    ("wrong", "right", "missing"),
    [
        ("`<br><br>`", "`<br>`", ["code in cells"]),
        ("` z`", "`z`", ["code in cells"]),
        ("` z`", " z", ["code in cells"]),
        ("| 1 | 2 |\n", "", ["tables"]),
        ("| 1 | 2 |", "| 1 | 3 |", ["tables"]),
        ("|  | `x", "| 1 | `x", ["tables"]),
    ],
)
def test_a_table_without_a_row_or_a_line_of_its_code_is_refused(
    wrong: str, right: str, missing: list[str]
) -> None:
    page = blocks_of_page(CELLS)
    assert not page.missing_in(blocks_of_markdown(CELLS_MARKDOWN))
    changed = CELLS_MARKDOWN.replace(wrong, right)
    assert page.missing_in(blocks_of_markdown(changed)) == missing


def test_tables_that_only_lay_text_out_need_no_rows() -> None:
    nested = f"<body><table><tr><td>{CELLS}</td></tr></table>"
    assert [table.rows[0] for table in blocks_of_page(nested).tables] == [("A", "B")]
    assert not blocks_of_page("<body><table><tr><td>a</td></tr><tr><td>b</td></tr></table>").tables
