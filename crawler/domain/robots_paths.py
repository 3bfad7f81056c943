"""Paths in robots.txt and in URLs, in the one spelling in which they are compared.

An escape is the same as what it stands for (RFC 9309, section 2.2.2), but for those that would say
something else if they were undone: `%2F`, `%3F`, `%25`, `%2A`. In a query `/` and `?` divide
nothing, so there both spellings are one (the table of that section).
"""

import re
from collections import defaultdict
from collections.abc import Iterable

_STANDING_IN = {"%3F": "%1A"}
"""What stands for the escaped `?` of a path, since Protego makes that of the plain one."""

_APART = re.compile("(%(?:2F|3F|25|2A))", re.IGNORECASE)
_APART_IN_QUERY = re.compile("(%(?:25|2A))", re.IGNORECASE)
_ESCAPE = re.compile(rb"%([0-9A-Fa-f]{2})")
_PLAIN = re.compile(r"[A-Za-z0-9._~/=-]*")
_ENCODED = re.compile(r"[^A-Za-z0-9._~/=%-]|%(?=[0-9A-Fa-f]{2})")
_ENCODED_IN_PATTERN = re.compile(r"[^A-Za-z0-9._~/=%*-]|%(?=[0-9A-Fa-f]{2})")
"""A `%` that begins no escape stays, so that `/*%` means paths with any; it must make up none."""
_STARS = re.compile(r"\*+")


def spelled_path(path: str) -> str:
    """Path and query of a URL, in that spelling."""
    return path if _PLAIN.fullmatch(path) else _spelled(path, _ENCODED)


def spelled_pattern(pattern: str) -> str:
    """A rule's pattern, in that spelling; its `*` stay, and a `$` at its end."""
    anchor = "$" if pattern.endswith("$") else ""
    return _spelled(pattern.removesuffix("$"), _ENCODED_IN_PATTERN) + anchor


def _spelled(text: str, encoded: re.Pattern[str]) -> str:
    path, mark, query = text.partition("?")
    respelled = _respelled(path, _APART, encoded)
    return f"{respelled}%3F{_respelled(query, _APART_IN_QUERY, encoded)}" if mark else respelled


def _respelled(text: str, apart: re.Pattern[str], encoded: re.Pattern[str]) -> str:
    parts = apart.split(text)
    for at, part in enumerate(parts):
        if at % 2:
            parts[at] = _STANDING_IN.get(part.upper(), part.upper())
        else:
            parts[at] = encoded.sub(_percent_encoded, _unescaped(part))
    return "".join(parts)


def _unescaped(text: str) -> str:
    if "%" not in text:
        return text
    octets = _ESCAPE.sub(lambda each: bytes((int(each[1], 16),)), text.encode("utf-8", "replace"))
    return octets.decode("utf-8", "replace")


def _percent_encoded(char: re.Match[str]) -> str:
    return "".join(f"%{octet:02X}" for octet in char[0].encode("utf-8", "replace"))


class Patterns:
    """Patterns in that spelling, found by the path that they match: the longest of them.

    They are kept by what stands before their first `*`, so that those which begin otherwise than
    a path cost nothing.
    """

    def __init__(self, patterns: Iterable[tuple[str, str]]) -> None:
        """Takes pairs of a pattern in that spelling, and as it was written."""
        heads: dict[str, dict[str, tuple[int, str]]] = defaultdict(dict)
        for pattern, written in patterns:
            for each in _meanings(pattern):
                tail = _STARS.sub("*", each)
                head = tail.partition("*")[0].removesuffix("$")
                heads[head].setdefault(tail[len(head) :], (len(each), written))
        self._heads = dict(heads)
        self._lengths = sorted({len(head) for head in heads})

    def longest(self, path: str) -> str | None:
        """The longest pattern that matches a path in that spelling, as it was written, or None."""
        found = (0, "")
        for length in self._lengths:
            for tail, known in self._heads.get(path[:length], {}).items():
                if known > found and _matches(tail, path, length):
                    found = known
        return found[1] if found[0] else None


def _meanings(pattern: str) -> tuple[str, ...]:
    """A `$` at the end may also be meant as itself, as Protego takes it."""
    return (pattern, f"{pattern[:-1]}%24") if pattern.endswith("$") else (pattern,)


def _matches(tail: str, path: str, at: int) -> bool:
    """Whether the rest of a pattern (`*.pdf$`, `$`, nothing) matches that of a path from `at`."""
    if len(tail) > 2 * len(path) + 2:
        return False  # a `*` at most stands between two of its characters
    is_end = tail.endswith("$")
    _, *parts = tail.removesuffix("$").split("*")
    if not parts:
        return not is_end or len(path) == at
    for part in parts[: len(parts) - is_end]:
        found = path.find(part, at)
        if found < 0:
            return False
        at = found + len(part)
    return not is_end or (path.endswith(parts[-1]) and len(path) - len(parts[-1]) >= at)
