"""The HTTP cache over a real database: what is served, asked for on condition, kept, let go."""

import os
from collections.abc import Iterator

import pytest

from crawler.domain.reasons import Reason
from crawler.fetching.guard import Network
from crawler.fetching.outcomes import Fetched, Hop, Redirected
from crawler.functions import caching
from crawler.functions.caching import CacheBatch, PageCache
from crawler.storage.bodies import SealedBody, seal
from crawler.storage.cache import CachedAnswer, HttpCache
from crawler.storage.migrate import migrate
from tests.storage import Storage, at_once

A, B, C, D = (f"http://site/{name}" for name in "abcd")
MIB = 2**20
Headers = tuple[tuple[str, str], ...]


@pytest.fixture(scope="module")
def stores(database_url: str) -> Iterator[Storage]:
    migrate(database_url)
    opened = Storage(database_url, connections=8)
    yield opened
    opened.database.close()


@pytest.fixture
def storage(stores: Storage) -> Storage:
    stores.sql("TRUNCATE http_cache, bodies, body_garbage")
    return stores


class Clock:
    seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


def page_cache(storage: Storage, max_bytes: int = MIB, clock: Clock | None = None) -> PageCache:
    return PageCache(HttpCache(storage.database, max_bytes), storage.bodies, clock or Clock())


def fetched(
    url: str,
    body: bytes = b"<p>page",
    status: int = 200,
    headers: Headers = (("ETag", '"1"'),),
    content_type: str = "text/html",
    hops: tuple[Hop, ...] = (),
    network: Network = Network.PUBLIC,
) -> Fetched:
    headers += (("Content-Type", content_type),)
    return Fetched(url, status, headers, content_type, body, hops, 5, network)


def note(storage: Storage, batch: CacheBatch, answer: Fetched) -> SealedBody | None:
    """Notes an answer as a crawl call does: its page is put first."""
    page = seal(answer.body) if answer.body else None
    storage.bodies.put([page] if page else [])
    batch.note(answer, page)
    return page


def keep(storage: Storage, *answers: Fetched) -> None:
    """What an earlier call left."""
    batch = page_cache(storage).open([], 0)
    for answer in answers:
        note(storage, batch, answer)
    batch.save()


def grow_old(storage: Storage, seconds: float) -> None:
    storage.sql(
        "UPDATE http_cache SET validated_at = validated_at - %(age)s * interval '1 second',"
        " used_at = used_at - %(age)s * interval '1 second'",
        age=seconds,
    )


def young(batch: CacheBatch, url: str) -> Fetched | Redirected | None:
    return batch.young(url, lambda target: None)


def kept(storage: Storage) -> set[str]:
    return {row["url"] for row in storage.sql("SELECT url FROM http_cache")}


def test_a_young_page_is_served_as_it_was_fetched(storage: Storage) -> None:
    answer = fetched(A, network=Network.ALLOWED, headers=(("X", "ü"), ("Set-Cookie", "a=b")))
    keep(storage, answer)
    served = young(page_cache(storage).open([A, B], 60), A)
    assert isinstance(served, Fetched)
    assert (served.url, served.status, served.body) == (A, 200, b"<p>page")
    assert served.headers == (("X", "ü"), ("Content-Type", "text/html"))
    assert (served.content_type, served.network) == ("text/html", Network.ALLOWED)
    assert (served.hops, served.milliseconds) == ((), 0)


@pytest.mark.parametrize(("age", "max_age", "is_served"), [
    (0, 0, False), (50, 60, True), (70, 60, False), (86_400, 604_800, True),
])
def test_a_page_is_served_up_to_the_age_that_the_job_allows(
    storage: Storage, age: float, max_age: int, is_served: bool
) -> None:
    keep(storage, fetched(A))
    grow_old(storage, age)
    assert (young(page_cache(storage).open([A], max_age), A) is not None) is is_served


