"""A client of the HTTP API, as another program would write one."""

import time
from collections.abc import Collection, Iterator, Mapping
from typing import Any

import requests

from tests.sse import SseClient, SseViewer

Json = dict[str, Any]
Rows = list[Json]
TERMINAL = frozenset({"completed", "timeout", "failed", "cancelled"})
LIST_LIMIT = 1000
"""The most that one call for a list may ask for."""


class ApiError(Exception):
    """The server answered with an error; `problem` is its problem+json, where it sent one."""

    def __init__(self, status: int, problem: Json) -> None:
        super().__init__(f"{status}: {problem}")
        self.status = status
        self.problem = problem
        self.code = problem.get("code")


class Api:
    """Calls of `/api/v4` on the server at `url`, each on a connection of its own.

    A kept connection would stick to one worker, and break with it when a drill kills it.
    """

    def __init__(self, url: str, token: str | None = None, timeout_seconds: float = 60) -> None:
        self.url = url
        self._timeout = timeout_seconds
        self._session = requests.Session()
        self._session.trust_env = False
        self._session.headers["Connection"] = "close"
        self._stream_headers = {"Authorization": f"Bearer {token}"} if token is not None else {}
        self._session.headers.update(self._stream_headers)

    def request(self, method: str, path: str, **arguments: Any) -> requests.Response:
        """The bare response to any call, errors included; `path` begins with a slash."""
        arguments.setdefault("timeout", self._timeout)
        return self._session.request(method, self.url + path, **arguments)

    def call(self, method: str, path: str, **arguments: Any) -> Any:
        """The decoded answer, None when it has no body; raises ApiError for 4xx and 5xx."""
        response = self.request(method, path, **arguments)
        if response.status_code >= 400:
            raise ApiError(response.status_code, _problem(response))
        return response.json() if response.content else None

    def create(
        self, url: str | None = None, headers: Mapping[str, str] | None = None, **options: Any
    ) -> Json:
        """The new job; options are named as in the contract (`maxDepth=None` means no limit)."""
        body = options if url is None else {"url": url, **options}
        job: Json = self.call("POST", "/api/v4/jobs", json=body, headers=headers)
        return job

    def show(self, job_id: str) -> Json:
        """The job as it is now."""
        job: Json = self.call("GET", f"/api/v4/jobs/{job_id}")
        return job

    def list(self) -> Rows:
        """All jobs, newest first."""
        return list(self._all("/api/v4/jobs", "jobs", "cursor", {}))

    def pause(self, job_id: str) -> Any:
        """Asks a running job to pause."""
        return self.call("POST", f"/api/v4/jobs/{job_id}/pause", json={})

    def resume(self, job_id: str, **body: Any) -> Any:
        """Asks a job that stands still to go on; `retry="failed"` fetches failed URLs again."""
        return self.call("POST", f"/api/v4/jobs/{job_id}/resume", json=body)

    def cancel(self, job_id: str) -> Any:
        """Asks a job to end without being complete."""
        return self.call("POST", f"/api/v4/jobs/{job_id}/cancel", json={})

    def change(self, job_id: str, **changes: Any) -> Any:
        """Changes limits or adds exclude rules."""
        return self.call("PATCH", f"/api/v4/jobs/{job_id}", json=changes)

    def delete(self, job_id: str) -> None:
        """Removes the job and all its data."""
        self.call("DELETE", f"/api/v4/jobs/{job_id}")

    def events(self, job_id: str, after: int = 0) -> Rows:
        """All events after that id, as `{id, event, data}`."""
        return list(self._all(f"/api/v4/jobs/{job_id}/events", "events", "after", {"after": after}))

    def pages(self, job_id: str, **query: Any) -> Rows:
        """All pages of a job, `outcome=`, `q=` and `include=` as in the contract."""
        return list(self._all(f"/api/v4/jobs/{job_id}/pages", "pages", "cursor", query))

    def page_lists(self, job_id: str, **query: Any) -> Iterator[Rows]:
        """All pages of a job as they come: one list for each call that it takes."""
        return self._lists(f"/api/v4/jobs/{job_id}/pages", "pages", "cursor", query)

    def page(self, job_id: str, page_id: str | int) -> Json:
        """One whole page, with its Markdown, metadata and links."""
        page: Json = self.call("GET", f"/api/v4/jobs/{job_id}/pages/{page_id}")
        return page

    def stream(
        self, job_id: str, after: int | None = None, last_event_id: int | str | None = None
    ) -> SseClient:
        """One connection to the job's event stream."""
        query = "" if after is None else f"?after={after}"
        return SseClient(self.stream_url(job_id) + query, last_event_id, self._stream_headers)

    def watch(self, job_id: str) -> SseViewer:
        """A viewer who follows the job from its first event on, over any number of connections."""
        return SseViewer(self.stream_url(job_id), self._stream_headers)

    def stream_url(self, job_id: str) -> str:
        """Where the job's events are streamed."""
        return f"{self.url}/api/v4/jobs/{job_id}/stream"

    def wait(
        self, job_id: str, status: str | Collection[str] = TERMINAL, timeout_seconds: float = 180
    ) -> Json:
        """The job once it has (one of) that status; a server that is away is waited for too.

        Raises:
            TimeoutError: naming the status and totals that it has instead.
            AssertionError: when it ended with another status than the one waited for.
        """
        wanted = {status} if isinstance(status, str) else set(status)
        deadline = time.monotonic() + timeout_seconds
        job: Json = {}
        while time.monotonic() < deadline:
            job = self._show_if_there(job_id) or job
            if job.get("status") in wanted:
                return job
            assert job.get("status") not in TERMINAL, f"ended as {job['status']}: {job}"
            time.sleep(0.1)
        raise TimeoutError(f"job not {sorted(wanted)} within {timeout_seconds:g} s: {job}")

    def _show_if_there(self, job_id: str) -> Json | None:
        try:
            return self.show(job_id)
        except requests.RequestException:
            return None
        except ApiError as error:
            if error.status in (502, 503):
                return None
            raise

    def _all(self, path: str, member: str, cursor_name: str, query: Json) -> Iterator[Json]:
        for rows in self._lists(path, member, cursor_name, query):
            yield from rows

    def _lists(self, path: str, member: str, cursor_name: str, query: Json) -> Iterator[Rows]:
        query = {"limit": LIST_LIMIT, **query}
        while True:
            answer: Json = self.call("GET", path, params=query)
            yield answer[member]
            if answer["nextCursor"] is None:
                return
            query = {**query, cursor_name: answer["nextCursor"]}


def _problem(response: requests.Response) -> Json:
    try:
        problem: Json = response.json()
    except ValueError:
        return {"detail": response.text[:500]}
    return problem
