"""Words that tell what a block is for: in its classes, its id and role, and in its heading."""

import re
from enum import IntEnum
from functools import lru_cache


class Doubt(IntEnum):
    """What a block's names make of it, the surest first."""

    FRAME = 1
    """It frames pages: a menu, a footer, a consent banner."""
    EXTRA = 2
    """It goes with the content: related pages, comments, promotions."""
    BYLINE = 3
    """It tells who wrote something."""
    SUSPECT = 4
    """It is often one of these, and often not."""
    NONE = 5


_MOST_CHARACTERS = 300
_WORD = re.compile(r"[A-Z]?[a-z]+|[A-Z]+")
# "page has-sidebar", "layout--with-nav" are no sidebars: they have one.
_HAS = re.compile(
    r"(?:with|has|no|without|hide|show|toggle)[-_]?(?:left|right)?[-_]?side_?bar\w*|[-_]has[-_]\w+",
    re.I,
)


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_DOUBTS = {
    Doubt.FRAME: _words(
        """footer copyright contentinfo modal newsletter masthead navigation navbar nav popup login
        megamenu submenu signup subscribe consent cookie cookies gdpr menubar topbar
        topnav breadcrumb breadcrumbs share sharing sharedaddy offcanvas disqus pagination pager
        toast signin sidenav colophon sidebar"""
    ),
    Doubt.EXTRA: _words(
        """social dropdown disclaimer cart legal announcement privacy linklist complementary drawer
        recommended recommendations suggested trending widgets promo promotion advert advertisement
        ads sponsored sponsor notification comments respond similar upsell upsells popover switcher
        donate related popular menu"""
    ),
    Doubt.BYLINE: _words("author authors byline bio avatar signature postprofile userdetails"),
    Doubt.SUSPECT: _words(
        """mega account guest side banner toolbar follow skip search fieldset actions buttons
        recently overlay contact help cta tags tag meta reviews bottom bar links more also news blog
        feedback"""
    ),
}
# Classes of blocks that belong to a text though they stand beside it.
_ASIDES = _words(
    "footnote footnotes footnote-list citation citation-list topic contents admonition note tip"
    " hint warning important caution danger quote callout onebox abstract sidebar"
)
_TALK = _words("comments disqus respond commentlist commentform reviews")

_KIND = (
    r"(?:posts?|articles?|stories|content|pages|topics|threads|products?|items|reading|videos|links"
    r"|news|searches|questions|blogs?|resources|guides|conversations|comments|discussions)"
)
_EXTRA_HEADING = re.compile(
    rf"""\W*(?:(?:our|the|your)\ )?(?:
    (?:related|similar|recommended|trending|latest|recent|popular|sponsored|featured|more
        |most\ (?:read|popular|viewed)|read\ more|partner|top)\ {_KIND}\W*$
    | (?:related|recommended|trending|advertisement|newsletter|subscribe|sponsored|comments|reviews
        |tags|share|most\ (?:read|popular)|read\ more|read\ next|keep\ reading)\W*$
    | you\ (?:may|might)\ (?:also\ )?(?:like|enjoy|be\ interested)
    | (?:recommended|more|picked)\ for\ you\b | more\ from\b | more\ like\ this\b
    | from\ the\ blog\W*$ | share\ (?:this|on)\b | leave\ a\ (?:reply|comment)\b
    | \d+\ (?:comments?|reviews?|replies|responses)\b | customer\ (?:ratings|reviews)\b
    | post\ navigation\W*$ | (?:about|written\ by)\ (?:the\ )?author\b | follow\ us\b
    | sign\ up\ (?:for|to)\b | subscribe\ to\ (?:our|the)\b | join\ our\b
    | customers?\ (?:also|who)\b | frequently\ bought | recently\ viewed
    | what\ to\ read\ next | explore\ more\b | don.t\ miss\b
    )""",
    re.I | re.X,
)
_LONGEST_HEADING = 60


@lru_cache(4096)
def doubt_of(names: str) -> Doubt:
    """What the names of a block (classes, id, role) make of it."""
    words = _split(names)
    return next((doubt for doubt, each in _DOUBTS.items() if words & each), Doubt.NONE)


@lru_cache(4096)
def is_aside(classes: str) -> bool:
    """Whether a block belongs to the text that it stands beside: a footnote, a quote, a warning."""
    return not _ASIDES.isdisjoint(classes[:_MOST_CHARACTERS].lower().split())


@lru_cache(4096)
def is_talk(names: str) -> bool:
    """Whether they say that readers speak in it: comments, reviews."""
    return not _TALK.isdisjoint(_split(names))


def _split(names: str) -> set[str]:
    return {word.lower() for word in _WORD.findall(_HAS.sub(" ", names[:_MOST_CHARACTERS]))}


def heads_extra(heading: str) -> bool:
    """Whether what follows a heading of that text is no content: "Related posts", "Share this"."""
    text = heading.strip()
    return len(text) < _LONGEST_HEADING and _EXTRA_HEADING.match(text) is not None
