"""Search in a job's pages on a real PostgreSQL: what is found, in which order, and what is told."""

from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from typing import Any

import pytest

from crawler.domain.errors import UnknownJob
from crawler.domain.queries import parse_query
from crawler.storage.discovery import KnownUrls
from crawler.storage.leases import Lease
from crawler.storage.migrate import migrate
from crawler.storage.search import Found, SearchResult, SearchStore
from crawler.storage.search_index import Progress, SearchIndex
from tests.storage import ROOT, MadeSite, Storage, at_once, crawl_root, document

TEXTS = {
    "lists": "# Lists\n\nA **list** is a sequence. List comprehensions are fast.",
    "tuples": "# Tuples\n\nUnlike lists, tuples are immutable: see os.path.join and snake_case.",
    "while": "# Loops\n\nThe while statement. [Comprehension](https://other.example/list) of it.",
    "html": "# <script>alert(1)</script>\n\n<b>bold</b> claims & 'quotes' \"; DROP TABLE jobs;",
    "german": "# Häuser\n\nDie Häuser wurden gebaut.",
    "kanji": "# 日本\n\n日本語の文書です。",
}
LANGUAGES = {"german": "de", "kanji": ""}


@pytest.fixture(scope="module")
def storage(database_url: str) -> Iterator[Storage]:
    migrate(database_url)
    opened = Storage(database_url)
    yield opened
    opened.database.close()


@pytest.fixture(scope="module")
def index(storage: Storage) -> SearchIndex:
    return SearchIndex(storage.database)


def crawled(storage: Storage, texts: dict[str, str]) -> Lease:
    """A job with a page for each text, processed, and a root that waits for the processor."""
    lease = storage.begin()
    crawl_root(storage, lease, *(ROOT + name for name in texts))
    while (claim := storage.frontier.claim(lease, 100)).urls:
        storage.frontier.apply(lease, MadeSite().answer(claim), KnownUrls())
    for page in storage.pages.unprocessed(lease.job_id, 0, 100):
        name = page.url.removeprefix(ROOT)
        if name in texts:
            made = document(page.id, texts[name])
            title = texts[name].partition("\n")[0].removeprefix("# ")
            made = replace(made, title=title, language=LANGUAGES.get(name, "en"))
            storage.pages.store_processed(lease.job_id, [made], [])
    return lease


def fill(index: SearchIndex, job_id: str) -> int:
    """A whole pass; how many pages it put into the index."""
    progress: Progress | None = Progress()
    pages = 0
    while progress is not None:
        pages = progress.pages
        progress = index.add_slice(job_id, progress)
    return pages


def index_of(storage: Storage, job_id: str, number: int) -> int:
    """The id of the job's n-th document."""
    rows = storage.sql("SELECT id FROM documents WHERE job_id = %(id)s ORDER BY id", id=job_id)
    return int(rows[number - 1]["id"])


def search(storage: Storage, job_id: str, q: str, after: int = 0, limit: int = 20) -> SearchResult:
    return SearchStore(storage.database).search(job_id, parse_query(q), after, limit)


def names(storage: Storage, job_id: str, q: str) -> list[str]:
    return [found.url.removeprefix(ROOT) for found in search(storage, job_id, q).found]


def told(found: Found) -> str:
    return "".join(f"[{part.text}]" if part.match else part.text for part in found.snippet)


@pytest.fixture(scope="module")
def job(storage: Storage, index: SearchIndex) -> str:
    crawled(storage, {"other": "# List\n\nlist list comprehension of another job"})
    lease = crawled(storage, TEXTS)
    assert fill(index, lease.job_id) == len(TEXTS)
    other = crawled(storage, {"other": "# List\n\nlist list comprehension of another job"})
    fill(index, other.job_id)
    return lease.job_id


