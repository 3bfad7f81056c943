"""A site whose pages are all near the limit of 10 MiB: they are read in little memory."""

import random
import tempfile
from collections.abc import Iterator
from pathlib import Path

from bench.contenders import ALLOW_LOOPBACK, NO_LIMITS
from bench.drills.faults import MOST_MEMORY, WorkerMemory
from bench.drills.verdict import expect
from tests.api import Api
from tests.nginx import NginxSite
from tests.server import RunningServer

PAGES = 24
PAGE_BYTES = 9_000_000
END_SECONDS = 900
WORKERS = {"WEB_CONCURRENCY": "2"}

_WORDS = ("ball", "thread", "labyrinth", "bull", "ariadne", "theseus", "sail", "island", "door")


def big_pages() -> str:
    """Many pages of 9 MB: all are read and converted, and no worker grows beyond its bound."""
    with (
        tempfile.TemporaryDirectory(prefix="clew-big-") as folder,
        NginxSite(_site(Path(folder))) as site,
        RunningServer(env=ALLOW_LOOPBACK | WORKERS) as server,
        WorkerMemory(server) as peak,
    ):
        api = Api(server.url)
        job = api.create(f"{site.url}/index.html", **NO_LIMITS)
        totals = api.wait(job["id"], "completed", END_SECONDS)["totals"]
        rows = api.pages(job["id"])
    done = (totals["completed"], totals["processed"], totals["reasons"])
    expect(done == (PAGES + 1, PAGES + 1, {}), f"not all pages were read and converted: {totals}")
    least = min(row["bytes"] for row in rows if not row["url"].endswith("index.html"))
    expect(least >= PAGE_BYTES, f"a page of {least:,} bytes is no big one")
    expect(peak.bytes < MOST_MEMORY, f"a worker took {peak.bytes / 2**20:.0f} MB")
    return f"{PAGES} pages of 9 MB; a worker took {peak.bytes / 2**20:.0f} MB at most"


def _site(folder: Path) -> Path:
    folder.chmod(0o755)
    links = "".join(f'<li><a href="/{number}.html">{number}</a>' for number in range(PAGES))
    (folder / "index.html").write_text(f"<title>Big pages</title><h1>All</h1><ul>{links}</ul>")
    for number in range(PAGES):
        with (folder / f"{number}.html").open("w") as page:
            page.write(f"<!DOCTYPE html><html lang=en><title>{number}</title><nav>{links}</nav>")
            page.writelines(_content(random.Random(number)))
    return folder


def _content(chance: random.Random) -> Iterator[str]:
    """Chapters as manuals have them, until they are enough."""
    yield "<main><h1>Manual</h1>"
    size = 0
    while size < PAGE_BYTES:
        chapter = _chapter(chance)
        size += len(chapter)
        yield chapter
    yield "</main></html>"


def _chapter(chance: random.Random) -> str:
    def words(count: int) -> str:
        return " ".join(chance.choices(_WORDS, k=count))

    text = "".join(
        f"<p>{words(40)} <a class=external href='https://example.org/{chance.randrange(10**6)}'>"
        f"{words(3)}</a> {words(20)} <code><span>{words(1)}()</span></code>, <em>{words(2)}</em>."
        for _ in range(5)
    )
    rows = "".join(
        "<tr>" + "".join(f"<td>{words(3)} {chance.randrange(10**4)}</td>" for _ in range(5))
        for _ in range(10)
    )
    table = f"<table><tr>{'<th>column' * 5}{rows}</table>"
    code = "".join(f"<span>{words(1)}</span> = <span>{words(1)}</span>\n" for _ in range(8))
    return f"<section><h2>{words(4)}</h2>{text}{table}<pre>{code}</pre></section>\n"
