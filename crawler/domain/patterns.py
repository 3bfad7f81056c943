"""Include and exclude rules: a glob, or with `regex:` before it a regular expression of RE2.

    /news/*            a glob that begins with `/` is held against path and query
    https://*.site/*   any other against the whole URL
    regex:[?&]id=\\d+   a regular expression is sought in the whole URL

In a glob `*` stands for any characters, `/` among them, and everything else for itself; it must
match as a whole. Rules are held against canonical URLs, so globs are brought into their spelling.
RE2 answers in time linear in the URL, whatever the rule: strangers write them.
"""

import re
from collections.abc import Iterable
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
# Memory in bytes that RE2 may use for one rule, program and automaton together.
_MAX_MEMORY = 1 << 20


@dataclass(frozen=True, slots=True)
class Rules:
    """Rules ready for use, in the order given."""

    texts: tuple[str, ...]
    matchers: tuple[Any, ...] = ()
    quick: Any = None
    """All rules in one expression, which lets most URLs go at once; None where it is too large."""

    def first_match(self, url: str) -> str | None:
        """The first rule that matches a canonical URL, or None."""
        if not self.texts:
            return None
        subject = url.encode()
        if self.quick is not None and not self.quick.search(subject):
            return None
        for text, matcher in zip(self.texts, self.matchers, strict=True):
            if matcher.search(subject):
                return text
        return None

    def __bool__(self) -> bool:
        return bool(self.texts)


NO_RULES = Rules(())


@lru_cache(maxsize=64)
def compile_rules(rules: tuple[str, ...]) -> Rules:
    """Rules made ready; every batch of a job asks for the same ones, hence the cache.

    Raises:
        ValueError: as `parse_rule`.
    """
    expressions = [_expression(rule) for rule in rules]
    matchers = tuple(_compiled(each) for each in expressions)
    return Rules(rules, matchers, _together(expressions))


def _together(expressions: Iterable[str]) -> Any:
    try:
        return _compiled("|".join(f"(?:{each})" for each in expressions))
    except ValueError:
        return None


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
    _compiled(_expression(rule))
    return rule


def _compiled(expression: str) -> Any:
    options = re2.Options()
    options.log_errors = False
    options.never_capture = True
    options.max_mem = _MAX_MEMORY
    try:
        return re2.compile(expression.encode(), options)
    except re2.error as error:
        reason = error.args[0].decode(errors="replace") if error.args else "unknown error"
        raise ValueError(f"is not a regular expression of RE2: {reason}") from None


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