def test_a_page_grows_old_while_a_call_lasts(storage: Storage) -> None:
    keep(storage, fetched(A))
    clock = Clock()
    batch = page_cache(storage, clock=clock).open([A], 60)
    clock.seconds = 50.0
    assert young(batch, A) is not None
    clock.seconds = 61.0
    assert young(batch, A) is None


@pytest.mark.parametrize("headers", [
    (("Cache-Control", "no-store"),), (("Cache-Control", "private"),), (("Vary", "*"),),
])
def test_what_a_site_forbids_to_keep_is_not_kept(storage: Storage, headers: Headers) -> None:
    keep(storage, fetched(A))
    keep(storage, fetched(A, headers=headers))
    assert kept(storage) == {A}, "another call did not know that it was kept"
    batch = page_cache(storage).open([A], 0)
    note(storage, batch, fetched(A, headers=headers))
    batch.save()
    assert kept(storage) == set()


def test_what_wants_to_be_asked_for_is_asked_for(storage: Storage) -> None:
    keep(storage, fetched(A, headers=(("Cache-Control", "no-cache"), ("ETag", '"1"'))))
    batch = page_cache(storage).open([A], 60)
    assert young(batch, A) is None
    assert batch.conditional(A) == {"If-None-Match": '"1"'}


@pytest.mark.parametrize("body", [b"<p>page", b"x" * (caching.PREFETCH_BYTES + 1)])
def test_a_304_gives_the_page_that_is_kept_and_renews_it(storage: Storage, body: bytes) -> None:
    keep(storage, fetched(A, body, headers=(("ETag", '"1"'), ("X", "old"))))
    grow_old(storage, 100)
    batch = page_cache(storage).open([A], 60)
    assert young(batch, A) is None
    served = batch.revalidated(fetched(A, b"", 304, (("X", "new"),), "text/plain"))
    assert served is not None and served.body == body
    assert (served.status, served.content_type, served.milliseconds) == (200, "text/html", 5)
    assert served.headers == (("ETag", '"1"'), ("Content-Type", "text/html"), ("X", "new"))
    batch.save()
    assert young(page_cache(storage).open([A], 60), A) is not None


def test_a_304_that_forbids_to_keep_the_page_serves_it_for_the_last_time(storage: Storage) -> None:
    keep(storage, fetched(A))
    batch = page_cache(storage).open([A], 0)
    assert batch.revalidated(fetched(A, b"", 304, (("Cache-Control", "no-store"),))) is not None
    batch.save()
    assert kept(storage) == set()


@pytest.mark.parametrize("headers", [(), (("ETag", '"1"'),), (("ETag", '"other"'),)])
def test_a_304_that_means_no_page_is_asked_for_anew(storage: Storage, headers: Headers) -> None:
    keep(storage, fetched(A))
    batch = page_cache(storage).open([A, B], 0)
    storage.sql("DELETE FROM bodies WHERE %(gone)s", gone=headers != (("ETag", '"other"'),))
    batch._pages.clear()
    assert batch.revalidated(fetched(A, b"", 304, headers)) is None
    assert batch.revalidated(fetched(B, b"", 304, headers)) is None
    assert batch.conditional(A) == {} == batch.conditional(B)


def test_an_answer_whose_page_is_gone_is_none(storage: Storage) -> None:
    keep(storage, fetched(A))
    storage.sql("DELETE FROM bodies")
    batch = page_cache(storage).open([A], 60)
    assert young(batch, A) is None and batch.conditional(A) == {}


def test_what_is_no_page_is_known_by_its_head(storage: Storage) -> None:
    keep(storage, fetched(A, b"", content_type="application/pdf"))
    batch = page_cache(storage).open([A], 60)
    served = young(batch, A)
    assert isinstance(served, Fetched) and served.body == b""
    assert served.content_type == "application/pdf"
    assert batch.conditional(A) == {"If-None-Match": '"1"'}


