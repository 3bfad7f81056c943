"""What people paste into a text field: a thing on each line, as browsers and curl show them."""

import re

from crawler.domain.errors import FieldError, InvalidRequest

_COOKIE_HEADER = re.compile(r"^cookie\s*:", re.IGNORECASE)


def lines_of(text: str) -> list[str]:
    """The lines that hold something, without the blanks around it."""
    return [line.strip() for line in text.splitlines() if line.strip()]


def header_lines(text: str) -> dict[str, str]:
    """Headers from lines `Name: value`.

    Raises:
        InvalidRequest: naming the first line that is none, or a name that comes twice.
    """
    found: dict[str, str] = {}
    for number, line in enumerate(lines_of(text), 1):
        name, colon, value = line.partition(":")
        if not colon:
            raise _wrong("headers", number, "is not of the form Name: value")
        _add(found, "headers", number, name.strip(), value.strip())
    return found


def cookie_lines(text: str) -> dict[str, str]:
    """Cookies from lines `name=value` or `name: value`, or from what a browser sends in one line.

    The parts of a line are set apart by semicolons (RFC 6265, section 4.2.1).

    Raises:
        InvalidRequest: naming the first line that is none, or a name that comes twice.
    """
    found: dict[str, str] = {}
    for number, line in enumerate(lines_of(text), 1):
        for pair in _COOKIE_HEADER.sub("", line).split(";"):
            if not pair.strip():
                continue
            parts = re.split("[=:]", pair, maxsplit=1)
            if len(parts) != 2:
                raise _wrong("cookies", number, "is not of the form name=value")
            _add(found, "cookies", number, parts[0].strip(), parts[1].strip())
    return found


def _add(found: dict[str, str], field: str, number: int, name: str, value: str) -> None:
    if name in found:
        raise _wrong(field, number, f"gives {name[:60]} for the second time")
    found[name] = value


def _wrong(field: str, number: int, what: str) -> InvalidRequest:
    return InvalidRequest(FieldError(field, f"has a wrong line: number {number} {what}"))