@pytest.mark.parametrize(
    ("q", "found"),
    [
        ("list", ["lists", "tuples"]),
        ("LISTS -tuple", ["lists"]),
        ('"list comprehension"', ["lists"]),
        ('"comprehension list"', []),
        ("list comprehension", ["lists"]),
        ("tuples or while", ["tuples", "while"]),
        ("while", ["while"]),
        ('"the while"', ["while"]),
        ("os.path.join", ["tuples"]),
        ("path", ["tuples"]),
        ("snake_case", ["tuples"]),
        ("haus", ["german"]),
        ("häuser gebaut", ["german"]),
        ("die", ["german"]),
        ("日本語", ["kanji"]),
        ("語本", []),
        ("site/kanji", ["kanji"]),
        ("nowhere", []),
        ("'; DROP TABLE jobs; --", ["html"]),
        ("drop & !table | (jobs:*) <-> \\", ["html"]),
        ("<script>alert(1)</script>", ["html"]),
        ("%s %(job_id)s", []),
    ],
)
def test_pages_are_found_by_their_words(
    storage: Storage, job: str, q: str, found: list[str]
) -> None:
    assert sorted(names(storage, job, q)) == sorted(found)


def test_a_word_in_the_title_weighs_more_than_in_the_text(storage: Storage, job: str) -> None:
    result = search(storage, job, "list")
    assert [found.title for found in result.found] == ["Lists", "Tuples"]
    assert result.found[0].rank > result.found[1].rank > 0


def test_exclusions_alone_leave_all_other_pages(storage: Storage, job: str) -> None:
    assert sorted(names(storage, job, "-list -while")) == ["german", "html", "kanji"]


def test_snippets_mark_every_form_of_what_was_sought(storage: Storage, job: str) -> None:
    (found, _) = search(storage, job, "list").found
    assert told(found) == "[Lists] A [list] is a sequence. [List] comprehensions are fast"
    (found,) = search(storage, job, '"list comprehension"').found
    assert told(found) == "Lists A list is a sequence. [List comprehensions] are fast"
    (found,) = search(storage, job, "the while").found
    assert told(found) == "Loops [The while] statement. Comprehension of it"
    (found,) = search(storage, job, "日本語").found
    assert told(found) == "日本 [日本語]の文書です"


def test_html_in_pages_stays_text(storage: Storage, job: str) -> None:
    (found,) = search(storage, job, "bold").found
    assert found.title == "<script>alert(1)</script>"
    assert told(found).startswith("script>alert(1)</script> <b>[bold]</b> claims & 'quotes'")


def test_results_come_in_slices_without_overlap(storage: Storage, index: SearchIndex) -> None:
    lease = crawled(storage, {f"p{n}": f"# Page {n}\n\n{'word ' * n}" for n in range(1, 9)})
    fill(index, lease.job_id)
    whole = search(storage, lease.job_id, "word")
    slices = [search(storage, lease.job_id, "word", after, 3) for after in (0, 3, 6, 9)]
    assert [found.id for each in slices for found in each.found] == [f.id for f in whole.found]
    assert whole.total == 8 and [each.total for each in slices] == [8, 8, 8, 0]


def test_what_is_not_in_the_index_yet_is_told(storage: Storage, index: SearchIndex) -> None:
    lease = crawled(storage, {f"p{n}": "a word" for n in range(30)})
    job_id = lease.job_id
    result = search(storage, job_id, "word")
    assert (result.found, result.coverage.searched, result.coverage.pages) == ([], 0, 30)
    assert index.add_slice(job_id, Progress()) is not None
    result = search(storage, job_id, "word")
    assert (result.total, result.coverage.searched, result.coverage.pages) == (25, 25, 30)
    assert fill(index, job_id) == 5
    assert search(storage, job_id, "word").coverage.is_complete


def test_pages_made_anew_are_indexed_anew(storage: Storage, index: SearchIndex) -> None:
    lease = crawled(storage, {"a": "before"})
    fill(index, lease.job_id)
    assert names(storage, lease.job_id, "before") == ["a"]
    after = document(0, "after").markdown
    storage.sql("UPDATE documents SET markdown = %(after)s WHERE job_id = %(id)s",
                after=after, id=lease.job_id)
    assert names(storage, lease.job_id, "before") == []
    assert fill(index, lease.job_id) == 1
    assert names(storage, lease.job_id, "after") == ["a"]


def test_other_furniture_has_all_pages_indexed_anew(storage: Storage, index: SearchIndex) -> None:
    lease = crawled(storage, {"a": "text", "b": "text"})
    assert fill(index, lease.job_id) == 2
    storage.sql("INSERT INTO furniture VALUES (%(id)s, '12345678')", id=lease.job_id)
    assert search(storage, lease.job_id, "text").coverage.is_complete
    assert (fill(index, lease.job_id), fill(index, lease.job_id)) == (2, 0)


