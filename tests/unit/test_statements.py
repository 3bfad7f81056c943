"""Named statements and the code that names them belong together."""

import re
from pathlib import Path

from crawler.storage.statements import SQL

_STORAGE = Path(__file__).parents[2] / "crawler" / "storage"
_CALL = r"\.(?:run(?:_last)?|one|read|_rows)\(\s*"
_USE = re.compile(rf'(?:{_CALL}|name = )"(\w+)"(?: if \w+ else "(\w+)")?')


def _named_in_code() -> set[str]:
    found = (_USE.findall(path.read_text()) for path in _STORAGE.glob("*.py"))
    return {name for uses in found for pair in uses for name in pair if name}


def test_every_statement_that_code_names_exists():
    assert _named_in_code() - set(SQL) == set()


def test_every_statement_is_used():
    assert set(SQL) - _named_in_code() == set()


def test_statements_carry_no_comments_to_the_server():
    assert not [name for name, text in SQL.items() if "--" in text]
