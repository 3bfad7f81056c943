"""What a caller may ask for, field by field: a validated request, or all mistakes at once."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any

from crawler.domain import urls
from crawler.domain.admission import NO_HOST_RULES, HostRules
from crawler.domain.errors import FieldError, InvalidRequest
from crawler.domain.headers import Credentials, parse_cookies, parse_headers
from crawler.domain.model import JobOptions, ScopeKind, SitemapUse
from crawler.domain.patterns import MAX_RULES, compile_rules, parse_rule
from crawler.domain.selectors import (
    MAX_SELECTORS,
    Selectors,
    of_few_parts,
    parse_selector,
    read_selector,
)

MAX_ROOTS = 1_000
"""Most URLs in one job's list of roots."""


@dataclass(frozen=True, slots=True)
class JobRequest:
    """A job to create: canonical roots, each once, options, and what to send along."""

    urls: tuple[str, ...]
    options: JobOptions
    credentials: Credentials | None = None


@dataclass(frozen=True, slots=True)
class Policy:
    """What whoever runs Clew allows its users; the defaults allow everything."""

    max_pages: int | None = None
    allow_ignore_robots: bool = True
    denied: HostRules = NO_HOST_RULES

    def bound(self, options: JobOptions) -> JobOptions:
        """Options within the policy: the default ones, and those of jobs from before it."""
        pages = min(
            (each for each in (options.max_pages, self.max_pages) if each is not None), default=None
        )
        ignores = options.ignore_robots and self.allow_ignore_robots
        return replace(options, max_pages=pages, ignore_robots=ignores)


FREE = Policy()
"""No rules beside those of the API itself."""


@dataclass
class _Reader:
    """Collects mistakes, so that the caller hears of all of them in one answer."""

    body: Mapping[str, Any]
    wrong: list[FieldError] = field(default_factory=list)

    def take(self, name: str, default: Any, read: Callable[[Any], Any]) -> Any:
        if name not in self.body:
            return default
        try:
            return read(self.body[name])
        except ValueError as error:
            self.refuse(name, str(error))
        return default

    def refuse(self, name: str, why: str) -> None:
        self.wrong.append(FieldError(name, why))

    def refuse_unknown(self, known: frozenset[str]) -> None:
        for name in sorted(set(self.body) - known):
            shown = "".join(char if char.isprintable() else "?" for char in name[:60])
            self.refuse(shown, "is not a known member")

    def finish(self) -> None:
        """Raises what was found."""
        if self.wrong:
            raise InvalidRequest(*self.wrong)


def _whole(low: int, high: int, *, none: bool) -> Callable[[Any], int | None]:
    def read(value: Any) -> int | None:
        if value is None and none:
            return None
        if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
            or_null = " or null" if none else ""
            raise ValueError(f"must be a whole number from {low:,} to {high:,}{or_null}")
        return value

    return read


def _flag(value: Any) -> bool:
    if not isinstance(value, bool):
        raise ValueError("must be true or false")
    return value


def _one_of(kind: type[StrEnum]) -> Callable[[Any], Any]:
    *others, last = (f'"{each}"' for each in kind)
    expected = f"must be {', '.join(others)} or {last}"

    def read(value: Any) -> Any:
        if not isinstance(value, str) or value not in set(kind):
            raise ValueError(expected)
        return kind(value)

    return read


def _rules(value: Any) -> tuple[str, ...]:
    if not isinstance(value, list) or any(not isinstance(each, str) for each in value):
        raise ValueError("must be a list of strings")
    return _within_bounds(tuple(_each_once(value, parse_rule)))


def _within_bounds(rules: tuple[str, ...]) -> tuple[str, ...]:
    if len(rules) > MAX_RULES:
        raise ValueError(f"has more than {MAX_RULES} rules")
    return compile_rules(rules).texts


def _each_once(entries: list[Any], read: Callable[[Any], str]) -> dict[str, None]:
    """The entries of a list as read, in their order; a wrong one is named by its number."""
    found: dict[str, None] = {}
    for number, entry in enumerate(entries, 1):
        try:
            found[read(entry)] = None
        except ValueError as error:
            raise ValueError(f"has a wrong entry: number {number} {error}") from None
    return found


def _selectors(value: Any) -> tuple[str, ...]:
    if not isinstance(value, list) or any(not isinstance(each, str) for each in value):
        raise ValueError("must be a list of CSS selectors")
    if len(value) > MAX_SELECTORS:
        raise ValueError(f"has more than {MAX_SELECTORS} selectors")
    return of_few_parts(tuple(_each_once(value, parse_selector)))


_SELECTORS: dict[str, tuple[str, Callable[[Any], Any]]] = {
    "contentSelector": ("content_selector", read_selector),
    "removeSelectors": ("remove_selectors", _selectors),
}
_LIMITS: dict[str, tuple[str, Callable[[Any], Any]]] = {
    "maxDepth": ("max_depth", _whole(0, 10_000, none=True)),
    "maxPages": ("max_pages", _whole(1, 10_000_000, none=True)),
    "timeLimitSeconds": ("time_limit_seconds", _whole(1, 31_536_000, none=True)),
    "concurrency": ("concurrency", _whole(1, 64, none=True)),
    "delayMs": ("delay_ms", _whole(0, 60_000, none=True)),
}
_FIELDS: dict[str, tuple[str, Callable[[Any], Any]]] = {
    **_LIMITS,
    **_SELECTORS,
    "scope": ("scope", _one_of(ScopeKind)),
    "include": ("include", _rules),
    "exclude": ("exclude", _rules),
    "sitemap": ("sitemap", _one_of(SitemapUse)),
    "ignoreRobots": ("ignore_robots", _flag),
    "maxAgeSeconds": ("max_age_seconds", _whole(0, 10**9, none=False)),
}