@pytest.mark.parametrize(("answer", "stays"), [
    (fetched(A, b""), False),  # a page, but none worth keeping
    (fetched(A, b"", 404), False),
    (fetched(A, b"", 410), False),
    (fetched(A, b"", 403), True),
    (fetched(A, b"", 429), True),
    (fetched(A, b"", 500), True),
])
def test_a_page_that_is_there_no_more_is_let_go(
    storage: Storage, answer: Fetched, stays: bool
) -> None:
    keep(storage, fetched(A))
    batch = page_cache(storage).open([A], 0)
    batch.note(answer)
    batch.save()
    assert kept(storage) == ({A} if stays else set())


def test_kept_redirects_are_followed_as_far_as_the_job_goes(storage: Storage) -> None:
    hops = (Hop(A, 301, may_be_kept=True), Hop(B, 308, may_be_kept=True))
    keep(storage, fetched(C, hops=hops))
    batch = page_cache(storage).open([A], 60)
    served = young(batch, A)
    assert isinstance(served, Fetched)
    assert (served.url, served.body) == (C, b"<p>page")
    assert [(hop.url, hop.status) for hop in served.hops] == [(A, 301), (B, 308)]
    left = batch.young(A, lambda target: Reason.SCOPE if target == C else None)
    assert isinstance(left, Redirected)
    assert (left.target, left.reason, len(left.hops)) == (C, Reason.SCOPE, 2)
    assert batch.conditional(A) == {} and batch.conditional(C) == {"If-None-Match": '"1"'}


def test_a_redirect_that_was_not_followed_is_kept(storage: Storage) -> None:
    batch = page_cache(storage).open([A], 60)
    hop = Hop(A, 301, may_be_kept=True)
    batch.note(Redirected(B, Reason.DUPLICATE, (hop,), 1, Network.PUBLIC))
    batch.save()
    grow_old(storage, 50)
    batch = page_cache(storage).open([A], 60)
    left = batch.young(A, lambda target: Reason.DUPLICATE)
    assert isinstance(left, Redirected) and left.target == B
    batch.note(left)
    batch.save()
    grow_old(storage, 20)
    assert young(page_cache(storage).open([A], 60), A) is None, "use has not made it younger"
    assert kept(storage) == {A}


def test_a_way_from_https_to_http_is_told_out_of_the_cache_too(storage: Storage) -> None:
    secure = A.replace("http:", "https:")
    keep(storage, fetched(A, hops=(Hop(secure, 301, may_be_kept=True),)))
    batch = page_cache(storage).open([secure, A], 60)
    both = young(batch, secure), young(batch, A)
    assert [isinstance(each, Fetched) and each.downgraded for each in both] == [True, False]


def test_a_redirect_that_may_not_be_kept_replaces_the_page(storage: Storage) -> None:
    keep(storage, fetched(A))
    batch = page_cache(storage).open([A], 0)
    note(storage, batch, fetched(B, hops=(Hop(A, 302),)))
    batch.save()
    assert kept(storage) == {B}


def test_kept_redirects_in_a_circle_end(storage: Storage) -> None:
    batch = page_cache(storage).open([], 0)
    hops = (Hop(A, 301, may_be_kept=True), Hop(B, 301, may_be_kept=True))
    batch.note(Redirected(A, Reason.DUPLICATE, hops, 1, Network.PUBLIC))
    batch.save()
    assert young(page_cache(storage).open([A], 60), A) is None


def test_a_private_call_neither_reads_nor_fills(storage: Storage) -> None:
    keep(storage, fetched(A))
    batch = page_cache(storage).open([A, B], 60, private=True)
    assert young(batch, A) is None and batch.conditional(A) == {}
    note(storage, batch, fetched(A, headers=(("Cache-Control", "no-store"),)))
    note(storage, batch, fetched(B))
    batch.save()
    assert kept(storage) == {A}


