"""Crawls taken away: in little memory however large they are, with links that lead somewhere."""

import io
import re
import subprocess
import threading
import zipfile
from collections.abc import Iterator
from pathlib import Path
from posixpath import dirname, join, normpath
from tempfile import TemporaryDirectory
from types import TracebackType
from typing import Any, Self
from urllib.parse import unquote, urldefrag

import requests
from markdown_it import MarkdownIt

from bench.contenders import ALLOW_LOOPBACK, NO_LIMITS
from bench.drills.verdict import expect
from bench.sites import SITES, START_PAGE
from crawler.content.tokens import count_tokens
from crawler.exports.names import README
from crawler.storage.keys import url_key
from crawler.storage.packing import pack
from tests.api import Api
from tests.nginx import NginxSite
from tests.processes import pss_bytes
from tests.server import RunningServer, wait_until
from tests.storage import Storage

PAGES = 10_000
MOST_GROWTH = 50 * 2**20
MAX_TOKENS = 100_000
_FORMS = ("zip", "md", "llms", "llms-full", f"llms-full&maxTokens={MAX_TOKENS}", "jsonl", "csv",
          "sitemap")
_LINKS_A_PAGE = 30
_SAMPLE_SECONDS = 0.05
_WORDS = ("ball", "thread", "labyrinth", "bull", "ariadne", "theseus", "sail", "island", "door")


def export_10k() -> str:
    """A job of 10,000 pages in every form: the worker that makes it grows by less than 50 MB."""
    with (
        RunningServer(env={"WEB_CONCURRENCY": "1"}) as server,
        TemporaryDirectory(prefix="clew-exports-") as folder,
    ):
        api, (worker,) = Api(server.url, timeout_seconds=600), server.worker_pids()
        storage = Storage(server.worker_environment()["DATABASE_URL"], 1)
        small, large = _made_job(storage, 10), _made_job(storage, PAGES)
        storage.database.close()
        for form in _FORMS:  # what is loaded once is no growth
            _save(api, small, form, Path(folder) / "small")
        grown = {form: _growth(api, worker, large, form, Path(folder) / form) for form in _FORMS}
        links = _check_folder(Path(folder) / "zip", PAGES)
        parts = _check_parts(Path(folder) / _FORMS[4])
        _check_deleted(api, large)
    most = max(grown.values())
    expect(most < MOST_GROWTH, f"the worker grew: {grown}")
    figures = ", ".join(f"{form} {size / 2**20:.1f}" for form, size in grown.items())
    return f"{PAGES:,} pages; grown by MB: {figures}; {links:,} links resolve; {parts} parts"


def export_links() -> str:
    """Python's documentation as a folder: every link to one of its pages leads to a file."""
    site = SITES["python3-doc"]
    with NginxSite(site.folder) as served, RunningServer(env=ALLOW_LOOPBACK) as server:
        api = Api(server.url)
        job = api.create(served.url + START_PAGE, **NO_LIMITS)
        pages = api.wait(job["id"], "completed", 600)["totals"]["processed"]
        crawled = {row["url"] for row in api.pages(job["id"]) if row["outcome"] == "fetched"}
        archive = api.request("GET", f"/api/v4/jobs/{job['id']}/export?format=zip").content
    links, left = _links_in(io.BytesIO(archive), crawled)
    expect(not left, f"{len(left)} links to pages are none to files: {left[:5]}")
    return f"{pages} pages, {links:,} links to files, all resolve; none leads to a page elsewhere"


def export_killed() -> str:
    """A crawl in its middle, and again after kill -9 of everything: files that say so."""
    site = SITES["python3-doc"]
    with (
        NginxSite(site.folder, requests_per_second=20) as served,
        RunningServer(env=ALLOW_LOOPBACK) as server,
    ):
        api = Api(server.url)
        job_id = api.create(served.url + START_PAGE, **NO_LIMITS)["id"]
        wait_until(lambda: api.show(job_id)["totals"]["processed"] >= 30, "some pages are read")
        running = _check_partial(api, job_id)
        server.kill_everything()
        server.start()
        killed = _check_partial(api, job_id)
    expect(running <= killed, f"{running} pages before, {killed} after kill -9")
    return f"{running} pages in mid-crawl, {killed} after kill -9, all links resolve"


def _check_partial(api: Api, job_id: str) -> int:
    """How many pages a folder of a running crawl holds; it must be whole, and say what it is."""
    response = api.request("GET", f"/api/v4/jobs/{job_id}/export?format=zip")
    expect(".partial.zip" in response.headers["Content-Disposition"], "its name tells nothing")
    with zipfile.ZipFile(io.BytesIO(response.content)) as archive:
        expect(archive.testzip() is None, "the folder is broken")
        told, pages = archive.read(README).decode(), len(archive.namelist()) - 1
    expect("This crawl is not complete" in told, f"it does not say that it is partial: {told}")
    _, left = _links_in(io.BytesIO(response.content), set())
    expect(not left, f"{len(left)} links lead to no file: {left[:5]}")
    return pages


def _made_job(storage: Storage, pages: int) -> str:
    """A finished job with so many pages that link to one another, made without a crawl."""
    job_id = storage.create("https://site.example/")
    storage.jobs.cancel(job_id)  # or it would be crawled
    for start in range(0, pages, 1_000):
        numbers = range(start, min(pages, start + 1_000))
        urls = [f"https://site.example/{n % 40}/page-{n}.html" for n in numbers]
        texts = [_text(n, pages) for n in numbers]
        storage.sql(
            _INSERT,
            id=job_id,
            urls=urls,
            keys=[url_key(url) for url in urls],
            texts=[pack(text.encode()) for text in texts],
            lengths=[len(text) for text in texts],
        )
    storage.sql(_FINISH, id=job_id, pages=pages)
    return job_id


