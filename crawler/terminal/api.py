"""Calls of the HTTP API, and what can be wrong with them.

    ApiError
    ├── Unreachable   no answer, or one that says "later": it may work again
    └── Refused       the server understood, and says no: `code`, and per field what is wrong
"""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.client import HTTPException
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

import requests
from requests.auth import AuthBase
from urllib3.exceptions import HTTPError, ProtocolError

Json = dict[str, Any]

CONNECT_SECONDS = 5.0
ANSWER_SECONDS = 30.0
SILENCE_SECONDS = 25.0
"""Silence after which a stream counts as cut; heartbeats come every 10 s."""
_CHUNK_BYTES = 65_536
_LATER = frozenset({408, 425, 429, 500, 502, 503, 504})
_LOCAL = ("localhost", "127.0.0.1", "::1")


class ApiError(Exception):
    """A call that came to nothing; the text is meant for the user."""


class Unreachable(ApiError):
    """The server does not answer, or not now."""


class Refused(ApiError):
    """The server says no.

    `errors` are `(field, message)` of each field that is wrong, `status` is HTTP's.
    """

    def __init__(self, status: int, code: str, detail: str, errors: tuple[tuple[str, str], ...]):
        super().__init__(detail)
        self.status = status
        self.code = code
        self.errors = errors


class _Bearer(AuthBase):
    """The access token; unlike a bare header it is not replaced by what ~/.netrc says."""

    def __init__(self, token: str | None) -> None:
        self._token = token

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        if self._token:
            request.headers["Authorization"] = f"Bearer {self._token}"
        return request


class Api:
    """The API of the server at `url`, asked with `token` if there is one.

    Any thread may call it: each call has a connection of its own.
    """

    def __init__(self, url: str, token: str | None = None) -> None:
        self.url = url.rstrip("/")
        self._auth = _Bearer(token)
        self._is_local = urlsplit(self.url).hostname in _LOCAL

    def page_of(self, job_id: str) -> str:
        """Where people see the job."""
        return f"{self.url}/jobs/{quote(job_id, safe='')}"

    def create(self, body: Json, key: str) -> Json:
        """A new job; `key` makes it the same one when the first answer was lost."""
        headers = {"Idempotency-Key": key}
        try:
            return self._call("POST", "/jobs", json=body, headers=headers)
        except Unreachable:
            return self._call("POST", "/jobs", json=body, headers=headers)

    def show(self, job_id: str) -> Json:
        """The job as it is now."""
        return self._call("GET", _path(job_id))

    def pause(self, job_id: str) -> Json:
        """The job, paused."""
        return self._call("POST", _path(job_id, "/pause"), json={})

    def resume(self, job_id: str, *, retries_failed: bool = False) -> Json:
        """The job, going on; if so, what failed is asked for again."""
        body = {"retry": "failed"} if retries_failed else {}
        return self._call("POST", _path(job_id, "/resume"), json=body)

    def change(self, job_id: str, changes: Json) -> Json:
        """The job with other limits or further exclude rules."""
        return self._call("PATCH", _path(job_id), json=changes)

    def report(self, job_id: str) -> Json:
        """Each URL and link accounted for."""
        return self._call("GET", _path(job_id, "/report"))

    def changes(self, job_id: str) -> Json:
        """What a job made again from an earlier one has otherwise, counted by kind."""
        return self._call("GET", _path(job_id, "/changes?limit=1"))

    @contextmanager
    def stream(self, job_id: str, after: int) -> Iterator[Iterator[bytes] | None]:
        """The event stream after that id in chunks as they come; None at the end of an ended job.

        Both opening and reading it raise ApiError.
        """
        headers = {"Accept": "text/event-stream", "Accept-Encoding": "identity"}
        if after:
            headers["Last-Event-ID"] = str(after)
        path = _path(job_id, "/stream")
        with self._open("GET", path, SILENCE_SECONDS, headers=headers) as response:
            yield None if response.status_code == 204 else _chunks(response)

    @contextmanager
    def export(self, job_id: str, query: Mapping[str, str]) -> Iterator[Iterator[bytes]]:
        """The job's pages as a file as the query says, in chunks; raises as `stream`."""
        path = _path(job_id, f"/export?{urlencode(query)}")
        with self._open("GET", path, ANSWER_SECONDS) as response:
            yield _chunks(response)

    def _call(self, method: str, path: str, **arguments: Any) -> Json:
        with self._open(method, path, ANSWER_SECONDS, **arguments) as response, _translated():
            content = response.content
        try:
            answer = json.loads(content)
        except ValueError:
            answer = None
        if not isinstance(answer, dict):
            raise Unreachable(f"{self.url} does not answer as Clew does")
        return answer

    @contextmanager
    def _open(
        self, method: str, path: str, silence_seconds: float, **arguments: Any
    ) -> Iterator[requests.Response]:
        with requests.Session() as session:
            # A proxy of the environment may lead to other machines, never to this one.
            session.trust_env = not self._is_local
            with _translated():
                response = session.request(
                    method,
                    f"{self.url}/api/v4{path}",
                    auth=self._auth,
                    stream=True,
                    timeout=(CONNECT_SECONDS, silence_seconds),
                    allow_redirects=False,
                    **arguments,
                )
            with response:
                _raise_for(response)
                yield response


def _path(job_id: str, rest: str = "") -> str:
    return f"/jobs/{quote(job_id, safe='')}{rest}"


def _chunks(response: requests.Response) -> Iterator[bytes]:
    """What has come, at once: `iter_content` would wait until a chunk is full."""
    while True:
        with _translated():
            chunk: bytes = response.raw.read1(_CHUNK_BYTES, decode_content=True)
        if not chunk:
            return
        yield chunk


@contextmanager
def _translated() -> Iterator[None]:
    """Whatever the network does wrong is one kind of failure."""
    try:
        yield
    except requests.exceptions.InvalidURL as error:
        raise Refused(0, "invalid-url", str(error), ()) from None
    except (requests.RequestException, HTTPError, OSError) as error:
        raise Unreachable(_why(error)) from None


def _why(error: Exception) -> str:
    """A few words: what libraries say names their own objects, or is about their insides."""
    causes = list(_causes(error))
    if any(isinstance(each, TimeoutError | requests.Timeout) for each in causes):
        return "no answer in time"
    for each in reversed(causes):
        if isinstance(each, OSError) and each.strerror:
            return each.strerror
    cut = (requests.exceptions.ChunkedEncodingError, HTTPException, ProtocolError, ValueError)
    return "the connection was cut" if any(isinstance(each, cut) for each in causes) else str(error)


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    """The failure and those behind it, the innermost last."""
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def _raise_for(response: requests.Response) -> None:
    if response.status_code < 300:
        return
    problem = _problem(response)
    if response.status_code in _LATER:
        raise Unreachable(problem["detail"])
    raise Refused(
        response.status_code,
        problem.get("code", ""),
        problem["detail"],
        tuple((each["field"], each["message"]) for each in problem.get("errors", ())),
    )


def _problem(response: requests.Response) -> Json:
    """What the answer says of itself (RFC 9457), or its status where it says nothing."""
    if 300 <= response.status_code < 400:
        where = response.headers.get("Location", "elsewhere")
        return {"detail": f"the server sends us to {where}: give that address as --server"}
    try:
        with _translated():
            problem = json.loads(response.content)
    except (ValueError, Unreachable):
        problem = None
    if isinstance(problem, dict) and isinstance(problem.get("detail"), str):
        return problem
    return {"detail": f"the server answered {response.status_code} {response.reason}"}
