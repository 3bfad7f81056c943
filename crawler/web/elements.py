"""How the viewer writes elements where markdown-it-py's own HTML does not do.

No style attributes, which the pages' policy forbids; no form fields; no image is loaded: it would
tell the site who reads, and the policy lets none through. Its text stands for it, as a link.
"""

import re
from collections.abc import Callable, Sequence
from html import escape
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.rules_core import StateCore
from markdown_it.token import Token

from crawler.web.cleaning import ANCHOR

_Rule = Callable[[Sequence[Token], int, Any, Any], str]

_LANGUAGE = re.compile(r"[\w+#.-]{1,30}")
_ALIGNED = {"text-align:center": "at-center", "text-align:right": "at-right"}


def settle_elements(parser: MarkdownIt) -> None:
    """Has the parser write elements as described above."""
    parser.core.ruler.push("pictures", _name_pictures)
    rules = parser.renderer.rules  # type: ignore[attr-defined]
    rules["fence"] = rules["code_block"] = _code
    rules["table_open"] = lambda *_: '<div class="wide"><table>\n'
    rules["table_close"] = lambda *_: "</table></div>\n"
    rules["th_open"] = rules["td_open"] = _cell
    rules["list_item_open"] = _list_item
    for name in ("footnote_ref", "footnote_anchor"):
        rules[name] = _anchored(rules[name])


def _name_pictures(state: StateCore) -> None:
    """Images become links with their text; within a link that text alone."""
    for token in state.tokens:
        if token.children and any(child.type == "image" for child in token.children):
            token.children = list(_with_named_pictures(token.children))


def _with_named_pictures(children: Sequence[Token]) -> list[Token]:
    is_in_link, named = False, []
    for child in children:
        if child.type in ("link_open", "link_close"):
            is_in_link = child.type == "link_open"
        named += _picture(child, is_in_link) if child.type == "image" else [child]
    return named


def _picture(image: Token, is_in_link: bool) -> list[Token]:
    told = "".join(part.content for part in image.children or ()).strip()
    text = Token("text", "", 0, content=told or "picture")
    if is_in_link:
        return [text]
    href = {"href": str(image.attrs.get("src", ""))}
    return [Token("link_open", "a", 1, attrs=dict(href)), text, Token("link_close", "a", -1)]


def _code(tokens: Sequence[Token], index: int, *_: Any) -> str:
    token = tokens[index]
    language = _LANGUAGE.match(token.info.strip())
    named = f' data-language="{escape(language[0])}"' if language else ""
    return f"<pre{named}><code>{escape(token.content)}</code></pre>\n"


def _cell(tokens: Sequence[Token], index: int, *_: Any) -> str:
    token = tokens[index]
    aligned = _ALIGNED.get(str(token.attrs.get("style")))
    return f'<{token.tag} class="{aligned}">' if aligned else f"<{token.tag}>"


def _list_item(tokens: Sequence[Token], index: int, *_: Any) -> str:
    checked = tokens[index].meta.get("checked")
    if checked is None:
        return "<li>"
    return f'<li class="task">{"☑" if checked else "☐"} '


def _anchored(rule: _Rule) -> _Rule:
    """The same with its links led to ids as they are in the end."""
    return lambda *arguments: rule(*arguments).replace('href="#', f'href="#{ANCHOR}')
