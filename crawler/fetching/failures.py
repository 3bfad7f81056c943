"""What went wrong on the wire, as one of the named reasons.

Three kinds of failure stay apart: what is listed here is a site's misbehaviour and becomes
data; everything else is a mistake in the program and propagates. The sentences are made here
rather than taken from the errors, whose texts hold addresses.
"""

import http.client
import ssl
from dataclasses import dataclass

from requests.exceptions import RequestException
from urllib3.exceptions import HTTPError

from crawler.domain.reasons import Reason
from crawler.fetching.answer import Malformed
from crawler.fetching.connection import DialFailed
from crawler.fetching.decoding import TooLarge, Undecodable
from crawler.fetching.guard import BlockedAddress, DeniedHost, DnsFailure, Refusal

SITE_ERRORS = (
    Refusal,
    DialFailed,
    Undecodable,
    TooLarge,
    RequestException,
    HTTPError,
    http.client.HTTPException,
    OSError,
)
"""What sending a request and reading its answer may raise through a site's doing."""


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a request has no answer."""

    reason: Reason
    detail: str
    """A sentence for people."""
    is_passing: bool = False
    """Whether the same request may well succeed later: nothing but the wire or time failed it."""


NO_ANSWER_IN_TIME = Failure(Reason.TIMEOUT, "the site did not answer in time", True)
NO_TIME_LEFT = Failure(Reason.TIMEOUT, "its time was over before it was the site's turn", True)
A_CIRCLE = Failure(Reason.REDIRECT_LOOP, "redirects in a circle")
TOO_MANY_REDIRECTS = Failure(Reason.REDIRECT_LOOP, "redirects too often")
NO_WEB_ADDRESS = Failure(Reason.BAD_REDIRECT, "redirects to something that is no web address")

_BROKE_OFF = Failure(Reason.BROKEN_RESPONSE, "the answer broke off", True)
_NOT_HTTP = Failure(Reason.BROKEN_RESPONSE, "the answer is not proper HTTP")
_DROPPED = Failure(Reason.REFUSED, "the site dropped the connection before it answered", True)
_BROKE = Failure(Reason.REFUSED, "the connection broke", True)


def explain(error: BaseException, *, answered: bool) -> Failure:
    """What one of `SITE_ERRORS` means.

    Args:
        error: what was raised.
        answered: whether a status had been received: a reset after it broke an answer off.
    """
    named = _explain_own(error)
    if named:
        return named
    causes = _causes(error)
    if any(isinstance(cause, TimeoutError) for cause in causes):
        return NO_ANSWER_IN_TIME
    if any(isinstance(cause, Malformed) for cause in causes):
        return _NOT_HTTP  # asked again it would be the same
    return _BROKE_OFF if answered else _explain_unanswered(causes)


def _explain_own(error: BaseException) -> Failure | None:
    match error:
        case DeniedHost():
            return Failure(Reason.DENIED_HOST, str(error))
        case BlockedAddress():
            return Failure(Reason.BLOCKED_ADDRESS, str(error))
        case DnsFailure():
            return Failure(Reason.DNS, str(error), error.for_now)
        case DialFailed():
            reason = Reason.TIMEOUT if error.timed_out else Reason.REFUSED
            return Failure(reason, f"the site {error}", True)
        case TooLarge():
            return Failure(Reason.TOO_LARGE, "larger than the size limit")
        case Undecodable():
            return Failure(Reason.BROKEN_RESPONSE, f"the body {error}")
        case _:
            return None


def _explain_unanswered(causes: list[BaseException]) -> Failure:
    for cause in causes:
        match cause:
            case ssl.SSLCertVerificationError():
                return Failure(Reason.TLS, f"the certificate is not valid: {cause.verify_message}")
            case ssl.SSLError():
                return Failure(Reason.TLS, "no secure connection came about")
            case ConnectionError():  # http.client.RemoteDisconnected is one of them
                return _DROPPED
            case http.client.HTTPException():
                return _NOT_HTTP
    return _BROKE if any(type(cause) is OSError for cause in causes) else _NOT_HTTP


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
