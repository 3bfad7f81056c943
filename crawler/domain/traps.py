"""Endless addresses: shapes that only programs make, and budgets for what may have no end.

A relative link gone wrong leads to `/a/b/a/b/a/b/…`; its shape is judged link by link. Calendars
link to the next month for ever and filters to each of their combinations, but such an address by
itself looks like any other: it has a pattern, and a job takes as many URLs of one pattern as the
pattern's budget says.
"""

import re
from collections import Counter
from dataclasses import dataclass
from enum import StrEnum

MAX_SEGMENTS = 30
"""Deepest path: sites made by hand or from source trees stay below 20."""

MAX_PATH_LENGTH = 1_000
"""Longest path in characters: a title of 255 bytes, all percent-encoded, is 765 of them."""

_MAX_REPEATS = 3
# Fewer slashes can't hold a segment four times, fewer ampersands no pair three times.
_FEWEST_SLASHES = 2 + _MAX_REPEATS + 1
_FEWEST_AMPERSANDS = _MAX_REPEATS - 1


def shape_is_trap(url: str) -> bool:
    """Whether a canonical URL has a shape that links take only when they have no end.

    These are: a path too deep or too long, a segment four times, a run of two or more segments
    three times in a row, the same parameter with the same value three times.
    """
    is_deep = url.count("/") >= _FEWEST_SLASHES or len(url) > MAX_PATH_LENGTH
    if is_deep and _path_is_endless(url.partition("?")[0]):
        return True
    return url.count("&") >= _FEWEST_AMPERSANDS and _query_repeats(url.partition("?")[2])


def _path_is_endless(page: str) -> bool:
    segments = page.split("/")[3:]
    if not segments[-1]:
        segments.pop()
    if len(page) > MAX_PATH_LENGTH or len(segments) > MAX_SEGMENTS:
        return True
    # Numbers repeat by chance: /0/0/0/0 is the corner of a map.
    often = max((segments.count(each) for each in segments if not each.isdigit()), default=0)
    return often > _MAX_REPEATS or (often == _MAX_REPEATS and _has_run(segments))


