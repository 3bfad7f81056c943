"""Include and exclude rules: a glob, or with `regex:` before it a regular expression of RE2.

    /news/*            a glob that begins with `/` is held against path and query
    https://*.site/*   any other against the whole URL
    regex:[?&]id=\\d+   a regular expression is sought in the whole URL

In a glob `*` stands for any characters, `/` among them, and everything else for itself; it must
match as a whole. Rules are held against canonical URLs, so globs are brought into their spelling.
RE2 answers in time linear in the URL, whatever the rule: strangers write them.
"""

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import re2

from crawler.domain import urls

MAX_RULES = 100
"""Most rules in one list."""

MAX_RULE_LENGTH = 500
"""Longest rule in characters."""

_REGEX = "regex:"
_ANY_HOST = "https?://[^/]*"
# Instructions of RE2 in one regular expression and in all of a list. At worst a character of a URL
# costs 5 ns for each, so the longest URL keeps a worker busy for 50 ms, and a usual one for 2.
_MAX_SIZE = 1_000
_MAX_TOTAL_SIZE = 5_000
# Memory in bytes that RE2 may use for a list of rules, program and automaton together.
_MAX_MEMORY = 1 << 20


@dataclass(frozen=True, slots=True)
class Rules:
    """Rules ready for use, in the order given."""

    texts: tuple[str, ...]
    matchers: tuple[Any, ...]
    """One for all rules together; where they are too large for that, one for each."""

    def match(self, url: str) -> bool:
        """Whether any rule matches a canonical URL."""
        subject = url.encode()
        return any(matcher.search(subject) for matcher in self.matchers)

    def first_match(self, url: str) -> str | None:
        """The first rule that matches a canonical URL, or None."""
        if not self.match(url):
            return None
        subject = url.encode()
        return next((text for text in self.texts if _matcher(text).search(subject)), None)

    def __bool__(self) -> bool:
        return bool(self.texts)


@lru_cache(maxsize=32)
def compile_rules(rules: tuple[str, ...]) -> Rules:
    """Rules made ready; every batch of a job asks for the same ones, hence the cache.

    Raises:
        ValueError: as `parse_rule`, and where regular expressions are too large together.
    """
    matchers = {rule: _matcher(parse_rule(rule)) for rule in rules}
    sizes = (each.programsize for rule, each in matchers.items() if rule.startswith(_REGEX))
    if sum(sizes) > _MAX_TOTAL_SIZE:
        raise ValueError("has regular expressions that are too large together")
    return Rules(rules, _together(rules) or tuple(matchers.values()))


def _together(rules: tuple[str, ...]) -> tuple[Any, ...]:
    """One matcher for all rules, if it is small: automata for large ones give up and go slowly."""
    try:
        one = _compiled("|".join(f"(?:{_expression(each)})" for each in rules))
    except ValueError:
        return ()
    return (one,) if one.programsize <= _MAX_TOTAL_SIZE else ()


def parse_rule(text: str) -> str:
    """A rule that a person gave, without the spaces around it.

    Raises:
        ValueError: with a sentence that says what is wrong with it.
    """
    rule = text.strip()
    if not rule or rule == _REGEX:
        raise ValueError("is empty")
    if len(rule) > MAX_RULE_LENGTH:
        raise ValueError(f"is longer than {MAX_RULE_LENGTH} characters")
    if not rule.isprintable():
        raise ValueError("contains control characters")
    if _matcher(rule).programsize > _MAX_SIZE and rule.startswith(_REGEX):
        raise ValueError("repeats too much: such a regular expression would take too long")
    return rule


def _matcher(rule: str) -> Any:
    return _compiled(_expression(rule))


def _compiled(expression: str) -> Any:
    options = re2.Options()
    options.encoding = re2.Options.Encoding.LATIN1
    options.log_errors = False
    options.never_capture = True
    options.max_mem = _MAX_MEMORY
    try:
        return re2.compile(expression.encode(), options)
    except re2.error as error:
        why = error.args[0].decode(errors="replace")
        raise ValueError(f"is not a regular expression of RE2: {why}") from None


def _expression(rule: str) -> str:
    if not rule.startswith(_REGEX):
        return _glob_expression(rule)
    expression = rule.removeprefix(_REGEX)
    if not expression.isascii():
        raise ValueError("contains characters that stand percent-encoded in URLs (é as %C3%A9)")
    return expression


def _glob_expression(glob: str) -> str:
    if "#" in glob:
        raise ValueError("contains #, and URLs are crawled without their fragment")
    if glob.startswith("/"):
        return rf"\A{_ANY_HOST}{_literal_but_stars(urls.spelled(glob))}\z"
    _refuse_hopeless(glob)
    return rf"\A{_literal_but_stars(_whole_url_spelled(glob))}\z"


def _literal_but_stars(glob: str) -> str:
    return ".*".join(re2.escape(part) for part in re.split(r"\*+", glob))


def _refuse_hopeless(glob: str) -> None:
    """A glob such as `private/*` matches no URL, and whoever wrote it would wonder why."""
    start = glob.partition("*")[0].lower()
    if not any(start.startswith(each) or each.startswith(start) for each in urls.SCHEMES):
        raise ValueError("matches no URL: a rule begins with /, http://, https://, * or regex:")


def _whole_url_spelled(glob: str) -> str:
    """A glob against whole URLs in their spelling: host in lower case and as DNS has it."""
    scheme, mark, rest = glob.partition("://")
    if not mark or "/" in scheme:
        return urls.spelled(glob)
    host, slash, path = rest.partition("/")
    if not slash:
        # The first `*` may reach into the path, whose case counts; without one the path is empty.
        host, star, path = rest.partition("*")
        slash = star or "/"
    return scheme.lower() + mark + _host_spelled(host) + slash + urls.spelled(path)


def _host_spelled(host: str) -> str:
    if host.isascii():
        return host.lower()
    labels = (label if label.isascii() else _ascii_label(label) for label in host.split("."))
    return ".".join(labels).lower()


def _ascii_label(label: str) -> str:
    """A label in the letters of DNS (UTS 46); what can't be one stays, and matches nothing."""
    form = urls.canonical(f"http://{label}/")
    return urls.authority(form) if form else label


# Digits that count something; those of an escape (`%C3`) are letters.
_DIGITS = re.compile(r"(%[0-9A-F]{2})|[0-9]+")


def suggest(url: str, *, with_host: bool = False) -> list[str]:
    """Globs for "skip URLs like this" of a canonical URL, from the most specific to the widest.

    These are: the same path with any query, the same path and query with other numbers, the
    folders around it; `with_host` adds its whole host, for jobs that cover several. Where there
    is nothing of the kind, the path itself.
    """
    authority = urls.authority(url)
    place = url[url.index("//") + 2 + len(authority) :]
    path, mark, _ = place.partition("?")
    numbers = _DIGITS.sub(lambda match: match[1] or "*", place)
    found = [f"{path}?*"] * bool(mark) + [numbers] * (numbers != place)
    found += [f"{folder}*" for folder in _folders(path)] or [path] * (not found)
    found += [f"*://{authority}/*"] * with_host
    return [rule for rule in dict.fromkeys(found) if len(rule) <= MAX_RULE_LENGTH]


def _folders(path: str) -> list[str]:
    """The folders of a path below the root, the innermost first; none too long for a rule."""
    ends = [index + 1 for index, char in enumerate(path[:MAX_RULE_LENGTH]) if char == "/"]
    return [path[:end] for end in reversed(ends[1:])]
