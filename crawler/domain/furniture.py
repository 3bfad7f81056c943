"""Furniture: what stands on most pages of a job, and is therefore the site's and no page's own.

No single page tells it from content; a job does. Pages are compared by the units of their Markdown
(paragraphs, list items, tables, headings), and by what a reader sees of them: links by their text.
What is furniture by now is cut where pages are read, so that the first pages of a crawl are as
clean as the last ones. The whole Markdown stays in the store.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from zlib import adler32, crc32

from crawler.domain.units import Kind, Unit, units_of

MIN_PAGES = 5
"""Pages below which nothing is called furniture."""

_MOST_UNITS = 200
_MOST_CHARACTERS = 2_000
_FINGERPRINT_BYTES = 8
_PARTIAL = bytes(_FINGERPRINT_BYTES)
"""Stands first among the fingerprints of a page that has more units than these."""
_SHARE = 0.5

_MIN_SENTENCE = 25
"""Characters below which text amid the content is a label of it ("Parameters:"), however often it
stands there."""

_MIN_CONTENT = 50
"""Letters from which a paragraph of the page's own is content for certain; a line with the time of
the last change has fewer, and may stand in the frame."""

_MOST_BESIDE_LINKS = 0.4
"""Part of a unit's letters that may stand beside its links where it leads elsewhere ("Share:")."""

_LONG = 100
_MOST_LONG = 500
"""Letters in long paragraphs that no frame has, unless the page has more of its own."""

# To look a member up takes longer than to compare it, and this runs for every unit of every page.
_CODE, _ITEM = Kind.CODE, Kind.ITEM

_TARGET = re.compile(r"\]\([^()\s]*(?:\([^()]*\)[^()\s]*)*(?: \"[^\"]*\")?\)")
_LINK = re.compile(r"!?\[[^\[\]]*\]\([^()\s]*(?:\([^()]*\)[^()\s]*)*(?: \"[^\"]*\")?\)")
_MARKER = re.compile(r"(?:[-*+]|\d{1,9}[.)])\s+")
_WORD = re.compile(r"\w")
_WORDS = re.compile(r"\w+")


