"""What went wrong on the wire, as one of the named reasons.

Three kinds of failure stay apart: what is listed here is a site's misbehaviour and becomes
data; everything else is a mistake in the program and propagates. The sentences are made here
rather than taken from the errors, whose texts hold addresses.
"""

import http.client
import ssl

from requests.exceptions import RequestException
from urllib3.exceptions import HTTPError

from crawler.domain.reasons import Reason
from crawler.fetching.connection import DialFailed
from crawler.fetching.decoding import TooLarge, Undecodable
from crawler.fetching.guard import BlockedAddress, DnsFailure

SITE_ERRORS = (
    BlockedAddress,
    DnsFailure,
    DialFailed,
    Undecodable,
    TooLarge,
    RequestException,
    HTTPError,
    http.client.HTTPException,
    OSError,
)
"""What sending a request and reading its answer may raise through a site's doing."""

NO_ANSWER_IN_TIME = "the site did not answer in time"


def explain(error: BaseException, *, answered: bool) -> tuple[Reason, str]:
    """Reason and sentence for one of `SITE_ERRORS`.

    Args:
        error: what was raised.
        answered: whether a status had been received: a reset after it broke an answer off.
    """
    named = _explain_own(error)
    if named:
        return named
    causes = _causes(error)
    if any(isinstance(cause, TimeoutError) for cause in causes):
        return Reason.TIMEOUT, NO_ANSWER_IN_TIME
    if answered:
        return Reason.BROKEN_RESPONSE, "the answer broke off"
    return _explain_unanswered(causes)


def _explain_own(error: BaseException) -> tuple[Reason, str] | None:
    match error:
        case BlockedAddress():
            return Reason.BLOCKED_ADDRESS, str(error)
        case DnsFailure():
            return Reason.DNS, str(error)
        case DialFailed():
            return (Reason.TIMEOUT if error.timed_out else Reason.REFUSED), f"the site {error}"
        case TooLarge():
            return Reason.TOO_LARGE, "larger than the size limit"
        case Undecodable():
            return Reason.BROKEN_RESPONSE, f"the body {error}"
        case _:
            return None


def _explain_unanswered(causes: list[BaseException]) -> tuple[Reason, str]:
    for cause in causes:
        match cause:
            case ssl.SSLCertVerificationError():
                return Reason.TLS, f"the certificate is not valid: {cause.verify_message}"
            case ssl.SSLError():
                return Reason.TLS, "no secure connection came about"
            case ConnectionError():  # http.client.RemoteDisconnected is one of them
                return Reason.REFUSED, "the site dropped the connection before it answered"
            case http.client.HTTPException():
                return Reason.BROKEN_RESPONSE, "the answer is not proper HTTP"
    if any(type(cause) is OSError for cause in causes):
        return Reason.REFUSED, "the connection broke"
    return Reason.BROKEN_RESPONSE, "the answer is not proper HTTP"


def _causes(error: BaseException) -> list[BaseException]:
    """The error and all those wrapped in it; urllib3 and requests keep them as arguments."""
    found: list[BaseException] = []
    pending: list[object] = [error]
    while pending:
        item = pending.pop(0)
        if isinstance(item, BaseException) and item not in found:
            found.append(item)
            pending += [*item.args, item.__cause__, getattr(item, "reason", None)]
    return found
