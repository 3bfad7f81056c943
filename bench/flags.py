"""Which pages would be taken for shells or challenges: `python -m bench.flags FOLDER…`.

Every `.html` and `.html.gz` below each folder is read as a crawl reads it, as an answer of 200
without headers. In a folder of real pages each one that is flagged is a page lost to its user.
"""

import gzip
import sys
from collections.abc import Iterator
from pathlib import Path

from crawler.content.page import read_page
from crawler.domain.reasons import Reason

HTML = "text/html"


def main(folders: list[str]) -> int:
    """Prints for each folder how many of how many pages are flagged, and which; 1 where any is."""
    if not folders:
        print(__doc__, file=sys.stderr)
        return 2
    return int(sum(_count(Path(folder)) for folder in folders) > 0)


def _count(folder: Path) -> int:
    pages = sorted(path for pattern in ("*.html", "*.html.gz") for path in folder.rglob(pattern))
    flagged = list(_flagged(pages))
    print(f"{folder}: {len(flagged):,} of {len(pages):,} pages flagged")
    for path, problem, title in flagged:
        print(f"  {problem}: {path.relative_to(folder)} ({title})")
    return len(flagged)


def _flagged(pages: list[Path]) -> Iterator[tuple[Path, Reason, str]]:
    for path in pages:
        head = read_page(_body(path), HTML, f"http://site.example/{path.name}")
        if head.problem is not None:
            yield path, head.problem, head.title


def _body(path: Path) -> bytes:
    body = path.read_bytes()
    return gzip.decompress(body) if path.suffix == ".gz" else body


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
