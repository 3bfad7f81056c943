"""Two crawls compared: what is new, changed, gone or was not read, by what people read."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from crawler.domain.errors import InvalidRequest, Problem, UnknownPage
from crawler.domain.furniture import fingerprints
from crawler.domain.lifecycle import JobStatus
from crawler.domain.options import FREE, Policy
from crawler.functions.jobs import create_job
from crawler.storage.comparison import ChangeKind, ComparisonStore, PageChange
from crawler.storage.discovery import KnownUrls
from crawler.storage.leases import Lease
from crawler.storage.migrate import migrate
from crawler.storage.sealing import Sealer
from tests.storage import ROOT, MadeSite, Storage, document, failed

SEALER = Sealer("a secret of this test")


@pytest.fixture(scope="module")
def storage(database_url: str) -> Iterator[Storage]:
    migrate(database_url)
    stores = Storage(database_url)
    yield stores
    stores.database.close()


@pytest.fixture(scope="module")
def comparisons(storage: Storage) -> ComparisonStore:
    return ComparisonStore(storage.database)


def crawled(
    storage: Storage, texts: dict[str, str], based_on: str | None = None, *gone: str
) -> Lease:
    """An ended job whose pages hold these texts, by the last part of their URL."""
    urls = [ROOT, *(ROOT + name for name in (*texts, *gone))]
    body = {"urls": urls, "maxDepth": 0, **({"basedOn": based_on} if based_on else {})}
    job, _ = create_job(storage.jobs, body, None, FREE, SEALER)
    lease = storage.take(job.id)
    while (claim := storage.frontier.claim(lease, 10)).urls:
        missing = {ROOT + name for name in gone}
        lost = replace(claim, urls=tuple(url for url in claim.urls if url.url in missing))
        kept = replace(claim, urls=tuple(url for url in claim.urls if url.url not in missing))
        for part, answer in ((lost, failed), (kept, MadeSite().answer)):
            if part.urls:
                storage.frontier.apply(lease, answer(part), KnownUrls())
    pages = []
    for page in storage.pages.unprocessed(job.id, 0, 1_000):
        markdown = texts.get(page.url.removeprefix(ROOT), "# Root")
        pages.append(replace(document(page.id, markdown), units=fingerprints(markdown)))
    storage.pages.store_processed(job.id, pages, [])
    storage.furniture.decide(lease)
    while storage.frontier.expand(lease, KnownUrls()):
        pass
    assert storage.finish(lease) is JobStatus.COMPLETED
    return lease


def told(comparisons: ComparisonStore, job_id: str) -> dict[str, PageChange]:
    """What a job's comparison says, by the last part of the URL, in its order."""
    pair = comparisons.open(job_id)
    return {change.url.removeprefix(ROOT): change for change, _ in comparisons.changes(pair)}


def kinds(comparisons: ComparisonStore, job_id: str) -> dict[str, str]:
    return {url: str(change.kind) for url, change in told(comparisons, job_id).items()}


def test_pages_are_added_changed_and_removed(
    storage: Storage, comparisons: ComparisonStore
) -> None:
    earlier = crawled(storage, {"same": "As it was.", "other": "Before.", "old": "Once."})
    now = crawled(
        storage, {"same": "As it was.", "other": "After.", "new": "Now."}, earlier.job_id, "old"
    )

    assert kinds(comparisons, now.job_id) == {
        "": "unchanged",
        "same": "unchanged",
        "other": "changed",
        "new": "added",
        "old": "removed",
    }
    gone = told(comparisons, now.job_id)["old"]
    assert gone.reason == "http-404"
    assert gone.id is not None and gone.earlier_id is not None


@pytest.mark.parametrize("kind", ChangeKind)
def test_changes_of_a_kind_are_those_of_the_whole_list(
    storage: Storage, comparisons: ComparisonStore, kind: ChangeKind
) -> None:
    earlier = crawled(storage, {"same": "As it was.", "other": "Before.", "old": "Once."})
    now = crawled(storage, {"same": "As it was.", "other": "After.", "new": "Now."}, earlier.job_id)
    pair = comparisons.open(now.job_id)

    found = list(comparisons.changes(pair, kinds=frozenset({kind})))

    assert found == [each for each in comparisons.changes(pair) if each[0].kind is kind]


