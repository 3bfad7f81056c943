"""What is between a page's code blocks, made so that the converter takes it for what it is.

Code within a sentence goes on one line, wherever its source was broken; text that looks like a tag
(`List<T>`) stays text, instead of becoming one in Markdown; an empty line within a text, which the
converter would take out of a list's indentation, is a line break like any other; TeX that scripts
draw is protected; `__init__` is no emphasis; quotes, which the converter joins to what is next to
them, are set apart; what follows a line break within a list's item stays in it.
"""

import re

from crawler.content.formulas import mark_tex
from crawler.content.marks import GAP, TEXT
from crawler.content.underscores import escape_underscores

_BLOCK = "\0"
"""Stands for a code block: no serialised HTML holds it."""

_LESS = "\ufdd2"
"""Stands for "<" within code; no text holds it (Unicode, section 23.7)."""

# What begins with letters is searched for fast.
_HEADING = re.compile(r"(<summary\b[^<>]*+>\s*+)<(h[1-6])\b[^<>]*+>((?:[^<]++|<(?!/\2>))*+)</\2>")
_BROKEN_CODE = re.compile(r"<code\b[^<>]*+>[^<\n]*+\n[^<]*+")
_LINE_BREAK = re.compile(r"(?<![ \t])[ \t]*+\n\s*+")
_CODE_WITH_LESS = re.compile(
    r"<(code|kbd|samp|tt)\b(?:[^<&]++|<(?!/\1>)|&(?!lt;))*+&lt;(?:[^<]++|<(?!/\1>))*+"
)
_TAG_LIKE = re.compile(r"&lt;(?=[a-zA-Z/!?])")
# Addresses aren't text: there it is what URLs make of it (URL Standard, path percent-encode set).
_ADDRESS_WITH_LESS = re.compile(r'\b(?:href|src)="(?:[^"&]++|&(?!lt;))*+&lt;[^"]*+"')
_ELEMENT_AFTER_BREAK = re.compile(
    r"<br>\s*+(?=<img\b|<(?:a|abbr|b|cite|code|del|em|i|kbd|mark|s|samp|small|strong|sub|sup|tt|u|var)"
    r"\b[^<>]*+>(?!</))"
)
_EMPTY_LINE = re.compile(r"\n[ \t]*+\n\s*+")


def tidy_prose(html: str) -> str:
    """Serialised HTML, its code blocks flat, with all else tidied."""
    first, *others = html.split("<pre")
    if not others:
        return _tidy(first)
    blocks, texts = [], [first]
    for other in others:
        block, end, text = other.partition("</pre>")
        blocks.append(f"<pre{block}{end}")
        texts.append(text)
    first, *others = _tidy(_BLOCK.join(texts)).split(_BLOCK)
    return first + "".join(part for pair in zip(blocks, others, strict=True) for part in pair)


def _tidy(html: str) -> str:
    html = html.replace("<blockquote", f"<p>{GAP}</p><blockquote")
    html = html.replace("</blockquote>", f"</blockquote><p>{GAP}</p>")
    html = _HEADING.sub(r"\1\3", html)
    html = _BROKEN_CODE.sub(_join, html)
    html = _EMPTY_LINE.sub("\n", html)
    if "<li" in html:
        html = _ELEMENT_AFTER_BREAK.sub(f"<br>{TEXT}", html)
    if _TAG_LIKE.search(html):
        html = _keep_escaped(html)
    return escape_underscores(mark_tex(html))


def _join(code: re.Match[str]) -> str:
    return _LINE_BREAK.sub(" ", code[0])


def _keep_escaped(html: str) -> str:
    html = _ADDRESS_WITH_LESS.sub(lambda address: address[0].replace("&lt;", "%3C"), html)
    html = _CODE_WITH_LESS.sub(lambda code: code[0].replace("&lt;", _LESS), html)
    return _TAG_LIKE.sub("&amp;lt;", html).replace(_LESS, "&lt;")
