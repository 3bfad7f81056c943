"""Numbers, times and crawls in plain words: what the pages say, decided without a request.

The same functions serve as template filters (`FILTERS` in `crawler/web/render.py`).
"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from urllib.parse import urlsplit

from crawler.domain.lifecycle import JobStatus
from crawler.domain.model import JobOptions, ScopeKind
from crawler.domain.reasons import Reason, explain
from crawler.domain.scope import scope_of

STATUS_WORDS: Mapping[JobStatus, str] = {
    JobStatus.QUEUED: "waiting to start",
    JobStatus.RUNNING: "running",
    JobStatus.PAUSED: "paused",
    JobStatus.COMPLETED: "finished",
    JobStatus.TIMEOUT: "time limit reached",
    JobStatus.FAILED: "failed",
    JobStatus.CANCELLED: "cancelled",
}
_UNITS = ((86_400, "day"), (3_600, "hour"), (60, "minute"), (1, "second"))
_SIZES = ("bytes", "kB", "MB", "GB", "TB")


def number(value: int) -> str:
    """A count with its thousands set apart: 1,204."""
    return f"{value:,}"


def counted(value: int, one: str, many: str | None = None) -> str:
    """A count and its noun: 1 page, 1,204 pages."""
    return f"{value:,} {one if value == 1 else many or one + 's'}"


def duration(seconds: int) -> str:
    """A length of time in its two largest units: 5 minutes, 1 hour 30 minutes."""
    parts = []
    for size, unit in _UNITS:
        whole, seconds = divmod(seconds, size)
        if whole:
            parts.append(counted(whole, unit))
    return " ".join(parts[:2]) or "less than a second"


def size(value: int | None) -> str:
    """Bytes in decimal units with two or three figures: 812 bytes, 4.1 kB, 12 MB."""
    if value is None:
        return ""
    amount, unit = float(value), 0
    while amount >= 999.5 and unit < len(_SIZES) - 1:
        amount, unit = amount / 1_000, unit + 1
    decimals = 1 if unit and amount < 9.95 else 0
    return f"{amount:.{decimals}f} {_SIZES[unit]}"


def clock(moment: datetime | str) -> str:
    """A time of day, UTC, for pages without JavaScript; the script shows the reader's own."""
    text = moment if isinstance(moment, str) else moment.strftime("%Y-%m-%dT%H:%M:%S")
    return text[11:19]


def day_and_time(moment: datetime) -> str:
    """A moment to the minute, UTC: 24 Nov 2026, 08:24 UTC."""
    return f"{moment.day} {moment:%b %Y, %H:%M} UTC"


def short_url(url: str) -> str:
    """A URL as people say it: without its scheme and without a slash at the end."""
    return url.partition("://")[2].removesuffix("/") or url


def path_of(url: str) -> str:
    """The part of a URL after its host; a site's root is `/`."""
    return "/" + url.partition("://")[2].partition("/")[2]


def host_of(url: str) -> str:
    """A URL's host, with its port where that is not the usual one."""
    return url.partition("://")[2].partition("/")[0]


def web_href(url: str | None) -> str | None:
    """The URL if a link may lead there: http and https only, since strangers wrote it."""
    return url if url and url.startswith(("http://", "https://")) else None


def describe_crawl(urls: tuple[str, ...], options: JobOptions) -> str:
    """What a crawl covers, as one or two sentences.

    "Every page of docs.python.org under /3/library/, at most 1,000 pages, for at most 5 minutes."
    """
    parts = [_covered(urls, options), *_limits(len(urls), options)]
    return ", ".join(part for part in parts if part) + "." + _manners(options)


def _covered(urls: tuple[str, ...], options: JobOptions) -> str:
    if options.max_depth == 0:
        if len(urls) == 1:
            return f"Only this page: {short_url(urls[0])}"
        return f"These {number(len(urls))} pages and no other"
    clicks = "" if options.max_depth is None else counted(options.max_depth, "click")
    if len(urls) > 1:
        reach = f"up to {clicks} away from them" if clicks else "that links lead to"
        return f"{number(len(urls))} start pages and every page of their sites {reach}"
    place = _place(urls[0], options.scope)
    if not clicks:
        return f"Every page of {place}"
    return f"{short_url(urls[0])} and every page of {place} up to {clicks} away from it"


def _place(url: str, scope: ScopeKind) -> str:
    host = urlsplit(url).netloc
    if scope is ScopeKind.HOST:
        return host
    folder = path_of(scope_of(scope, [url]).prefixes[0])
    return host if folder == "/" else f"{host} under {folder}"


def _limits(roots: int, options: JobOptions) -> Iterable[str]:
    only_roots = options.max_depth == 0
    if options.max_pages is None:
        yield "" if only_roots else "however many there are"
    elif not only_roots or options.max_pages < roots:
        yield f"at most {counted(options.max_pages, 'page')}"
    if options.time_limit_seconds is not None:
        yield f"for at most {duration(options.time_limit_seconds)}"
    elif not only_roots:
        yield "for as long as it takes"


def _manners(options: JobOptions) -> str:
    said = []
    if options.delay_ms:
        said.append(f"Fetches start {number(options.delay_ms)} ms apart.")
    if options.concurrency is not None:
        said.append(f"Up to {counted(options.concurrency, 'page')} at once.")
    if options.ignore_robots:
        said.append("The site's robots.txt is not asked.")
    return "".join(f" {sentence}" for sentence in said)


def left_out_phrases(
    options: JobOptions, left_out: Mapping[str, int], waiting: int = 0
) -> list[str]:
    """What a crawl left out, as phrases: what still waited, then the largest number first.

    "125 URLs that still waited", "900 URLs deeper than 2 clicks".
    """
    ordered = sorted(left_out.items(), key=lambda item: -item[1])
    phrases = [_left_out(options, reason, count) for reason, count in ordered if count]
    return [f"{counted(waiting, 'URL')} that still waited", *phrases] if waiting else phrases


def _left_out(options: JobOptions, reason: str, count: int) -> str:
    if reason == Reason.DEPTH and options.max_depth is not None:
        return f"{counted(count, 'URL')} deeper than {counted(options.max_depth, 'click')}"
    if reason == Reason.PAGE_LIMIT and options.max_pages is not None:
        return f"{number(count)} over the limit of {counted(options.max_pages, 'page')}"
    if reason == Reason.DUPLICATE:
        return f"{number(count)} that lead to a page already here"
    if reason == Reason.ROBOTS:
        return f"{number(count)} that the site's robots.txt asks crawlers not to fetch"
    if reason == Reason.NOT_HTML:
        return f"{counted(count, 'file')} to download or look at, not to read"
    return f"{number(count)}: {explain(reason)}"


_BRIEFLY: Mapping[str, str] = {
    Reason.SCOPE: "leading elsewhere",
    Reason.DEPTH: "too many clicks away",
    Reason.PAGE_LIMIT: "over the page limit",
    Reason.ROBOTS: "closed by robots.txt",
    Reason.DUPLICATE: "already here",
    Reason.NOT_HTML: "not pages",
}


def reasons_phrase(reasons: Mapping[str, int]) -> str:
    """Reasons with their counts, for the thread: "40 leading elsewhere, 3 closed by robots.txt"."""
    ordered = sorted(reasons.items(), key=lambda item: -item[1])
    return ", ".join(
        f"{number(count)} {_BRIEFLY.get(reason) or explain(reason)}" for reason, count in ordered
    )
