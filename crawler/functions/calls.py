"""Calls of the functions: over HTTP, signed, bounded in time, each on a connection of its own.

    Clew-Signature: t=<unix seconds>,v1=<hex HMAC-SHA256 of "t.body">

A kept connection would stick to one worker of the pool; fresh ones spread over all of them. The
session is not the fetcher's: its guard would refuse the loopback address that functions have.
"""

import hashlib
import hmac
import json
import re
from collections.abc import Callable, Mapping
from typing import Any

import gevent
import requests
from urllib3.exceptions import NewConnectionError

from crawler.functions.spread import Spread

SIGNATURE_HEADER = "Clew-Signature"
MAX_AGE_SECONDS = 60
ANSWER_SECONDS = 30.0
"""Within this a function answers."""
CUT_OFF_SECONDS = 35.0
"""After this the caller stops waiting."""

_SIGNATURE = re.compile(r"t=(\d{1,12}),v1=([0-9a-f]{64})")
_CONNECT_SECONDS = 5.0


class CallFailed(Exception):
    """A function gave no usable answer; the text says why, without addresses."""


def sign(secret: str, body: bytes, now: float) -> str:
    """The signature header's value for a body, at a time in Unix seconds."""
    moment = int(now)
    return f"t={moment},v1={_digest(secret, moment, body)}"


def is_signed(secret: str, header: str | None, body: bytes, now: float) -> bool:
    """Whether the header signs this body with our secret, no more than a minute ago."""
    match = _SIGNATURE.fullmatch(header or "")
    if match is None or abs(now - int(match[1])) > MAX_AGE_SECONDS:
        return False
    return hmac.compare_digest(_digest(secret, int(match[1]), body), match[2])


def _digest(secret: str, moment: int, body: bytes) -> str:
    message = str(moment).encode() + b"." + body
    return hmac.new(secret.encode(), message, hashlib.sha256).hexdigest()


class FunctionsAway(CallFailed):
    """Nobody took the call, or whoever did can't work now (503): no fault of what was asked."""


class FunctionCalls:
    """The orchestrator's way to the crawl and process functions."""

    def __init__(self, spread: Spread, secret: str, clock: Callable[[], float]) -> None:
        """`spread` knows where the functions are, `clock` gives Unix seconds."""
        self._spread = spread
        self._secret = secret
        self._clock = clock
        self._session = requests.Session()
        self._session.trust_env = False

    def crawl(self, payload: Mapping[str, Any]) -> dict[str, Any]:
        """The crawl function's answer.

        Raises:
            FunctionsAway: when no function can be reached, or none can work now.
            CallFailed: when it fails or does not answer within `CUT_OFF_SECONDS`.
        """
        answer: dict[str, Any] = self._post("/api/v4/crawl", payload, 200).json()
        return answer

    def process(self, payload: Mapping[str, Any]) -> dict[str, Any]:
        """Has contents processed and stored; the process function's answer.

        Raises:
            FunctionsAway, CallFailed: as `crawl`.
        """
        answer: dict[str, Any] = self._post("/api/v4/process", payload, 202).json()
        return answer

    def _post(self, path: str, payload: Mapping[str, Any], expected: int) -> requests.Response:
        body = json.dumps(payload, separators=(",", ":")).encode()
        try:
            with gevent.Timeout(CUT_OFF_SECONDS):
                response = self._send_somewhere(path, body)
        except gevent.Timeout:
            raise CallFailed(f"no answer within {CUT_OFF_SECONDS:.0f} s") from None
        except requests.RequestException as error:
            if _was_not_taken(error):
                raise FunctionsAway("the functions can't be reached") from None
            raise CallFailed(_describe(error)) from None
        if response.status_code == 503:
            raise FunctionsAway("the functions can't work just now")
        if response.status_code != expected:
            raise CallFailed(f"the function answered {response.status_code}")
        return response

    def _send_somewhere(self, path: str, body: bytes) -> requests.Response:
        """To the least busy worker; one that takes no calls any more is replaced by any other."""
        with self._spread.choose(path) as address:
            try:
                return self._send(address, path, body)
            except requests.ConnectionError as error:
                if address == self._spread.common or not _was_not_taken(error):
                    raise
        self._spread.leave_out(address)
        return self._send(self._spread.common, path, body)

    def _send(self, address: str, path: str, body: bytes) -> requests.Response:
        headers = {
            "Content-Type": "application/json",
            "Connection": "close",
            SIGNATURE_HEADER: sign(self._secret, body, self._clock()),
        }
        return self._session.post(
            address + path,
            data=body,
            headers=headers,
            timeout=(_CONNECT_SECONDS, CUT_OFF_SECONDS),
            allow_redirects=False,
        )


def _was_not_taken(error: requests.RequestException) -> bool:
    """Whether no connection came about, as opposed to one that broke: that may be a URL's fault."""
    if isinstance(error, requests.ConnectTimeout):
        return True
    cause = error.args[0] if error.args else None
    return isinstance(getattr(cause, "reason", None), NewConnectionError)


def _describe(error: requests.RequestException) -> str:
    if isinstance(error, requests.Timeout):
        return "the function did not answer in time"
    if isinstance(error, requests.ConnectionError):
        return "the connection to the function failed"
    return f"the call failed ({type(error).__name__})"
