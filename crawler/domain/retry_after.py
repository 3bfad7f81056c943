"""`Retry-After` (RFC 9110, section 10.2.3): for how long a site asks to be left alone."""

import re
from datetime import UTC, datetime

LONGEST_SECONDS = 366 * 86_400.0
"""What a longer time is taken for: a number that every clock can still add up."""

_SECONDS = re.compile(r"[0-9]+(?:\.[0-9]*)?")
"""The standard has whole seconds; a fraction is plain enough to be obeyed."""

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_WEEKDAY = r"(?:[a-z]{3,9},?\s+)?"
_TIME = r"(?P<hour>[0-9]{2}):(?P<minute>[0-9]{2}):(?P<second>[0-9]{2})"
_DATES = tuple(
    re.compile(_WEEKDAY + pattern, re.IGNORECASE | re.ASCII)
    for pattern in (
        rf"(?P<day>[0-9]{{1,2}})[ -](?P<month>[a-z]{{3}})[ -](?P<year>[0-9]{{4}}|[0-9]{{2}})"
        rf"\s+{_TIME}(?:\s+(?:GMT|UTC|[+-]0000))?",
        rf"(?P<month>[a-z]{{3}})\s+(?P<day>[0-9]{{1,2}})\s+{_TIME}\s+(?P<year>[0-9]{{4}})",
    )
)
"""The three forms of a date (section 5.6.7): the present one and RFC 850's, and asctime's."""


def retry_after_seconds(value: str | None, now: datetime) -> float | None:
    """The time that a `Retry-After` header asks for, in either of its forms.

    Args:
        value: the header's value, or None if there is no such header.
        now: the present time, with its zone.

    Returns:
        Seconds from now, 0 for a time that is over and at most `LONGEST_SECONDS`; None where it
        says nothing that can be understood. It never raises.
    """
    text = (value or "").strip()
    if _SECONDS.fullmatch(text):
        return min(float(text), LONGEST_SECONDS)
    moment = _http_date(text, now)
    if moment is None:
        return None
    return min(max(0.0, (moment - now).total_seconds()), LONGEST_SECONDS)


def _http_date(text: str, now: datetime) -> datetime | None:
    match = next(filter(None, (form.fullmatch(text) for form in _DATES)), None)
    if match is None or match["month"].lower() not in _MONTHS:
        return None
    month = _MONTHS.index(match["month"].lower()) + 1
    clock = (int(match["hour"]), int(match["minute"]), min(int(match["second"]), 59))  # leap second
    try:
        return datetime(_year(match["year"], now), month, int(match["day"]), *clock, tzinfo=UTC)
    except ValueError:
        return None


def _year(digits: str, now: datetime) -> int:
    """Of two digits the year that is at most 50 years ahead (RFC 9110, section 5.6.7)."""
    year = int(digits)
    if len(digits) == 4:
        return year
    year += now.year // 100 * 100
    return year - 100 if year > now.year + 50 else year
