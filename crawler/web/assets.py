"""Static files under addresses that change with their content, so browsers may keep them."""

import hashlib
from functools import cache
from pathlib import Path

from flask import url_for

STATIC = Path(__file__).resolve().parents[2] / "static"
_HASH_CHARACTERS = 10


def asset(name: str) -> str:
    """The address of a file under `static/`, with the hash of its content."""
    return url_for("static", filename=name, v=_content_hash(name))


@cache
def _content_hash(name: str) -> str:
    return hashlib.sha256((STATIC / name).read_bytes()).hexdigest()[:_HASH_CHARACTERS]