def parse_job_request(body: Any, policy: Policy = FREE) -> JobRequest:
    """The job that a `POST /api/v4/jobs` asks for.

    Raises:
        InvalidRequest: naming every field that is wrong or against the policy, unknown members
            included.
    """
    reader = _Reader(_object(body))
    reader.refuse_unknown(frozenset(_FIELDS) | {"url", "urls", "headers", "cookies"})
    roots = _roots(reader, policy)
    options = _options(reader, policy.bound(JobOptions()), _FIELDS)
    _refuse_beyond(policy, options, reader)
    credentials = _credentials(reader, roots)
    reader.finish()
    names = (tuple(credentials.headers), tuple(credentials.cookies))
    options = replace(options, headers=names[0], cookies=names[1])
    return JobRequest(roots, options, credentials or None)


def parse_changes(body: Any, options: JobOptions, policy: Policy = FREE) -> JobOptions:
    """The options after a `PATCH`: limits and selectors are changed, exclude rules come to those
    there are.

    Raises:
        InvalidRequest: as `parse_job_request`.
    """
    reader = _Reader(_object(body))
    changeable = _LIMITS | _SELECTORS
    reader.refuse_unknown(frozenset(changeable) | {"exclude"})
    changed = _options(reader, policy.bound(options), changeable)
    _refuse_beyond(policy, changed, reader)
    exclude = reader.take("exclude", options.exclude, lambda value: _added(options, value))
    reader.finish()
    return replace(changed, exclude=exclude)


def parse_selectors(body: Any) -> Selectors:
    """What is to be tried on a page: `contentSelector` and `removeSelectors`, each optional.

    Raises:
        InvalidRequest: as `parse_job_request`.
    """
    reader = _Reader(_object(body))
    reader.refuse_unknown(frozenset(_SELECTORS))
    options = _options(reader, JobOptions(), _SELECTORS)
    reader.finish()
    return options.selectors


def _added(options: JobOptions, value: Any) -> tuple[str, ...]:
    return _within_bounds(tuple(dict.fromkeys((*options.exclude, *_rules(value)))))


def _refuse_beyond(policy: Policy, options: JobOptions, reader: _Reader) -> None:
    """What the operator does not allow is told, never silently given in a smaller size."""
    allowed = policy.bound(options)
    if allowed.max_pages != options.max_pages:
        reader.refuse("maxPages", f"may be at most {allowed.max_pages:,} on this server")
    if allowed.ignore_robots != options.ignore_robots:
        reader.refuse("ignoreRobots", "is not allowed on this server")


def _credentials(reader: _Reader, roots: tuple[str, ...]) -> Credentials:
    """Headers and cookies are for one site: those of one must not reach another."""
    credentials = Credentials(
        reader.take("headers", {}, parse_headers), reader.take("cookies", {}, parse_cookies)
    )
    if credentials and len({urls.origin(root) for root in roots}) > 1:
        name = "headers" if credentials.headers else "cookies"
        reader.refuse(name, "can be sent only where all URLs are of one scheme, host and port")
    return credentials


def parse_resume(body: Any) -> bool:
    """Whether a resume asks for failed URLs to be tried again (`{"retry": "failed"}`).

    Raises:
        InvalidRequest: for anything else in the body.
    """
    reader = _Reader(_object({} if body is None else body))
    reader.refuse_unknown(frozenset({"retry"}))
    retry = reader.take("retry", None, _retry)
    reader.finish()
    return retry is not None


def _retry(value: Any) -> str:
    if value != "failed":
        raise ValueError('must be "failed"')
    return "failed"


def _object(body: Any) -> Mapping[str, Any]:
    if not isinstance(body, dict):
        raise InvalidRequest(FieldError("body", "must be a JSON object"))
    return body


def _options(
    reader: _Reader,
    options: JobOptions,
    allowed: Mapping[str, tuple[str, Callable[[Any], Any]]],
) -> JobOptions:
    values = {
        attribute: reader.take(name, getattr(options, attribute), read)
        for name, (attribute, read) in allowed.items()
    }
    return replace(options, **values)


def _roots(reader: _Reader, policy: Policy) -> tuple[str, ...]:
    if ("url" in reader.body) == ("urls" in reader.body):
        reader.refuse("url", "or urls must be given, and only one of them")
        return ()

    def read(value: Any) -> str:
        return _url(value, policy)

    if "url" in reader.body:
        url = reader.take("url", None, read)
        return (url,) if url else ()
    return tuple(reader.take("urls", (), lambda value: _url_list(value, read)))


def _url(value: Any, policy: Policy) -> str:
    if not isinstance(value, str):
        raise ValueError("must be a string")
    url = urls.parse_typed(value)
    if policy.denied.denies(urls.host(url)):
        raise ValueError("is on a host that may not be crawled from this server")
    return url


def _url_list(value: Any, read: Callable[[Any], str]) -> tuple[str, ...]:
    if not isinstance(value, list) or not 1 <= len(value) <= MAX_ROOTS:
        raise ValueError(f"must be a list of 1 to {MAX_ROOTS:,} URLs")
    return tuple(_each_once(value, read))
