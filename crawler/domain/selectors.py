"""CSS selectors that users choose content by: those that are read in linear time, and no others.

Of Selectors Level 4 (https://www.w3.org/TR/selectors-4/) that is

    list      main, article                 alternatives
    steps     main > p   h2 + p   h2 ~ p    parents, ancestors and elder siblings
    compound  div.note#top[lang|="de" i]    type, class, id, attribute
              :not(…) :is(…) :where(…)      of compounds, none within another
              :first-child :last-child :empty

A parser of selectors tries every ancestor for every step, so `div div div div` takes minutes on a
page of nested elements, and `:nth-child()` counts from the first sibling for each of them. Steps
are therefore taken one at a time (`crawler/content/selection.py`), and what counts or looks ahead
is refused.
"""

import re
from dataclasses import dataclass
from typing import Any

MAX_CHARACTERS = 300
"""Characters of a selector."""

MAX_SELECTORS = 20
"""Selectors of elements to be removed."""

MAX_PARTS = 50
"""Compounds of all selectors of a field together: for each the whole page is looked through."""


@dataclass(frozen=True, slots=True)
class Selectors:
    """What a job takes from its pages: elements that are the content, None where that is to be
    found, and elements to leave out in either case."""

    content: str | None = None
    remove: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return self.content is not None or bool(self.remove)


NO_SELECTORS = Selectors()


@dataclass(frozen=True, slots=True)
class Step:
    """A compound, and how an element of it stands to one of the step before: " " within it,
    ">" its child, "+" next to it, "~" after it."""

    combinator: str
    compound: str


Steps = tuple[Step, ...]

_ESCAPE = r"\\(?:[0-9a-fA-F]{1,6}+ ?|[^0-9a-fA-F])"
# Said by what it is not: a range up to the last character, as often as it stands in the pattern,
# takes its compiler 0.4 s at each start.
_START = rf"(?:[^\x00-@\[-^`{{-\x7f]|{_ESCAPE})"
_NAME = rf"(?:--|-?{_START})(?:[-0-9]|{_START})*+"
_STRING = r""""(?:[^"\\]|\\.)*+"|'(?:[^'\\]|\\.)*+'"""
_ATTRIBUTE = rf"\[ *{_NAME} *(?:[~|^$*]?= *(?:{_NAME}|{_STRING}) *(?:[is] *)?)?\]"
_SIMPLE = rf"(?:[.#]{_NAME}|{_ATTRIBUTE}|:(?:first-child|last-child|empty)(?![-\w(]))"
_PLAIN = rf"(?:(?:{_NAME}|\*){_SIMPLE}*+|{_SIMPLE}++)"
_CHOICE = rf":(?:not|is|where)\( *{_PLAIN}(?: *, *{_PLAIN})*+ *\)"
_COMPOUND = re.compile(
    rf"(?:{_NAME}|\*)(?:{_SIMPLE}|{_CHOICE})*+|(?:{_SIMPLE}|{_CHOICE})++", re.IGNORECASE
)
_COMBINATOR = re.compile(r" *([>+~,]) *| +")
_PSEUDO = re.compile(r"::?[-\w]+\(?")
_BLANKS = re.compile(r"[\t\n\f\r]")

_AROUND = (":not()", ":is()", ":where()")
_TAKEN = ":not(), :is(), :where(), :first-child, :last-child and :empty"


def parse_selector(text: str) -> str:
    """A selector as it is kept, without blanks around it.

    Raises:
        ValueError: where it is too long, is none, or may take long; it says why.
    """
    selector = _BLANKS.sub(" ", text).strip(" ")
    if len(selector) > MAX_CHARACTERS:
        raise ValueError(f"has more than {MAX_CHARACTERS} characters")
    if not selector.isprintable():
        raise ValueError("has characters that can't be shown")
    steps_of(selector)
    return selector


def read_selector(value: Any) -> str | None:
    """The one selector of a field that may be null.

    Raises:
        ValueError: as `parse_selector`, or where it is no text.
    """
    if value is None:
        return None
    if not isinstance(value, str):
        raise ValueError("must be a CSS selector or null")
    return of_few_parts((parse_selector(value),))[0]


def of_few_parts(selectors: tuple[str, ...]) -> tuple[str, ...]:
    """A field's selectors, as they are.

    Raises:
        ValueError: where all of them together would take long.
    """
    if sum(_parts(each) for each in selectors) > MAX_PARTS:
        raise ValueError(f"has more than {MAX_PARTS} parts")
    return selectors


def _parts(selector: str) -> int:
    """How many compounds a selector has, at most: what it costs."""
    return sum(len(steps) for steps in steps_of(selector)) + selector.count(",")


def steps_of(selector: str) -> tuple[Steps, ...]:
    """The alternatives of a selector, each step by step.

    Raises:
        ValueError: where it can't be read.
    """
    alternatives: list[list[Step]] = [[]]
    combinator, at = " ", 0
    while True:
        compound = _COMPOUND.match(selector, at)
        if compound is None:
            raise ValueError(_why_not(selector, at))
        alternatives[-1].append(Step(combinator, compound[0]))
        at = compound.end()
        if at == len(selector):
            return tuple(tuple(steps) for steps in alternatives)
        found = _COMBINATOR.match(selector, at)
        if found is None:
            raise ValueError(_why_not(selector, at))
        combinator, at = found[1] or " ", found.end()
        if combinator == ",":
            alternatives.append([])
            combinator = " "


def _why_not(selector: str, at: int) -> str:
    if not selector:
        return "is empty"
    if at == len(selector):
        return f'ends after "{selector[-1]}", where an element is expected'
    pseudo = _PSEUDO.match(selector, at)
    if pseudo is None:
        return f'can\'t be read from "{selector[at : at + 30]}" on'
    name = pseudo[0] + ")" if pseudo[0].endswith("(") else pseudo[0]
    if name in _AROUND:
        return f"has {name} around something else than elements, classes, ids and attributes"
    return f"has {name}, which is not supported: of pseudo-classes only {_TAKEN} are"
