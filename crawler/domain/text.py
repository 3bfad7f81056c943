"""Foreign text made safe to keep: titles, anchor texts and header values come from strangers."""

import re

_UNSTORABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")
_SPACE = re.compile(r"\s+")


def storable(text: str) -> str:
    """The text without what UTF-8 or Postgres can't hold: NUL, lone surrogates, controls."""
    return _UNSTORABLE.sub("", text)


def one_line(text: str, limit: int) -> str:
    """The text on one line, white space folded, at most `limit` characters."""
    folded = _SPACE.sub(" ", storable(text)).strip()
    return folded if len(folded) <= limit else folded[: limit - 1] + "…"
