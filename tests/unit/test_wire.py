"""What calls say: what one side writes, the other reads."""

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.domain.errors import InvalidRequest
from crawler.domain.model import FrontierUrl, Outcome, ScopeKind, Trail
from crawler.domain.selectors import Selectors
from crawler.functions.call_options import CrawlOptions
from crawler.functions.process_wire import (
    ProcessCall,
    pages_left,
    process_call_json,
    read_process_call,
)
from crawler.functions.wire import (
    CrawlCall,
    crawl_answer_json,
    read_crawl_answer,
    read_crawl_call,
)
from crawler.storage.results import (
    BatchResult,
    LeftOutLink,
    PageToProcess,
    Retry,
    SitemapResult,
    SitemapUrl,
    UrlResult,
)

ids = st.integers(1, 2**62)
maybe_text = st.none() | st.text(alphabet="abé<\"\\", max_size=8)
urls = st.sampled_from(["http://a/", "https://b/c?d", "http://[::1]:81/%20"])
some_bytes = st.none() | st.binary(min_size=1, max_size=40)
hops = st.lists(st.tuples(urls, st.integers(300, 399)), max_size=2).map(tuple)
trails = st.none() | st.builds(Trail, hops, urls)
calls = st.builds(
    CrawlCall,
    job_id=st.text(max_size=8),
    epoch=ids,
    urls=st.lists(
        st.builds(FrontierUrl, ids, urls, st.integers(0, 9), st.integers(0, 3), trails), max_size=3
    ).map(tuple),
    sitemaps=st.lists(
        st.builds(SitemapUrl, ids, urls, st.integers(0, 3), st.booleans()), max_size=2
    ).map(tuple),
    original_job_url=urls,
    options=st.builds(
        CrawlOptions,
        scope=st.sampled_from(ScopeKind),
        scope_bases=st.lists(urls, max_size=2).map(tuple),
        ignore_robots=st.booleans(),
        concurrency=st.integers(1, 64),
        delay_ms=st.integers(0, 60_000),
        budget_seconds=st.floats(0, 30),
        include=st.lists(st.text(max_size=5), max_size=2).map(tuple),
        exclude=st.lists(st.text(max_size=5), max_size=2).map(tuple),
        host_concurrency=st.integers(1, 64),
        other_concurrency=st.integers(1, 64),
        other_delay_ms=st.integers(0, 60_000),
        max_age_seconds=st.integers(0, 10**9),
        follows_links=st.booleans(),
        wants_sitemaps=st.booleans(),
        has_credentials=st.booleans(),
    ),
)
results = st.builds(
    UrlResult,
    id=ids,
    url=urls,
    outcome=st.sampled_from(Outcome),
    reason=st.none() | st.just("http-404"),
    final_url=st.none() | urls,
    http_status=st.none() | st.integers(100, 599),
    title=maybe_text,
    ms=st.none() | st.integers(0, 10**6),
    size=st.none() | st.integers(0, 10**9),
    content_type=maybe_text,
    content_hash=some_bytes,
    headers=st.lists(st.tuples(st.text(max_size=5), st.text(max_size=5)), max_size=2).map(tuple),
    hops=hops,
    links=some_bytes,
    link_keys=st.none() | st.binary(max_size=12),
    discovered=st.lists(st.integers(0, 1), max_size=2).map(tuple),
    left_out=st.dictionaries(st.sampled_from(["scope", "nofollow"]), st.integers(1, 99)),
    detail=maybe_text,
    canonical=st.none() | urls,
    nofollow=st.booleans(),
    is_parsable=st.booleans(),
)
TRAIL = Trail((("http://a/", 301),), "http://b/")
BATCH = BatchResult(
    results=(),
    discovered=("http://a/", "http://b/"),
    retries=(Retry(7, "http-503", 1_500), Retry(8, "postponed", 9, False, TRAIL)),
    samples=(LeftOutLink("scope", "http://elsewhere/", 7),),
    sitemaps=("http://a/sitemap.xml",),
    sitemap_results=(
        SitemapResult(1, urls=("http://a/x",), sitemaps=("http://a/more.xml",), is_broken=True),
        SitemapResult(2, "http-500", 4_000),
    ),
)


def over_the_wire(value: Any) -> Any:
    return json.loads(json.dumps(value))


@given(calls)
def test_a_crawl_call_is_read_as_it_was_written(call: CrawlCall) -> None:
    assert read_crawl_call(over_the_wire(call.as_json())) == call


def answer_json(*listed: UrlResult) -> Any:
    batch = BatchResult(listed, ())
    return over_the_wire(crawl_answer_json(batch, host_waits={}, allowed_hosts=[]))


