"""Pages that are none: shells that scripts would fill in a browser, and checks for robots.

Both have next to no text of their own. A page that is wrongly called one is lost to its user, so
each verdict needs little text and a sign beside it; what merely is short is a page.
"""

import re
from dataclasses import dataclass

from selectolax.lexbor import LexborHTMLParser, LexborNode

from crawler.content.challenges import TITLES, asks_for_human
from crawler.content.tree import fold
from crawler.domain.reasons import Reason

MOST_LINKS = 12
"""Links from which on a page is one, without a further look."""

_MOST_PARAGRAPHS = 12
_MOST_MOUNTS = 20
_LONG_PAGE = 20_000
_CHECK_TEXT = 2_000
_SHELL_TEXT = 200
_ADVICE_TEXT = 500
_ACTIVE = "script, iframe"
_NOT_SHOWN = ["script", "style", "noscript"]
# Neither looks beyond the next "<": where nothing is closed, each would look through all the rest.
_NOSCRIPT = re.compile(r"<(/?)noscript\b[^<>]*+>?", re.I)
_MARKUP = re.compile(r"<[^<>]*+>")

_MOUNTS = (
    "#root, #app, #__next, #__nuxt, #___gatsby, #gatsby-focus-wrapper, #app-root, #react-root, "
    "#main-app, #q-app, #svelte, #application, #app-mount, #react-app, #vue-app, #app-container, "
    "#mount, #react-container, #ember-application, app-root, [ng-app], [data-reactroot], "
    "[data-server-rendered]"
)
"""Elements that frameworks fill: React, Next, Nuxt, Gatsby, Vue, Angular, Svelte, Ember, Quasar."""

_MEDIA = "img, svg, picture, video, audio, object, embed, iframe, frame, frameset, form, input"
_LOADING = re.compile(
    r"(?:loading|please wait|one moment|laden|wird geladen|chargement|cargando|caricamento"
    r"|carregando|загрузка|加载中|読み込み中)\b.{0,30}",
    re.I,
)
_WANTS_SCRIPT = re.compile(
    r"(?:enable|activat|turn(?:ing)? on|requir|need|allow|support|activer|aktivier|habilit|attiva"
    r"|ativ).{0,60}javascript"
    r"|javascript.{0,60}(?:enable|requir|disabled|turned o|needed|necessary|not supported"
    r"|aktivier|activ|habilit|abilitat)",
    re.I | re.S,
)


@dataclass(frozen=True, slots=True)
class Look:
    """What is known of an answer before its text is looked at.

    `html` is its source, `links` the number of links in its body, `refreshes`: it leads on by
    itself, `is_error`: its HTTP status is one.
    """

    html: str
    title: str
    links: int
    refreshes: bool = False
    is_error: bool = False


def is_written(html: str) -> bool:
    """Whether a page is long and written, not built: such a one is neither shell nor challenge.

    A look at its source is cheaper than at its text.
    """
    if len(html) <= _LONG_PAGE:
        return False
    at = -1
    for _ in range(_MOST_PARAGRAPHS):
        at = html.find("<p>", at + 1)
        if at < 0:
            return False
    return True


def judge_page(tree: LexborHTMLParser, look: Look) -> Reason | None:
    """`needs-javascript` or `challenge` for what is no page, None for a page; for what is not
    `is_written`.

    The page of an error is one, however little it shows, unless it is a challenge. The tree loses
    what is not shown of it, so this is the last that is asked of it.
    """
    if look.links > MOST_LINKS or not _may_be_none(tree, look):
        return None
    has_script = tree.css_first("script") is not None
    tree.strip_tags(_NOT_SHOWN)
    body = tree.body
    text = fold(body.text(), _CHECK_TEXT + 1) if body else ""
    if len(text) > _CHECK_TEXT:
        return None
    if asks_for_human(look.html, look.title, text):
        return Reason.CHALLENGE
    if body and has_script and not look.is_error and _is_shell(body, text, look):
        return Reason.NEEDS_JAVASCRIPT
    return None


def _may_be_none(tree: LexborHTMLParser, look: Look) -> bool:
    """A first look that ordinary pages pay for."""
    if look.is_error or look.refreshes or look.title in TITLES:
        return True
    return tree.css_first(_ACTIVE) is not None


def _is_shell(body: LexborNode, text: str, look: Look) -> bool:
    """Takes what is shown, and the source, in whose `<noscript>` forums keep whole pages."""
    advice = fold(_MARKUP.sub(" ", _advice(look.html)), _ADVICE_TEXT + 1)
    if len(text) > _SHELL_TEXT or len(advice) > _ADVICE_TEXT:
        return False
    if _WANTS_SCRIPT.search(text) or _LOADING.fullmatch(text):
        return True
    if any(_is_empty(mount) for mount in body.css(_MOUNTS)[:_MOST_MOUNTS]):
        return True
    if _WANTS_SCRIPT.search(advice) and not look.links:
        return True
    return _is_custom(body) or not (text or look.links or body.css_first(_MEDIA))


def _advice(html: str) -> str:
    """The source of all that stands in `<noscript>`."""
    found, opened = [], None
    for tag in _NOSCRIPT.finditer(html):
        if not tag[1]:
            opened = tag.end() if opened is None else opened
        elif opened is not None:
            found.append(html[opened : tag.start()])
            opened = None
    return " ".join(found)


def _is_empty(mount: LexborNode) -> bool:
    text = fold(mount.text(), _SHELL_TEXT)
    return not text or _LOADING.fullmatch(text) is not None


def _is_custom(body: LexborNode) -> bool:
    """Whether the page is one custom element (HTML, section 4.13) that its script defines."""
    children = [child for child in body.iter() if child.tag]
    return len(children) == 1 and "-" in (children[0].tag or "") and _is_empty(children[0])
