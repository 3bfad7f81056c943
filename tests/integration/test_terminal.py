"""The terminal command against an API that does what it likes: cuts, repeats, refusals."""

import io
import json
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, TextIO

import pytest

from crawler.terminal.api import Api, Refused
from crawler.terminal.destination import choose
from crawler.terminal.display import Lines
from crawler.terminal.following import Ended, Event, Failed, Follower, Item
from crawler.terminal.interrupts import Interrupted, Interrupts
from crawler.terminal.outlet import Outlet
from crawler.terminal.server import NamedServer
from crawler.terminal.session import Session, Wanted
from crawler.terminal.summary import Exit
from tests.fake_clew import EVENTS, JOB_ID, TOTALS, FakeClew, event

NEW = Wanted(
    body={"url": "https://example.org/"}, resume=None, retries_failed=False, after=0, token=None,
    destination=None, again="",
)


def followed(fake: FakeClew, after: int = 0) -> list[Item]:
    """All that a follower hands over, to the end."""
    follower, found = Follower(Api(fake.url), JOB_ID, after), list[Item]()
    while not found or not isinstance(found[-1], Ended | Failed):
        item = follower.next(30)
        assert item is not None
        found.append(item)
    return found


@pytest.mark.parametrize(
    ("streams", "resume_points"),
    [
        ([[*EVENTS, "done"]], [None]),
        ([["stream_connected", *EVENTS[:4]], [503], [500], [*EVENTS[4:], "done"]],
         [None, "4", "4", "4"]),
        ([EVENTS[:4], [*EVENTS, "done"]], [None, "4"]),
        ([[*EVENTS[:3], *EVENTS[1:3], "heartbeat"], [*EVENTS[3:], "done"]], [None, "3"]),
        ([[*EVENTS[:3], *EVENTS[5:], "done"], [*EVENTS[3:], "done"]], [None, "3"]),
        ([EVENTS, [204]], [None, "9"]),
    ],
    ids=["whole", "refused in passing", "all repeated", "some repeated", "a hole", "204"],
)
def test_each_event_comes_once_whatever_the_stream_does(
    streams: list[Any], resume_points: list[str | None]
) -> None:
    with FakeClew(streams) as fake:
        items = followed(fake)
    events = [item for item in items if isinstance(item, Event)]
    assert [(each.id, each.name) for each in events] == [(e["id"], e["event"]) for e in EVENTS]
    assert isinstance(items[-1], Ended)
    assert fake.resume_points == resume_points


@pytest.mark.parametrize("status", [400, 401, 404])
def test_a_refused_stream_is_not_asked_for_again(status: int) -> None:
    with FakeClew([[status]]) as fake:
        items = followed(fake)
    assert isinstance(items[-1], Failed)
    assert isinstance(items[-1].error, Refused)
    assert items[-1].error.status == status
    assert len(fake.resume_points) == 1


class Run:
    """A run of the command's session, and what it wrote."""

    def __init__(
        self,
        fake: FakeClew,
        wanted: Wanted = NEW,
        prints_events: bool = False,
        output: io.StringIO | None = None,
        interrupts: Interrupts | None = None,
    ) -> None:
        self.interrupts = interrupts or Interrupts()
        self.output, self.errors = output or io.StringIO(), io.StringIO()
        outlet = Outlet(
            Lines(self.errors), self.output, prints_events=prints_events, is_taken=False
        )
        self.exit = Session(wanted, NamedServer(fake.url), outlet, self.interrupts).run()
        self.said = self.output.getvalue() + self.errors.getvalue()


def job(status: str = "completed", reasons: dict[str, int] | None = None, **counts: int) -> Any:
    return {"status": status, "totals": {**TOTALS, "reasons": reasons or {}, **counts}}


@pytest.mark.parametrize(
    ("ended", "expected"),
    [
        (job(), Exit.COMPLETE),
        (job(reasons={"http-404": 3}, failed=3), Exit.COMPLETE),
        (job(reasons={"page-limit": 3}, skipped=3), Exit.INCOMPLETE),
        (job("timeout"), Exit.INCOMPLETE),
        (job("cancelled"), Exit.INCOMPLETE),
        (job("timeout", completed=0), Exit.FAILED),
        (job("completed", completed=0), Exit.FAILED),
        (job("failed", completed=0), Exit.FAILED),
    ],
)
def test_the_exit_status_says_what_came_of_the_crawl(ended: Any, expected: Exit) -> None:
    with FakeClew(job=ended) as fake:
        assert Run(fake).exit == expected


def test_a_crawl_that_pauses_by_itself_is_incomplete_and_says_why_and_how_to_go_on() -> None:
    paused = job("paused") | {"error": "ten pages are empty shells"}
    with FakeClew([[*EVENTS[:2], event(3, "job_paused")]], paused) as fake:
        run = Run(fake)
    assert run.exit == Exit.INCOMPLETE
    assert "ten pages are empty shells" in run.said
    assert f"scripts/run crawl --resume {JOB_ID}" in run.said


