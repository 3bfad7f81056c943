"""Markdown as people read it and take it away."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.domain.lifecycle import JobStatus
from crawler.domain.model import Job, JobOptions, Totals
from crawler.storage.pages import Document
from crawler.web.download import document_text, file_name, preamble
from crawler.web.markdown_view import Block, blocks

LINES = st.sampled_from(["# A", "```", "````", "~~~ py", "> q", "| a |", "text", "", "    #no"])


@given(st.lists(LINES).map("\n".join) | st.text())
def test_the_blocks_joined_are_the_markdown(markdown: str) -> None:
    assert "".join(block.text for block in blocks(markdown)) == markdown


def test_headings_and_quotes_within_code_are_code() -> None:
    markdown = "# A\n````\n```\n# no\n````\n> q\n"
    assert blocks(markdown) == [
        Block("heading", "# A\n"),
        Block("code", "````\n```\n# no\n````\n"),
        Block("quote", "> q\n"),
    ]


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("https://docs.python.org/3/library/", "docs.python.org-3-library.md"),
        ("http://127.0.0.1:8000/", "127.0.0.1-8000.md"),
        ("http://[::1]/../", "1.md"),
        ("https://a.example/" + "x" * 500, "a.example-" + "x" * 70 + ".md"),
    ],
)
def test_file_names(url: str, name: str) -> None:
    assert file_name(url) == name


@given(st.text())
def test_a_file_name_is_safe_whatever_the_url(text: str) -> None:
    name = file_name("https://a.example/" + text)
    assert name.isascii() and not set(name) & set('/\\"\r\n;') and not name.startswith(".")


def job(status: JobStatus, totals: Totals) -> Job:
    return Job(
        id="x",
        urls=("https://a.example/",),
        status=status,
        options=JobOptions(),
        totals=totals,
        last_event_id=1,
        epoch=1,
        scope_bases=(),
        created_at=datetime(2026, 11, 24, tzinfo=UTC),
    )


@pytest.mark.parametrize(
    ("status", "totals", "said"),
    [
        (
            JobStatus.RUNNING,
            Totals(queued=4, processing=1, completed=3, processed=2),
            "it is running, 5 URLs waiting, 1 page not yet turned into Markdown",
        ),
        (JobStatus.TIMEOUT, Totals(), "it reached its time limit"),
    ],
)
def test_a_crawl_that_is_not_complete_says_so_at_the_top(
    status: JobStatus, totals: Totals, said: str
) -> None:
    assert f"**This crawl is not complete:** {said}." in preamble(job(status, totals))


def test_a_complete_crawl_says_nothing_of_it() -> None:
    whole = job(JobStatus.COMPLETED, Totals(completed=2, processed=1, process_failed=1))
    assert preamble(whole) == "# https://a.example/\n\n1 page, crawled by Clew.\n\n"


def test_a_page_has_front_matter_that_its_title_cannot_leave() -> None:
    document = Document(
        id=1,
        url="https://a.example/x",
        depth=1,
        fetched_at="2026-11-24T08:00:00+00:00",
        title='A "title": \\ über',
        description="",
        language="en",
        markdown="\n# A\n",
    )
    assert document_text(document) == (
        '---\ntitle: "A \\"title\\": \\\\ über"\nurl: "https://a.example/x"\n'
        'fetched_at: "2026-11-24T08:00:00+00:00"\ndepth: 1\nlanguage: "en"\n---\n\n# A\n\n'
    )
