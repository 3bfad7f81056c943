"""Places that make up new addresses without end."""

from collections.abc import Callable

from tests.site.asked import Asked
from tests.site.pages import WORDS, Reply, page


def calendar(asked: Asked) -> Reply:
    """`<year>/<month>`: every month has a next one and one before it, and its days."""
    year, month = (int(part) for part in asked.rest.split("/")[:2])
    following = (year + month // 12, month % 12 + 1)
    before = (year - (month == 1), (month - 2) % 12 + 1)
    months = "".join(f'<a href="/calendar/{y}/{m:02}">{y}-{m}</a> ' for y, m in (following, before))
    return Reply(page(f"{year}-{month}", f"<p>{WORDS}</p>{months}").encode())


def facets(asked: Asked) -> Reply:
    """A list that each click narrows in one more way, in any order."""
    names = ("colour", "size", "brand", "price", "sort", "page", "view")
    taken = "&".join(f"{name}={value}" for name, value in asked.query.items())
    links = "".join(
        f'<a href="/facets?{taken}{"&" if taken else ""}{name}={value}">{name} {value}</a> '
        for name in names
        for value in range(1, 6)
        if name not in asked.query
    )
    return Reply(page(f"Facets {taken}", f"<p>{WORDS} {taken}</p>{links}").encode())


def deeper(asked: Asked) -> Reply:
    """Relative links that a folder answers with itself, so that each is a folder deeper."""
    links = '<a href="again/">again</a> <a href="a/b/">a/b</a>'
    return Reply(page(f"Deeper {len(asked.rest)}", f"<p>{WORDS} {asked.path}</p>{links}").encode())


def counting(asked: Asked) -> Reply:
    """A counter in the query that every page raises: `?n=1`, `?n=2`, …"""
    number = int(asked.query.get("n", "0"))
    link = f'<a href="/counting?n={number + 1}">next</a>'
    return Reply(page(f"Number {number}", f"<p>{WORDS} {number}</p>{link}").encode())


TRAPS: dict[str, Callable[[Asked], Reply]] = {
    "calendar": calendar,
    "facets": facets,
    "deeper": deeper,
    "counting": counting,
}
"""What answers, by the first segment of the path."""
