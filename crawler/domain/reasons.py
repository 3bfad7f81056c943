"""Why a URL has no page: the closed list, as it stands in the API, the events and the pages."""

from enum import StrEnum


class Reason(StrEnum):
    """A reason for an outcome `failed` or `skipped`; HTTP errors have `http_reason` beside it."""

    ROBOTS = "robots"
    ROBOTS_UNREACHABLE = "robots-unreachable"
    DENIED_HOST = "denied-host"
    SCOPE = "scope"
    EXCLUDED = "excluded"
    NOFOLLOW = "nofollow"
    TRAP = "trap"
    DEPTH = "depth"
    PAGE_LIMIT = "page-limit"
    DUPLICATE = "duplicate"
    NOT_HTML = "not-html"
    TOO_LARGE = "too-large"
    TIMEOUT = "timeout"
    DNS = "dns"
    REFUSED = "refused"
    TLS = "tls"
    BLOCKED_ADDRESS = "blocked-address"
    REDIRECT_LOOP = "redirect-loop"
    BAD_REDIRECT = "bad-redirect"
    BROKEN_RESPONSE = "broken-response"
    EMPTY = "empty"
    NEEDS_JAVASCRIPT = "needs-javascript"
    CHALLENGE = "challenge"
    RATE_LIMITED = "rate-limited"
    FUNCTION_ERROR = "function-error"


def http_reason(status: int) -> str:
    """The reason for a response whose HTTP status is an error (RFC 9110, section 15)."""
    return f"http-{status}"


EXPLANATIONS: dict[str, str] = {
    Reason.ROBOTS: "the site's robots.txt asks crawlers not to fetch it",
    Reason.ROBOTS_UNREACHABLE: "robots.txt could not be read, so nothing may be fetched for now",
    Reason.DENIED_HOST: "whoever runs Clew does not let this host be crawled",
    Reason.SCOPE: "outside the part of the site that this crawl covers",
    Reason.EXCLUDED: "left out by the include and exclude rules of this crawl",
    Reason.NOFOLLOW: "the site asks crawlers not to follow the link",
    Reason.TRAP: "one of endlessly many addresses that look made by a program",
    Reason.DEPTH: "more clicks away than the depth allows",
    Reason.PAGE_LIMIT: "the page limit was reached before its turn",
    Reason.DUPLICATE: "the same page is in this crawl already under another address",
    Reason.NOT_HTML: "not a page: an image, a download or the like",
    Reason.TOO_LARGE: "larger than the size limit",
    Reason.TIMEOUT: "the site did not answer in time",
    Reason.DNS: "the host's name has no address",
    Reason.REFUSED: "the site refused or dropped the connection",
    Reason.TLS: "no secure connection: the site's certificate or TLS set-up is not valid",
    Reason.BLOCKED_ADDRESS: "the address is not a public one, or the port not one for web pages, "
    "and this server may not go there",
    Reason.REDIRECT_LOOP: "redirects in a circle or too often",
    Reason.BAD_REDIRECT: "redirects to something that is no web address",
    Reason.BROKEN_RESPONSE: "the answer broke off or can't be read",
    Reason.EMPTY: "the page is empty",
    Reason.NEEDS_JAVASCRIPT: "the page is an empty shell that scripts would fill in a browser",
    Reason.CHALLENGE: "the site answered with a check for robots instead of its page",
    Reason.RATE_LIMITED: "the site asks to be left alone for longer than a crawl can wait",
    Reason.FUNCTION_ERROR: "Clew itself failed on it three times",
}
"""What each reason means, in words for the page and the documentation."""


def explain(reason: str) -> str:
    """A reason in words; unknown ones are HTTP errors (`http-404`)."""
    known = EXPLANATIONS.get(reason)
    return known or f"the site answered {reason.removeprefix('http-')}"


def is_reason(text: str) -> bool:
    """Whether this is a reason of the list, `http-<status>` included."""
    head, _, status = text.partition("-")
    is_http = head == "http" and len(status) == 3 and status.isascii() and status.isdigit()
    return text in EXPLANATIONS or is_http
