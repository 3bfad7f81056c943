"""Options of the command line as members of the API's requests; what was not given is left out.

So the server's defaults hold, and its words about what is wrong with a value: only what the
command line itself gets wrong is told here.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Any

import click

Json = dict[str, Any]

MEMBERS: Mapping[str, str] = {
    "depth": "maxDepth",
    "max_pages": "maxPages",
    "time_limit": "timeLimitSeconds",
    "scope": "scope",
    "include": "include",
    "exclude": "exclude",
    "sitemap": "sitemap",
    "ignore_robots": "ignoreRobots",
    "concurrency": "concurrency",
    "delay": "delayMs",
    "max_age": "maxAgeSeconds",
    "content_selector": "contentSelector",
    "remove_selector": "removeSelectors",
    "based_on": "basedOn",
    "headers": "headers",
    "cookies": "cookies",
}
"""Options' names by the API's member that each becomes."""
CHANGEABLE = frozenset(
    {
        "depth", "max_pages", "time_limit", "concurrency", "delay", "exclude",
        "content_selector", "remove_selector",
    }
)
"""Those that a crawl may still be given when it goes on."""
_FLAGS = {"headers": "--header", "cookies": "--cookie", "url": "URL", "urls": "URL"}
_UNIT_SECONDS = {"": 1, "s": 1, "m": 60, "h": 3_600, "d": 86_400}
_SCHEME = re.compile(r"[a-z][a-z0-9+.-]*://", re.IGNORECASE)


class NoLimit:
    """The value of an option that was given as `none`: null in the API."""


class Number(click.ParamType[Any]):
    """A whole number, or `none`."""

    name = "N"

    def convert(self, value: Any, param: Any, ctx: Any) -> Any:
        """The number, or NoLimit."""
        if not isinstance(value, str):
            return value
        if value.lower() == "none":
            return NoLimit
        if not re.fullmatch(r"[0-9]{1,12}", value):
            self.fail(f"{value!r} is neither a whole number nor 'none'.", param, ctx)
        return int(value)


class Seconds(click.ParamType[Any]):
    """A length of time: seconds, or with a unit `s`, `m`, `h` or `d`; or `none`."""

    name = "TIME"

    def convert(self, value: Any, param: Any, ctx: Any) -> Any:
        """Seconds, or NoLimit."""
        if not isinstance(value, str):
            return value
        if value.lower() == "none":
            return NoLimit
        match = re.fullmatch(r"([0-9]{1,12})([smhd]?)", value.lower())
        if match is None:
            self.fail(f"{value!r} is no time such as 90, 5m, 2h or none.", param, ctx)
        return int(match[1]) * _UNIT_SECONDS[match[2]]


def job_request(urls: Iterable[str], options: Mapping[str, Any]) -> Json:
    """The body of `POST /api/v4/jobs`; without URLs for a job that has them from an earlier one.

    Raises:
        click.UsageError: for a header or cookie that is none.
    """
    roots = [url if _SCHEME.match(url) else f"https://{url}" for url in urls]
    named: Json = {"url": roots[0]} if len(roots) == 1 else {"urls": roots} if roots else {}
    return named | members(options)


def members(options: Mapping[str, Any]) -> Json:
    """The members of those options that were given; raises as `job_request`."""
    found: Json = {}
    for name, member in MEMBERS.items():
        if is_given(options.get(name)):
            found[member] = _member(name, options[name])
    return found


def is_given(value: Any) -> bool:
    """Whether an option was given; 0 is a value like any other."""
    return value is not None and value is not False and value != ()


def _member(name: str, value: Any) -> Any:
    if name == "headers":
        return _pairs(value, ":", "--header", "'Name: value'")
    if name == "cookies":
        return _pairs(value, "=", "--cookie", "name=value")
    if isinstance(value, tuple):
        return list(value)
    return None if value is NoLimit else value


def _pairs(given: Iterable[str], divider: str, flag: str, form: str) -> dict[str, str]:
    """Values may be secrets, so they are not repeated when something is wrong with them."""
    found: dict[str, str] = {}
    for text in given:
        name, is_pair, value = text.partition(divider)
        name = name.strip()
        if not is_pair or not name:
            raise click.UsageError(f"{flag} takes {form}.")
        if name in found:
            raise click.UsageError(f"{flag} gives {name} twice.")
        found[name] = value.strip()
    return found


def flag_of(member: str) -> str:
    """How the command line calls what the API calls so."""
    name = next((name for name, each in MEMBERS.items() if each == member), member)
    return _FLAGS.get(name) or f"--{name.replace('_', '-')}"
