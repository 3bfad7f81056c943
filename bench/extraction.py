"""What the Markdown holds of pages' main content, beside trafilatura: `scripts/bench extraction`.

`--data DIR` names a folder of pages whose main content is known: `html/ID.html.gz`, and
`truth.json.gz`, a list of `{id, url, type, main_content}`. Both read each page in turn, so that a
slow moment of the machine meets both. Trafilatura runs in an environment of its own,
`.venv-extraction`, set up at the first run. Status 1 where less than is promised holds.
"""

import argparse
import gzip
import json
import os
import statistics
import subprocess
import sys
import time
import venv
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

ROOT = Path(__file__).resolve().parent.parent
PYTHON = ROOT / ".venv" / "bin" / "python"
if __name__ == "__main__":
    sys.path[0] = str(ROOT)  # called by its path it would find the modules beside it alone
    if Path(sys.prefix).resolve() != PYTHON.parent.parent.resolve():
        if not PYTHON.exists():
            sys.exit(
                "bench/extraction.py: run `scripts/bench extraction`, which sets up Clew first"
            )
        os.execv(PYTHON, [str(PYTHON), __file__, *sys.argv[1:]])

from bench.scoring import Score, plain, score  # noqa: E402
from crawler.content.document import make_document  # noqa: E402

REQUIREMENTS = ROOT / "bench" / "requirements-extraction.txt"
ENVIRONMENT = ROOT / ".venv-extraction"
READER = ROOT / "bench" / "trafilatura_reader.py"
HTML = "text/html"

MOST_BEHIND = 0.03
"""F1 by which trafilatura may be better on pages of one type."""

MOST_TIME = 1 / 3
"""Share of trafilatura's time that a page may take in the mean."""

CLEW, TRAFILATURA = "Clew", "trafilatura"

Page = Mapping[str, Any]
Read = Callable[[Path, str], tuple[str, float]]


class Reading(NamedTuple):
    """What one contender made of one page: its type, the score, seconds of processor time."""

    kind: str
    score: Score
    seconds: float


Readings = dict[str, list[Reading]]


def main() -> int:
    """Prints the table; returns the exit status."""
    arguments = _arguments()
    pages = json.loads(gzip.decompress((arguments.data / "truth.json.gz").read_bytes()))
    readings: Readings = {CLEW: [], TRAFILATURA: []}
    with _trafilatura() as trafilatura:
        contenders = {CLEW: _clew, TRAFILATURA: trafilatura}
        for page in pages:
            for name, read in contenders.items():
                readings[name].append(_reading(read, page, arguments.data))
    print("\n".join(table(readings)))
    failures = list(shortfalls(readings))
    for failure in failures:
        print(f"FAILED: {failure}", file=sys.stderr)
    return 1 if failures else 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="scripts/bench extraction", description=__doc__)
    parser.add_argument("--data", type=Path, required=True, metavar="DIR", help="pages and truth")
    arguments = parser.parse_args()
    if not (arguments.data / "truth.json.gz").exists():
        parser.error(f"{arguments.data} holds no truth.json.gz")
    return arguments


def _reading(read: Read, page: Page, folder: Path) -> Reading:
    text, seconds = read(folder / "html" / f"{page['id']}.html.gz", page["url"])
    return Reading(page["type"], score(text, page["main_content"]), seconds)


def _clew(path: Path, url: str) -> tuple[str, float]:
    body = gzip.decompress(path.read_bytes())
    began = time.process_time()
    markdown = make_document(body, HTML, url).markdown
    seconds = time.process_time() - began
    return plain(markdown), seconds


@contextmanager
def _trafilatura() -> Iterator[Read]:
    """Trafilatura's process, which ends with the block."""
    command = [_environment(), READER]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdin and process.stdout
        asks, answers = process.stdin, process.stdout

        def read(path: Path, url: str) -> tuple[str, float]:
            print(json.dumps([str(path), url]), file=asks, flush=True)
            text, seconds = json.loads(answers.readline())
            return text, seconds

        yield read
        asks.close()


def _environment() -> Path:
    """The Python that has trafilatura; installs it unless it is there as the file says."""
    python, stamp = ENVIRONMENT / "bin" / "python", ENVIRONMENT / "installed"
    wanted = REQUIREMENTS.read_text()
    if stamp.exists() and stamp.read_text() == wanted:
        return python
    print(f"Installing trafilatura in {ENVIRONMENT.name} (once) …", file=sys.stderr, flush=True)
    venv.create(ENVIRONMENT, clear=True, with_pip=True)
    (ENVIRONMENT / ".gitignore").write_text("*\n")
    options = ["-qq", "--disable-pip-version-check", "--requirement", REQUIREMENTS]
    subprocess.run([python, "-m", "pip", "install", *options], check=True)
    stamp.write_text(wanted)
    return python


def table(readings: Readings) -> Iterator[str]:
    """Lines of Markdown: F1 by type of page, then each contender's means and times."""
    yield "| type | pages | Clew F1 | trafilatura F1 | difference |"
    yield "|---|---|---|---|---|"
    ours, theirs = (_by_kind(readings[name]) for name in (CLEW, TRAFILATURA))
    for kind in sorted(ours):
        first, second = ours[kind], theirs[kind]
        yield (
            f"| {kind} | {len(first)} | {_f1(first):.3f} | {_f1(second):.3f} "
            f"| {_f1(first) - _f1(second):+.3f} |"
        )
    yield ""
    yield "| | precision | recall | F1 | ms a page, mean | median |"
    yield "|---|---|---|---|---|---|"
    for name, each in readings.items():
        precision, recall, f1 = (
            statistics.mean(values) for values in zip(*_scores(each), strict=True)
        )
        times = [reading.seconds * 1_000 for reading in each]
        yield (
            f"| {name} | {precision:.3f} | {recall:.3f} | {f1:.3f} "
            f"| {statistics.mean(times):.1f} | {statistics.median(times):.1f} |"
        )


def shortfalls(readings: Readings) -> Iterator[str]:
    """What of the promise does not hold."""
    ours, theirs = readings[CLEW], readings[TRAFILATURA]
    if _f1(ours) <= _f1(theirs):
        yield f"mean F1 {_f1(ours):.3f}, trafilatura {_f1(theirs):.3f}"
    by_kind, others = _by_kind(ours), _by_kind(theirs)
    for kind, each in by_kind.items():
        if _f1(each) < _f1(others[kind]) - MOST_BEHIND:
            yield f"{kind}: F1 {_f1(each):.3f}, trafilatura {_f1(others[kind]):.3f}"
    share = _seconds(ours) / _seconds(theirs)
    if share > MOST_TIME:
        yield f"{share:.0%} of trafilatura's time, {MOST_TIME:.0%} promised"


def _by_kind(readings: list[Reading]) -> dict[str, list[Reading]]:
    kinds: dict[str, list[Reading]] = defaultdict(list)
    for reading in readings:
        kinds[reading.kind].append(reading)
    return kinds


def _scores(readings: list[Reading]) -> list[Score]:
    return [reading.score for reading in readings]


def _f1(readings: list[Reading]) -> float:
    return statistics.mean(each.f1 for each in _scores(readings))


def _seconds(readings: list[Reading]) -> float:
    return sum(reading.seconds for reading in readings)


if __name__ == "__main__":
    sys.exit(main())
