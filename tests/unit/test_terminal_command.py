"""The command line of `scripts/run crawl`: what it asks the API for, and what it refuses itself."""

import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from crawler.terminal import command
from crawler.terminal.interrupts import Interrupted, Interrupts
from crawler.terminal.request import flag_of
from crawler.terminal.session import Wanted
from crawler.terminal.summary import Exit


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[Wanted]:
    """What sessions are asked for; none of them does anything."""
    seen: list[Wanted] = []

    class Idle:
        def __init__(self, wanted: Wanted, *parts: object) -> None:
            seen.append(wanted)

        def run(self) -> Exit:
            return Exit.INCOMPLETE

    monkeypatch.setattr(command, "Session", Idle)
    monkeypatch.setattr(Interrupts, "install", lambda self: None)
    return seen


def run(*arguments: str) -> Any:
    return CliRunner().invoke(command.cli, ["crawl", *arguments], obj=lambda: None)


@pytest.mark.parametrize(
    ("arguments", "body"),
    [
        (["example.org"], {"url": "https://example.org"}),
        (["http://a.example/", "b.example"], {"urls": ["http://a.example/", "https://b.example"]}),
        (
            ["example.org", "--depth", "none", "--max-pages", "5", "--time-limit", "2m"],
            {"maxDepth": None, "maxPages": 5, "timeLimitSeconds": 120},
        ),
        (
            ["example.org", "--include", "/a*", "--include", "/b*", "--exclude", "/c",
             "--scope", "path", "--sitemap", "only", "--ignore-robots", "--max-age", "1d"],
            {"include": ["/a*", "/b*"], "exclude": ["/c"], "scope": "path", "sitemap": "only",
             "ignoreRobots": True, "maxAgeSeconds": 86_400},
        ),
        (
            ["example.org", "--concurrency", "2", "--delay", "0", "--header", "X-A: b:c",
             "--cookie", "sid=x=y"],
            {"concurrency": 2, "delayMs": 0, "headers": {"X-A": "b:c"}, "cookies": {"sid": "x=y"}},
        ),
        (["--based-on", "j1"], {"basedOn": "j1"}),
        (["--resume", "j1"], {}),
        (["--resume", "j1", "--max-pages", "none", "--remove-selector", "nav"],
         {"maxPages": None, "removeSelectors": ["nav"]}),
    ],
)
def test_options_become_members(asked: list[Wanted], arguments: list[str], body: Any) -> None:
    assert run(*arguments).exit_code == Exit.INCOMPLETE
    assert {name: asked[0].body[name] for name in body} == body
    assert set(asked[0].body) - set(body) <= {"url"}


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([], "Give a URL"),
        (["example.org", "--resume", "j1"], "Give a URL"),
        (["example.org", "--depth", "-1"], "neither a whole number nor 'none'"),
        (["example.org", "--time-limit", "soon"], "no time such as"),
        (["example.org", "--scope", "world"], "is not one of"),
        (["example.org", "--header", "secret"], "--header takes 'Name: value'."),
        (["example.org", "--cookie", "a=1", "--cookie", "a=2"], "--cookie gives a twice"),
        (["example.org", "--format", "md"], "--format needs -o"),
        (["example.org", "--max-tokens", "5"], "--max-tokens goes with"),
        (["example.org", "--json", "-o", "-"], "both want standard output"),
        (["example.org", "--after", "3"], "--after goes with"),
        (["example.org", "--server", "ftp://x"], "--server needs an address"),
        (["example.org", "--server", "http://[::1"], "--server needs an address"),
        (["--resume", "j1", "--scope", "path"], "--scope can't be changed"),
        (["--resume", "j1", "--header", "A: b"], "--header can't be changed"),
    ],
)
def test_mistakes_are_told_before_anything_is_asked(
    asked: list[Wanted], arguments: list[str], words: str
) -> None:
    result = run(*arguments)
    assert (result.exit_code, words in result.stderr, asked) == (Exit.USAGE, True, [])
    assert "secret" not in result.stderr.replace("--header takes 'Name: value'.", "")


def test_a_place_that_is_taken_is_told_before_anything_is_fetched(
    asked: list[Wanted], tmp_path: Path
) -> None:
    (tmp_path / "site").mkdir()
    assert run("example.org", "-o", str(tmp_path / "site")).exit_code == Exit.INCOMPLETE
    (tmp_path / "site" / "mine").touch()
    result = run("example.org", "-o", str(tmp_path / "site"))
    assert (result.exit_code, "--force" in result.stderr) == (Exit.USAGE, True)
    assert run("example.org", "-o", str(tmp_path / "site"), "--force").exit_code != Exit.USAGE
    assert run("example.org", "-o", str(tmp_path / "site" / "mine" / "x")).exit_code == Exit.USAGE


def test_going_on_repeats_where_things_go_but_never_the_token(asked: list[Wanted]) -> None:
    run("example.org", "-o", "my site", "--format", "zip", "--server", "http://a", "--token", "t0")
    assert asked[0].again == " -o 'my site' --format zip --server http://a"


def test_flags_are_called_as_they_are_typed() -> None:
    assert [flag_of(name) for name in ("maxDepth", "headers", "url", "unheard")] == [
        "--depth", "--header", "URL", "--unheard"
    ]


@pytest.fixture
def kill() -> Callable[[], None]:
    return lambda: os.kill(os.getpid(), signal.SIGTERM)


def test_the_first_request_waits_the_second_does_not(
    kill: Callable[[], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    interrupts = Interrupts()
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        interrupts.install()
        kill()
        with pytest.raises(Interrupted):
            interrupts.check()
        with pytest.raises(Interrupted):
            kill()
        is_hurried = interrupts.settle()
        assert is_hurried()
        kill()
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def test_what_takes_long_is_interrupted_at_once() -> None:
    interrupts = Interrupts()
    with pytest.raises(Interrupted), interrupts.armed():
        interrupts.note(signal.SIGINT, None)
    with pytest.raises(Interrupted), interrupts.armed():
        pass


def test_one_request_while_tidying_up_hurries_it_unless_it_is_the_reason() -> None:
    for before, during, expected in ((0, 0, False), (0, 1, True), (1, 0, False), (1, 1, True)):
        interrupts = Interrupts()
        interrupts.count = before
        is_hurried = interrupts.settle()
        for _ in range(during):
            interrupts.note(signal.SIGINT, None)
        assert is_hurried() is expected
