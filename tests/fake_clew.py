"""A server that speaks Clew's API from a script, and can do what a real one does only when hit.

Each stream takes the next of `streams`: a list of what it sends, then it is cut off. `EVENTS` and
slices of it stand for events, a string for a notice, a number for a refusal with that status. The
last stream is repeated.
"""

import json
import threading
from collections.abc import Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self

Json = dict[str, Any]
Stream = Sequence[Json | str | int]
JOB_ID = "job-1"
TOTALS = {
    "discovered": 3, "queued": 0, "processing": 0, "completed": 3, "failed": 0, "skipped": 0,
    "fromCache": 0, "processed": 3, "processFailed": 0, "bytes": 4096, "reasons": {},
}
AT = "2026-11-24T12:00:00.000Z"


def event(number: int, name: str = "urls_discovered", **data: Any) -> Json:
    """An event as the API lists it."""
    return {"id": number, "event": name, "data": {"at": AT, "totals": TOTALS, **data}}


EVENTS = [event(1, "job_started"), *(event(n) for n in range(2, 9)), event(9, "job_completed")]


class FakeClew:
    """Serves while the `with` block lasts.

    Args:
        streams: what the streams do, one after the other.
        job: members of the job that differ from those of a completed one.
        export: what any export answers.
        token: the one that is asked for, None for none.
    """

    def __init__(
        self,
        streams: Sequence[Stream] = ([*EVENTS, "done"],),
        job: Json | None = None,
        export: bytes = b"",
        token: str | None = None,
    ) -> None:
        self.streams = list(streams)
        self.job: Json = {
            "id": JOB_ID, "url": "https://example.org/", "urls": ["https://example.org/"],
            "status": "completed", "options": {"maxPages": 1000}, "totals": TOTALS,
            "lastEventId": 0, "error": None,
        } | (job or {})
        self.report: Json = {"urls": [], "totals": self.job["totals"]}
        self.changes: Json = {}
        self.export = export
        self.token = token
        self.asked: list[tuple[str, str, Any]] = []
        self.refusals: dict[str, tuple[int, Json]] = {}
        self.resume_points: list[str | None] = []
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._server.shutdown()
        self._server.server_close()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        fake = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                fake.answer(self)

            do_POST = do_PATCH = do_GET

            def log_message(self, format: str, *arguments: Any) -> None:
                """Not on the test's output."""

        return Handler

    def answer(self, request: BaseHTTPRequestHandler) -> None:
        """Any request."""
        body = request.rfile.read(int(request.headers.get("Content-Length") or 0))
        path, _, query = request.path.removeprefix("/api/v4/jobs").partition("?")
        call = path.removeprefix(f"/{JOB_ID}")
        self.asked.append((request.command, f"{call}?{query}" if query else call,
                           json.loads(body or b"null")))
        if self.token and request.headers.get("Authorization") != f"Bearer {self.token}":
            return self._say(request, 401, {"detail": "This needs the access token."})
        if call in self.refusals:
            return self._say(request, *self.refusals[call])
        if call == "/stream":
            return self._stream(request)
        if call == "/export":
            return self._send(request, 200, self.export)
        answers = {"/report": self.report, "/changes": self.changes}
        self._say(request, 200, answers.get(call, self.job))

    def _say(self, request: BaseHTTPRequestHandler, status: int, answer: Json) -> None:
        self._send(request, status, json.dumps(answer).encode())

    def _send(self, request: BaseHTTPRequestHandler, status: int, body: bytes) -> None:
        request.send_response(status)
        request.send_header("Content-Length", str(len(body)))
        request.end_headers()
        request.wfile.write(body)

    def _stream(self, request: BaseHTTPRequestHandler) -> None:
        self.resume_points.append(request.headers.get("Last-Event-ID"))
        script = self.streams[0] if len(self.streams) == 1 else self.streams.pop(0)
        if script and isinstance(script[0], int):
            return self._say(request, script[0], {"detail": "not now"})
        request.send_response(200)
        request.end_headers()
        for sent in script:
            if isinstance(sent, str):
                frame = f"event: {sent}\ndata: {json.dumps({'at': AT, 'status': 'running'})}\n\n"
            else:
                assert isinstance(sent, dict)
                name, data = sent["event"], json.dumps(sent["data"])
                frame = f"id: {sent['id']}\nevent: {name}\ndata: {data}\n\n"
            request.wfile.write(f"retry: 10\n{frame}".encode())