def _has_run(segments: list[str]) -> bool:
    """Whether two or more segments follow one another three times in a row."""
    for width in range(2, len(segments) // 3 + 1):
        for start in range(len(segments) - 3 * width + 1):
            run = segments[start : start + width]
            if segments[start + width : start + 3 * width] == run * 2:
                return True
    return False


def _query_repeats(query: str) -> bool:
    often = Counter(query.split("&"))
    return any(times >= _MAX_REPEATS for pair, times in often.items() if pair)


class PatternKind(StrEnum):
    """What a pattern may be the face of; most of them are no trap at all."""

    CALENDAR = "calendar"
    FACETS = "facets"
    MANY_PARAMETERS = "many-parameters"
    PARAMETERS = "parameters"
    DATES = "dates"
    NUMBERS = "numbers"


@dataclass(frozen=True, slots=True)
class Pattern:
    """What URLs have in common that differ in numbers, dates and parameters' values.

    `key` is what it is known by and how it is shown: `site/news/D/N?page&start`. Of facets and many
    parameters it does not say which: every choice of them would be a pattern of its own, and seven
    facets have 127 choices.
    """

    key: str
    kind: PatternKind


_BUDGETS = {
    # Months of 16 years, or half a year of days: what is past that is linked from elsewhere.
    PatternKind.CALENDAR: 200,
    # What a list shows in another order or selection; what it lists is linked from the plain one.
    PatternKind.FACETS: 100,
    # A content manager's five parameters (`option, view, id, catid, Itemid`) name real pages.
    PatternKind.MANY_PARAMETERS: 500,
    # Old forums have three (`f, t, start`) and thousands of threads.
    PatternKind.PARAMETERS: 10_000,
    # A page a day for ten years.
    PatternKind.DATES: 4_000,
    # Articles, threads, products by their number.
    PatternKind.NUMBERS: 10_000,
}


def budget(pattern: Pattern) -> int:
    """How many URLs of a pattern one job takes. Large enough for sites, small enough to end."""
    return _BUDGETS[pattern.kind]


_MANY_PARAMETERS = 5
_MOST_PARAMETERS = 100
_OF_ANY_PARAMETERS = frozenset({PatternKind.FACETS, PatternKind.MANY_PARAMETERS})

# Escapes are letters, whatever digits they hold; a long token of hexadecimal digits is a number.
# Nothing here looks far ahead or goes back: hostile sites choose the addresses.
_COUNTING = re.compile(
    r"(?P<escape>%[0-9A-F]{2})"
    r"|(?P<date>(?<!\d)\d{4}([/-])\d{1,2}(?:\3\d{1,2})?(?!\d)"
    r"|(?<![^/])(?:19|20|21)\d\d(?![^/]))"
    r"|(?P<number>\b(?=[a-f]*+\d)[0-9a-f]{12,}+\b|\d++)"
)
_DIGIT = re.compile("[0-9]")
_CALENDAR_WORD = re.compile(r"calend[aer]|kalend[ae]r|agenda", re.IGNORECASE)
_CALENDAR_KEYS = frozenset({"date", "day", "week", "month", "year", "mon", "yr"})
_DATE_VALUE = re.compile(r"\d{4}-\d{1,2}(?:-\d{1,2})?\b")
_FACET_KEY = re.compile(
    r"(?:sort|order|filter|facet|refine)(?:[_-]?(?:by|dir|order))?(?:\[.*)?|dir(?:ection)?|f\[.*"
    r"|colou?r|size|brand|price|rating|(?:min|max)[_-]?price|price[_-]?(?:min|max)"
    r"|per[_-]?page|page[_-]?size|limit|display|layout"
)


def pattern_of(url: str) -> Pattern | None:
    """The pattern of a canonical URL, or None where nothing in it counts on without end."""
    page, _, query = url.partition("?")
    host, slash, path = page[page.index("//") + 2 :].partition("/")
    path = path[:MAX_PATH_LENGTH]
    shape, has_numbers = _shape(path) if _DIGIT.search(path) else (path, False)
    pairs = query.split("&", _MOST_PARAMETERS)[:_MOST_PARAMETERS]
    parameters = {_parameter(each) for each in pairs if each}
    if shape == path and not parameters:
        return None
    kind = _kind(path, parameters, has_numbers)
    marks = kind if kind in _OF_ANY_PARAMETERS else "&".join(sorted(parameters))
    return Pattern(f"{host}{slash}{shape}{'?' if marks else ''}{marks}", kind)


def _shape(path: str) -> tuple[str, bool]:
    """A path with marks in place of what counts on, and whether any of it is a number.

    Further up a number is a version or a section, the same on thousands of pages: it counts in the
    last segment, and as the whole segment before that. Dates count everywhere, and numbers in
    calendars do.
    """
    last = path.rfind("/", 0, len(path) - path.endswith("/")) + 1
    has_last = path[last:] not in ("", "/")
    whole = (path.rfind("/", 0, max(0, last - 1)) + 1, last - 1) if has_last else None
    start = 0 if _CALENDAR_WORD.search(path) else last
    parts: list[str] = []
    end, has_numbers = 0, False
    for match in _COUNTING.finditer(path):
        if match.lastgroup == "number":
            if match.start() < start and match.span() != whole:
                continue
            has_numbers = True
        parts += path[end : match.start()], _varying_mark(match)
        end = match.end()
    return "".join((*parts, path[end:])), has_numbers


def _varying_mark(match: re.Match[str]) -> str:
    if match["escape"]:
        return match[0]
    return "D" if match["date"] else "N"


def _parameter(text: str) -> str:
    """What counts of a parameter: its key (`f[0]` and `f[1]` are one), and that it is a date."""
    key, _, value = text.partition("=")
    key = key.lower()
    if key in _CALENDAR_KEYS or _DATE_VALUE.match(value):
        return f"{key}=D"
    return _COUNTING.sub(_varying_mark, key) if _DIGIT.search(key) else key


def _kind(path: str, parameters: set[str], has_numbers: bool) -> PatternKind:
    if _CALENDAR_WORD.search(path) or any(each.endswith("=D") for each in parameters):
        return PatternKind.CALENDAR
    if len(parameters) >= 2 and any(_FACET_KEY.fullmatch(each) for each in parameters):
        return PatternKind.FACETS
    if parameters:
        many = len(parameters) >= _MANY_PARAMETERS
        return PatternKind.MANY_PARAMETERS if many else PatternKind.PARAMETERS
    return PatternKind.NUMBERS if has_numbers else PatternKind.DATES
