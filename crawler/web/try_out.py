"""Example URLs judged by a crawl's scope and rules before anything is fetched."""

from dataclasses import dataclass

from crawler.domain import urls
from crawler.domain.admission import Admission, HostRules, admission_of
from crawler.domain.options import JobRequest
from crawler.domain.reasons import Reason, explain
from crawler.web.pasted import lines_of

MOST_EXAMPLES = 50


@dataclass(frozen=True, slots=True)
class Tried:
    """An example: as the crawl knows it, whether it is in, and why."""

    url: str
    is_in: bool
    why: str


@dataclass(frozen=True, slots=True)
class Trial:
    """All examples with what became of them, or what is in the way of trying them."""

    examples: tuple[Tried, ...] = ()
    error: str = ""
    left: int = 0


def try_out(wanted: JobRequest, examples: str, denied: HostRules) -> Trial:
    """Judges examples, one on each line; those without a host are paths of the first root.

    Depth, robots.txt and what pages say of themselves show only during the crawl.
    """
    options = wanted.options
    admission = admission_of(options.scope, wanted.urls, options.include, options.exclude, denied)
    lines = lines_of(examples)
    tried = tuple(_tried(line, wanted.urls[0], admission) for line in lines[:MOST_EXAMPLES])
    return Trial(tried, left=max(0, len(lines) - MOST_EXAMPLES))


def _tried(line: str, root: str, admission: Admission) -> Tried:
    is_path = line.startswith("/") and not line.startswith("//")
    url = urls.resolve(line, root) if is_path else urls.canonical(urls.complete_typed(line))
    if url is None:
        return Tried(line, False, "no web address")
    reason, rule = admission.explain(url)
    if reason is None and url in admission.roots:
        return Tried(url, True, "a start page, which no rule keeps out")
    return Tried(url, reason is None, _why(reason, rule))


def _why(reason: Reason | None, rule: str | None) -> str:
    if reason is None:
        return f"let in by {rule}" if rule else ""
    if reason is not Reason.EXCLUDED:
        return explain(reason)
    return f"excluded by {rule}" if rule else "matches none of the include rules"