def test_a_cache_of_no_size_keeps_and_finds_nothing(storage: Storage) -> None:
    batch = page_cache(storage, max_bytes=0).open([A], 60)
    note(storage, batch, fetched(A))
    batch.save()
    assert kept(storage) == set()
    keep(storage, fetched(A))
    assert young(page_cache(storage, max_bytes=0).open([A], 60), A) is None
    HttpCache(storage.database, 0).trim()
    assert kept(storage) == set(), "a smaller bound holds for what was kept before"


def test_another_realm_finds_nothing(storage: Storage) -> None:
    HttpCache(storage.database, MIB, "Clew/1 10.0.0.0/8").store([CachedAnswer(A, 200, ())])
    assert HttpCache(storage.database, MIB, "Clew/1 10.0.0.0/8").look_up([A])
    assert not HttpCache(storage.database, MIB, "Clew/1 ").look_up([A])


def test_a_page_of_any_headers_is_kept(storage: Storage) -> None:
    headers = (("X\0", "a\0b\ud800"), *((f"Y{n}", "y" * 5_000) for n in range(200)))
    keep(storage, fetched(A, headers=headers))
    served = young(page_cache(storage).open([A], 60), A)
    assert isinstance(served, Fetched) and len(served.headers) == 100


def random_page(url: str) -> Fetched:
    return fetched(url, os.urandom(10_000))


def test_the_page_unused_for_longest_goes_first(storage: Storage) -> None:
    cache = page_cache(storage, max_bytes=35_000)
    for url in (A, B, C):
        keep(storage, random_page(url))
        grow_old(storage, 1)
    batch = cache.open([A, B], 60)
    assert young(batch, A) is not None
    assert batch.revalidated(fetched(B, b"", 304)) is not None
    batch.save()
    batch = cache.open([D], 60)
    note(storage, batch, random_page(D))
    batch.save()
    assert kept(storage) == {A, B, D}


def test_the_size_is_bounded_whatever_is_stored(storage: Storage) -> None:
    cache = page_cache(storage, max_bytes=100_000)
    for start in range(0, 60, 10):
        urls = [f"{A}{n}" for n in range(start, start + 10)]
        batch = cache.open(urls, 0)
        for url in urls:
            note(storage, batch, random_page(url))
        batch.save()
        (row,) = storage.sql("SELECT sum(size) AS bytes, count(*) AS answers FROM http_cache")
        assert 80_000 < row["bytes"] <= 100_000 and row["answers"] == 9


def test_a_page_stays_while_anything_refers_to_it(storage: Storage) -> None:
    answer = random_page(A)
    keep(storage, answer, random_page(B))
    page = seal(answer.body).hash
    old = "clock_timestamp() - interval '1 day'"

    def collect() -> set[bytes]:
        storage.sql(f"UPDATE bodies SET touched_at = {old}")
        storage.sql(f"UPDATE body_garbage SET due_at = {old}")
        storage.bodies.collect()
        return {bytes(row["hash"]) for row in storage.sql("SELECT hash FROM bodies")}

    assert page in collect() and len(collect()) == 2
    keep(storage, random_page(B))
    assert len(collect()) == 2, "the page that was at B is another one now"
    HttpCache(storage.database, MIB).drop([B])
    assert collect() == {page}
    HttpCache(storage.database, 0).trim()
    assert collect() == set()


def test_calls_with_the_same_urls_do_not_lock_each_other_out(storage: Storage) -> None:
    urls = [f"{A}{n}" for n in range(30)]

    def work(order: list[str]) -> None:
        cache = HttpCache(storage.database, 400)
        for _ in range(10):
            cache.store(CachedAnswer(url, 200, ()) for url in order)
            cache.touch(order)
            cache.drop(order[:5])

    assert at_once(*[lambda order=order: work(order) for order in (urls, urls[::-1]) * 3]) == [
        None
    ] * 6
