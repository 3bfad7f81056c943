"""Named statements out of `sql/queries/*.sql`: `-- name: claim_urls`, then the statement."""

import re
from importlib.resources import files

_NAME = re.compile(r"^-- name: (\w+)$", re.MULTILINE)


def _load() -> dict[str, str]:
    statements: dict[str, str] = {}
    for source in files("crawler.storage.sql").joinpath("queries").iterdir():
        if not source.name.endswith(".sql"):
            continue
        _, *parts = _NAME.split(source.read_text(encoding="utf-8"))
        for name, text in zip(parts[::2], parts[1::2], strict=True):
            if name in statements:
                raise ValueError(f"two statements are named {name}")
            statements[name] = _without_comments(text)
    return statements


def _without_comments(text: str) -> str:
    """The bare statement: its comments are for readers, not for the wire."""
    lines = (line for line in text.splitlines() if not line.lstrip().startswith("--"))
    return "\n".join(lines).strip()


SQL = _load()
"""Every statement by its name."""
