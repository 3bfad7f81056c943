"""What a caller may ask for, field by field: a validated request, or all mistakes at once."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from crawler.domain import urls
from crawler.domain.errors import FieldError, InvalidRequest, UnsupportedOption
from crawler.domain.model import JobOptions, ScopeKind

MAX_ROOTS = 1_000
"""Most URLs in one job's list of roots."""

_NOT_BUILT = "is not supported yet"


@dataclass(frozen=True, slots=True)
class JobRequest:
    """A job to create: canonical roots, each once, and options."""

    urls: tuple[str, ...]
    options: JobOptions


@dataclass
class _Reader:
    """Collects mistakes, so that the caller hears of all of them in one answer."""

    body: Mapping[str, Any]
    wrong: list[FieldError] = field(default_factory=list)
    unbuilt: list[FieldError] = field(default_factory=list)

    def take(self, name: str, default: Any, read: Callable[[Any], Any]) -> Any:
        if name not in self.body:
            return default
        try:
            return read(self.body[name])
        except NotImplementedError as error:
            self.unbuilt.append(FieldError(name, str(error)))
        except ValueError as error:
            self.wrong.append(FieldError(name, str(error)))
        return default

    def refuse_unknown(self, known: frozenset[str]) -> None:
        for name in sorted(set(self.body) - known):
            shown = "".join(char if char.isprintable() else "?" for char in name[:60])
            self.wrong.append(FieldError(shown, "is not a known member"))

    def finish(self) -> None:
        """Raises what was found: mistakes before wishes that can't be met yet."""
        if self.wrong:
            raise InvalidRequest(*self.wrong)
        if self.unbuilt:
            raise UnsupportedOption(*self.unbuilt)


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


def _scope(value: Any) -> ScopeKind:
    if value in ("domain", "any"):
        raise NotImplementedError(f'"{value}" {_NOT_BUILT}; use "host" or "path"')
    if value not in ("host", "path"):
        raise ValueError('must be "host" or "path"')
    return ScopeKind(value)


def _patterns(value: Any) -> tuple[str, ...]:
    if not isinstance(value, list) or any(not isinstance(each, str) for each in value):
        raise ValueError("must be a list of strings")
    if value:
        raise NotImplementedError(_NOT_BUILT)
    return ()


def _sitemap(value: Any) -> str:
    if value in ("include", "only"):
        raise NotImplementedError(f'"{value}" {_NOT_BUILT}; use "skip"')
    if value != "skip":
        raise ValueError('must be "skip"')
    return "skip"


def _max_age(value: Any) -> int:
    seconds = _whole(0, 10**9, none=False)(value) or 0
    if seconds:
        raise NotImplementedError(f"other than 0 {_NOT_BUILT}")
    return seconds


_LIMITS: dict[str, tuple[str, Callable[[Any], Any]]] = {
    "maxDepth": ("max_depth", _whole(0, 10_000, none=True)),
    "maxPages": ("max_pages", _whole(1, 10_000_000, none=True)),
    "timeLimitSeconds": ("time_limit_seconds", _whole(1, 31_536_000, none=True)),
    "concurrency": ("concurrency", _whole(1, 64, none=True)),
    "delayMs": ("delay_ms", _whole(0, 60_000, none=True)),
}
_FIELDS: dict[str, tuple[str, Callable[[Any], Any]]] = {
    **_LIMITS,
    "scope": ("scope", _scope),
    "include": ("include", _patterns),
    "exclude": ("exclude", _patterns),
    "sitemap": ("sitemap", _sitemap),
    "ignoreRobots": ("ignore_robots", _flag),
    "maxAgeSeconds": ("max_age_seconds", _max_age),
}


def parse_job_request(body: Any) -> JobRequest:
    """The job that a `POST /api/v4/jobs` asks for.

    Raises:
        InvalidRequest: naming every field that is wrong, unknown members included.
        UnsupportedOption: for options of the contract that are not built.
    """
    reader = _Reader(_object(body))
    reader.refuse_unknown(frozenset(_FIELDS) | {"url", "urls"})
    roots = _roots(reader)
    options = _options(reader, JobOptions(), _FIELDS)
    reader.finish()
    return JobRequest(roots, options)


def parse_changes(body: Any, options: JobOptions) -> JobOptions:
    """The options after a `PATCH`, which may change limits.

    Raises:
        InvalidRequest, UnsupportedOption: as `parse_job_request`.
    """
    reader = _Reader(_object(body))
    reader.refuse_unknown(frozenset(_LIMITS) | {"exclude"})
    changed = _options(reader, options, {**_LIMITS, "exclude": ("exclude", _patterns)})
    reader.finish()
    return changed


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


def _roots(reader: _Reader) -> tuple[str, ...]:
    if ("url" in reader.body) == ("urls" in reader.body):
        reader.wrong.append(FieldError("url", "or urls must be given, and only one of them"))
        return ()
    if "url" in reader.body:
        url = reader.take("url", "", _url)
        return (url,)
    return tuple(reader.take("urls", (), _url_list))


def _url(value: Any) -> str:
    if not isinstance(value, str):
        raise ValueError("must be a string")
    return urls.parse_typed(value)


def _url_list(value: Any) -> tuple[str, ...]:
    if not isinstance(value, list) or not 1 <= len(value) <= MAX_ROOTS:
        raise ValueError(f"must be a list of 1 to {MAX_ROOTS:,} URLs")
    found: dict[str, None] = {}
    for index, each in enumerate(value):
        try:
            found[_url(each)] = None
        except ValueError as error:
            raise ValueError(f"has a wrong entry: number {index + 1} {error}") from None
    return tuple(found)