def test_a_page_that_could_not_be_read_is_not_gone(
    storage: Storage, comparisons: ComparisonStore
) -> None:
    earlier = crawled(storage, {"a": "Text."})
    now = crawled(storage, {}, earlier.job_id, "a")
    storage.sql(
        "UPDATE frontier SET reason = 'timeout' WHERE job_id = %(id)s AND url = %(url)s",
        id=now.job_id,
        url=f"{ROOT}a",
    )

    assert told(comparisons, now.job_id)["a"].kind is ChangeKind.UNREAD


def test_a_crawl_that_is_under_way_has_not_looked_everywhere(
    storage: Storage, comparisons: ComparisonStore
) -> None:
    earlier = crawled(storage, {"a": "Text."})
    job, _ = create_job(storage.jobs, {"basedOn": earlier.job_id}, None, FREE, SEALER)

    assert set(kinds(comparisons, job.id).values()) == {"unread"}


def limited(storage: Storage, job_id: str) -> None:
    """Has a job have left out a URL over its page limit."""
    reasons = '{"page-limit": 1}'
    storage.sql(
        "UPDATE jobs SET reasons = %(reasons)s::jsonb, skipped = 1, discovered = discovered + 1"
        " WHERE id = %(id)s",
        reasons=reasons,
        id=job_id,
    )


def test_what_a_crawl_with_a_page_limit_does_not_know_is_neither_new_nor_gone(
    storage: Storage, comparisons: ComparisonStore
) -> None:
    earlier = crawled(storage, {"a": "Text.", "b": "Text of b."})
    now = crawled(storage, {"a": "Text.", "c": "Text of c."}, earlier.job_id)
    before = kinds(comparisons, now.job_id)
    limited(storage, earlier.job_id)
    limited(storage, now.job_id)

    assert (before["b"], before["c"]) == ("removed", "added")
    assert comparisons.open(now.job_id).is_complete is False
    after = told(comparisons, now.job_id)
    assert {after["b"].kind, after["c"].kind} == {ChangeKind.UNREAD}
    unread = comparisons.changes(
        comparisons.open(now.job_id), kinds=frozenset({ChangeKind.UNREAD})
    )
    assert {change.url for change, _ in unread} == {f"{ROOT}b", f"{ROOT}c"}


def test_a_page_that_the_earlier_crawl_could_not_read_is_not_new(
    storage: Storage, comparisons: ComparisonStore
) -> None:
    earlier = crawled(storage, {}, None, "a", "b")
    storage.sql(
        "UPDATE frontier SET reason = 'timeout' WHERE job_id = %(id)s AND url = %(url)s",
        id=earlier.job_id,
        url=f"{ROOT}a",
    )
    now = crawled(storage, {"a": "Text.", "b": "Text."}, earlier.job_id)

    found = told(comparisons, now.job_id)
    assert (found["a"].kind, found["a"].reason) == (ChangeKind.UNREAD, "timeout")
    assert (found["b"].kind, found["b"].reason) == (ChangeKind.ADDED, None)


def test_a_new_year_in_the_footer_changes_no_page(
    storage: Storage, comparisons: ComparisonStore
) -> None:
    def site(year: int) -> dict[str, str]:
        footer = f"Copyright {year} by the people of this site"
        return {str(n): f"# Page {n}\n\nOwn text {n}.\n\n{footer}" for n in range(8)}

    earlier = crawled(storage, site(2025))
    now = crawled(storage, site(2026), earlier.job_id)

    assert set(kinds(comparisons, now.job_id).values()) == {"unchanged"}


def test_another_target_of_a_link_is_a_change(
    storage: Storage, comparisons: ComparisonStore
) -> None:
    earlier = crawled(storage, {"a": "See [there](http://site/x)."})
    now = crawled(storage, {"a": "See [there](http://site/y)."}, earlier.job_id)

    assert kinds(comparisons, now.job_id)["a"] == "changed"
    page = told(comparisons, now.job_id)["a"]
    assert page.id is not None
    assert comparisons.texts(comparisons.open(now.job_id), page.id) == (
        "See [there](http://site/x).",
        "See [there](http://site/y).",
    )


