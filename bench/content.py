"""What reading pages costs, and what the Markdown holds of them: `python -m bench.content`.

Every page of both real sites is read by the product's functions, without network or database.
Costs are processor time of this thread, which other work on the machine changes little.
"""

import statistics
import sys
import time
from collections.abc import Callable, Iterable
from pathlib import Path

from bench.drills.main_text import share_held, words, words_of_page
from bench.sites import SITES, Site
from crawler.content.document import make_document
from crawler.content.page import read_page

LEAST_SHARE = 0.9
HTML = "text/html"


def main() -> int:
    """Prints a block of figures per site; 1 where a page's Markdown holds too little."""
    return max(_measure(site) for site in SITES.values())


def _measure(site: Site) -> int:
    pages = {path: path.read_bytes() for path in sorted(site.folder.rglob("*.html"))}
    print(f"{site.name}: {len(pages):,} pages, median {_median_kib(pages.values()):.0f} KiB")
    _print_costs("read_page", (_cost_ms(read_page, path, pages[path], site) for path in pages))
    _print_costs(
        "make_document", (_cost_ms(make_document, path, pages[path], site) for path in pages)
    )
    shares = {path: _share(path, body, site) for path, body in pages.items()}
    worst = min(shares, key=lambda path: shares[path])
    print(f"  words held: min {shares[worst]:.4f} ({worst.name}), ", end="")
    print(f"median {statistics.median(shares.values()):.4f}")
    return int(shares[worst] < LEAST_SHARE)


def _cost_ms(
    read: Callable[[bytes, str, str], object], path: Path, body: bytes, site: Site
) -> float:
    url = _url(path, site)
    began = time.thread_time()
    read(body, HTML, url)
    return (time.thread_time() - began) * 1_000


def _share(path: Path, body: bytes, site: Site) -> float:
    markdown = make_document(body, HTML, _url(path, site)).markdown
    return share_held(words_of_page(body.decode(errors="replace")), words(markdown))


def _url(path: Path, site: Site) -> str:
    return f"http://site.example/{path.relative_to(site.folder)}"


def _median_kib(bodies: Iterable[bytes]) -> float:
    return statistics.median(len(body) for body in bodies) / 1_024


def _print_costs(name: str, costs_ms: Iterable[float]) -> None:
    costs = sorted(costs_ms)
    figures = {
        "median": statistics.median(costs),
        "mean": statistics.mean(costs),
        "p95": costs[len(costs) * 95 // 100],
        "max": costs[-1],
    }
    print(f"  {name}: " + ", ".join(f"{key} {cost:.2f} ms" for key, cost in figures.items()))


if __name__ == "__main__":
    sys.exit(main())
