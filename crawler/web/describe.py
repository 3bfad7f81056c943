"""A crawl in words: what it covers, how it goes about it, and what it left out."""

from collections.abc import Iterable, Iterator, Mapping
from urllib.parse import urlsplit

from crawler.domain.model import JobOptions, ScopeKind, SitemapUse
from crawler.domain.politeness import PUBLIC
from crawler.domain.reasons import Reason
from crawler.domain.scope import registrable_domain, scope_of
from crawler.domain.urls import host as host_name
from crawler.web.words import counted, duration, joined, number, path_of, short_url

_MOST_RULES = 3
"""Rules that a sentence names; of more it tells the number."""


def describe_crawl(urls: tuple[str, ...], options: JobOptions) -> str:
    """What a crawl covers, as one or a few sentences.

    "Every page of docs.python.org under /3/library/, at most 1,000 pages, for at most 5 minutes."
    """
    parts = [_covered(urls, options), *_limits(len(urls), options)]
    sentences = [", ".join(part for part in parts if part) + ".", *_rules(options)]
    return " ".join([*sentences, *_content(options), *_sources(options), *_manners(options)])


def _covered(urls: tuple[str, ...], options: JobOptions) -> str:
    if options.sitemap is SitemapUse.ONLY:
        return _listed(urls, options)
    if options.max_depth == 0:
        if len(urls) == 1:
            return f"Only this page: {short_url(urls[0])}"
        return f"These {number(len(urls))} pages and no other"
    clicks = "" if options.max_depth is None else counted(options.max_depth, "click")
    if len(urls) > 1 or options.scope is ScopeKind.ANY:
        return _reached(urls, options.scope, clicks)
    place = _place(urls[0], options.scope)
    if not clicks:
        return f"Every page of {place}"
    return f"{short_url(urls[0])} and every page of {place} up to {clicks} away from it"


def _reached(urls: tuple[str, ...], scope: ScopeKind, clicks: str) -> str:
    """What links lead to, where the start is not one page of one place."""
    is_one = len(urls) == 1
    start = short_url(urls[0]) if is_one else f"{number(len(urls))} start pages"
    reach = f"up to {clicks} away from {'it' if is_one else 'them'}" if clicks else ""
    if scope is ScopeKind.ANY:
        return f"{start} and every page {reach or 'that links lead to'}, on any site"
    return f"{start} and every page of their sites {reach or 'that links lead to'}"


def _listed(urls: tuple[str, ...], options: JobOptions) -> str:
    if len(urls) > 1:
        return f"{number(len(urls))} start pages and the pages that their sites' sitemaps list"
    place = "any site" if options.scope is ScopeKind.ANY else _place(urls[0], options.scope)
    return f"{short_url(urls[0])} and the pages of {place} that its sitemaps list"


def _place(url: str, scope: ScopeKind) -> str:
    host = urlsplit(url).netloc
    if scope is ScopeKind.DOMAIN:
        domain = registrable_domain(host_name(url))
        return f"{domain} with its subdomains" if domain else host
    if scope is not ScopeKind.PATH:
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


def _rules(options: JobOptions) -> Iterator[str]:
    if options.include:
        yield f"Only URLs that match {_named(options.include)}."
    if options.exclude:
        yield f"Without URLs that match {_named(options.exclude)}."


def _named(rules: tuple[str, ...]) -> str:
    if len(rules) <= _MOST_RULES:
        return joined(rules, "or")
    return f"one of {number(len(rules))} rules"


def _content(options: JobOptions) -> Iterator[str]:
    removed = options.remove_selectors
    many = len(removed) > _MOST_RULES
    named = f"what {number(len(removed))} selectors match" if many else joined(removed)
    without = f"without {named}" if removed else ""
    if options.content_selector is not None:
        what = f"Of a page what {options.content_selector} matches"
        yield f"{what}, {without}." if without else f"{what}."
    elif without:
        yield f"Pages {without}."


def _sources(options: JobOptions) -> Iterator[str]:
    if options.sitemap is SitemapUse.SKIP and options.max_depth != 0:
        yield "Sitemaps are not read."
    if options.max_age_seconds:
        yield f"Pages read in the last {duration(options.max_age_seconds)} are not asked for again."
    given = [
        f"the {kind}{'s' if len(names) > 1 else ''} {joined(names)}"
        for kind, names in (("header", options.headers), ("cookie", options.cookies))
        if names
    ]
    if given:
        yield f"Sent along: {joined(given)}."


def _manners(options: JobOptions) -> Iterator[str]:
    delay, at_once = options.delay_ms, options.concurrency
    if delay is not None and delay >= PUBLIC.delay_ms:
        yield f"Fetches start {number(delay)} ms apart."
    if at_once is not None and at_once <= PUBLIC.concurrency:
        yield f"Up to {counted(at_once, 'page')} at once."


def bold_choices(options: JobOptions) -> list[str]:
    """What somebody chose for this crawl that sites may mind: shown wherever the crawl is."""
    delay, at_once = options.delay_ms, options.concurrency
    chosen = ["ignores robots.txt"] if options.ignore_robots else []
    if at_once is not None and at_once > PUBLIC.concurrency:
        chosen.append(f"{number(at_once)} pages at once, where {PUBLIC.concurrency} are polite")
    if delay is not None and delay < PUBLIC.delay_ms:
        pause = f"{number(delay)} ms" if delay else "no pause"
        chosen.append(f"{pause} between fetches, where {PUBLIC.delay_ms} ms are polite")
    return chosen


def left_out_phrases(
    options: JobOptions, left_out: Mapping[str, int], waiting: int = 0
) -> list[str]:
    """What the limits left out, as phrases; a raised limit lets it in.

    "125 URLs that still waited", "900 URLs deeper than 2 clicks", "340 over the limit of 50 pages".
    """
    deeper, more = left_out.get(Reason.DEPTH, 0), left_out.get(Reason.PAGE_LIMIT, 0)
    phrases = [f"{counted(waiting, 'URL')} that still waited"] if waiting else []
    if deeper and options.max_depth is not None:
        clicks = counted(options.max_depth, "click")
        phrases.append(f"{counted(deeper, 'URL')} deeper than {clicks}")
    if more and options.max_pages is not None:
        phrases.append(f"{number(more)} over the limit of {counted(options.max_pages, 'page')}")
    return phrases
