"""What a page says of itself as linked data (JSON-LD 1.1, section 7: in HTML; schema.org).

Anybody's JSON: of any size, depth and type. It is read within bounds, and what does not fit the
vocabulary says nothing. Only what stands at the top, in a `@graph` or as its page's main entity is
of the page: an article's comments have authors and dates of their own.
"""

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any

from crawler.content.dates import iso_date
from crawler.domain.text import one_line

MAX_CHARACTERS = 250_000
"""Characters of one script that are read; with more it is a catalogue rather than a description."""

MAX_AUTHOR = 200
"""Characters of the names of a page's authors."""

_MOST_SCRIPTS = 10
_MOST_BRACKETS = 20_000
"""Objects and lists of one script: a description has dozens."""

_MOST_NODES = 200
_MOST_TYPES = 20
_MOST_NAMES = 10
_MAX_TYPE = 100
_MAIN = ("mainEntity", "mainEntityOfPage")
# Some systems put it into a comment or a CDATA section, which go on after it.
_BEGIN = re.compile(r"\{|(?<!CDATA)\[(?!CDATA)")
_DECODER = json.JSONDecoder(strict=False)
# Of the page's surroundings: what stands here says less of its content than anything else does.
_AROUND = ("WebPage", "WebSite", "Organization", "Person", "BreadcrumbList", "ImageObject")


@dataclass(frozen=True, slots=True)
class LinkedData:
    """Types of what a page describes, in its order; "" for what it does not tell."""

    types: tuple[str, ...] = ()
    author: str = ""
    published: str = ""
    modified: str = ""


_Node = dict[str, Any]


def read_linked_data(scripts: Iterable[str]) -> LinkedData:
    """What a page's JSON-LD scripts say of it. Never raises."""
    nodes: list[_Node] = []
    for script in islice(scripts, _MOST_SCRIPTS):
        nodes += islice(_nodes(_parsed(script)), _MOST_NODES)
    if not nodes:
        return LinkedData()
    by_id = {node["@id"]: node for node in nodes if isinstance(node.get("@id"), str)}
    ranked = sorted(nodes, key=_is_around)
    return LinkedData(
        types=tuple(dict.fromkeys(kind for node in nodes for kind in _types(node)))[:_MOST_TYPES],
        author=_first(_names(node.get("author"), by_id) for node in ranked),
        published=_first(_date(node.get("datePublished")) for node in ranked),
        modified=_first(_date(node.get("dateModified")) for node in ranked),
    )


def _parsed(script: str) -> Any:
    """The JSON of a script; None where it is none, or none that anybody would write."""
    if len(script) > MAX_CHARACTERS or script.count("{") + script.count("[") > _MOST_BRACKETS:
        return None
    begin = _BEGIN.search(script)
    try:
        return _DECODER.raw_decode(script, begin.start())[0] if begin else None
    except (ValueError, RecursionError):
        return None


def _nodes(data: Any) -> Iterator[_Node]:
    """What is described, as far as it is the page or on it in its own right."""
    waiting = [data]
    steps = 0
    while waiting and steps < _MOST_NODES:
        steps += 1
        each = waiting.pop(0)
        if isinstance(each, list):
            waiting = each[:_MOST_NODES] + waiting
        elif isinstance(each, dict):
            yield each
            waiting += [each[name] for name in _MAIN if isinstance(each.get(name), dict)]
            if isinstance(each.get("@graph"), list):
                waiting += each["@graph"][:_MOST_NODES]


def _types(node: _Node) -> list[str]:
    """Names of a node's types, without the address of their vocabulary."""
    kinds = node.get("@type")
    listed = kinds if isinstance(kinds, list) else [kinds]
    names = (_line(kind, _MAX_TYPE) for kind in listed[:_MOST_TYPES])
    return [name.rstrip("/").rpartition("/")[2].rpartition("#")[2] for name in names if name]


def _is_around(node: _Node) -> bool:
    types = _types(node)
    return not types or all(kind in _AROUND for kind in types)


def _names(value: Any, by_id: dict[str, _Node]) -> str:
    """The names of people: a text, an object with a name, one that stands elsewhere, or several."""
    people = value if isinstance(value, list) else [value]
    names = (_name(person, by_id) for person in people[:_MOST_NAMES])
    return _line(", ".join(dict.fromkeys(name for name in names if name)), MAX_AUTHOR)


def _name(person: Any, by_id: dict[str, _Node]) -> str:
    if isinstance(person, dict):
        if "name" not in person and isinstance(person.get("@id"), str):
            person = by_id.get(person["@id"], person)
        person = person.get("name")
        if isinstance(person, list):
            person = next(iter(person), None)
    name = _line(person, MAX_AUTHOR)
    return "" if name.startswith(("http:", "https:")) else name


def _date(value: Any) -> str:
    return iso_date(value) if isinstance(value, str) else ""


def _line(value: Any, limit: int) -> str:
    return one_line(value[: limit * 8], limit) if isinstance(value, str) else ""


def _first(values: Iterable[str]) -> str:
    return next(filter(None, values), "")