_INSERT = """
WITH each AS (
    SELECT * FROM unnest(%(urls)s::text[], %(keys)s::bytea[], %(texts)s::bytea[],
                         %(lengths)s::integer[]) AS each (url, url_key, text, length)
),
known AS (
    INSERT INTO frontier (job_id, url_key, url, host, depth, state, outcome, content)
    SELECT %(id)s, url_key, url, 'site.example', 1, 'done', 'fetched', 'stored' FROM each
    RETURNING id, url
),
fetched AS (
    INSERT INTO pages (job_id, id, final_url, http_status) SELECT %(id)s, id, url, 200 FROM known
)
INSERT INTO documents (job_id, id, title, description, language, markdown, length)
SELECT %(id)s, known.id, 'Page ' || known.id, 'One of many.', 'en', each.text, each.length
FROM known JOIN each USING (url)
"""
_FINISH = """
UPDATE jobs SET status = 'completed', discovered = discovered + %(pages)s,
    completed = completed + %(pages)s, processed = processed + %(pages)s
WHERE id = %(id)s
"""


def _text(number: int, pages: int) -> str:
    """A page of some 20 kB."""
    words = " ".join(_WORDS[(number * 7 + n * n) % len(_WORDS)] for n in range(100))
    links = (
        f"## Part {n}\n\n{words} [page](https://site.example/{to % 40}/page-{to}.html#part) {words}"
        for n, to in enumerate((number * 31 + k * 977) % pages for k in range(_LINKS_A_PAGE // 2))
    )
    return f"# Page {number}\n\n" + "\n\n".join(links)


class _Pss:
    """The most memory (proportional set, bytes) of a process while the block lasts."""

    def __init__(self, pid: int) -> None:
        self._pid = pid
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self.peak = pss_bytes(pid)

    def _run(self) -> None:
        while not self._ended.wait(_SAMPLE_SECONDS):
            self.peak = max(self.peak, pss_bytes(self._pid))

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._ended.set()
        self._thread.join()


def _growth(api: Api, worker: int, job_id: str, form: str, path: Path) -> int:
    before = pss_bytes(worker)
    with _Pss(worker) as memory:
        _save(api, job_id, form, path)
    return memory.peak - before


def _save(api: Api, job_id: str, form: str, path: Path) -> None:
    address = f"/api/v4/jobs/{job_id}/export?format={form}"
    with api.request("GET", address, stream=True) as response, path.open("wb") as file:
        response.raise_for_status()
        for chunk in response.iter_content(2**16):
            file.write(chunk)


def _check_deleted(api: Api, job_id: str) -> None:
    """A job that is deleted while it is taken away: the client is told that the file is none."""
    with api.request("GET", f"/api/v4/jobs/{job_id}/export?format=md", stream=True) as response:
        parts = response.iter_content(2**16)
        next(parts)
        api.delete(job_id)
        try:
            size = sum(map(len, parts))
        except requests.exceptions.ChunkedEncodingError:
            return
    expect(False, f"the export of a deleted job ended as if it were whole, after {size:,} bytes")


def _check_folder(path: Path, pages: int) -> int:
    """How many links between files there are, all of which must resolve."""
    subprocess.run(["unzip", "-tq", path], check=True, stdout=subprocess.DEVNULL)
    with zipfile.ZipFile(path) as archive:
        names = set(archive.namelist())
        expect(len(names) == pages + 1, f"{len(names)} files of {pages} pages")
        links = [
            normpath(join(dirname(name), link))
            for name in names
            for link in re.findall(r"\]\(([^)#:]+)", archive.read(name).decode())
        ]
    expect(names.issuperset(links), "a link leads to no file")
    return len(links)


def _check_parts(path: Path) -> int:
    with zipfile.ZipFile(path) as archive:
        sizes = [count_tokens(archive.read(name).decode()) for name in archive.namelist()]
    expect(max(sizes) <= MAX_TOKENS, f"a part has {max(sizes)} tokens")
    return len(sizes)


def _links_in(archive: io.BytesIO, crawled: set[str]) -> tuple[int, list[str]]:
    """How many links lead to files, and those to crawled pages that lead to none."""
    resolved, left = 0, []
    with zipfile.ZipFile(archive) as opened:
        names = set(opened.namelist())
        for name in names - {README}:  # which names the crawl's root, too
            for target in _targets(opened.read(name).decode()):
                if re.match(r"[a-z]+:", target):
                    left += [target] if urldefrag(target)[0] in crawled else []
                elif target and normpath(join(dirname(name), target)) in names:
                    resolved += 1
                elif target:
                    left.append(f"{name}: {target}")
    return resolved, left


def _targets(markdown: str) -> Iterator[str]:
    """Where links lead, as another reader of Markdown sees them; "" within the page."""
    text = markdown.partition("\n---\n")[2] or markdown
    # Footnotes are no part of CommonMark, and definitions of links to a reader of that.
    for token in MarkdownIt().parse(re.sub(r"^\[\^[^\]]+\]:", "", text, flags=re.M)):
        for child in token.children or ():
            if child.type == "link_open":
                yield _target(child.attrs)


def _target(attributes: dict[str, Any]) -> str:
    href = str(attributes["href"])
    return href if re.match(r"[a-z]+:", href) else unquote(href.partition("#")[0])
