"""Dates that pages tell, as ISO 8601 where they are; everything else is nobody's certain date.

"03/04/2024" is a day in March or one in April, "yesterday" is neither: such dates are left out.
"""

import re
from datetime import datetime

_FORM = re.compile(
    r"\d{4}(?:-\d\d(?:-\d\d)?)?|\d{4}-?\d\d-?\d\d[T ]\d\d[\d:.,]*+(?:Z|[+-][\d:]{2,8})?"
)
_MONTH = re.compile(r"\d{4}(?:-\d\d)?")
_MOST_CHARACTERS = 40


def iso_date(text: str) -> str:
    """A date as its page gives it, with the `T` that ISO 8601 has before the time; "" where it is
    no date of that form. A year, or a year and its month, are dates too."""
    given = text.strip()
    if len(given) > _MOST_CHARACTERS or not given.isascii() or not _FORM.fullmatch(given):
        return ""
    # Python reads no year or month by itself.
    whole = f"{given}-01-01"[:10] if _MONTH.fullmatch(given) else given
    try:
        moment = datetime.fromisoformat(whole)
    except ValueError:
        return ""
    return given.replace(" ", "T") if moment.year > 1 else ""
