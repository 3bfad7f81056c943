"""Characters that stand in HTML for what the converter would drop, and go from its Markdown.

They are of those that no text holds (Unicode, section 23.7).
"""

import re

EDGE = "\ufdd0"
"""An empty line at the end of a code block."""

GAP = "\ufdd1"
"""An empty line between two blocks."""

_GAP = re.compile(rf"(?:\n[ >]*(?=\n))?\n([ >]*){GAP}(?:\n[ >]*(?=\n))?")


def drop_marks(markdown: str) -> str:
    """Markdown with what the marks stand for in their place."""
    if GAP in markdown:
        markdown = _GAP.sub(lambda gap: "\n" + gap[1].rstrip(), markdown).replace(GAP, "")
    return markdown.replace(EDGE, "")
