"""The functions behind something that fails: a proxy that breaks the calls a test wants broken."""

import http.client
import json
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, NamedTuple, Self
from urllib.parse import urlsplit

ANSWER_SECONDS = 40


class Call(NamedTuple):
    """A call as it came: `crawl` or `process`, and the paths of its URLs."""

    function: str
    paths: list[str]


class FaultyFunctions:
    """Forwards calls to the functions of the server at `to_port`, but not those that shall fail.

    `fails_with` is asked for each call: the status that it fails with before any function hears
    of it, or 0 to let it pass. `calls` holds all that came, oldest first.
    """

    def __init__(self) -> None:
        self.to_port = 0
        self.fails_with: Callable[[Call], int] = lambda call: 0
        self.calls: list[Call] = []
        self._port = 0
        self._server: ThreadingHTTPServer | None = None
        self._thread: threading.Thread | None = None

    def __enter__(self) -> Self:
        self.open()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    @property
    def url(self) -> str:
        """What CLEW_FUNCTIONS_URL shall say."""
        return f"http://127.0.0.1:{self._port}"

    def open(self) -> None:
        """Takes calls, after a `close` on the same port as before."""
        self._server = ThreadingHTTPServer(("127.0.0.1", self._port), _handler(self))
        self._server.daemon_threads = True
        self._port = self._server.server_address[1]
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,))
        self._thread.start()

    def close(self) -> None:
        """Refuses connections from now on."""
        if self._server is not None and self._thread is not None:
            self._server.shutdown()
            self._server.server_close()
            self._thread.join()
            self._server = None

    def forward(self, path: str, headers: dict[str, str], body: bytes) -> tuple[int, bytes]:
        """Status and body of the function's answer, or of the failure that the test wants."""
        call = _read_call(path, json.loads(body))
        self.calls.append(call)
        if status := self.fails_with(call):
            return status, b"broken"
        connection = http.client.HTTPConnection("127.0.0.1", self.to_port, timeout=ANSWER_SECONDS)
        connection.request("POST", path, body, headers)
        response = connection.getresponse()
        answer = response.status, response.read()
        connection.close()
        return answer


def _read_call(path: str, body: dict[str, Any]) -> Call:
    function = path.rpartition("/")[2]
    urls = body["urls" if function == "crawl" else "results"]
    return Call(function, [urlsplit(each["url"]).path for each in urls])


def _handler(functions: FaultyFunctions) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            kept = {name: self.headers[name] for name in ("Content-Type", "Clew-Signature")}
            status, answer = functions.forward(self.path, kept, body)
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, format: str, *args: object) -> None:
            """Prints nothing."""

    return Handler