@given(st.lists(results, max_size=4, unique_by=lambda result: result.id), st.sets(ids, max_size=3))
def test_an_answer_is_read_as_it_was_written(listed: list[UrlResult], unreached: set[int]) -> None:
    reached = [*(result.id for result in listed), *(retry.id for retry in BATCH.retries)]
    unreached -= set(reached)
    batch = replace(BATCH, results=tuple(listed))
    written = crawl_answer_json(batch, host_waits={"a": 70}, allowed_hosts=["a"])
    answer = read_crawl_answer(
        over_the_wire(written),
        tuple(FrontierUrl(each, "http://a/", 1) for each in [*reached, *sorted(unreached)]),
    )
    by_id = {result.id: result for result in answer.batch.results}
    assert by_id == {result.id: result for result in listed}
    assert replace(answer.batch, results=()) == replace(BATCH, not_reached=tuple(sorted(unreached)))
    assert (answer.host_waits, answer.allowed_hosts) == ((("a", 70),), ("a",))


def test_outcomes_stand_in_the_list_of_their_kind() -> None:
    listed = [UrlResult(n, "http://a/", outcome) for n, outcome in enumerate(Outcome)]
    written = answer_json(*listed)
    for kind, outcomes in [
        ("completed", ["fetched", "cached"]),
        ("failed", ["failed"]),
        ("skipped", ["skipped"]),
    ]:
        assert [row["outcome"] for row in written[kind]] == outcomes


def test_foreign_text_is_made_safe_to_keep() -> None:
    title = "a\0\n b\ud800" + "x" * 400
    hostile = UrlResult(
        1, "http://a/", Outcome.FETCHED, title=title, content_type="t\0/\ud800h"
    )
    (read,) = read_crawl_answer(answer_json(hostile), ()).batch.results
    assert read.title is not None and read.title.startswith("a bxxx") and len(read.title) == 300
    assert read.content_type == "t/h"


selectors = st.builds(
    Selectors, st.none() | st.just("main"), st.lists(st.just("p > b")).map(tuple)
)
pages_to_process = st.builds(
    PageToProcess, ids, urls, st.binary(max_size=32), maybe_text, is_parsable=st.booleans()
)


@given(st.builds(ProcessCall, st.just("job"), st.lists(pages_to_process, max_size=3), selectors))
def test_a_process_call_is_read_as_it_was_written(call: ProcessCall) -> None:
    assert read_process_call(over_the_wire(process_call_json(call))) == call


@pytest.mark.parametrize(
    ("answer", "left"), [({"left": []}, []), ({"left": [2]}, [2]), ({"left": [9, 1, 2]}, [1, 2])]
)
def test_pages_that_a_process_call_did_not_get_to_are_told(
    answer: dict[str, object], left: list[int]
) -> None:
    pages = [PageToProcess(number, "http://a/", b"", None) for number in (1, 2, 3)]
    assert [page.id for page in pages_left(answer, pages)] == left


@pytest.mark.parametrize("answer", [{}, {"left": None}, {"left": ["x"]}, {"left": 3}])
def test_another_answer_to_a_process_call_is_none(answer: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="process function"):
        pages_left(answer, [])


CALL = over_the_wire(
    CrawlCall(
        "job", 1, (FrontierUrl(1, "http://a/", 0),), "http://a/",
        CrawlOptions(ScopeKind.HOST, ("http://a/",), False, 1, 0, 1.0),
    ).as_json()
)  # fmt: skip


@pytest.mark.parametrize(
    "body",
    [None, [], "x", 1, {}, CALL | {"epoch": "x"}, CALL | {"urls": [{}]}, CALL | {"urls": 1},
     CALL | {"options": {}}, CALL | {"options": CALL["options"] | {"scope": "galaxy"}}],
)  # fmt: skip
def test_another_body_is_a_told_mistake(body: object) -> None:
    with pytest.raises(InvalidRequest):
        read_crawl_call(body)
    with pytest.raises(InvalidRequest):
        read_process_call(body)


@pytest.mark.parametrize(
    "answer",
    [[], {}, {"completed": [], "failed": [], "skipped": []},
     answer_json() | {"completed": [{"id": 1}]}, answer_json() | {"hostWaits": 1},
     answer_json() | {"sitemapResults": [{}]}],
)  # fmt: skip
def test_another_answer_is_no_answer(answer: Any) -> None:
    with pytest.raises(ValueError, match="not an answer of the crawl function"):
        read_crawl_answer(answer, ())


def test_a_batch_without_results_reached_nothing() -> None:
    asked = (FrontierUrl(1, "http://a/", 0), FrontierUrl(2, "http://b/", 0))
    assert read_crawl_answer(answer_json(), asked).batch == BatchResult((), (), (1, 2))