def test_workers_at_once_index_each_page_once(storage: Storage) -> None:
    lease = crawled(storage, {f"p{n}": "a word" for n in range(60)})
    workers = [SearchIndex(storage.database) for _ in range(4)]
    pages = at_once(*[partial(fill, worker, lease.job_id) for worker in workers])
    assert sum(pages) == 60
    assert search(storage, lease.job_id, "word").total == 60


def test_ended_jobs_wait_for_the_index_until_they_are_in(
    storage: Storage, index: SearchIndex, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("crawler.storage.search_index.QUIET_SECONDS", 0.0)
    lease = crawled(storage, {"a": "text"})
    storage.sql("UPDATE jobs SET status = 'cancelled', finished_at = clock_timestamp() "
                "WHERE id <> %(id)s AND finished_at IS NULL", id=lease.job_id)
    assert index.waiting_job() is None, "it runs"
    storage.jobs.cancel(lease.job_id)
    assert index.waiting_job() == lease.job_id, "the newest first"
    while (waiting := index.waiting_job()) is not None:
        fill(index, waiting)
    assert search(storage, lease.job_id, "text").coverage.is_complete


def test_a_worker_that_is_gone_leaves_the_rest_to_another(
    storage: Storage, index: SearchIndex
) -> None:
    lease = crawled(storage, {f"p{n}": "a word" for n in range(30)})
    assert SearchIndex(storage.database).add_slice(lease.job_id, Progress()) == Progress(
        after=index_of(storage, lease.job_id, 25), pages=25
    )
    assert index.add_slice(lease.job_id, Progress()) is None
    storage.sql("UPDATE searchable SET held_until = clock_timestamp() WHERE job_id = %(id)s",
                id=lease.job_id)
    assert fill(index, lease.job_id) == 5


def test_a_page_made_anew_while_it_is_read_is_not_indexed_as_it_was(storage: Storage) -> None:
    lease = crawled(storage, {"a": "before"})

    def meanwhile(make: Any, *arguments: Any) -> Any:
        storage.sql("UPDATE documents SET markdown = markdown WHERE job_id = %(id)s",
                    id=lease.job_id)
        return make(*arguments)

    SearchIndex(storage.database, meanwhile).add_slice(lease.job_id, Progress())
    assert not search(storage, lease.job_id, "before").coverage.searched


HOSTILE = {
    "nul": "a\\0b \ufffe\U0010ffff " + "\u0301" * 300,
    "one-word": "x" * 3_000_000,
    "many-words": " ".join(f"w{n * 7919:x}" for n in range(200_000)),
    "wide": " ".join(chr(0x4E00 + n % 20_000) * 50 for n in range(9_000)),
    "controls": "".join(chr(n) for n in range(1, 0x3000)),
    "empty": "",
    "brackets": "[" * 50_000 + "](" * 50_000,
}


def test_no_page_is_too_odd_or_too_long_for_the_index(storage: Storage, index: SearchIndex) -> None:
    lease = crawled(storage, HOSTILE)
    assert fill(index, lease.job_id) == len(HOSTILE)
    result = search(storage, lease.job_id, "-nothing")
    assert result.total == len(HOSTILE)
    assert names(storage, lease.job_id, "w7919 wef7") == []
    assert names(storage, lease.job_id, "w0") == ["many-words"]


def test_places_in_the_index_are_those_in_the_text(storage: Storage, index: SearchIndex) -> None:
    odd = "½ ² \uff46ull e\u0301 हिन्दी ภาษา İstanbul 1e5 3.14 -7 a@b.c &amp; ﬁn ª ⅷ 一二 mark"
    lease = crawled(storage, {"odd": odd})
    fill(index, lease.job_id)
    (found,) = search(storage, lease.job_id, "mark").found
    assert told(found).endswith("[mark]"), told(found)


def test_a_deleted_job_leaves_nothing_behind(storage: Storage, index: SearchIndex) -> None:
    lease = crawled(storage, {"a": "text"})
    fill(index, lease.job_id)
    storage.jobs.delete(lease.job_id)
    with pytest.raises(UnknownJob):
        search(storage, lease.job_id, "text")
    with pytest.raises(UnknownJob):
        fill(index, lease.job_id)
    while storage.bodies.purge_deleted():
        pass
    for table in ("search", "searchable"):
        rows = storage.sql(f"SELECT 1 FROM {table} WHERE job_id = %(id)s", id=lease.job_id)
        assert rows == []