def fingerprints(markdown: str) -> bytes:
    """Fingerprints of a page's units, 8 bytes each, each once.

    A page of more than 200 units gives those of its beginning and its end, where furniture stands:
    this runs for every page.
    """
    units = units_of(markdown.split("\n"))
    if len(units) <= _MOST_UNITS:
        return b"".join(dict.fromkeys(map(_fingerprint, units)))
    edges = units[: _MOST_UNITS // 2] + units[-_MOST_UNITS // 2 :]
    return b"".join(dict.fromkeys((_PARTIAL, *map(_fingerprint, edges))))


def furniture_of(pages: Iterable[bytes]) -> frozenset[bytes]:
    """Out of the fingerprints of pages those that stand on more than half of them.

    Nothing of fewer than `MIN_PAGES` pages. Never more than twice the fingerprints of one page.
    """
    counts: Counter[bytes] = Counter()
    number = 0
    for units in pages:
        counts.update(split_fingerprints(units))
        number += 1
    if number < MIN_PAGES:
        return frozenset()
    del counts[_PARTIAL]
    return frozenset(unit for unit, count in counts.items() if count > number * _SHARE)


def without_furniture(markdown: str, furniture: frozenset[bytes]) -> str:
    """A page's Markdown without the units whose fingerprints are in `furniture`.

    At the page's edges all of it goes. Amid the content only what leads elsewhere does: where each
    page of a reference says the same of a parameter, that is content. Code stays; a heading goes
    only where nothing is left below it, a list item only with all that it holds. A page that would
    have nothing but headings stays whole; one that is mostly furniture to read (the same text under
    several addresses) keeps that.
    """
    lines = markdown.split("\n")
    units = units_of(lines)
    is_known = [_fingerprint(unit) in furniture for unit in units]
    cut = _choose(units, is_known)
    if _is_mostly_cut(units, cut):
        pairs = zip(units, is_known, strict=True)
        cut = _choose(units, [known and not _is_prose(unit) for unit, known in pairs])
    if not any(cut) or not _says_something(lines, units, cut):
        return markdown
    return "\n".join(_left(lines, units, cut)).strip("\n")


def may_hold(units: bytes, furniture: frozenset[bytes]) -> bool:
    """Whether a page with these fingerprints may hold some of the furniture."""
    return units.startswith(_PARTIAL) or not furniture.isdisjoint(split_fingerprints(units))


def is_told_apart(units: bytes, others: bytes, furniture: frozenset[bytes]) -> bool:
    """Whether two pages with these fingerprints differ beyond what is furniture, for certain."""
    both = (units, others)
    if not all(both) or any(each.startswith(_PARTIAL) for each in both):
        return False
    own, other = (
        [unit for unit in split_fingerprints(each) if unit not in furniture]
        for each in both
    )
    return own != other


def split_fingerprints(fingerprints: bytes) -> list[bytes]:
    """Fingerprints that were joined, one by one."""
    step = _FINGERPRINT_BYTES
    return [fingerprints[at : at + step] for at in range(0, len(fingerprints), step)]


def _fingerprint(unit: Unit) -> bytes:
    """Of what a reader sees; b"" of what is never furniture."""
    text = unit.text
    if unit.kind is _CODE or len(text) > _MOST_CHARACTERS:
        return b""
    if "](" in text:
        text = _TARGET.sub("]", text)
    if unit.kind is _ITEM:
        text = _MARKER.sub("", text, count=1)
    seen = text.encode("utf-8", "replace")
    # Two checksums (RFC 1950, 1952): nobody gains by a likeness, and a digest takes three times
    # as long.
    return (crc32(seen) << 32 | adler32(seen)).to_bytes(_FINGERPRINT_BYTES, "big")


def _says_something(lines: list[str], units: list[Unit], cut: list[bool]) -> bool:
    """Whether something is left beside headings."""
    return any(
        not is_cut
        and unit.kind is not Kind.HEADING
        and any(map(_WORD.search, lines[unit.start : unit.end]))
        for unit, is_cut in zip(units, cut, strict=True)
    )


def _choose(units: list[Unit], is_known: list[bool]) -> list[bool]:
    """Which units are cut; from the end, since what holds others goes only with all of them."""
    may_go = _may_go(units, is_known)
    cut = [False] * len(units)
    holds = _Holding()
    for at in range(len(units) - 1, -1, -1):
        unit = units[at]
        cut[at] = may_go[at] and not holds.anything(unit)
        holds.pass_over(unit, is_cut=cut[at])
    return _with_what_items_say(units, cut)


def _may_go(units: list[Unit], is_known: list[bool]) -> list[bool]:
    """Which units may be cut, by what they say and where they stand."""
    own = [at for at, known in enumerate(is_known) if not known]
    if not own:
        return is_known
    start = next((at for at in own if _is_content(units[at])), own[-1])
    end = next((at for at in reversed(own) if _is_content(units[at])), own[0])
    may_go = list(is_known)
    for at in range(own[0], own[-1]):
        unit, is_amid = units[at], start < at < end
        goes = _leads_elsewhere(unit) if is_amid else _is_whole(unit)
        may_go[at] = is_known[at] and (goes or unit.kind is Kind.HEADING)
    return may_go


def _is_content(unit: Unit) -> bool:
    """Whether a unit of the page's own is its content, and no line of a frame."""
    if unit.kind in (Kind.HEADING, Kind.CODE, Kind.TABLE):
        return True
    return _letters(_beside_links(unit.text)) >= _MIN_CONTENT


def _is_whole(unit: Unit) -> bool:
    """Whether a unit says something by itself, as labels do not."""
    if len(unit.text) >= _MIN_SENTENCE:
        return unit.kind is not Kind.RULE
    return "](" in unit.text and not _WORD.search(_beside_links(unit.text))


def _leads_elsewhere(unit: Unit) -> bool:
    """Whether a unit is links, with few words beside them."""
    if "](" not in unit.text:
        return False
    beside = _letters(_beside_links(unit.text))
    return beside <= _letters(_TARGET.sub("]", unit.text)) * _MOST_BESIDE_LINKS


def _is_prose(unit: Unit) -> bool:
    return unit.kind is not Kind.HEADING and _letters(_beside_links(unit.text)) >= _LONG


def _is_mostly_cut(units: list[Unit], cut: list[bool]) -> bool:
    """Whether long paragraphs go that say more than all that stays."""
    pairs = list(zip(units, cut, strict=True))
    gone = sum(_letters(unit.text) for unit, is_cut in pairs if is_cut and _is_prose(unit))
    if gone < _MOST_LONG:
        return False
    return gone > sum(_letters(_TARGET.sub("]", unit.text)) for unit, is_cut in pairs if not is_cut)


def _with_what_items_say(units: list[Unit], cut: list[bool]) -> list[bool]:
    """The same, but what a list item says stays with an item that stays."""
    settled: list[bool] = []
    held_by: list[tuple[int, bool]] = []
    for unit, is_cut in zip(units, cut, strict=True):
        while held_by and held_by[-1][0] >= unit.indent:
            held_by.pop()
        is_said = unit.kind is Kind.TEXT and held_by and not held_by[-1][1]
        settled.append(is_cut and not (is_said and not _leads_elsewhere(unit)))
        if unit.kind is Kind.ITEM:
            held_by.append((unit.indent, settled[-1]))
    return settled


def _beside_links(text: str) -> str:
    # An image may stand in a link.
    return _LINK.sub("", _LINK.sub("", text)) if "](" in text else text


def _letters(text: str) -> int:
    return sum(map(len, _WORDS.findall(text)))


class _Holding:
    """What units further down that stay are held by units further up."""

    def __init__(self) -> None:
        self._next_level: int | None = None
        self._indents: list[int] = []

    def anything(self, unit: Unit) -> bool:
        """Whether something that stays is below this heading, or within this item."""
        if unit.kind is Kind.HEADING:
            return self._next_level is not None and self._next_level > unit.level
        return bool(self._indents) and self._indents[-1] > unit.indent

    def pass_over(self, unit: Unit, *, is_cut: bool) -> None:
        """Goes on to the unit before this one."""
        while self._indents and self._indents[-1] > unit.indent:
            self._indents.pop()
        if is_cut:
            return
        if not self._indents or self._indents[-1] < unit.indent:
            self._indents.append(unit.indent)
        self._next_level = unit.level


def _left(lines: list[str], units: list[Unit], cut: list[bool]) -> Iterator[str]:
    """The lines that stay; of two gaps, before and behind what was cut, one."""
    at, is_gap = 0, True
    for unit, is_cut in zip(units, cut, strict=True):
        if not is_cut:
            continue
        if at < unit.start:
            yield from lines[at : unit.start]
            is_gap = not lines[unit.start - 1].strip()
        at = unit.end
        while is_gap and at < len(lines) and not lines[at].strip():
            at += 1
    yield from lines[at:]
