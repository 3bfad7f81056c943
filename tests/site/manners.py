"""Pages by which a site says how it wants to be treated: wait, do not follow, do not fetch."""

import time
from collections.abc import Callable
from email.utils import formatdate

from tests.site.asked import Asked
from tests.site.pages import WORDS, Reply, page


def busy(asked: Asked) -> Reply:
    """`<status>`: the first `times` (1) requests get it, with Retry-After `after` (seconds) in the
    form `as` says: seconds, date, none or junk. Then comes a page."""
    if asked.earlier >= int(asked.query.get("times", "1")):
        return Reply(page(f"Not busy: {asked.path}", f"<p>{WORDS}</p>").encode())
    headers = [("Retry-After", value) for value in _retry_after(asked)]
    return Reply(page("Busy", "").encode(), status=int(asked.rest), headers=headers)


def _retry_after(asked: Asked) -> list[bytes]:
    seconds = asked.query.get("after", "1")
    match asked.query.get("as", "seconds"):
        case "none":
            return []
        case "junk":
            return [b"as soon as you like"]
        case "date":
            # Whole seconds, rounded up, so that the date is never too early.
            return [formatdate(int(time.time() + float(seconds)) + 1, usegmt=True).encode()]
        case _:
            return [seconds.encode()]


def flaky(asked: Asked) -> Reply:
    """`<status>`: the first `times` (1) requests get it without a word; then comes a page."""
    if asked.earlier < int(asked.query.get("times", "1")):
        return Reply(page("Later", "").encode(), status=int(asked.rest))
    return Reply(page(f"At last: {asked.path}", f"<p>{WORDS}</p>").encode())


_LINKS = '<p><a href="/text?from=nofollow">one</a> <a href="/page/3000?from=nofollow">two</a></p>'


def nofollow(asked: Asked) -> Reply:
    """A page with two links that are not to be followed, as `meta`, `header`, `agent`, `other`
    (for another crawler, so they may be) or `rel` says it."""
    head, headers, body = "", [], f"<p>{WORDS}</p>{_LINKS}"
    match asked.rest:
        case "meta":
            head = '<meta name="ROBOTS" content="noindex, NoFollow">'
        case "agent":
            head = '<meta name="clew" content="nofollow">'
        case "header":
            headers = [("X-Robots-Tag", b"clew: noindex, nofollow")]
        case "other":
            headers = [("X-Robots-Tag", b"otherbot: nofollow")]
        case "rel":
            body = body.replace("<a ", '<a rel="ugc nofollow" ')
        case "rel-once":
            body += _LINKS.replace("<a ", '<a rel="nofollow" ')
        case _:
            raise KeyError(asked.rest)
    return Reply(page(f"Nofollow by {asked.rest}", body, head).encode(), headers=headers)


MANNERS: dict[str, Callable[[Asked], Reply]] = {
    "busy": busy,
    "flaky": flaky,
    "nofollow": nofollow,
}
"""What answers, by the first segment of the path."""
