"""Foreign text made safe to show, and numbers in the form in which people read them.

A title or an error may hold escape sequences that would move the cursor, change colours or write
into the terminal's input; whatever is no printable character is shown as one that is harmless.
"""

_REPLACEMENT = "\N{REPLACEMENT CHARACTER}"
_SIZES = ("bytes", "kB", "MB", "GB", "TB")


def clean(text: str) -> str:
    """The text on one line, without controls, escapes, or marks that turn its direction round."""
    if text.isprintable():
        return text
    return "".join(map(_harmless, text))


def _harmless(char: str) -> str:
    if char.isprintable():
        return char
    return " " if char.isspace() else _REPLACEMENT


def counted(count: int, noun: str) -> str:
    """A count and its noun: 1 page, 1,204 pages."""
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"


def clock(seconds: float) -> str:
    """A length of time as clocks show it: 0:07, 12:34, 1:02:03."""
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def size(amount: float) -> str:
    """Bytes in decimal units: 812 bytes, 4.1 kB, 12 MB."""
    unit = 0
    while amount >= 999.5 and unit < len(_SIZES) - 1:
        amount, unit = amount / 1_000, unit + 1
    return f"{amount:.{1 if unit and amount < 9.95 else 0}f} {_SIZES[unit]}"
