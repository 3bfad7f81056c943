"""`scripts/run crawl …` on Flask's command line, without an application: it needs no database."""

import shlex
import sys
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import click
from flask.cli import AppGroup

from crawler.terminal.destination import FORMATS, Destination, Occupied, choose
from crawler.terminal.display import open_display
from crawler.terminal.interrupts import Interrupted, Interrupts
from crawler.terminal.outlet import Outlet, prepare_streams
from crawler.terminal.request import (
    CHANGEABLE,
    MEMBERS,
    Number,
    Seconds,
    flag_of,
    is_given,
    job_request,
)
from crawler.terminal.request import members as members_of
from crawler.terminal.server import NamedServer, ServerSource
from crawler.terminal.session import Session, Wanted
from crawler.terminal.summary import Exit
from crawler.version import VERSION

_EXIT_STATUSES = """\b
Exit status:
  0    the crawl is complete
  1    it failed, gave no page, or its result can't be written
  2    something is wrong with the command line
  3    it is incomplete: time or page limit, cancelled, paused elsewhere
  4    no server can be reached or started, or it wants a token
  130  Ctrl-C, or nobody reads the output any more: the crawl is paused
"""

_AGAIN = {"output": "-o"}

cli = AppGroup(
    "scripts/run",
    help="Clew, a web crawler that you can watch. Without a command it serves: see README.md.",
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
click.version_option(VERSION, prog_name="clew")(cli)


def main(find_server: Callable[[], ServerSource]) -> None:
    """Runs the command that the arguments name, and exits."""
    cli.main(prog_name="scripts/run", obj=find_server)


@cli.command("crawl", with_appcontext=False, epilog=_EXIT_STATUSES)
@click.argument("urls", nargs=-1, metavar="URL...")
@click.option("-o", "--output", metavar="PATH", help="""Where the pages go when the crawl is done:
    a folder of Markdown files, or a file if --format or its name says so; - is standard output.""")
@click.option("--format", type=click.Choice(list(FORMATS)), help="What is written to --output.")
@click.option("--max-tokens", type=click.IntRange(1), metavar="N",
              help="Of each part of --format llms-full.")
@click.option("--force", is_flag=True, help="Move aside what --output finds in its way.")
@click.option("--depth", type=Number(), help="Clicks from the URL, or none for any. [2]")
@click.option("--max-pages", type=Number(), help="Pages at most, or none for any. [1000]")
@click.option("--time-limit", type=Seconds(), help="Seconds, or 5m, 2h, none. [300]")
@click.option("--scope", type=click.Choice(["host", "path", "domain", "any"]),
              help="How far from the URL links are followed. [host]")
@click.option("--include", multiple=True, metavar="RULE", help="Only URLs like this; repeatable.")
@click.option("--exclude", multiple=True, metavar="RULE", help="No URLs like this; repeatable.")
@click.option("--sitemap", type=click.Choice(["include", "skip", "only"]),
              help="What sitemaps are for. [include]")
@click.option("--ignore-robots", is_flag=True, help="Obey neither robots.txt nor nofollow.")
@click.option("--concurrency", type=Number(), help="Fetches at once per host.")
@click.option("--delay", type=Number(), help="Milliseconds between fetches at a host.")
@click.option("--max-age", type=Seconds(), help="Take pages this old from the cache. [0]")
@click.option("--header", "headers", multiple=True, metavar="'NAME: VALUE'",
              help="Sent to the site; repeatable.")
@click.option("--cookie", "cookies", multiple=True, metavar="NAME=VALUE",
              help="Sent to the site; repeatable.")
@click.option("--content-selector", metavar="CSS", help="The elements that are a page's content.")
@click.option("--remove-selector", multiple=True, metavar="CSS",
              help="Elements to leave out; repeatable.")
@click.option("--based-on", metavar="JOB", help="""Crawl again what an earlier crawl did, and tell
    what changed; options that are not given are that one's.""")
@click.option("--resume", metavar="JOB", help="""Go on with a crawl, its limits changed by options,
    or take its result.""")
@click.option("--retry-failed", is_flag=True, help="With --resume: try failed URLs again.")
@click.option("--after", type=click.IntRange(0), default=0, metavar="N",
              help="With --resume and --json: print only events after N.")
@click.option("--json", "as_json", is_flag=True, help="Print the crawl's events, one a line.")
@click.option("--server", envvar="CLEW_SERVER", metavar="URL", help="""The server to ask
    (CLEW_SERVER). [the one of this machine, or one started for this crawl]""")
@click.option("--token", envvar="CLEW_TOKEN", metavar="TOKEN",
              help="The server's access token (CLEW_TOKEN, which is not shown in process lists).")
@click.pass_obj
def crawl(find_server: Callable[[], ServerSource], /, **given: Any) -> None:
    """Crawl a site, watch it, take its pages away as Markdown.

    Ctrl-C pauses the crawl and says how to go on with it.
    """
    prepare_streams()
    _check(given)
    wanted = _wanted(given)
    interrupts = Interrupts()
    is_taken = given["output"] == "-"
    outlet = Outlet(
        open_display(
            sys.stderr, is_shared=(is_taken or given["as_json"]) and sys.stdout.isatty()
        ),
        sys.stdout,
        prints_events=given["as_json"],
        is_taken=is_taken,
    )
    source = NamedServer(given["server"]) if given["server"] else find_server()
    interrupts.install()
    try:
        sys.exit(Session(wanted, source, outlet, interrupts).run())
    except Interrupted:  # in the last moment
        sys.exit(Exit.INTERRUPTED)


def _check(given: dict[str, Any]) -> None:
    """What the API can't judge; raises click.UsageError."""
    if bool(given["urls"] or given["based_on"]) == bool(given["resume"]):
        raise click.UsageError("Give a URL, or several, or the id of a crawl to --resume.")
    if given["format"] and not given["output"]:
        raise click.UsageError("--format needs -o PATH; -o - is standard output.")
    if given["max_tokens"] and given["format"] != "llms-full":
        raise click.UsageError("--max-tokens goes with --format llms-full.")
    if given["retry_failed"] and not given["resume"]:
        raise click.UsageError("--retry-failed goes with --resume.")
    if given["as_json"] and given["output"] == "-":
        raise click.UsageError("--json and -o - both want standard output.")
    if given["after"] and not (given["resume"] and given["as_json"]):
        raise click.UsageError("--after goes with --resume and --json.")
    if given["server"] and not _is_address(given["server"]):
        raise click.UsageError("--server needs an address such as http://127.0.0.1:8000.")
    if given["resume"]:
        fixed = [name for name in MEMBERS if is_given(given[name]) and name not in CHANGEABLE]
        if fixed:
            raise click.UsageError(f"{flag_of(MEMBERS[fixed[0]])} can't be changed by --resume.")


def _is_address(text: str) -> bool:
    try:
        parts = urlsplit(text)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False


def _wanted(given: dict[str, Any]) -> Wanted:
    body = members_of(given) if given["resume"] else job_request(given["urls"], given)
    return Wanted(
        body=body,
        resume=given["resume"],
        retries_failed=given["retry_failed"],
        after=given["after"],
        token=given["token"],
        destination=_destination(given, body),
        again=_again(given),
    )


def _destination(given: dict[str, Any], body: dict[str, Any]) -> Destination | None:
    """A place that can't be had is told before anything is fetched for it."""
    url = body.get("url") or next(iter(body.get("urls", ())), given["resume"] or "")
    destination = choose(
        given["output"], given["format"], given["force"], url, given["max_tokens"]
    )
    try:
        if destination:
            destination.check()
    except Occupied as error:
        raise click.UsageError(str(error)) from None
    return destination


def _again(given: dict[str, Any]) -> str:
    """The options that going on needs, as they are typed; never the token."""
    words = []
    for name in ("output", "format", "max_tokens", "server"):
        if given[name]:
            words += [_AGAIN.get(name) or flag_of(name), str(given[name])]
    words += [flag for name, flag in (("force", "--force"), ("as_json", "--json")) if given[name]]
    return "".join(f" {shlex.quote(word)}" for word in words)