def test_failures_are_summed_up_by_reason_without_escape_sequences() -> None:
    sample = {"outcome": "failed", "url": "https://example.org/\x1b[31m", "detail": "x\ny"}
    with FakeClew(job=job(failed=1)) as fake:
        fake.report["urls"] = [
            {"reason": "http-404", "explanation": "not there", "count": 1, "samples": [sample]}
        ]
        said = Run(fake).output.getvalue()
    assert "1 failed: not there (http-404)" in said
    assert "https://example.org/\N{REPLACEMENT CHARACTER}[31m — x y" in said


def test_blocked_loopback_is_told_plainly() -> None:
    with FakeClew(job=job("failed", {"blocked-address": 1}, completed=0)) as fake:
        fake.report["totals"] = fake.job["totals"]
        run = Run(fake)
    assert "CLEW_ALLOW_PRIVATE=127.0.0.0/8" in run.said


@pytest.mark.parametrize(
    ("status", "problem", "expected", "words"),
    [
        (400, {"detail": "x", "errors": [{"field": "maxDepth", "message": "must be small"}]},
         Exit.USAGE, "clew: --depth must be small"),
        (409, {"detail": "Too many crawls run.", "code": "too-many-jobs"}, Exit.FAILED,
         "Too many crawls run."),
        (302, {}, Exit.NO_SERVER, "the server sends us to elsewhere"),
        (500, {"detail": "It broke."}, Exit.NO_SERVER, "It broke."),
    ],
)
def test_refusals_are_told_in_the_words_of_the_command_line(
    status: int, problem: Any, expected: Exit, words: str
) -> None:
    with FakeClew() as fake:
        fake.refusals[""] = (status, problem)
        run = Run(fake)
    assert (run.exit, words in run.said) == (expected, True)


def test_a_token_is_sent_and_asked_for() -> None:
    with FakeClew(token="secret") as fake:
        assert Run(fake, replace(NEW, token="secret")).exit == Exit.COMPLETE
        run = Run(fake)
    assert run.exit == Exit.NO_SERVER
    assert "CLEW_TOKEN" in run.said


def test_nobody_there_is_said_at_once(closed_port: int) -> None:
    with FakeClew() as fake:
        fake.url = f"http://127.0.0.1:{closed_port}"
        run = Run(fake)
    assert run.exit == Exit.NO_SERVER
    assert "can't be reached" in run.said


def test_events_are_printed_once_in_order_and_nothing_else() -> None:
    streams = [EVENTS[:5], [503], [*EVENTS, "done"]]
    with FakeClew(streams) as fake:
        run = Run(fake, prints_events=True)
    assert [json.loads(line) for line in run.output.getvalue().splitlines()] == EVENTS
    assert "reconnecting" in run.said


def test_a_resume_changes_limits_first_and_prints_what_comes_after() -> None:
    wanted = replace(NEW, body={"maxPages": 9}, resume=JOB_ID, after=4)
    with FakeClew([[*EVENTS[4:], "done"]], job() | {"lastEventId": 6}) as fake:
        run = Run(fake, wanted, prints_events=True)
    assert [call[:2] for call in fake.asked[:3]] == [
        ("GET", ""), ("PATCH", ""), ("POST", "/resume")
    ]
    assert fake.asked[1][2] == {"maxPages": 9}
    assert fake.resume_points == ["4"]
    assert [json.loads(line)["id"] for line in run.output.getvalue().splitlines()] == [
        5, 6, 7, 8, 9
    ]


class _Pipe(io.StringIO):
    """A pipe whose reader leaves after so many lines."""

    def __init__(self, lines: int, own: TextIO) -> None:
        super().__init__()
        self._left = lines
        self._own = own

    def write(self, text: str) -> int:
        self._left -= 1
        if self._left < 0:
            raise BrokenPipeError
        return super().write(text)

    def fileno(self) -> int:
        return self._own.fileno()


def test_a_reader_who_leaves_pauses_the_crawl(tmp_path: Path) -> None:
    with FakeClew() as fake, (tmp_path / "pipe").open("w") as own:
        run = Run(fake, prints_events=True, output=_Pipe(3, own))
    assert run.exit == Exit.INTERRUPTED
    assert ("POST", "/pause", {}) in fake.asked
    assert "--after 3" in run.errors.getvalue()


class _CtrlC(Interrupts):
    """Ctrl-C while a call that takes long is under way, or else the stream."""

    def __init__(self, during: str) -> None:
        super().__init__()
        self._during = during

    def check(self) -> None:
        if self._during == "stream":
            self.count = 1
        super().check()

    @contextmanager
    def armed(self) -> Iterator[None]:
        self.count = 1
        yield from ()
        raise Interrupted


def test_ctrl_c_pauses_the_crawl_and_says_how_to_go_on() -> None:
    paused = job("paused", completed=2)
    with FakeClew([EVENTS[:3]], paused) as fake:
        run = Run(fake, replace(NEW, again=" -o 'my site'"), interrupts=_CtrlC("stream"))
    assert run.exit == Exit.INTERRUPTED
    assert ("POST", "/pause", {}) in fake.asked
    assert "The crawl is paused: 2 pages" in run.said
    assert f"scripts/run crawl --resume {JOB_ID} -o 'my site'" in run.said


