"""The words of a page's main text, read with the standard library: what Markdown must hold.

Two kinds of documentation are known: Sphinx puts the text into `<div class="body" role="main">`,
DocBook (PostgreSQL) into the body, between a navigation header and footer.
"""

import re
from collections import Counter
from html.parser import HTMLParser

VOID = frozenset(
    ("area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "wbr")
)
# Every other element begins and ends a word, as it does to the eye.
INLINE = frozenset(
    (
        *("a", "abbr", "acronym", "b", "bdi", "cite", "code", "em", "i", "kbd", "mark", "q", "s"),
        *("samp", "small", "span", "strong", "sub", "sup", "tt", "u", "var", "wbr"),
    )
)
# Never shown as text, or not the page's own: HTML has `nav` for links to elsewhere, such as a
# table of contents that repeats the headings, and `noscript` for readers without scripts.
WITHOUT_TEXT = frozenset({"script", "style", "template", "head", "nav", "noscript"})
NAVIGATION_CLASSES = frozenset({"navheader", "navfooter"})
WORD = re.compile(r"[^\W_]+")


class MainText(HTMLParser):
    """Collects text inside the main element, or inside the body when there is none."""

    def __init__(self, wants_main: bool) -> None:
        super().__init__(convert_charrefs=True)
        self._wants_main = wants_main
        self._open: list[tuple[str, bool]] = []
        self.parts: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Called by the parser for each start tag."""
        self._separate(tag)
        if tag in VOID:
            return
        inside = self._is_inside()
        values = dict(attrs)
        classes = set((values.get("class") or "").split())
        begins = values.get("role") == "main" if self._wants_main else tag == "body"
        if tag in WITHOUT_TEXT or classes & NAVIGATION_CLASSES:
            inside = False
        elif begins:
            inside = True
        self._open.append((tag, inside))

    def handle_endtag(self, tag: str) -> None:
        """Called by the parser for each end tag; closes what was left open inside, too."""
        self._separate(tag)
        for index in range(len(self._open) - 1, -1, -1):
            if self._open[index][0] == tag:
                del self._open[index:]
                return

    def handle_data(self, data: str) -> None:
        """Called by the parser for text."""
        if self._is_inside():
            self.parts.append(data)

    def _separate(self, tag: str) -> None:
        if tag not in INLINE:
            self.parts.append(" ")

    def _is_inside(self) -> bool:
        return bool(self._open) and self._open[-1][1]


def words_of_page(html: str) -> Counter[str]:
    """How often each word stands in the page's main text."""
    reader = MainText(wants_main='role="main"' in html)
    reader.feed(html)
    return words("".join(reader.parts))


def words(text: str) -> Counter[str]:
    """How often each word (letters and digits, lower case) stands in a text."""
    return Counter(word.lower() for word in WORD.findall(text))


def share_held(page: Counter[str], markdown: Counter[str]) -> float:
    """Which share of the page's words the Markdown holds, each as often as on the page; 0 to 1."""
    return (page & markdown).total() / page.total() if page else 1.0