def test_a_list_goes_on_after_each_of_its_positions(
    storage: Storage, comparisons: ComparisonStore
) -> None:
    earlier = crawled(storage, {"a": "1", "b": "2", "c": "3"})
    now = crawled(storage, {"b": "2", "c": "4", "d": "5"}, earlier.job_id, "a")
    pair = comparisons.open(now.job_id)

    listed = list(comparisons.changes(pair))

    for number, (_, position) in enumerate(listed, 1):
        assert list(comparisons.changes(pair, position)) == listed[number:]


def test_what_was_not_there_before_is_all_new(
    storage: Storage, comparisons: ComparisonStore
) -> None:
    earlier = crawled(storage, {})
    now = crawled(storage, {"a": "Text."}, earlier.job_id)
    page = told(comparisons, now.job_id)["a"]

    assert page.id is not None
    assert comparisons.texts(comparisons.open(now.job_id), page.id) == ("", "Text.")
    with pytest.raises(UnknownPage):
        comparisons.texts(comparisons.open(now.job_id), page.id + 10**6)


def test_without_an_earlier_crawl_there_is_nothing_to_compare(
    storage: Storage, comparisons: ComparisonStore
) -> None:
    first = crawled(storage, {})
    second = crawled(storage, {}, first.job_id)

    with pytest.raises(Problem) as alone:
        comparisons.open(first.job_id)
    storage.jobs.delete(first.job_id)
    with pytest.raises(Problem) as gone:
        comparisons.open(second.job_id)

    assert (alone.value.code, gone.value.code) == ("nothing-to-compare", "earlier-crawl-gone")


def test_a_crawl_made_again_has_the_roots_and_options_of_the_first(storage: Storage) -> None:
    body = {"url": f"{ROOT}docs/", "maxDepth": 4, "exclude": ["/old/*"], "cookies": {"a": "b"}}
    first, _ = create_job(storage.jobs, body, None, FREE, SEALER)

    again, _ = create_job(storage.jobs, {"basedOn": first.id}, None, FREE, SEALER)
    otherwise, _ = create_job(
        storage.jobs, {"basedOn": first.id, "maxDepth": 1, "url": ROOT}, None, FREE, SEALER
    )

    assert (again.urls, again.options, again.based_on) == (first.urls, first.options, first.id)
    assert storage.jobs.sealed_credentials(again.id) == storage.jobs.sealed_credentials(first.id)
    assert otherwise.options.max_depth == 1
    assert otherwise.options.exclude == ("/old/*",)
    assert otherwise.options.cookies == ()
    assert storage.jobs.sealed_credentials(otherwise.id) is None


def test_a_crawl_made_again_keeps_to_the_policy_of_today(storage: Storage) -> None:
    first, _ = create_job(storage.jobs, {"url": ROOT, "maxPages": 500}, None, FREE, SEALER)

    again, _ = create_job(storage.jobs, {"basedOn": first.id}, None, Policy(max_pages=100), SEALER)

    assert again.options.max_pages == 100


@pytest.mark.parametrize("given", [{"headers": {}}, {"cookies": {}}, {"cookies": {"c": "d"}}])
def test_a_crawl_made_again_has_no_credentials_but_those_that_it_is_given(
    storage: Storage, given: dict[str, dict[str, str]]
) -> None:
    body = {"url": ROOT, "headers": {"X-Key": "k"}, "cookies": {"a": "b"}}
    first, _ = create_job(storage.jobs, body, None, FREE, SEALER)

    again, _ = create_job(storage.jobs, {"basedOn": first.id, **given}, None, FREE, SEALER)

    assert again.options.headers == ()
    assert again.options.cookies == tuple(given.get("cookies", {}))


@pytest.mark.parametrize("earlier", ["nobody", "\0", "\ud800", "", 5, []])
def test_a_crawl_of_no_known_job_is_refused(storage: Storage, earlier: object) -> None:
    with pytest.raises(InvalidRequest, match="basedOn is the id of no crawl"):
        create_job(storage.jobs, {"url": ROOT, "basedOn": earlier}, None, FREE, SEALER)