def test_ctrl_c_while_the_result_is_written_leaves_nothing_and_says_how_to_take_it(
    tmp_path: Path,
) -> None:
    destination = choose(str(tmp_path / "site"), None, False, "https://example.org/")
    with FakeClew(export=archive(index="x")) as fake:
        fake.refusals["/pause"] = (409, {"detail": "It has ended.", "code": "wrong-state"})
        wanted = replace(NEW, destination=destination)
        run = Run(fake, wanted, interrupts=_CtrlC("result"))
    assert run.exit == Exit.INTERRUPTED
    assert "Finished: 3 pages" in run.said
    assert f"--resume {JOB_ID}" in run.said
    assert list(tmp_path.iterdir()) == []


def test_a_crawl_made_again_tells_what_changed() -> None:
    with FakeClew(job=job() | {"basedOn": "job-0"}) as fake:
        fake.changes = {"counts": {"added": 3, "changed": 1, "removed": 0, "unchanged": 9}}
        said = Run(fake).output.getvalue()
    assert "Since the earlier crawl: 3 added, 1 changed, 0 removed, 9 unchanged" in said


def archive(**files: str) -> bytes:
    """A ZIP; in names `__` stands for a slash."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as opened:
        for name, text in files.items():
            opened.writestr(name.replace("__", "/"), text)
    return target.getvalue()


def taken(fake: FakeClew, path: Path, **options: Any) -> Run:
    destination = choose(
        str(path), options.get("format"), options.get("force", False), "https://example.org/"
    )
    return Run(fake, replace(NEW, destination=destination))


def tree(folder: Path) -> dict[str, str]:
    return {
        str(path.relative_to(folder)): path.read_text()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def test_the_result_is_a_folder_of_markdown(tmp_path: Path) -> None:
    with FakeClew(export=archive(index="# Home", docs__a="# A")) as fake:
        run = taken(fake, tmp_path / "new" / "site")
    assert run.exit == Exit.COMPLETE
    assert ("GET", "/export?format=zip", None) in fake.asked
    assert tree(tmp_path) == {"new/site/index": "# Home", "new/site/docs/a": "# A"}
    assert "(2 files)" in run.output.getvalue()


def test_a_format_or_a_name_makes_it_a_file(tmp_path: Path) -> None:
    with FakeClew(export=b"whole") as fake:
        taken(fake, tmp_path / "all.jsonl")
        taken(fake, tmp_path, format="sitemap")
        taken(fake, tmp_path / "list", format="csv")
        taken(fake, tmp_path / "site.zip")
    assert tree(tmp_path) == dict.fromkeys(
        ["all.jsonl", "example.org-sitemap.xml", "list", "site.zip"], "whole"
    )


def test_what_is_there_is_never_lost(tmp_path: Path) -> None:
    site = tmp_path / "site"
    site.mkdir()
    (site / "mine").write_text("kept")
    with FakeClew(export=archive(index="new")) as fake:
        refused = taken(fake, site)
        assert (refused.exit, tree(tmp_path)) == (Exit.FAILED, {"site/mine": "kept"})
        assert taken(fake, site, force=True).exit == Exit.COMPLETE
        assert tree(tmp_path) == {"site/index": "new", "site.old/mine": "kept"}
        assert taken(fake, site, force=True).exit == Exit.COMPLETE
    assert tree(tmp_path) == {
        "site/index": "new", "site.old/mine": "kept", "site.old-2/index": "new"
    }


@pytest.mark.parametrize(
    "content",
    [
        archive(index="fine", **{"..__escaped": "x"}),
        archive(index="fine", **{"__absolute": "x"}),
        archive(index="fine", **{"a\\b": "x"}),
        archive(index="fine", **{"C:x": "x"}),
        archive(index="fine", **{"a\x1b[2J": "x"}),
        archive(index="fine", **{"aux.md": "x"}),
        archive(index="fine", **{"n" * 300: "x"}),
        archive(index="fine", INDEX="in the same place"),
        archive(index="cut off")[:-30],
        b"no archive at all",
    ],
)
def test_a_hostile_or_broken_archive_leaves_nothing(tmp_path: Path, content: bytes) -> None:
    with FakeClew(export=content) as fake:
        run = taken(fake, tmp_path / "folder" / "site")
    assert run.exit == Exit.FAILED
    assert tree(tmp_path) == {}
    assert list((tmp_path / "folder").iterdir()) == []


def test_a_result_that_is_refused_fails_and_says_how_to_get_it(tmp_path: Path) -> None:
    with FakeClew() as fake:
        fake.refusals["/export"] = (404, {"detail": "There are no exports."})
        run = taken(fake, tmp_path / "site")
    assert run.exit == Exit.FAILED
    assert "There are no exports." in run.said
    assert f"--resume {JOB_ID}" in run.said
