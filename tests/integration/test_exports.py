"""Exports of jobs in storage: whole, in mid-crawl, empty, failed, deleted while they are made."""

import io
import json
import re
import zipfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, nullcontext
from datetime import UTC, datetime
from posixpath import dirname, join, normpath
from typing import Any, ParamSpec, TypeVar
from urllib.parse import unquote
from xml.etree import ElementTree

import pytest

from crawler.content.tokens import count_tokens
from crawler.domain.errors import UnknownJob
from crawler.exports.export import Export
from crawler.exports.formats import FORMATS
from crawler.exports.stock import Call
from crawler.storage.discovery import KnownUrls
from crawler.storage.leases import Lease
from crawler.storage.migrate import migrate
from crawler.storage.packing import pack
from tests.storage import ROOT, MadeSite, Storage, document, failed

P = ParamSpec("P")
T = TypeVar("T")
NOW = datetime(2026, 11, 24, 8, 30, tzinfo=UTC)
LINK = re.compile(r"\]\(([^()\s]+)\)")


class Here:
    """Works at once, in this thread."""

    def work(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        return work(*args, **kwargs)

    def turn(self, most_seconds: float) -> AbstractContextManager[bool]:
        return nullcontext(True)


@pytest.fixture(scope="module")
def storage(database_url: str) -> Iterator[Storage]:
    migrate(database_url)
    stores = Storage(database_url, connections=4)
    yield stores
    stores.database.close()


def begin(storage: Storage, job_id: str, name: str, max_tokens: int | None = None) -> Export:
    return FORMATS[name](Call(storage.exports, Here(), job_id, NOW, max_tokens))


def export(storage: Storage, job_id: str, name: str, max_tokens: int | None = None) -> bytes:
    return b"".join(begin(storage, job_id, name, max_tokens).chunks)


def files(archive: bytes) -> dict[str, str]:
    with zipfile.ZipFile(io.BytesIO(archive)) as opened:
        assert opened.testzip() is None
        return {entry.filename: opened.read(entry).decode() for entry in opened.infolist()}


def crawled(storage: Storage, pages: dict[str, str], site: MadeSite | None = None) -> Lease:
    """A job whose pages have these texts, by what follows the root in their URLs."""
    lease = storage.begin_with(*(ROOT + path for path in pages if path))
    while (claim := storage.frontier.claim(lease, 50)).urls:
        storage.frontier.apply(lease, (site or MadeSite()).answer(claim), KnownUrls())
    waiting = storage.pages.unprocessed(lease.job_id, 0, 10_000)
    made = [document(page.id, pages.get(page.url.removeprefix(ROOT), "")) for page in waiting]
    storage.pages.store_processed(lease.job_id, made, [])
    return lease


SMALL = {"": f"# Home\n\n[a]({ROOT}docs/a.html#top)", "docs/a.html": "# A", "docs/": "# Docs"}


def test_links_between_pages_lead_to_files_by_whatever_name_the_page_is_linked(
    storage: Storage,
) -> None:
    text = (
        f"[a]({ROOT}docs/a.html#top) [moved]({ROOT}old) [same]({ROOT}copy) [up]({ROOT})\n"
        f"![i]({ROOT}docs/a.html) [out](http://else/) [gone]({ROOT}gone) `[x]({ROOT}docs/)`\n"
    )
    pages = {"": "# Home", "docs/a.html": "# A", "docs/b": text, "old": "", "copy": "", "gone": ""}
    site = MadeSite(
        redirects={f"{ROOT}old": f"{ROOT}docs/a.html"},
        gone=frozenset({f"{ROOT}gone"}),
        contents={f"{ROOT}copy": f"{ROOT}docs/a.html"},
    )
    made = files(export(storage, crawled(storage, pages, site).job_id, "zip"))
    assert set(made) == {"README.md", "index.md", "docs/a.md", "docs/b.md"}
    assert made["docs/b.md"].split("\n---\n\n")[1] == (
        "[a](a.md#top) [moved](a.md) [same](a.md) [up](../index.md)\n"
        f"![i]({ROOT}docs/a.html) [out](http://else/) [gone]({ROOT}gone) `[x]({ROOT}docs/)`\n"
    )
    assert "1 URL failed, 2 left out" in made["README.md"]


def test_every_relative_link_of_a_folder_resolves_to_a_file(storage: Storage) -> None:
    names = ["", "a(b).html", "A(B).html", "x%20y/", "x%20y/index.html", "con", "%C3%A9/r", "q?a=1"]
    text = "\n\n".join(f"[to](<{ROOT}{name}>)" for name in names)
    made = files(export(storage, crawled(storage, dict.fromkeys(names, text)).job_id, "zip"))
    assert len(made) == len(names) + 1
    for name, markdown in made.items():
        links = LINK.findall(markdown)
        assert len(links) == len(names)
        for link in links:
            assert normpath(join(dirname(name), unquote(link))) in made, (name, link)


def test_names_stay_the_same_in_the_next_export(storage: Storage) -> None:
    job_id = crawled(storage, SMALL).job_id
    assert export(storage, job_id, "zip") == export(storage, job_id, "zip")


def read(storage: Storage, job_id: str) -> dict[str, Any]:
    """Every form of an export, parsed: what is not valid raises."""
    made = {name: export(storage, job_id, name) for name in FORMATS}
    return {
        "zip": files(made["zip"]),
        "md": made["md"].decode(),
        "llms": made["llms"].decode(),
        "llms-full": made["llms-full"].decode(),
        "jsonl": [json.loads(line) for line in made["jsonl"].decode().splitlines()],
        "sitemap": ElementTree.fromstring(made["sitemap"]),
    }


def test_an_empty_job_gives_valid_files_that_say_what_they_are(storage: Storage) -> None:
    job_id = storage.create()
    made = read(storage, job_id)
    told = "**This crawl is not complete:** it has not started, 1 URL waiting."
    assert list(made["zip"]) == ["README.md"]
    for text in (made["zip"]["README.md"], made["md"], made["llms"], made["llms-full"]):
        assert "0 pages of <http://site/>" in text and told in text
    assert (made["jsonl"], len(made["sitemap"])) == ([], 0)
    assert b"it has not started" in export(storage, job_id, "sitemap")
    assert all(begin(storage, job_id, name).is_partial for name in FORMATS)
    (part,) = files(export(storage, job_id, "llms-full", 1_000)).values()
    assert "End of part 1: 0 pages" in part


def test_a_job_of_failures_tells_them(storage: Storage) -> None:
    lease = storage.begin()
    storage.frontier.apply(lease, failed(storage.frontier.claim(lease, 1)), KnownUrls())
    storage.finish(lease)
    made = read(storage, lease.job_id)
    for text in (made["zip"]["README.md"], made["md"], made["llms"], made["llms-full"]):
        assert "it failed" in text
        assert "1 URL failed, 0 left out:\n\n- 1: the site answered 404" in text


def test_a_running_job_gives_what_is_there_by_now(storage: Storage) -> None:
    lease = crawled(storage, {"": "# Home", "a": "# A"})
    storage.begin_with(f"{ROOT}b")
    made = read(storage, lease.job_id)
    assert "it is running" in made["md"]
    assert [line["url"] for line in made["jsonl"]] == [ROOT, f"{ROOT}a"]
    assert len(made["sitemap"]) == 2


def test_a_complete_job_is_no_partial_one(storage: Storage) -> None:
    lease = crawled(storage, SMALL)
    storage.finish(lease)
    made = begin(storage, lease.job_id, "md")
    assert not made.is_partial and b"not complete" not in b"".join(made.chunks)


def test_what_comes_after_the_beginning_is_not_part_of_it(storage: Storage) -> None:
    lease = storage.begin_with(f"{ROOT}a", f"{ROOT}b")
    storage.frontier.apply(
        lease, MadeSite().answer(storage.frontier.claim(lease, 10)), KnownUrls()
    )
    waiting = [page.id for page in storage.pages.unprocessed(lease.job_id, 0, 10)]
    text = f"[b]({ROOT}b)"
    storage.pages.store_processed(lease.job_id, [document(waiting[1], text)], [])
    begun = begin(storage, lease.job_id, "zip")
    storage.pages.store_processed(lease.job_id, [document(each) for each in waiting[::2]], [])
    made = files(b"".join(begun.chunks))
    assert set(made) == {"README.md", "a.md"}
    assert text in made["a.md"], "no link leads to a file that is not there"


@pytest.mark.parametrize("name", FORMATS)
def test_an_export_of_a_job_that_is_deleted_meanwhile_never_ends_well(
    storage: Storage, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("crawler.exports.stock._PAGES_A_SLICE", 1)
    monkeypatch.setattr("crawler.exports.stock._HEADS_A_SLICE", 1)
    job_id = crawled(storage, {"": "# Home", "a": "# A", "b": "# B"}).job_id
    chunks = begin(storage, job_id, name).chunks
    received = [next(chunks)]
    storage.jobs.delete(job_id)
    with pytest.raises(UnknownJob):
        received.extend(chunks)
    if name == "zip":
        with pytest.raises(zipfile.BadZipFile):
            files(b"".join(received))


def test_an_unknown_job_has_no_export(storage: Storage) -> None:
    for name in FORMATS:
        with pytest.raises(UnknownJob):
            begin(storage, "nothing", name)


def test_slices_leave_no_page_out(storage: Storage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("crawler.exports.stock._PAGES_A_SLICE", 2)
    monkeypatch.setattr("crawler.exports.stock._CHARACTERS_A_SLICE", 30)
    monkeypatch.setattr("crawler.exports.stock._HEADS_A_SLICE", 3)
    monkeypatch.setattr("crawler.storage.exporting._PAGES_A_READ", 2)
    pages = {"": "# Home", **{str(n): f"# {n}" + "x" * (n * 7) for n in range(9)}}
    made = read(storage, crawled(storage, pages).job_id)
    assert len(made["zip"]) == 11
    assert [line["markdown"] for line in made["jsonl"]] == list(pages.values())
    assert made["llms"].count("\n- [") == made["llms-full"].count("\nSource: ") == 10


# Parts by tokens


def test_no_part_has_more_tokens_than_asked_for_unless_one_page_alone_does(
    storage: Storage,
) -> None:
    pages = {"": "# Home", **{str(n): "word, " * (30 * n) for n in range(1, 12)}}
    pages["5"] = "word, " * 2_000
    job_id = crawled(storage, pages).job_id
    for most in (1, 600, 1_500, 10**9):
        parts = files(export(storage, job_id, "llms-full", most))
        texts = list(parts.values())
        assert list(parts) == [f"llms-full-{n + 1:03}.txt" for n in range(len(parts))]
        assert [re.findall("^Source: (.*)$", text, re.M) for text in texts]
        sources = re.findall("^Source: (.*)$", "".join(texts), re.M)
        assert sources == [ROOT + path for path in pages]
        for text in texts:
            assert count_tokens(text) <= most or text.count("\nSource: ") == 1
        assert ["It is the last one." in text for text in texts] == [False] * (len(texts) - 1) + [
            True
        ]


# llms.txt


def described(storage: Storage, job_id: str, url: str, **columns: str) -> None:
    for column, value in columns.items():
        storage.sql(
            f"UPDATE documents SET {column} = %(value)s FROM frontier WHERE frontier.job_id ="
            " documents.job_id AND frontier.id = documents.id AND frontier.url = %(url)s"
            " AND documents.job_id = %(id)s",
            value=value, url=url, id=job_id,
        )


def test_llms_txt_follows_its_format(storage: Storage) -> None:
    paths = ["", "guide/a", "guide/b(c)", "optional/x", "privacy.html", "top"]
    job_id = crawled(storage, dict.fromkeys(paths, "# T")).job_id
    described(storage, job_id, ROOT, title="The *Site*", description="What\nit is.")
    described(storage, job_id, f"{ROOT}guide/a", title="A ]( b", description="On [a]\n# x")
    text = export(storage, job_id, "llms").decode()
    assert text.startswith("# The \\*Site\\*\n\n> What it is.\n\n6 pages of <http://site/>")
    sections = re.split(r"^## (.*)\n\n", text, flags=re.M)
    assert sections[1::2] == ["Pages", "guide", "/optional", "Optional"]
    assert sections[4] == (
        "- [A \\]( b](http://site/guide/a): On \\[a\\] # x\n"
        "- [Title](http://site/guide/b%28c%29)\n\n"
    )
    assert sections[8] == "- [Title](http://site/privacy.html)\n"


# Metadata


def test_front_matter_json_lines_and_sitemap_tell_what_the_page_says(storage: Storage) -> None:
    job_id = crawled(storage, SMALL).job_id
    author = 'A "B"\n\x9b\u2028'
    said = {"author": author, "publishedAt": "2024-01-02", "modifiedAt": "2024-03-04T05:06"}
    storage.sql(
        "UPDATE documents SET metadata = %(data)s WHERE job_id = %(id)s",
        data=pack(json.dumps(said).encode()), id=job_id,
    )
    made = read(storage, job_id)
    assert (
        'language: "en"\nauthor: "A \\"B\\"\\n\\u009b\\u2028"\npublished_at: "2024-01-02"\n'
        'modified_at: "2024-03-04T05:06"\n---\n'
    ) in made["zip"]["docs/a.md"]
    line = made["jsonl"][1]
    assert line["metadata"] == said and line["tokens"] == count_tokens("# A")
    assert {"id", "url", "title", "depth", "fetchedAt", "words", "markdown"} <= set(line)
    assert [entry[1].text for entry in made["sitemap"]] == ["2024-03-04"] * 3


def test_a_sitemap_of_too_many_pages_is_several_with_an_index(
    storage: Storage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("crawler.exports.sitemap.MOST_URLS", 2)
    job_id = crawled(storage, {"": "", "a?b=1&c=2": "", "d": "", "e": "", "f": ""}).job_id
    made = files(export(storage, job_id, "sitemap"))
    assert [len(ElementTree.fromstring(text)) for text in made.values()] == [3, 2, 2, 1]
    assert "<loc>http://site/sitemap-003.xml</loc>" in made["sitemap.xml"]
    assert "<loc>http://site/a?b=1&amp;c=2</loc>" in made["sitemap-001.xml"]
