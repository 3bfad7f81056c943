"""One page, once: the same content, or the same name and title, under two URLs."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from crawler.domain.lifecycle import JobStatus
from crawler.domain.model import ScopeKind, Totals
from crawler.storage.discovery import KnownUrls
from crawler.storage.leases import Lease
from crawler.storage.migrate import migrate
from crawler.storage.statements import SQL
from tests.storage import ROOT, MadeSite, Storage, crawl_all, hash_of, totals_in

A, B, C, D, T, U = (f"{ROOT}{name}" for name in "abcdtu")


@pytest.fixture(scope="module")
def storage(database_url: str) -> Iterator[Storage]:
    migrate(database_url)
    stores = Storage(database_url, connections=12)
    yield stores
    stores.database.close()


def apply_next(storage: Storage, lease: Lease, site: MadeSite, limit: int = 10) -> None:
    claim = storage.frontier.claim(lease, limit)
    storage.frontier.apply(lease, site.answer(claim), KnownUrls())


def outcomes(storage: Storage, lease: Lease) -> dict[str, str | None]:
    """Outcome or reason of every URL but the root; of a duplicate the URL whose page it is."""
    rows = storage.rows(lease.job_id)
    names = {row.id: row.url for row in rows.values()}
    return {
        url: names[row.duplicate_of] if row.duplicate_of else row.reason or row.outcome
        for url, row in rows.items()
        if url != ROOT
    }


ALIKE = MadeSite({A: [C], B: [D]}, contents={A: "same", B: "same"})


@pytest.mark.parametrize("limit", [1, 10], ids=["one after the other", "in one batch"])
def test_the_same_content_is_one_page_and_its_links_are_followed_once(
    storage: Storage, limit: int
) -> None:
    lease = storage.begin_with(A, B, max_depth=9)
    for _ in range(2 if limit == 1 else 1):
        apply_next(storage, lease, ALIKE, limit)
    assert outcomes(storage, lease) == {A: "fetched", B: A, C: None}
    assert storage.totals(lease.job_id) == Totals(
        4, queued=1, completed=2, skipped=1, bytes=200, reasons={"duplicate": 1}
    )
    row = storage.rows(lease.job_id)[B]
    assert (row.outcome, row.content_hash, row.http_status) == ("skipped", None, 200)
    assert row.as_json()["duplicateOf"] == storage.rows(lease.job_id)[A].id
    assert crawl_all(storage, lease, ALIKE) is JobStatus.COMPLETED
    assert storage.totals(lease.job_id).processed == 3


def test_a_duplicate_found_closer_brings_its_page_and_links_along(storage: Storage) -> None:
    lease = storage.begin_with(B, A, depth=3, max_depth=9)
    apply_next(storage, lease, ALIKE, limit=1)
    storage.sql("UPDATE frontier SET depth = 1 WHERE job_id = %(id)s AND url = %(url)s",
                id=lease.job_id, url=A)
    apply_next(storage, lease, ALIKE, limit=1)
    assert crawl_all(storage, lease, ALIKE) is JobStatus.COMPLETED
    rows = storage.rows(lease.job_id)
    assert (rows[B].depth, rows[D].depth) == (1, 2)


def test_a_known_duplicate_that_comes_closer_brings_its_page_along(storage: Storage) -> None:
    lease = storage.begin_with(B, A, C, depth=3, max_depth=9)
    apply_next(storage, lease, ALIKE, limit=2)
    storage.sql("UPDATE frontier SET depth = 1 WHERE job_id = %(id)s AND url = %(url)s",
                id=lease.job_id, url=C)
    site = MadeSite({**ALIKE.links, C: [A]}, contents=ALIKE.contents)
    assert crawl_all(storage, lease, site) is JobStatus.COMPLETED
    rows = storage.rows(lease.job_id)
    assert outcomes(storage, lease)[A] == B
    assert (rows[A].depth, rows[B].depth, rows[D].depth) == (2, 2, 3)


def test_failures_and_files_are_nobodys_duplicate(storage: Storage) -> None:
    lease = storage.begin_with(A, B, C)
    apply_next(storage, lease, MadeSite(gone=frozenset({A, B}), contents={C: A}))
    assert outcomes(storage, lease) == {A: "http-404", B: "http-404", C: "fetched"}


# rel=canonical: names and the outcome of A and B, by what each page says and what it is called

CANONICAL = [
    ("both go by one name", {A: B}, {A: "T", B: "T"}, {A: B, B: "fetched"}),
    ("titles differ", {A: B}, {A: "T", B: "other"}, {A: "fetched", B: "fetched"}),
    ("titles differ in spaces only", {A: B}, {A: "T  x", B: "t\nX"}, {A: B, B: "fetched"}),
    ("no titles", {A: B}, {A: "", B: ""}, {A: "fetched", B: "fetched"}),
    ("a third name", {A: C, B: C}, {A: "T", B: "T"}, {A: "fetched", B: A}),
    ("a third name, other titles", {A: C, B: C}, {A: "T", B: "U"}, {A: "fetched", B: "fetched"}),
    ("its own name", {A: A, B: B}, {A: "T", B: "T"}, {A: "fetched", B: "fetched"}),
    ("each other's name", {A: B, B: A}, {A: "T", B: "T"}, {A: "fetched", B: A}),
    ("a name out of scope", {A: "http://x/", B: "http://x/"}, {A: "T", B: "T"},
     {A: "fetched", B: "fetched"}),
]  # fmt: skip


@pytest.mark.parametrize(
    ("canonicals", "titles", "expected"),
    [each[1:] for each in CANONICAL],
    ids=[each[0] for each in CANONICAL],
)
def test_a_canonical_name_is_believed_where_titles_agree(
    storage: Storage,
    canonicals: dict[str, str],
    titles: dict[str, str],
    expected: dict[str, str],
) -> None:
    lease = storage.begin_with(A, B)
    apply_next(storage, lease, MadeSite(canonicals=canonicals, titles=titles))
    assert outcomes(storage, lease) == expected


def test_links_of_a_page_that_is_only_called_the_same_are_followed(storage: Storage) -> None:
    lease = storage.begin_with(A, B, max_depth=9)
    site = MadeSite({A: [C], B: [D]}, canonicals={B: A}, titles={A: "List", B: "List"})
    assert crawl_all(storage, lease, site) is JobStatus.COMPLETED
    assert outcomes(storage, lease) == {A: "fetched", B: A, C: "fetched", D: "fetched"}


def test_links_of_a_root_are_followed_whatever_page_it_is(storage: Storage) -> None:
    roots = ("http://one/", "http://two/")
    links = {root: [f"{root}a"] for root in roots}
    lease = storage.begin(*roots)
    assert crawl_all(storage, lease, MadeSite(links, contents=dict.fromkeys(roots, "same"))) \
        is JobStatus.COMPLETED
    rows = storage.rows(lease.job_id)
    assert [row.reason for row in rows.values()] == [None, "duplicate", None, None]
    assert set(rows) == {*roots, "http://one/a", "http://two/a"}


ONE_AFTER_THE_OTHER = [
    ("a page names one that is there", (B, A), {A: B}, {B: "fetched", A: B}),
    ("a page is named by one that is there", (A, B), {A: B}, {A: "fetched", B: "fetched"}),
    ("it names another one itself", (A, B), {A: B, B: C}, {A: "fetched", B: "fetched"}),
    ("both name a third", (A, B), {A: C, B: C}, {A: "fetched", B: A}),
    ("the third comes last", (A, B, C), {A: C, B: C}, {A: "fetched", B: A, C: "fetched"}),
    ("the third is there", (A, C, B), {A: C, B: C}, {A: "fetched", C: "fetched", B: C}),
]


@pytest.mark.parametrize(
    ("order", "canonicals", "expected"),
    [each[1:] for each in ONE_AFTER_THE_OTHER],
    ids=[each[0] for each in ONE_AFTER_THE_OTHER],
)
def test_no_page_is_lost_because_of_what_one_before_it_says(
    storage: Storage,
    order: tuple[str, ...],
    canonicals: dict[str, str],
    expected: dict[str, str],
) -> None:
    lease = storage.begin_with(*order)
    site = MadeSite(canonicals=canonicals, titles=dict.fromkeys((A, B, C), "T"))
    for _ in order:
        apply_next(storage, lease, site, limit=1)
    assert outcomes(storage, lease) == expected
    assert storage.totals(lease.job_id).completed == 1 + [*expected.values()].count("fetched")


@pytest.mark.parametrize(
    ("pages", "names", "is_one"),
    [
        (("http://a.evil.example/x", "http://victim.example/x"), "http://victim.example/x", False),
        (("http://victim.example/x", "http://a.evil.example/x"), "http://victim.example/x", False),
        (("http://evil.example/x", "http://victim.example/x?print"), "http://victim.example/x",
         False),
        (("http://10.0.0.1:1/x", "http://10.0.0.1:2/x"), "http://10.0.0.1:2/x", False),
        (("https://www.site.example/x", "http://site.example/x"), "https://www.site.example/x",
         True),
    ],
)  # fmt: skip
@pytest.mark.parametrize("limit", [1, 10])
def test_nobody_says_which_page_is_one_of_another_site(
    storage: Storage, pages: tuple[str, str], names: str, is_one: bool, limit: int
) -> None:
    lease = storage.begin_with(*pages, scope=ScopeKind.ANY)
    site = MadeSite(canonicals=dict.fromkeys(pages, names), titles=dict.fromkeys(pages, "T"))
    for _ in pages:
        if storage.totals(lease.job_id).queued:
            apply_next(storage, lease, site, limit)
    assert outcomes(storage, lease) == {
        pages[0]: "fetched", pages[1]: pages[0] if is_one else "fetched"
    }  # fmt: skip


def test_a_canonical_name_may_be_one_that_a_page_was_led_to(storage: Storage) -> None:
    lease = storage.begin_with(A, B)
    site = MadeSite({}, {A: T}, canonicals={B: T}, titles={T: "T", B: "T"})
    apply_next(storage, lease, site)
    assert outcomes(storage, lease) == {A: "fetched", B: A}


def test_a_namesake_is_found_among_any_number_of_pages_with_other_titles(storage: Storage) -> None:
    names = [f"{ROOT}{number}" for number in range(120)]
    lease = storage.begin_with(*names)
    titles = {name: name for name in names} | {names[-1]: names[105]}
    assert crawl_all(storage, lease, MadeSite(canonicals=dict.fromkeys(names, C), titles=titles)) \
        is JobStatus.COMPLETED
    assert outcomes(storage, lease)[names[-1]] == names[105]
    assert storage.totals(lease.job_id).completed == 120


def test_duplicates_do_not_stand_for_their_page(storage: Storage) -> None:
    lease = storage.begin_with(A, B)
    apply_next(storage, lease, MadeSite(canonicals={A: C, B: C}, titles={A: "T", B: "T"}))
    named = storage.sql("SELECT url FROM frontier JOIN pages USING (job_id, id)"
                        " WHERE job_id = %(id)s AND name_key IS NOT NULL",
                        id=lease.job_id)  # fmt: skip
    assert [row["url"] for row in named] == [A]


def test_every_page_may_claim_to_be_the_home_page(storage: Storage) -> None:
    lease = storage.begin_with(A, B, C)
    apply_next(storage, lease, MadeSite(canonicals=dict.fromkeys((A, B, C), ROOT)))
    assert outcomes(storage, lease) == dict.fromkeys((A, B, C), "fetched")


@pytest.mark.parametrize("limit", [1, 7])
def test_duplicates_leave_room_under_the_page_limit_which_stays_exact(
    storage: Storage, limit: int
) -> None:
    names = [f"{ROOT}{number}" for number in range(40)]
    site = MadeSite({ROOT: names}, contents={name: f"{n // 4}" for n, name in enumerate(names)})
    lease = storage.begin(max_pages=limit, max_depth=1)
    assert crawl_all(storage, lease, site) is JobStatus.COMPLETED
    totals = storage.totals(lease.job_id)
    assert totals.completed == limit
    assert all(totals_in(event).completed <= limit for event in storage.events(lease.job_id))
    assert totals.reasons == {
        reason: count
        for reason, count in (
            ("duplicate", totals.reasons.get("duplicate", 0)),
            ("page-limit", 41 - limit - totals.reasons.get("duplicate", 0)),
        )
        if count
    }


def fill(storage: Storage, lease: Lease, count: int) -> None:
    """Pages of one job, each with a content of its own, without a crawl of them."""
    storage.sql(
        "WITH urls AS (INSERT INTO frontier (job_id, url_key, url, depth, state, outcome)"
        " SELECT %(id)s, n::text::bytea, 'http://site/' || n, 1, 'done', 'fetched'"
        " FROM generate_series(1, %(count)s) AS n RETURNING job_id, id, url_key)"
        " INSERT INTO pages (job_id, id, title, content_hash)"
        " SELECT job_id, id, 'page', url_key FROM urls",
        id=lease.job_id,
        count=count,
    )


def test_a_job_newer_than_the_statistics_reads_no_page_that_it_does_not_ask_for(
    storage: Storage,
) -> None:
    fill(storage, storage.begin(), 3_000)
    storage.sql("ANALYZE frontier, pages")
    lease = storage.begin()
    fill(storage, lease, 3_000)
    hashes = [str(number).encode() for number in range(1, 11)]
    (plan,) = storage.sql(
        f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) {SQL['same_pages']}",
        job_id=lease.job_id,
        hashes=hashes,
        name_keys=hashes,
        canonical_keys=[],
    )
    blocks = plan["QUERY PLAN"][0]["Plan"]["Shared Hit Blocks"]
    assert blocks < 300, "some blocks a content, not all of the job"


@pytest.mark.parametrize("limit", [1, 10], ids=["one after the other", "in one batch"])
def test_a_url_that_answers_with_a_pages_markdown_form_is_that_page(
    storage: Storage, limit: int
) -> None:
    lease = storage.begin_with(A, B, max_depth=9)
    site = MadeSite({B: [C]}, contents={B: "form"})
    for _ in range(2 if limit == 1 else 1):
        claim = storage.frontier.claim(lease, limit)
        answer = site.answer(claim)
        form = {"alternate_url": B, "alternate_hash": hash_of("form")}
        results = [
            replace(each, **form) if each.url == A else each
            for each in answer.results
        ]
        storage.frontier.apply(lease, replace(answer, results=tuple(results)), KnownUrls())
    assert outcomes(storage, lease) == {A: "fetched", B: A}


def test_links_that_are_queued_anew_are_without_the_pages_own_form(storage: Storage) -> None:
    lease = storage.begin(max_depth=9)
    claim = storage.frontier.claim(lease, 10)
    answer = MadeSite({ROOT: [A, B]}).answer(claim)
    (root,) = answer.results
    made = replace(root, alternate_url=B, alternate_hash=hash_of("form"))
    storage.frontier.apply(lease, replace(answer, results=(made,)), KnownUrls())
    while storage.frontier.expand(lease, KnownUrls()):
        pass
    assert outcomes(storage, lease) == {A: None}
